//! The HTTP side: signed forms over POST, the faults around them, and the control endpoint.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, sleep_until};

use super::control;
use super::faults::Effect;
use super::form::Form;
use super::operations::{Ec2, request_id};
use super::upstream::Reply;
use super::{ErrorResponse, Settings};
use crate::aws::sigv4::{self, Expected};
use crate::aws::time;
use crate::http::Connection;

/// The size limit of a body, in bytes: user data of 16 KiB in base64 and URL encoding, lists of ids and tags.
const MAX_BODY: usize = 1024 * 1024;
const MUST_SIGN: &[&str] = &["host", "x-amz-date"];
/// How much of a cut answer is sent, in bytes: the head, which has fewer, and the start of the body.
const CUT: usize = 150;

/// The route of EC2, and those of the control endpoint.
pub(super) fn router(ec2: Arc<Ec2>) -> Router {
    let control = control::router(ec2.clone());
    Router::new().fallback(serve).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(ec2).merge(control)
}

async fn serve(
    State(ec2): State<Arc<Ec2>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method != Method::POST || uri.path() != "/" || uri.query().is_some() {
        return refused(&ErrorResponse::of("InvalidRequest").message("expected a form by POST to /"));
    }
    let received = Instant::now();
    let (authorization, form) = match request(ec2.settings(), &headers, &body) {
        Ok(request) => request,
        Err(error) => return refused(&error),
    };
    let action = form.get("Action").unwrap_or_default().to_owned();
    let place = ec2.calls().begin(&action, form.parameters());
    let decision = ec2.faults().decide(&action);
    let answer = match decision.effect {
        Some(Effect::Refuse(error)) => Answer::of(Err(error)),
        Some(Effect::LoseRequest) => Answer::lost(),
        effect => {
            let worker = ec2.clone();
            // moto's answers take a while: others are served meanwhile. A client that has gone away stops nothing.
            let abort = effect.clone();
            let perform = move || {
                let outcome = worker.perform(&authorization, &form);
                if let (Some(Effect::Abort { code, message }), Ok(reply)) = (&abort, &outcome)
                    && form.get("Action") == Some("RunInstances")
                {
                    worker.abort(&authorization, reply, code, message);
                }
                worker.calls().performed(place);
                outcome
            };
            let done = tokio::task::spawn_blocking(perform).await;
            Answer::of(done.unwrap_or_else(|_| Err(ErrorResponse::of("InternalError")))).after(effect)
        }
    };
    wait(received, decision.delay.max(ec2.settings().delay)).await;
    if let Some(end) = answer.end_after {
        connection.end_after(end);
    } else {
        ec2.calls().answered(place, answer.status);
    }
    answer.into_response()
}

/// Reads and verifies a request: its Authorization header, which moto needs, and its parameters.
fn request(settings: &Settings, headers: &HeaderMap, body: &[u8]) -> Result<(String, Form), ErrorResponse> {
    let expected = Expected {
        credentials: &settings.credentials,
        region: &settings.region,
        service: "ec2",
        must_sign: MUST_SIGN,
        now: time::now(),
    };
    sigv4::verify(headers, body, &expected)?;
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let form = Form::parse(body)?;
    if form.get("Action").unwrap_or_default().is_empty() {
        return Err(
            ErrorResponse::of("MissingAction").message("The request must contain the parameter Action")
        );
    }
    Ok((authorization.unwrap_or_default().to_owned(), form))
}

/// Waits until this time after a request was received. A time that no clock has is no time.
async fn wait(received: Instant, delay: Duration) {
    if let Some(until) = received.checked_add(delay) {
        sleep_until(until).await;
    }
}

/// An answer, and how much of it is sent.
struct Answer {
    status: u16,
    body: Vec<u8>,
    /// Bytes after which the connection is closed.
    end_after: Option<usize>,
}

impl Answer {
    fn of(outcome: Result<Reply, ErrorResponse>) -> Self {
        let (status, body) = match outcome {
            Ok(reply) => (reply.status, reply.body),
            Err(error) => (error.status, error.body(&request_id())),
        };
        Self { status, body, end_after: None }
    }

    /// No answer.
    const fn lost() -> Self {
        Self { status: 500, body: Vec::new(), end_after: Some(0) }
    }

    /// What a fault makes of an answer.
    fn after(self, effect: Option<Effect>) -> Self {
        match effect {
            Some(Effect::RefuseAfter(error)) => Self::of(Err(error)),
            Some(Effect::LoseAnswer) => Self::lost(),
            Some(Effect::CutAnswer) => Self { end_after: Some(CUT), ..self },
            Some(Effect::Garbage) => Self { body: b"<html>Bad Gateway".to_vec(), ..self },
            _ => self,
        }
    }

    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = self.body.into_response();
        *response.status_mut() = status;
        let kind = header::HeaderValue::from_static("text/xml;charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

fn refused(error: &ErrorResponse) -> Response {
    Answer::of(Err(error.clone())).into_response()
}
