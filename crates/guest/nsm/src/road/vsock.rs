//! vsock sockets in a runtime, which the runtime's own library does not have: those of `socket2`, made ready by it.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sys;

/// How many connections wait to be accepted.
const BACKLOG: i32 = 128;
/// The kernel's own time for a connection to a port that nobody serves.
const CONNECT: Duration = Duration::from_secs(2);

/// Listens at a port of these CIDs.
pub(super) fn listen(cid: u32, port: u32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
    socket.bind(&SockAddr::vsock(cid, port))?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// A listener.
#[derive(Debug)]
pub(super) struct Listener(AsyncFd<Socket>);

impl Listener {
    /// The listener in the current runtime.
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        sys::in_runtime(socket).map(Self)
    }

    /// The next connection, and the client's name for a log.
    pub(super) async fn accept(&self) -> io::Result<(VsockConnection, String)> {
        loop {
            let mut ready = self.0.readable().await?;
            // Not ready after all: wait again.
            if let Ok(accepted) = ready.try_io(|listener| listener.get_ref().accept()) {
                let (socket, peer) = accepted?;
                let peer = match peer.as_vsock_address() {
                    Some((cid, port)) => format!("vsock:{cid}:{port}"),
                    None => "vsock".to_owned(),
                };
                return Ok((VsockConnection(sys::in_runtime(socket)?), peer));
            }
        }
    }
}

/// Opens a connection.
pub(super) async fn connect(cid: u32, port: u32) -> io::Result<VsockConnection> {
    let connected = tokio::task::spawn_blocking(move || {
        let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
        socket.connect_timeout(&SockAddr::vsock(cid, port), CONNECT)?;
        Ok::<_, io::Error>(socket)
    });
    let socket = connected.await.map_err(io::Error::other)??;
    sys::in_runtime(socket).map(VsockConnection)
}

/// A connection.
#[derive(Debug)]
pub(super) struct VsockConnection(AsyncFd<Socket>);

impl AsyncRead for VsockConnection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(context))?;
            let unfilled = buffer.initialize_unfilled();
            if let Ok(read) = ready.try_io(|socket| socket.get_ref().read(unfilled)) {
                return Poll::Ready(read.map(|read| buffer.advance(read)));
            }
        }
    }
}

impl AsyncWrite for VsockConnection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_write_ready(context))?;
            if let Ok(written) = ready.try_io(|socket| socket.get_ref().write(bytes)) {
                return Poll::Ready(written);
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.get_ref().shutdown(Shutdown::Write))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Two ends in a runtime, over a pair of Unix sockets: this host has no vsock to dial.
    #[test]
    fn a_socket_in_a_runtime_is_read_and_written() -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (one, other) = Socket::pair(Domain::UNIX, Type::STREAM, None)?;
            let mut one = VsockConnection(sys::in_runtime(one)?);
            let mut other = VsockConnection(sys::in_runtime(other)?);
            // More than the kernel buffers: both sides have to wait for each other.
            let sent = vec![7; 4 << 20];
            let writing = async {
                one.write_all(&sent).await?;
                one.shutdown().await
            };
            let mut received = Vec::new();
            let (written, read) = tokio::join!(writing, other.read_to_end(&mut received));
            written?;
            assert_eq!(read?, sent.len());
            assert!(received == sent);
            other.write_all(b"answer").await?;
            drop(other);
            let mut answer = String::new();
            one.read_to_string(&mut answer).await?;
            assert_eq!(answer, "answer");
            Ok(())
        })
    }
}
