//! HTTP service of a twin on a thread of its own, with a limit of connections.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
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
        let failed = |what: &str| Error::io(format!("{what} {of}"));
        let address = listener.local_addr().map_err(failed("listening"))?;
        listener.set_nonblocking(true).map_err(failed("listening"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(failed("starting the service"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(Limited::new(listener), router).await
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
    was_full: bool,
}

impl Limited {
    fn new(listener: tokio::net::TcpListener) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(MAX_CLIENTS)), was_full: false }
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
                    return (Placed { stream, _place: place }, address);
                }
                // Printed once, until a client is served again.
                Err(_) if !self.was_full => say_full(),
                Err(_) => {}
            }
            self.was_full = true;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that frees its slot on drop.
struct Placed {
    stream: TcpStream,
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
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
