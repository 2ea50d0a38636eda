//! Addresses of a server of documents.

use core::fmt;
use core::str::FromStr;
use std::path::PathBuf;

use super::RoadError;
use crate::address::{host_name, write_host};

/// The port of the server. Not 8000, at which parents customarily run the proxy to KMS.
pub const DEFAULT_PORT: u16 = 5733;

/// Where a server of documents listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoadAddress {
    /// A port of a virtual machine: `vsock:16:5733`. The parent of an enclave is `vsock:3:…`; `vsock:any:5733`, to
    /// listen, is every CID of the machine itself.
    Vsock {
        /// The context id; [`RoadAddress::ANY`] to listen.
        cid: u32,
        /// The port.
        port: u32,
    },
    /// A TCP socket: `tcp:127.0.0.1:5733`; an IPv6 address in brackets.
    Tcp {
        /// The name or address of the host.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket: `unix:/run/teeproof.sock`.
    Unix(PathBuf),
}

impl RoadAddress {
    /// The context id of all addresses of a machine (`VMADDR_CID_ANY`).
    pub const ANY: u32 = u32::MAX;
    /// The context id of the parent, as seen by an enclave.
    pub const PARENT: u32 = 3;

    /// Every CID of this machine, at the default port.
    #[must_use]
    pub const fn listening() -> Self {
        Self::Vsock { cid: Self::ANY, port: DEFAULT_PORT as u32 }
    }

    /// Whether it is a vsock address.
    #[must_use]
    pub const fn is_vsock(&self) -> bool {
        matches!(self, Self::Vsock { .. })
    }
}

impl FromStr for RoadAddress {
    type Err = RoadError;

    fn from_str(text: &str) -> Result<Self, RoadError> {
        let wrong = || RoadError::Address(text.to_owned());
        match text.split_once(':').ok_or_else(wrong)? {
            ("vsock", rest) => {
                let (cid, port) = match rest.split_once(':') {
                    Some((cid, port)) => (cid, port.parse().map_err(|_| wrong())?),
                    None => (rest, DEFAULT_PORT.into()),
                };
                let cid = if cid == "any" { Self::ANY } else { cid.parse().map_err(|_| wrong())? };
                Ok(Self::Vsock { cid, port })
            }
            ("tcp", rest) => {
                let (host, port) = match rest.rsplit_once(':') {
                    Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
                    _ => (rest, DEFAULT_PORT),
                };
                Ok(Self::Tcp { host: host_name(host).ok_or_else(wrong)?, port })
            }
            ("unix", path) if !path.is_empty() => Ok(Self::Unix(path.into())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for RoadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vsock { cid: Self::ANY, port } => write!(f, "vsock:any:{port}"),
            Self::Vsock { cid, port } => write!(f, "vsock:{cid}:{port}"),
            Self::Tcp { host, port } => write_host(f, host, *port),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<RoadAddress> {
        text.parse().ok()
    }

    #[test]
    fn an_address_is_read_and_written() {
        for text in [
            "vsock:16:5733",
            "vsock:any:5733",
            "vsock:3:4294967295",
            "tcp:localhost:7",
            "tcp:[::1]:7",
            "unix:/run/a",
        ] {
            assert_eq!(parsed(text).map(|address| address.to_string()).as_deref(), Some(text));
        }
        for wrong in [
            "",
            "vsock",
            "vsock:",
            "vsock:x:1",
            "vsock:3:x",
            "vsock:4294967296:1",
            "tcp:",
            "unix:",
            "16:5733",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_port_that_is_left_out_is_the_default() {
        for (short, long) in [
            ("vsock:16", "vsock:16:5733"),
            ("vsock:any", "vsock:any:5733"),
            ("tcp:127.0.0.1", "tcp:127.0.0.1:5733"),
            ("tcp:[::1]", "tcp:[::1]:5733"),
        ] {
            assert_eq!(parsed(short), parsed(long));
            assert!(parsed(short).is_some(), "{short}");
        }
        assert_eq!(RoadAddress::listening().to_string(), "vsock:any:5733");
    }
}
