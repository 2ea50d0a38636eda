//! Addresses of a module.

use core::fmt;
use core::str::FromStr;
use std::path::PathBuf;
use std::time::Duration;

use crate::socket::{Endpoint, Socket};
use crate::{Nsm, NsmError};

/// Where the module is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NsmAddress {
    /// The kernel's device: `device:/dev/nsm`.
    Device(PathBuf),
    /// The Unix socket of a twin: `unix:/run/nsm.sock`.
    Unix(PathBuf),
    /// The TCP socket of a twin: `tcp:127.0.0.1:5734`; an IPv6 address in brackets.
    Tcp {
        /// The name or address of the host.
        host: String,
        /// The port.
        port: u16,
    },
}

/// The device of the kernel's driver.
pub const DEVICE: &str = "/dev/nsm";

impl NsmAddress {
    /// Opens the module. `patience` is the time for a whole exchange over a socket; a device's is the driver's.
    ///
    /// # Errors
    /// The device is missing, may not be used, or is another one; nobody listens at the socket.
    pub fn open(&self, patience: Duration) -> Result<Box<dyn Nsm>, NsmError> {
        let endpoint = match self {
            #[cfg(target_os = "linux")]
            Self::Device(path) => {
                return crate::Device::open(path).map(|device| Box::new(device) as Box<dyn Nsm>);
            }
            #[cfg(not(target_os = "linux"))]
            Self::Device(path) => return Err(NsmError::NoDevice { path: path.display().to_string() }),
            Self::Unix(path) => Endpoint::Unix(path.clone()),
            Self::Tcp { host, port } => Endpoint::Tcp(host.clone(), *port),
        };
        let socket = Socket::connect(endpoint, patience);
        let socket = socket.map_err(|error| NsmError::opening(&self.to_string(), error))?;
        Ok(Box::new(socket))
    }
}

impl Default for NsmAddress {
    fn default() -> Self {
        Self::Device(DEVICE.into())
    }
}

impl FromStr for NsmAddress {
    type Err = NsmError;

    fn from_str(text: &str) -> Result<Self, NsmError> {
        let wrong = || NsmError::Address(text.to_owned());
        match text.split_once(':').ok_or_else(wrong)? {
            ("device", path) if !path.is_empty() => Ok(Self::Device(path.into())),
            ("unix", path) if !path.is_empty() => Ok(Self::Unix(path.into())),
            ("tcp", rest) => {
                let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
                let port = port.parse().map_err(|_| wrong())?;
                Ok(Self::Tcp { host: host_name(host).ok_or_else(wrong)?, port })
            }
            _ => Err(wrong()),
        }
    }
}

/// The host of an address, without the brackets of IPv6.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        // The last number of an IPv6 address is not a port.
        None if text.contains(':') => return None,
        None => text,
    };
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// A host and a port, an IPv6 address in brackets.
pub(crate) fn write_host(f: &mut fmt::Formatter<'_>, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(f, "tcp:[{host}]:{port}") } else { write!(f, "tcp:{host}:{port}") }
}

impl fmt::Display for NsmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => write!(f, "device:{}", path.display()),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } => write_host(f, host, *port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        for text in ["device:/dev/nsm", "unix:/run/nsm.sock", "tcp:localhost:7", "tcp:[::1]:5734"] {
            let address = text.parse::<NsmAddress>().map(|address| address.to_string());
            assert_eq!(address.ok().as_deref(), Some(text));
        }
        assert_eq!("device:/dev/nsm".parse::<NsmAddress>().ok(), Some(NsmAddress::default()));
        for wrong in [
            "",
            "/dev/nsm",
            "device",
            "device:",
            "unix:",
            "tcp:7",
            "tcp::7",
            "tcp:h",
            "tcp:h:x",
            "tcp:::1:7",
            "vsock:3:7",
        ] {
            assert!(wrong.parse::<NsmAddress>().is_err(), "{wrong}");
        }
    }
}
