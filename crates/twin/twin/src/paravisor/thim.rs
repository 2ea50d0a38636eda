//! The host's service for certificates, as the guest sees it: two documents over plain HTTP.

use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use teeproof_mint::azure::{Certificates, Object};
use teeproof_mint::x509::pem;
use tokio::sync::oneshot;

use crate::Error;

/// The service at work.
#[derive(Debug)]
pub(super) struct Thim {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The documents.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    /// The certificates; a machine without a VCEK has none.
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
    /// Serves the documents on a thread of its own.
    pub(super) fn start(listener: TcpListener, documents: Documents) -> Result<Self, Error> {
        let failed = |what: &str| Error::io(format!("{what} for certificates"));
        let address = listener.local_addr().map_err(failed("listening"))?;
        listener.set_nonblocking(true).map_err(failed("listening"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(failed("starting the service"))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router(documents)).await
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

/// Whoever cannot set a header is no program of the guest but somebody's forwarded request.
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
