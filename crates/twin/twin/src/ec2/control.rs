//! The control endpoint for tests of other programs: faults, counts, recorded calls and console output below `/twin/`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use serde_json::{Map, Value, json};

use super::operations::Ec2;
use super::{Fault, RecordedCall};

/// The size limit of a body, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The routes below `/twin/`, which need no signature.
pub(super) fn router(ec2: Arc<Ec2>) -> Router {
    Router::new()
        .route("/twin/faults", put(set_faults).post(add_faults).delete(clear_faults))
        .route("/twin/calls", get(calls).delete(forget_calls))
        .route("/twin/recorded", get(recorded))
        .route("/twin/hidden-seconds", put(set_hidden))
        .route("/twin/console-output/{instance}", put(set_console_output))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(ec2)
}

async fn set_faults(State(ec2): State<Arc<Ec2>>, body: String) -> Response {
    with_faults(&body, |faults| ec2.faults().replace(faults))
}

async fn add_faults(State(ec2): State<Arc<Ec2>>, body: String) -> Response {
    with_faults(&body, |faults| {
        let mut set = ec2.faults();
        faults.into_iter().for_each(|fault| set.add(fault));
    })
}

fn with_faults(body: &str, done: impl FnOnce(Vec<Fault>)) -> Response {
    match Fault::list(body) {
        Ok(faults) => {
            done(faults);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

async fn clear_faults(State(ec2): State<Arc<Ec2>>) -> StatusCode {
    ec2.faults().replace(Vec::new());
    StatusCode::NO_CONTENT
}

async fn calls(State(ec2): State<Arc<Ec2>>) -> Response {
    let counts: Map<String, Value> =
        ec2.calls().counts().into_iter().map(|(action, count)| (action, count.into())).collect();
    answer(&Value::Object(counts))
}

async fn forget_calls(State(ec2): State<Arc<Ec2>>) -> StatusCode {
    ec2.calls().forget();
    StatusCode::NO_CONTENT
}

async fn recorded(State(ec2): State<Arc<Ec2>>) -> Response {
    let recorded = ec2.calls().recorded();
    answer(&recorded.iter().map(shown).collect())
}

fn shown(call: &RecordedCall) -> Value {
    let parameters: Map<String, Value> =
        call.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({
        "action": call.action,
        "parameters": parameters,
        "was-performed": call.was_performed,
        "status": call.status,
    })
}

async fn set_hidden(State(ec2): State<Arc<Ec2>>, body: String) -> StatusCode {
    let seconds = body.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let Some(hidden) = seconds else { return StatusCode::BAD_REQUEST };
    ec2.instances().set_hidden(hidden);
    StatusCode::NO_CONTENT
}

async fn set_console_output(
    State(ec2): State<Arc<Ec2>>,
    Path(instance): Path<String>,
    body: String,
) -> StatusCode {
    ec2.instances().set_console_output(&instance, &body);
    StatusCode::NO_CONTENT
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], format!("{value}\n")).into_response()
}
