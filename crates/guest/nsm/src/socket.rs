//! A module behind a socket, as a twin has it: each message is a [frame](crate::frame()) of the bytes of the ioctl's
//! buffers, and one connection carries many exchanges.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::frame::{FrameError, FrameReader, frame};
use crate::{MAX_ANSWER, Nsm, NsmError};

/// A name may have many addresses: the most that are connected to.
const MAX_ADDRESSES: usize = 8;

/// Where a twin listens.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// A module behind a socket, over a connection that is kept.
#[derive(Debug)]
pub(crate) struct Socket {
    endpoint: Endpoint,
    patience: Duration,
    /// `None` after a failure: the next bytes may belong to an earlier request. The next request opens another one; none
    /// is repeated, because extending twice is not the same as once.
    connection: Option<Stream>,
}

impl Socket {
    pub(crate) fn connect(endpoint: Endpoint, patience: Duration) -> io::Result<Self> {
        let connection = Some(endpoint.connect(deadline(patience)?)?);
        Ok(Self { endpoint, patience, connection })
    }

    fn transfer(&mut self, request: &'static str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        let failed = |error| NsmError::exchanging(request, error);
        let deadline = deadline(self.patience).map_err(failed)?;
        let mut stream = match self.connection.take() {
            Some(kept) => kept,
            None => self.endpoint.connect(deadline).map_err(failed)?,
        };
        let message = frame(bytes).ok_or_else(|| failed(ErrorKind::InvalidInput.into()))?;
        stream.until(deadline).and_then(|()| stream.write_all(&message)).map_err(failed)?;
        let answer = receive(&mut stream, deadline).map_err(|error| match error {
            ReceiveError::Io(error) => failed(error),
            ReceiveError::Frame(FrameError::TooLong { bytes, .. }) => {
                NsmError::AnswerTooLong { request, bytes: bytes.into() }
            }
            ReceiveError::Frame(error) => failed(io::Error::new(ErrorKind::UnexpectedEof, error)),
        })?;
        self.connection = Some(stream);
        Ok(answer)
    }
}

impl Nsm for Socket {
    fn exchange_bytes(
        &mut self,
        request: &'static str,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        self.transfer(request, bytes)
    }
}

enum ReceiveError {
    Io(io::Error),
    Frame(FrameError),
}

/// Reads one frame by the deadline, however slowly its bytes come.
fn receive(stream: &mut Stream, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, ReceiveError> {
    let mut reader = FrameReader::new(MAX_ANSWER);
    let mut buffer = Zeroizing::new([0; 4096]);
    loop {
        let wanted = reader.wanted().min(buffer.len());
        if wanted == 0 {
            break;
        }
        stream.until(deadline).map_err(ReceiveError::Io)?;
        match stream.read(buffer.get_mut(..wanted).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => {
                reader.push(buffer.get(..read).unwrap_or_default()).map_err(ReceiveError::Frame)?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ReceiveError::Io(error)),
        }
    }
    reader.finish().map_err(ReceiveError::Frame)
}

impl Endpoint {
    /// Connecting to a Unix socket has no deadline: the standard library cannot bound it.
    fn connect(&self, deadline: Instant) -> io::Result<Stream> {
        match self {
            Self::Tcp(host, port) => connect_tcp(host, *port, deadline).map(Stream::Tcp),
            Self::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        }
    }
}

fn connect_tcp(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()?.take(MAX_ADDRESSES) {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Lets the next read and the next write end by this deadline.
    fn until(&self, deadline: Instant) -> io::Result<()> {
        let left = Some(left(deadline)?);
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(left).and_then(|()| stream.set_write_timeout(left)),
            Self::Unix(stream) => stream.set_read_timeout(left).and_then(|()| stream.set_write_timeout(left)),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn deadline(patience: Duration) -> io::Result<Instant> {
    Instant::now().checked_add(patience).ok_or_else(|| ErrorKind::InvalidInput.into())
}

/// The time until the deadline, which is more than nothing.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
