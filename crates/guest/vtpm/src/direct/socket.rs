//! Sockets with a deadline, and the data socket of swtpm: commands and answers as they are.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::transport::{HEADER_BYTES, MAX_BYTES, Transport, announced};

/// A name may stand for many addresses: no more of them are tried.
const MAX_ADDRESSES: usize = 8;

/// The data socket of swtpm.
#[derive(Debug)]
pub(super) struct Swtpm {
    pub(super) endpoint: Endpoint,
    pub(super) patience: Duration,
}

impl Transport for Swtpm {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let mut connection = self.endpoint.connect(self.patience)?;
        connection.write_all(command)?;
        // One more than an answer can have, so that bytes after it are noticed.
        let mut answer = Zeroizing::new(vec![0; MAX_BYTES.saturating_add(1)]);
        let mut have = 0;
        while have < HEADER_BYTES || have < announced(&answer)? {
            let read = connection.read(answer.get_mut(have..).unwrap_or_default())?;
            if read == 0 {
                let what = format!("the connection ended after {have} bytes of the answer");
                return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
            }
            have = have.saturating_add(read);
        }
        answer.truncate(have);
        Ok(core::mem::take(&mut *answer))
    }
}

/// Where somebody listens.
#[derive(Debug)]
pub(super) enum Endpoint {
    Tcp(String, u16),
    Unix(PathBuf),
}

impl Endpoint {
    /// A connection whose deadline is so far away.
    pub(super) fn connect(&self, patience: Duration) -> io::Result<Connection> {
        let deadline = Instant::now().checked_add(patience).ok_or(ErrorKind::InvalidInput)?;
        let stream = match self {
            Self::Tcp(host, port) => Stream::Tcp(connect(host, *port, deadline)?),
            Self::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        Ok(Connection { stream, deadline })
    }
}

fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()?.take(MAX_ADDRESSES) {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => {
                // A command is one small write: nothing comes that it could wait for.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A connection that is over by its deadline, however slowly bytes come.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    deadline: Instant,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = Some(left(self.deadline)?);
        match &mut self.stream {
            Stream::Tcp(stream) => stream.set_read_timeout(left).and_then(|()| stream.read(buffer)),
            Stream::Unix(stream) => stream.set_read_timeout(left).and_then(|()| stream.read(buffer)),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = Some(left(self.deadline)?);
        match &mut self.stream {
            Stream::Tcp(stream) => stream.set_write_timeout(left).and_then(|()| stream.write(bytes)),
            Stream::Unix(stream) => stream.set_write_timeout(left).and_then(|()| stream.write(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How long it is until the deadline, which is more than nothing.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
