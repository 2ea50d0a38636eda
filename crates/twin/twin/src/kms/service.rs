//! The HTTP side: JSON 1.1 over POST, signatures, and the operation that `X-Amz-Target` names.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::error::Refused;
use super::operations::Kms;
use crate::aws::sigv4::{self, Expected, SignatureError, SignatureFault};
use crate::aws::time;

/// The size limit of a body, in bytes: a document of 262144 in base64, and the rest.
const MAX_BODY: usize = 512 * 1024;
const TARGET: &str = "TrentService.";
const MUST_SIGN: &[&str] = &["host", "x-amz-date", "x-amz-target"];

/// The one route.
pub(super) fn router(kms: Arc<Kms>) -> Router {
    Router::new().fallback(serve).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(kms)
}

async fn serve(
    State(kms): State<Arc<Kms>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != Method::POST || uri.path() != "/" || uri.query().is_some() {
        return answer(Err(Refused::bare("UnknownOperationException")));
    }
    // A key of 4096 bits takes a second: others are answered meanwhile.
    let done = tokio::task::spawn_blocking(move || operate(&kms, &headers, &body)).await;
    answer(done.unwrap_or_else(|_| Err(Refused::internal())))
}

fn operate(kms: &Kms, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refused> {
    let settings = kms.settings();
    let now = time::now();
    let expected = Expected {
        credentials: &settings.credentials,
        region: &settings.region,
        service: "kms",
        must_sign: MUST_SIGN,
        now,
    };
    sigv4::verify(headers, body, &expected)?;
    kms.throttle()?;
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix(TARGET));
    kms.perform(operation.unwrap_or_default(), body, now)
}

/// The exceptions of KMS.
impl From<SignatureError> for Refused {
    fn from(error: SignatureError) -> Self {
        let name = match error.kind {
            SignatureFault::Missing => "MissingAuthenticationTokenException",
            SignatureFault::Incomplete => "IncompleteSignatureException",
            SignatureFault::UnknownKey => "UnrecognizedClientException",
            SignatureFault::Expired | SignatureFault::Invalid => "InvalidSignatureException",
        };
        Self::new(name, error.message)
    }
}

fn answer(outcome: Result<Value, Refused>) -> Response {
    let (status, body, name) = match outcome {
        Ok(body) => (StatusCode::OK, body, None),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, refused.body(), Some(refused.name))
        }
    };
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    let mut response = (status, kind, body.to_string()).into_response();
    if let Some(name) = name {
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
    }
    response
}
