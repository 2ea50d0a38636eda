//! Streams and listeners of every kind of address, and frames on them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use zeroize::Zeroizing;

use super::RoadAddress;
use crate::frame::{FrameError, FrameReader, frame};

/// A connection of any kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A frame that was not read.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    Frame(FrameError),
}

/// Reads one frame of at most `limit` bytes.
pub(super) async fn read_frame(
    stream: &mut dyn Stream,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let mut reader = FrameReader::new(limit);
    let mut buffer = [0; 2048];
    loop {
        let wanted = reader.wanted().min(buffer.len());
        if wanted == 0 {
            break;
        }
        let part = buffer.get_mut(..wanted).unwrap_or_default();
        let read = stream.read(part).await.map_err(ReadError::Io)?;
        if read == 0 {
            break;
        }
        reader.push(part.get(..read).unwrap_or_default()).map_err(ReadError::Frame)?;
    }
    reader.finish().map_err(ReadError::Frame)
}

/// Writes one frame.
pub(super) async fn write_frame(stream: &mut dyn Stream, message: &[u8]) -> io::Result<()> {
    let frame = frame(message).ok_or(io::ErrorKind::InvalidInput)?;
    stream.write_all(&frame).await?;
    stream.flush().await
}

/// Opens a connection.
pub(super) async fn connect(address: &RoadAddress) -> io::Result<Box<dyn Stream>> {
    match address {
        RoadAddress::Tcp { host, port } => {
            let stream = TcpStream::connect(resolve(host, *port).await?.as_slice()).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        RoadAddress::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        #[cfg(target_os = "linux")]
        RoadAddress::Vsock { cid, port } => Ok(Box::new(super::vsock::connect(*cid, *port).await?)),
        #[cfg(not(target_os = "linux"))]
        RoadAddress::Vsock { .. } => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// The addresses of a host, of which the first that accepts is used.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.to_owned();
    let found = tokio::task::spawn_blocking(move || {
        use std::net::ToSocketAddrs;
        (host.as_str(), port).to_socket_addrs().map(|all| all.take(8).collect())
    });
    found.await.map_err(io::Error::other)?
}

/// A listener that is bound, and not yet in a runtime.
#[derive(Debug)]
pub(super) enum Bound {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener, SocketFile),
    #[cfg(target_os = "linux")]
    Vsock(socket2::Socket),
}

/// The file of a Unix socket, which is removed with its listener.
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Bound {
    /// Listens at an address; returns it with its port.
    pub(super) fn to(address: &RoadAddress) -> io::Result<(Self, RoadAddress)> {
        match address {
            RoadAddress::Tcp { host, port } => {
                let listener = std::net::TcpListener::bind((host.as_str(), *port))?;
                listener.set_nonblocking(true)?;
                let bound = listener.local_addr()?;
                let address = RoadAddress::Tcp { host: bound.ip().to_string(), port: bound.port() };
                Ok((Self::Tcp(listener), address))
            }
            RoadAddress::Unix(path) => {
                let listener = std::os::unix::net::UnixListener::bind(path)?;
                let file = SocketFile(path.clone());
                listener.set_nonblocking(true)?;
                Ok((Self::Unix(listener, file), address.clone()))
            }
            #[cfg(target_os = "linux")]
            RoadAddress::Vsock { cid, port } => {
                Ok((Self::Vsock(super::vsock::listen(*cid, *port)?), address.clone()))
            }
            #[cfg(not(target_os = "linux"))]
            RoadAddress::Vsock { .. } => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The same in the current runtime.
    pub(super) fn into_listener(self) -> io::Result<Listener> {
        match self {
            Self::Tcp(listener) => TcpListener::from_std(listener).map(Listener::Tcp),
            Self::Unix(listener, file) => {
                UnixListener::from_std(listener).map(|listener| Listener::Unix { listener, _file: file })
            }
            #[cfg(target_os = "linux")]
            Self::Vsock(listener) => super::vsock::Listener::new(listener).map(Listener::Vsock),
        }
    }
}

/// A listener in a runtime.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
    #[cfg(target_os = "linux")]
    Vsock(super::vsock::Listener),
}

impl Listener {
    /// The next connection, and the client's name for a log.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Stream>, String)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), format!("tcp:{peer}")))
            }
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), "unix".to_owned()))
            }
            #[cfg(target_os = "linux")]
            Self::Vsock(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Box::new(stream), peer))
            }
        }
    }
}
