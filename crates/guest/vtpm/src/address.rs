//! Where the TPM is, in the notation that the TPM software stack made common.

use core::fmt;
use core::str::FromStr;
use std::path::PathBuf;

use crate::Error;

/// The kernel's device with a resource manager.
const DEVICE: &str = "/dev/tpmrm0";

/// Where the TPM is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A device of the kernel: `device:/dev/tpmrm0`.
    Device(PathBuf),
    /// The data socket of swtpm over TCP, commands as they are: `swtpm:host=127.0.0.1,port=2321`.
    Swtpm(String, u16),
    /// The data socket of swtpm in the file system: `swtpm:path=/run/swtpm.sock`.
    SwtpmPath(PathBuf),
    /// The Microsoft simulator's protocol over TCP: `mssim:host=127.0.0.1,port=2321`.
    Mssim(String, u16),
    /// A resource manager over TCP, commands as they are over one connection:
    /// `tpmrm:host=127.0.0.1,port=2323`. As with `/dev/tpmrm0`, what a connection made is flushed when
    /// it ends. `teeproof-twin` has one.
    Tpmrm(String, u16),
    /// Anything that the TPM software stack reaches: `tss:` and a TCTI string.
    Tss(String),
}

impl Default for Address {
    fn default() -> Self {
        Self::Device(DEVICE.into())
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Address(text.to_owned());
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "device" if rest.is_empty() => Ok(Self::default()),
            "device" => Ok(Self::Device(rest.into())),
            "swtpm" => match rest.strip_prefix("path=") {
                Some(path) => Ok(Self::SwtpmPath(path.into())),
                None => socket(rest).map(|(host, port)| Self::Swtpm(host, port)).ok_or_else(wrong),
            },
            "mssim" => socket(rest).map(|(host, port)| Self::Mssim(host, port)).ok_or_else(wrong),
            // No program has a port for it by convention.
            "tpmrm" if rest.contains("port=") => {
                socket(rest).map(|(host, port)| Self::Tpmrm(host, port)).ok_or_else(wrong)
            }
            "tss" if !rest.is_empty() => Ok(Self::Tss(rest.to_owned())),
            _ => Err(wrong()),
        }
    }
}

/// `host=…,port=…`, both optional.
fn socket(text: &str) -> Option<(String, u16)> {
    let (mut host, mut port) = ("127.0.0.1".to_owned(), 2321);
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("host", value) if !value.is_empty() => value.clone_into(&mut host),
            ("port", value) => port = value.parse().ok()?,
            _ => return None,
        }
    }
    Some((host, port))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => write!(f, "device:{}", path.display()),
            Self::Swtpm(host, port) => write!(f, "swtpm:host={host},port={port}"),
            Self::SwtpmPath(path) => write!(f, "swtpm:path={}", path.display()),
            Self::Mssim(host, port) => write!(f, "mssim:host={host},port={port}"),
            Self::Tpmrm(host, port) => write!(f, "tpmrm:host={host},port={port}"),
            Self::Tss(tcti) => write!(f, "tss:{tcti}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        for text in [
            "device:/dev/tpm0",
            "swtpm:host=localhost,port=7",
            "swtpm:path=/run/a.sock",
            "mssim:host=::1,port=2321",
            "tpmrm:host=127.0.0.1,port=2323",
            "tss:tabrmd:bus_type=session",
        ] {
            assert_eq!(
                text.parse::<Address>().map(|address| address.to_string()).ok().as_deref(),
                Some(text)
            );
        }
        assert_eq!("device".parse::<Address>().ok(), Some(Address::default()));
        assert_eq!("swtpm".parse::<Address>().ok(), Some(Address::Swtpm("127.0.0.1".into(), 2321)));
        for wrong in ["", "tss:", "swtpm:port=x", "swtpm:what=1", "/dev/tpmrm0", "cmd:x", "tpmrm:host=a"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
