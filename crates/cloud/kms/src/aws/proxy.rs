//! The proxy to KMS: bytes are carried through it, and TLS ends at its far side.

use core::fmt;
use core::str::FromStr;
use std::io;
use std::path::PathBuf;

use tokio::net::{TcpStream, UnixStream};

use super::KmsError;
use super::channel::is_loopback;
use super::connector::Stream;

/// Where a proxy listens that carries bytes to KMS, such as `vsock-proxy` on the parent instance.
///
/// It is not a proxy of HTTP: the connection to it is used as if it were one to KMS, so that TLS ends in this process
/// and the proxy sees ciphertext.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsProxy {
    /// `vsock:3:8000`: a port of the parent instance, whose CID is 3.
    Vsock {
        /// The context id.
        cid: u32,
        /// The port.
        port: u32,
    },
    /// `tcp:127.0.0.1:8000`; an IPv6 address in brackets.
    Tcp {
        /// The name or address of the host.
        host: String,
        /// The port.
        port: u16,
    },
    /// `unix:/run/kms.sock`
    Unix(PathBuf),
}

impl KmsProxy {
    /// Whether it listens on this machine: bytes to it do not leave it yet.
    pub(super) fn is_on_this_machine(&self) -> bool {
        match self {
            // 1 is this machine's own CID (VMADDR_CID_LOCAL); the parent instance has 3.
            Self::Vsock { cid, .. } => *cid == 1,
            Self::Tcp { host, .. } => is_loopback(host),
            Self::Unix(_) => true,
        }
    }

    pub(super) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            #[cfg(target_os = "linux")]
            Self::Vsock { cid, port } => {
                let (cid, port) = (*cid, *port);
                // The kernel ends the attempt after two seconds.
                let connected = tokio::task::spawn_blocking(move || vsock(cid, port));
                Ok(Box::new(UnixStream::from_std(connected.await.map_err(io::Error::other)??)?))
            }
            #[cfg(not(target_os = "linux"))]
            Self::Vsock { .. } => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A connected vsock socket that does not block. The standard library has no type for it; of its types, the Unix
/// socket asks nothing of the address.
#[cfg(target_os = "linux")]
fn vsock(cid: u32, port: u32) -> io::Result<std::os::unix::net::UnixStream> {
    use socket2::{Domain, SockAddr, Socket, Type};
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
    socket.connect(&SockAddr::vsock(cid, port))?;
    socket.set_nonblocking(true)?;
    Ok(std::os::fd::OwnedFd::from(socket).into())
}

impl FromStr for KmsProxy {
    type Err = KmsError;

    fn from_str(text: &str) -> Result<Self, KmsError> {
        let wrong = || KmsError::ProxyForm(text.to_owned());
        match text.split_once(':').ok_or_else(wrong)? {
            ("vsock", rest) => {
                let (cid, port) = rest.split_once(':').ok_or_else(wrong)?;
                let (cid, port) = (cid.parse().map_err(|_| wrong())?, port.parse().map_err(|_| wrong())?);
                Ok(Self::Vsock { cid, port })
            }
            ("tcp", rest) => {
                let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
                let port = port.parse().map_err(|_| wrong())?;
                let host = match host.strip_prefix('[') {
                    Some(rest) => rest.strip_suffix(']').ok_or_else(wrong)?,
                    // The last number of an IPv6 address is not a port.
                    None if host.contains(':') => return Err(wrong()),
                    None => host,
                };
                if host.is_empty() { Err(wrong()) } else { Ok(Self::Tcp { host: host.to_owned(), port }) }
            }
            ("unix", path) if !path.is_empty() => Ok(Self::Unix(path.into())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for KmsProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vsock { cid, port } => write!(f, "vsock:{cid}:{port}"),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for text in ["vsock:3:8000", "vsock:3:4294967295", "tcp:localhost:7", "tcp:[::1]:7", "unix:/run/a:b"]
        {
            let proxy = text.parse::<KmsProxy>().map(|proxy| proxy.to_string());
            assert_eq!(proxy.ok().as_deref(), Some(text));
        }
        for wrong in [
            "",
            "vsock",
            "vsock:3",
            "vsock:3:x",
            "vsock:any:1",
            "tcp:7",
            "tcp::7",
            "tcp:::1:7",
            "tcp:[::1:7",
            "unix:",
            "3:8000",
            "http://a:7",
        ] {
            assert!(wrong.parse::<KmsProxy>().is_err(), "{wrong}");
        }
    }
}
