//! HTTP service of a twin on a thread of its own, with a limit of connections.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::Error;
use crate::listen::{AFTER_FAILURE, MAX_CLIENTS, say_full};

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Serves these routes on a new thread; `of` names the service in errors.
    pub(crate) fn start(listener: TcpListener, router: Router, of: &'static str) -> Result<Self, Error> {
        Self::start_with(listener, router, of, MAX_CLIENTS)
    }

    /// Serves so many connections at a time.
    pub(crate) fn start_with(
        listener: TcpListener,
        router: Router,
        of: &'static str,
        clients: usize,
    ) -> Result<Self, Error> {
        let failed = |what: &str| Error::io(format!("{what} {of}"));
        let address = listener.local_addr().map_err(failed("listening"))?;
        listener.set_nonblocking(true).map_err(failed("listening"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(failed("starting the service"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let router = router.into_make_service_with_connect_info::<Connection>();
            axum::serve(Limited::new(listener, clients), router).await
        };
        // The runtime ends with this thread, and open connections with it: a client may hold one without end.
        let run = move || {
            runtime.spawn(serve);
            let _ = runtime.block_on(stopped);
        };
        let thread = thread::Builder::new().spawn(run).map_err(failed("starting a thread"))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A listener that closes connections beyond the limit, as those of the TPM do.
struct Limited {
    listener: tokio::net::TcpListener,
    places: Arc<Semaphore>,
    clients: usize,
    was_full: bool,
}

impl Limited {
    fn new(listener: tokio::net::TcpListener, clients: usize) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(clients)), clients, was_full: false }
    }
}

impl axum::serve::Listener for Limited {
    type Io = Placed;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Placed, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else {
                // Usually the limit of open files: it waits.
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            };
            match self.places.clone().try_acquire_owned() {
                Ok(place) => {
                    self.was_full = false;
                    return (Placed { stream, connection: Connection::new(), _place: place }, address);
                }
                // Printed once, until a client is served again.
                Err(_) if !self.was_full => say_full(self.clients),
                Err(_) => {}
            }
            self.was_full = true;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The handle of a connection for whoever answers its requests: `ConnectInfo<Connection>`.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<AtomicUsize>);

impl Connection {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(usize::MAX)))
    }

    /// Ends the connection once so many more bytes have been written to it: 0 loses the answer.
    pub(crate) fn end_after(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// How many of these bytes may be written.
    fn allowed(&self, bytes: usize) -> usize {
        self.0.load(Ordering::Relaxed).min(bytes)
    }

    /// Subtracts written bytes; a connection without a limit stays so.
    fn written(&self, bytes: usize) {
        let less = |left: usize| (left != usize::MAX).then(|| left.saturating_sub(bytes));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

impl Connected<IncomingStream<'_, Limited>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Limited>) -> Self {
        stream.io().connection.clone()
    }
}

/// A connection that frees its slot on drop.
struct Placed {
    stream: TcpStream,
    connection: Connection,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Placed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = self.connection.allowed(bytes.len());
        if allowed == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written =
            Pin::new(&mut self.stream).poll_write(context, bytes.get(..allowed).unwrap_or_default());
        if let Poll::Ready(Ok(written)) = &written {
            self.connection.written(*written);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
