//! URLs of requests, and the hosts that may be requested.

use core::fmt;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use teeproof_core::from_hex;

use crate::Error;

/// The scheme of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `http`, port 80.
    Http,
    /// `https`, port 443.
    Https,
}

impl Scheme {
    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }
}

/// Scheme, host and port of a URL (RFC 6454, section 4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case: a name, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is `localhost` or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// `https://kdsintf.amd.com`, `http://[::1]:8080`: without the default port of the scheme.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}{open}{}{close}", self.scheme.prefix(), self.host)?;
        if self.port == self.scheme.port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// An absolute URL of `http` or `https`, at most 2048 printable ASCII characters, without user information or
/// fragment, in the one spelling in which it is sent.
///
/// The host is a name of letters, digits, `-` and `.`, an IPv4 address of four decimal numbers, or an IPv6 address in
/// brackets. Every other spelling of an address is refused, so that no two parsers see different hosts. Names are
/// written in lower case, addresses in their shortest form, and the default port of the scheme is left out.
///
/// A path has no part that another parser removes or reads as the end of a segment (RFC 3986, section 5.2.4): refused
/// are the segments `.` and `..`, also before a `;`; empty segments, except the last; backslashes; and percent encoding
/// of `.`, `/`, `\`, `%`, control characters or the bytes C0 and C1, which begin overlong UTF-8. What follows a `%` is
/// two hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpUrl {
    text: String,
    /// Where the path begins in the text; its end if there is no path.
    path: usize,
    origin: Origin,
}

const MAX_URL: usize = 2048;

impl HttpUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// [`Error::Address`]: anything else than the form above.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| Error::Address(without_secrets(text)))
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Path and query: `/vcek/v1/Milan/crl`; empty if the URL ends with its host.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }

    /// Whether the URL is of HTTPS, or of HTTP on loopback.
    pub(crate) fn is_encrypted_or_local(&self) -> bool {
        self.origin.scheme == Scheme::Https || self.origin.is_loopback()
    }

    /// This URL, without a slash at its end, followed by a path that begins with one.
    ///
    /// # Errors
    /// [`Error::Address`]: the result is no URL, or this URL has a query.
    pub fn join(&self, path: &str) -> Result<Self, Error> {
        if self.text.contains('?') {
            return Err(Error::Address(without_secrets(&self.text)));
        }
        Self::parse(&[self.text.trim_end_matches('/'), path].concat())
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is no URL of ours, for errors, with `…` in place of what can be a secret: everything after the scheme where
/// user information can be, and else what follows `?` or `#`.
pub(crate) fn without_secrets(text: &str) -> String {
    const SHOWN: usize = 200;
    let plain = if text.contains('@') {
        ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme)).unwrap_or_default()
    } else {
        text.split_inclusive(['?', '#']).next().unwrap_or_default()
    };
    let hidden = if plain.len() < text.len() { "…" } else { "" };
    plain.chars().take(SHOWN).chain(hidden.chars()).collect()
}

fn parse(text: &str) -> Option<HttpUrl> {
    // Some parsers encode an apostrophe in a query, and the others here everywhere.
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}#".contains(&byte);
    if text.len() > MAX_URL || !text.bytes().all(allowed) {
        return None;
    }
    let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (Scheme::Https, rest),
        (_, Some(rest)) => (Scheme::Http, rest),
        _ => return None,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    // A query without a path would move into the host of `join`.
    if path.starts_with('?') || !is_plain(path) {
        return None;
    }
    let (host, port) = split_port(authority)?;
    let port = match port {
        Some(port) => number(port)?,
        None => scheme.port(),
    };
    let origin = Origin { scheme, host: canonical_host(host)?, port };
    let base = origin.to_string();
    Some(HttpUrl { text: [&base, path].concat(), path: base.len(), origin })
}

/// Whether every parser sees the same path and query, and removes nothing.
fn is_plain(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    let escapes = |text: &str, fits: fn(u8) -> bool| {
        text.split('%').skip(1).all(|rest| match rest.as_bytes() {
            [high, low, ..] => from_hex([*high, *low]).is_some_and(fits),
            _ => false,
        })
    };
    let keeps_its_meaning =
        |byte: u8| !byte.is_ascii_control() && !matches!(byte, b'.' | b'/' | b'\\' | b'%' | 0xc0 | 0xc1);
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    escapes(target, |_| true)
        && escapes(path, keeps_its_meaning)
        && !path.contains("//")
        && !path.split('/').any(is_dots)
}

/// Host and port of an authority.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let (host, rest) = authority.split_at_checked(authority.find(']')?.checked_add(1)?)?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

/// A port: decimal digits alone, 1 to 65535.
fn number(port: &str) -> Option<u16> {
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port != 0)
}

fn canonical_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // An IPv4 address in an IPv6 address has two spellings, and no service of this crate has one.
        let address = address.parse::<Ipv6Addr>().ok().filter(|address| address.to_ipv4_mapped().is_none());
        return address.map(|address| address.to_string());
    }
    let label = |label: &str| {
        let within = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(within)
    };
    if host.is_empty() || host.len() > 253 || !host.split('.').all(label) {
        return None;
    }
    // A name whose last label is a number is an address to some parsers: 127.1, 0x7f.1, 2130706433.
    if host.rsplit('.').next()?.starts_with(|first: char| first.is_ascii_digit()) {
        return host.parse::<Ipv4Addr>().ok().map(|address| address.to_string());
    }
    Some(host.to_ascii_lowercase())
}

/// The origins that a client may connect to.
///
/// `https` needs an entry for its origin. Plain `http` is for loopback, the link-local address of instance metadata,
/// and the pinned hosts of CA certificates.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    origins: BTreeSet<Origin>,
    every_loopback_port: bool,
}

/// The link-local address of a cloud's instance metadata.
const METADATA: &str = "169.254.169.254";

impl AllowedHosts {
    /// Instance metadata at its link-local address, and plain HTTP on loopback at any port, where twins are.
    #[must_use]
    pub fn metadata() -> Self {
        let origin = Origin { scheme: Scheme::Http, host: METADATA.to_owned(), port: 80 };
        Self { origins: BTreeSet::from([origin]), every_loopback_port: true }
    }

    /// Adds the origin of a service that the user named.
    ///
    /// # Errors
    /// [`Error::NotEncrypted`]: plain HTTP to another host than loopback or instance metadata.
    pub fn insert(&mut self, url: &HttpUrl) -> Result<(), Error> {
        let origin = url.origin();
        if !url.is_encrypted_or_local() && (origin.host.as_str(), origin.port) != (METADATA, 80) {
            return Err(Error::NotEncrypted { url: url.to_string() });
        }
        self.origins.insert(origin.clone());
        Ok(())
    }

    /// Adds a pinned host of CA certificates, at the default ports of both schemes: the certificates are signed, and
    /// their URLs are of plain HTTP (RFC 5280, section 4.2.2.1).
    pub(crate) fn insert_issuer_host(&mut self, host: &str) {
        for scheme in [Scheme::Http, Scheme::Https] {
            self.origins.insert(Origin { scheme, host: host.to_owned(), port: scheme.port() });
        }
    }

    /// Whether the URL's origin may be requested.
    #[must_use]
    pub fn contains(&self, url: &HttpUrl) -> bool {
        let origin = url.origin();
        let on_loopback = origin.scheme == Scheme::Http && origin.is_loopback();
        self.origins.contains(origin) || (self.every_loopback_port && on_loopback)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn urls_have_one_meaning() {
        for (text, shown, host, port, path) in [
            ("https://kdsintf.amd.com/vcek/v1/Milan/crl", "", "kdsintf.amd.com", 443, "/vcek/v1/Milan/crl"),
            ("http://127.0.0.1:8080", "", "127.0.0.1", 8080, ""),
            ("http://[::1]:7/x?y=z", "", "::1", 7, "/x?y=z"),
            ("http://host/a%20b/.c/d../?../x", "", "host", 80, "/a%20b/.c/d../?../x"),
            ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/", "::1", 80, "/"),
            ("https://KDS.example:0443/X", "https://kds.example/X", "kds.example", 443, "/X"),
            ("http://host:443/", "", "host", 443, "/"),
        ] {
            let url = HttpUrl::parse(text).unwrap();
            let shown = if shown.is_empty() { text } else { shown };
            assert_eq!(
                (url.origin().host(), url.origin().port(), url.path(), url.as_str()),
                (host, port, path, shown)
            );
        }
        for text in [
            "",
            "http://",
            "https:///x",
            "ftp://host/",
            "HTTP://host/",
            "//host/",
            "host",
            "http://user@host/",
            "http://user:pass@host/",
            "http://host:port/",
            "http://host:/",
            "http://host:0/",
            "http://host:65536/",
            "http://host:+80/",
            "http://host/#part",
            "http://ho st/",
            "http://h\u{f6}st/",
            "http://host/\n",
            "http://host\\@other/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0x7f000001/",
            "http://127.0.0.01/",
            "http://host./",
            "http://.host/",
            "http://[::1/",
            "http://[::1]x/",
            "http://::1/",
            "http://[fe80::1%25eth0]/",
            "http://host?x",
            "http://[::ffff:127.0.0.1]/",
            "http://host/a/../b",
            "http://host/..",
            "http://host/./b",
            "http://host/%2e%2e/b",
            "http://host/%2E./b",
            "http://host/.%2e",
            "http://host/a/..%2fb",
            "http://host/a%5c..%5cb",
            "http://host/%252e%252e/b",
            "http://host/%c0%ae/b",
            "http://host/..;x=y/b",
            "http://host/a\\..\\b",
            "http://host//b",
            "http://host/a//",
            "http://host/a%0d%0ab",
            "http://host/a%00",
            "http://host/a%",
            "http://host/a%2",
            "http://host/a%zz",
            "http://host/a?b=%2",
            "http://host/it's",
        ] {
            assert!(matches!(HttpUrl::parse(text), Err(Error::Address(_))), "{text}");
        }
        assert!(HttpUrl::parse(&format!("http://host/{}", "x".repeat(2048))).is_err());
    }

    #[test]
    fn errors_show_no_secret() {
        for (text, shown) in [
            ("https://user:s3cr3t@kds.example/x", "https://…"),
            ("https://user:s3/cr3t@kds.example", "https://…"),
            ("https://user:s3?cr#3t@kds.example", "https://…"),
            ("https://kds.example/?token=s3@cr3t", "https://…"),
            ("user:s3cr3t@://kds.example", "…"),
            ("user:s3cr3t@kds.example", "…"),
            ("https://kds.example/?token=s3cr3t", "https://kds.example/?…"),
            ("https://kds.example/#s3cr3t", "https://kds.example/#…"),
            ("https://kds.example/%zz", "https://kds.example/%zz"),
        ] {
            let refused = HttpUrl::parse(text).and_then(|url| url.join("/x"));
            assert_eq!(refused, Err(Error::Address(shown.to_owned())), "{text}");
        }
        let long = HttpUrl::parse(&"é".repeat(10_000)).unwrap_err();
        assert!(long.to_string().chars().count() < 300, "{long}");
    }

    #[test]
    fn a_path_follows_a_base() {
        for base in ["https://host/pccs", "https://host/pccs/"] {
            let url = HttpUrl::parse(base).unwrap().join("/sgx?x=1").unwrap();
            assert_eq!(url.as_str(), "https://host/pccs/sgx?x=1");
            assert!(url.join("/more").is_err());
        }
    }

    #[test]
    fn only_listed_origins_may_be_requested() {
        let url = |text| HttpUrl::parse(text).unwrap();
        let mut hosts = AllowedHosts::default();
        assert!(!hosts.contains(&url("http://127.0.0.1/")));
        hosts.insert(&url("https://kds.example/kds")).unwrap();
        hosts.insert(&url("http://localhost:4000/")).unwrap();
        hosts.insert_issuer_host("ca.example");
        for text in [
            "https://kds.example/x",
            "https://KDS.example:443/",
            "http://localhost:4000/y",
            "http://ca.example/",
        ] {
            assert!(hosts.contains(&url(text)), "{text}");
        }
        for text in [
            "http://kds.example/",
            "https://kds.example:444/",
            "https://kds.example.evil.example/",
            "http://localhost:4001/",
            "http://ca.example:8080/",
            "http://169.254.169.254/",
        ] {
            assert!(!hosts.contains(&url(text)), "{text}");
        }
        for text in ["http://kds.example/", "http://10.0.0.1/", "http://localhost.example/"] {
            assert!(matches!(hosts.insert(&url(text)), Err(Error::NotEncrypted { .. })), "{text}");
        }
        let metadata = AllowedHosts::metadata();
        assert!(metadata.contains(&url("http://169.254.169.254/metadata")));
        assert!(metadata.contains(&url("http://[::1]:81/")));
        assert!(!metadata.contains(&url("https://127.0.0.1/")));
        assert!(!metadata.contains(&url("http://169.254.169.253/")));
    }
}
