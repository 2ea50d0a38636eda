//! Whether an answer can be of KMS: where TLS ended.

use core::fmt;
use std::net::IpAddr;

/// Where the connection that carried an answer ended.
///
/// An envelope has no MAC, so this decides whether a secret can be of somebody else than KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsChannel {
    /// TLS ended in this process, with a certificate for a host of KMS at AWS. If the process is in an enclave, so did
    /// TLS.
    Authenticated,
    /// TLS ended in this process, with a certificate for a host that is not one of KMS at AWS.
    OtherHost,
    /// Plain HTTP, to loopback.
    NotEncrypted,
}

impl KmsChannel {
    /// Whether TLS to KMS ended in this process.
    #[must_use]
    pub const fn is_authenticated(self) -> bool {
        matches!(self, Self::Authenticated)
    }

    /// The channel of a request to this host.
    pub(super) fn of(is_encrypted: bool, host: &str) -> Self {
        match is_encrypted {
            false => Self::NotEncrypted,
            true if is_kms_host(host) => Self::Authenticated,
            true => Self::OtherHost,
        }
    }
}

impl fmt::Display for KmsChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authenticated => "authenticated: TLS to KMS ended in this process",
            Self::OtherHost => {
                "unauthenticated: TLS ended at a host that is not one of KMS at AWS, which can make a secret of its own"
            }
            Self::NotEncrypted => {
                "unauthenticated: plain HTTP, and whoever carries the answer can make a secret of its own"
            }
        })
    }
}

/// Whether a name is below a domain of AWS, as one of KMS: `kms.eu-west-1.amazonaws.com`,
/// `kms-fips.us-east-1.amazonaws.com`, `kms.eu-west-1.api.aws`, `vpce-….kms.eu-west-1.vpce.amazonaws.com`.
fn is_kms_host(host: &str) -> bool {
    // Of every partition that the SDK resolves, for both of its endpoints.
    const DOMAINS: [&str; 14] = [
        ".amazonaws.com",
        ".api.aws",
        ".amazonaws.com.cn",
        ".api.amazonwebservices.com.cn",
        ".amazonaws.eu",
        ".api.amazonwebservices.eu",
        ".c2s.ic.gov",
        ".api.aws.ic.gov",
        ".sc2s.sgov.gov",
        ".api.aws.scloud",
        ".cloud.adc-e.uk",
        ".api.cloud-aws.adc-e.uk",
        ".csp.hci.ic.gov",
        ".api.aws.hci.ic.gov",
    ];
    let host = host.to_ascii_lowercase();
    let labels = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain));
    let is_kms = |label: &str| ["kms", "kms-fips"].contains(&label);
    labels.is_some_and(|labels| {
        let labels: Vec<_> = labels.split('.').collect();
        match labels.as_slice() {
            [service, region] => is_kms(service) && is_region(region),
            [endpoint, service, region, "vpce"] => {
                endpoint.starts_with("vpce-") && is_label(endpoint) && is_kms(service) && is_region(region)
            }
            _ => false,
        }
    })
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a label is the name of a region: `eu-west-1`, `us-gov-east-1`. Customers choose the first label of names below
/// other services, such as a bucket's: `kms.s3.amazonaws.com`, `kms.s3-eu-west-1.amazonaws.com`.
fn is_region(label: &str) -> bool {
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = label.split('-').collect();
    match parts.as_slice() {
        [words @ .., number] => {
            matches!(words.len(), 2 | 3) && words.iter().all(is_word) && is_number(number)
        }
        [] => false,
    }
}

/// Whether a host is this machine, without a name server.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

/// Whether a host hands out credentials to the machine or the container that this runs in: the metadata of EC2, and the
/// agents of ECS and EKS. They speak plain HTTP, on link-local addresses.
pub(super) fn is_credentials_host(host: &str) -> bool {
    const HOSTS: [&str; 5] =
        ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"];
    address(host).is_some_and(|address| HOSTS.iter().any(|one| one.parse() == Ok(address)))
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_kms_are_told_from_others() {
        for host in [
            "kms.eu-west-1.amazonaws.com",
            "KMS-FIPS.us-gov-west-1.amazonaws.com",
            "kms.cn-north-1.amazonaws.com.cn",
            "kms.eu-west-1.api.aws",
            "kms.cn-north-1.api.amazonwebservices.com.cn",
            "kms.eusc-de-east-1.amazonaws.eu",
            "kms.us-isob-east-1.sc2s.sgov.gov",
            "vpce-0123-abc.kms.us-east-1.vpce.amazonaws.com",
        ] {
            assert_eq!(KmsChannel::of(true, host), KmsChannel::Authenticated, "{host}");
            assert_eq!(KmsChannel::of(false, host), KmsChannel::NotEncrypted);
        }
        for host in [
            "kms.eu-west-1.amazonaws.com.example",
            "bucket.s3.eu-west-1.amazonaws.com",
            // Buckets that are called kms.
            "kms.s3.amazonaws.com",
            "kms.s3-eu-west-1.amazonaws.com",
            "kms.s3-accelerate.amazonaws.com",
            "kms.eu-west-1.amazonaws.com.",
            "kms.eu-west.amazonaws.com",
            "kms.eu-west-1a.amazonaws.com",
            "kms.-west-1.amazonaws.com",
            "vpce-0123-abc.kms.s3.vpce.amazonaws.com",
            "kms.amazonaws.com",
            "kms..amazonaws.com",
            "kms.eu-west-1.amazonwebservices.com.cn",
            "kms.eu-west-1.ic.gov",
            "a.kms.eu-west-1.amazonaws.com",
            "ec2-1-2-3-4.eu-west-1.amazonaws.com",
            "amazonaws.com",
            "localhost",
            "127.0.0.1",
            "",
        ] {
            assert_eq!(KmsChannel::of(true, host), KmsChannel::OtherHost, "{host}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"] {
            assert!(is_loopback(host) && !is_credentials_host(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "", "127.0.0.1.example", "0.0.0.0"] {
            assert!(!is_loopback(host) && !is_credentials_host(host), "{host}");
        }
        assert!(is_credentials_host("169.254.169.254") && is_credentials_host("[fd00:ec2::254]"));
        assert!(!is_credentials_host("169.254.169.253"));
    }
}
