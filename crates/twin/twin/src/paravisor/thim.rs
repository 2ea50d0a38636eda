//! The host's certificate service (THIM), as the guest sees it: two documents over plain HTTP.

use std::net::TcpListener;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use teeproof_mint::azure::{Certificates, Object};
use teeproof_mint::x509::pem;

use crate::Error;
use crate::http::Service;

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

/// Serves the documents on a new thread.
pub(super) fn start(listener: TcpListener, documents: Documents) -> Result<Service, Error> {
    Service::start(listener, router(documents), "for certificates")
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
