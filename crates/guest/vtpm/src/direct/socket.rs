//! Sockets with a deadline, and two TPMs behind them that take commands and give answers as they are:
//! swtpm, and a resource manager.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::transport::{HEADER_BYTES, MAX_BYTES, Transport, announced, uninterrupted};

/// A name may have many addresses: the most that are connected to.
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
        receive(&mut connection)
    }
}

/// A resource manager behind a socket, over a connection that is kept.
#[derive(Debug)]
pub(super) struct Tpmrm {
    pub(super) endpoint: Endpoint,
    /// `None` after a failure: what comes then may be the answer to an earlier command. The next
    /// command opens another one, over which earlier handles are unknown.
    pub(super) connection: Option<Connection>,
    pub(super) patience: Duration,
}

impl Transport for Tpmrm {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let mut connection = match self.connection.take() {
            Some(kept) => kept.until(deadline(self.patience)?),
            None => self.endpoint.connect(self.patience)?,
        };
        connection.write_all(command)?;
        let answer = receive(&mut connection)?;
        // More than one answer would be in the way of the next.
        if announced(&answer)? == answer.len() {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

/// Reads an answer until it has the size that it says.
fn receive(connection: &mut impl Read) -> io::Result<Vec<u8>> {
    // One more than an answer can have, so that bytes after it are noticed.
    let mut answer = Zeroizing::new(vec![0; MAX_BYTES.saturating_add(1)]);
    let mut have = 0;
    while have < HEADER_BYTES || have < announced(&answer)? {
        let read = uninterrupted(|| connection.read(answer.get_mut(have..).unwrap_or_default()))?;
        if read == 0 {
            let what = format!("the connection ended after {have} bytes of the answer");
            return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
        }
        have = have.saturating_add(read);
    }
    answer.truncate(have);
    Ok(core::mem::take(&mut *answer))
}

/// Where somebody listens.
#[derive(Debug)]
pub(super) enum Endpoint {
    Tcp(String, u16),
    Unix(PathBuf),
}

impl Endpoint {
    /// A connection whose deadline is so far away.
    ///
    /// Connecting to a Unix socket has no deadline: while as many wait there as its listener lets
    /// wait, it waits too, and the standard library cannot bound that.
    pub(super) fn connect(&self, patience: Duration) -> io::Result<Connection> {
        let deadline = deadline(patience)?;
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

impl Connection {
    /// The same connection with another deadline.
    fn until(self, deadline: Instant) -> Self {
        Self { deadline, ..self }
    }
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

fn deadline(patience: Duration) -> io::Result<Instant> {
    Instant::now().checked_add(patience).ok_or_else(|| ErrorKind::InvalidInput.into())
}

/// How long it is until the deadline, which is more than nothing.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, and reports an interruption by a signal before each.
    struct Stopped<'a> {
        left: &'a [u8],
        interrupt: bool,
    }

    impl Read for Stopped<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupt = !self.interrupt;
            if self.interrupt {
                return Err(ErrorKind::Interrupted.into());
            }
            self.left.read(buffer.get_mut(..1).unwrap_or_default())
        }
    }

    #[test]
    fn an_answer_is_read_through_signals() {
        let answer = [0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 7, 8];
        let read = receive(&mut Stopped { left: &answer, interrupt: false });
        assert_eq!(read.ok().as_deref(), Some(&answer[..]));
        let cut = receive(&mut Stopped { left: &answer[..11], interrupt: false });
        assert_eq!(cut.map_err(|error| error.kind()), Err(ErrorKind::UnexpectedEof));
    }
}
