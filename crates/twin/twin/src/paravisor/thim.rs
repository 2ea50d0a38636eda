//! The host's certificate service (THIM), as the guest sees it: two documents over plain HTTP.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use teeproof_mint::azure::{Certificates, Object};
use teeproof_mint::x509::pem;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::listen::{AFTER_FAILURE, MAX_CLIENTS, say_full};
use crate::Error;

/// The running service.
#[derive(Debug)]
pub(super) struct Thim {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The documents.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    /// The certificates; none on a machine without a VCEK.
    certification: Option<String>,
    versions: String,
}

impl Documents {
    pub(super) fn new(certificates: &Certificates, reported_tcb: Option<[u8; 8]>) -> Result<Self, Error> {
        let certification = |tcb: [u8; 8]| {
            let object = Object::default()
                .with("vcekCert", pem(&certificates.vek))
                .with("tcbm", format!("{:016X}", u64::from_le_bytes(tcb)))
                .with("certificateChain", pem(&certificates.intermediate) + &pem(&certificates.ark))
                .with("cacheControl", "86400");
            object.write()
        };
        let versions = Object::default().with("apiVersions", vec!["2021-12-13".into()]).write()?;
        Ok(Self { certification: reported_tcb.map(certification).transpose()?, versions })
    }
}

impl Thim {
    /// Serves the documents on a new thread.
    pub(super) fn start(listener: TcpListener, documents: Documents) -> Result<Self, Error> {
        let failed = |what: &str| Error::io(format!("{what} for certificates"));
        let address = listener.local_addr().map_err(failed("listening"))?;
        listener.set_nonblocking(true).map_err(failed("listening"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(failed("starting the service"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(Limited::new(listener), router(documents)).await
        };
        // The runtime ends with this thread, and open connections with it: a client may hold one for
        // ever.
        let run = move || {
            runtime.spawn(serve);
            let _ = runtime.block_on(stopped);
        };
        let thread = thread::Builder::new().spawn(run).map_err(failed("starting a thread"))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Thim {
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

fn router(documents: Documents) -> Router {
    let Documents { certification, versions } = documents;
    let certification = move || async move {
        match certification {
            Some(document) => json(StatusCode::OK, document),
            None => json(StatusCode::NOT_FOUND, error("this machine has no VCEK")),
        }
    };
    Router::new()
        .route("/metadata/THIM/amd/certification", get(certification))
        .route("/metadata/versions", get(move || async move { json(StatusCode::OK, versions) }))
        .layer(middleware::from_fn(demand_header))
}

/// A request without the header may be forwarded from outside of the guest (SSRF).
async fn demand_header(request: Request, next: Next) -> Response {
    let value = request.headers().get("Metadata");
    if value.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
        next.run(request).await
    } else {
        json(StatusCode::BAD_REQUEST, error("Required metadata header not specified"))
    }
}

fn error(what: &str) -> String {
    // An object of one text is always written.
    Object::default().with("error", what).write().unwrap_or_default()
}

fn json(status: StatusCode, document: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], document).into_response()
}
