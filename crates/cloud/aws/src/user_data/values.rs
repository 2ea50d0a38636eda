//! Allow-lists of the values in user data. What they refuse is not needed, and would mean something to a shell, to YAML or
//! to a program's options; quoting keeps its meaning apart from that.

use std::net::Ipv6Addr;

/// The longest URL in bytes.
const MAX_URL: usize = 1024;

/// An http or https URL: a host, perhaps a port, and a path of unreserved characters and `%+=:@,`. Its only query is an
/// object's version, because other queries can be signatures, and user data is no place for those.
pub(super) fn check_url(url: &str) -> Result<(), &'static str> {
    let form = "expected http:// or https://, a host, and a path of letters, digits and -._~/%+=:@,";
    if url.len() > MAX_URL {
        return Err("expected at most 1024 bytes");
    }
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(form)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("expected no user information: everybody who can describe the instance reads user data");
    }
    if !is_authority(authority) {
        return Err(form);
    }
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%+=:@,".contains(&byte);
    if !path.bytes().all(is_allowed) || !path.starts_with('/') {
        return Err(form);
    }
    let is_version = |query: &str| {
        let version = query.strip_prefix("versionId=");
        version.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| is_word(byte, b"-._")))
    };
    match query {
        Some(query) if !is_version(query) => Err(
            "expected no query but versionId=…: a signed URL is a secret, and every process of the instance can read user data",
        ),
        _ => Ok(()),
    }
}

fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else { return false };
            let port = if port.is_empty() { Some(None) } else { port.strip_prefix(':').map(Some) };
            let Some(port) = port else { return false };
            return address.parse::<Ipv6Addr>().is_ok() && port.is_none_or(is_port);
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    is_host(host) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port != 0)
}

/// A name of the DNS, or an IPv4 address.
pub(super) fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| is_word(byte, b"-"))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

/// An absolute path of letters, digits and `-._`, without `.` and `..`.
pub(super) fn is_path(path: &str) -> bool {
    let is_name =
        |name: &str| !["", ".", ".."].contains(&name) && name.bytes().all(|byte| is_word(byte, b"-._"));
    path.len() <= 255 && path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_name))
}

/// An id of a deployment.
pub(super) fn is_deployment(id: &str) -> bool {
    (1..=64).contains(&id.len()) && !id.starts_with('-') && id.bytes().all(|byte| is_word(byte, b"-"))
}

/// A region, by its form: `eu-central-1`, `us-gov-west-1`.
pub(super) fn is_region(region: &str) -> bool {
    let mut parts: Vec<&str> = region.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let is_letters =
        |part: &&str| (1..=12).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (2..=4).contains(&parts.len()) && parts.iter().all(is_letters) && is_number
}

fn is_word(byte: u8, more: &[u8]) -> bool {
    byte.is_ascii_alphanumeric() || more.contains(&byte)
}

/// The endpoint of KMS in a region, in the domain of its partition.
pub(super) fn kms_host(region: &str) -> String {
    let domain = DOMAINS.iter().find(|(prefix, _)| region.starts_with(prefix));
    format!("kms.{region}.{}", domain.map_or("amazonaws.com", |(_, domain)| domain))
}

/// Partitions whose domain is not `amazonaws.com`, by the beginning of their regions.
const DOMAINS: &[(&str, &str)] = &[
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for right in [
            "https://bucket.s3.eu-central-1.amazonaws.com/a/image.eif",
            "https://bucket.s3.amazonaws.com/a?versionId=3HL4kqtJlcpXroDTDmJ_rmSpXd3dIbrHY",
            "http://127.0.0.1:8080/%20+a=b:c@d,e~",
            "https://[2001:db8::1]:8443/a",
        ] {
            assert_eq!(check_url(right), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "https://",
            "https:///a",
            "https://host",
            "file:///etc/passwd",
            "HTTPS://host/a",
            "https://user:password@host/a",
            "https://host:0/a",
            "https://host:65536/a",
            "https://host:+1/a",
            "https://ho st/a",
            "https://-host/a",
            "https://host/a#b",
            "https://host/a?X-Amz-Signature=00",
            "https://host/a?versionId=",
            "https://host/a?versionId=1&b",
            "https://host/$(id)",
            "https://host/`id`",
            "https://host/a'b",
            "https://host/a\"b",
            "https://host/a\nb",
            "https://host/{a,b}",
            "https://[::1/a",
            "https://[::1]x/a",
            "https://[::g]/a",
            "https://höst/a",
            &format!("https://host/{}", "a".repeat(1024)),
        ] {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn regions_and_their_kms() {
        for (region, host) in [
            ("eu-central-1", "kms.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "kms.us-gov-west-1.amazonaws.com"),
            ("cn-northwest-1", "kms.cn-northwest-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "kms.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "kms.us-iso-east-1.c2s.ic.gov"),
        ] {
            assert!(is_region(region), "{region}");
            assert_eq!(kms_host(region), host);
            assert!(is_host(host));
        }
        for wrong in [
            "",
            "eu",
            "eu-central",
            "eu-1",
            "eu-central-",
            "eu-central-100",
            "EU-central-1",
            "eu--1",
            "a.b-c-1",
        ] {
            assert!(!is_region(wrong), "{wrong}");
        }
    }

    #[test]
    fn paths_and_ids() {
        assert!(is_path("/opt/images/app-1.2_x86.eif") && is_deployment("tp-abc234"));
        for wrong in ["", "/", "a", "/a/", "//a", "/a/../b", "/a/./b", "/a b", "/a\n", "/ä", "/$a"] {
            assert!(!is_path(wrong), "{wrong}");
        }
        for wrong in ["", "-a", "a b", "a'", "ä", &"a".repeat(65)] {
            assert!(!is_deployment(wrong), "{wrong}");
        }
    }
}
