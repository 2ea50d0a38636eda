//! Errors of the SDK as failures of the provider.

use std::error::Error;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use teeproof_runtime::{FailureClass, ProviderFailure};

use super::connector::{NoResponse, Purpose, Reason};
use crate::call::Ec2Call;
use crate::error::{Refusal, refused};

const AGAIN: &str = "check the network; the call is repeated until the deadline";
const CREDENTIALS: &str =
    "give credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or a profile";

/// The failure of a call.
pub(super) fn failed<E>(call: Ec2Call, error: SdkError<E, HttpResponse>) -> Box<ProviderFailure>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let request_id = error.request_id().map(str::to_owned);
    let failure = |class, message: String, hint: &str| {
        Box::new(ProviderFailure {
            call: call.name().to_owned(),
            class,
            code: None,
            request_id: request_id.clone(),
            message,
            hint: hint.to_owned(),
        })
    };
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let meta = answer.err().meta();
            match meta.code() {
                Some(code) => {
                    let body = answer.raw().body().bytes().unwrap_or_default();
                    let refusal = Refusal {
                        code: code.to_owned(),
                        message: meta.message().unwrap_or("no message").to_owned(),
                        request_id: request_id.clone().or_else(|| request_id_of(body)),
                    };
                    refused(call, refusal)
                }
                None if status >= 500 || status == 429 => {
                    failure(FailureClass::Transient, format!("status {status}"), AGAIN)
                }
                None => failure(
                    FailureClass::Other,
                    format!("status {status}: {}", chain(answer.err())),
                    "something else than EC2 may answer at the endpoint",
                ),
            }
        }
        // An answer that was cut: whether the call was done, the repetition with the same token shows.
        SdkError::ResponseError(_) | SdkError::TimeoutError(_) => {
            failure(FailureClass::Transient, chain(&error), AGAIN)
        }
        other => match find::<NoResponse>(&other) {
            Some(NoResponse { purpose: Purpose::Ec2, reason: Reason::Io(..) | Reason::Late(_) }) => {
                failure(FailureClass::Transient, chain(&other), AGAIN)
            }
            Some(NoResponse { purpose: Purpose::Ec2, .. }) => {
                failure(FailureClass::Invalid, chain(&other), "give an https URL, or one of loopback")
            }
            // Without credentials nothing is sent.
            Some(NoResponse { purpose: Purpose::Credentials, .. }) | None => {
                failure(FailureClass::Credentials, chain(&other), CREDENTIALS)
            }
        },
    }
}

/// The id of a request in the body of a refusal, where the headers have none.
fn request_id_of(body: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<RequestID>").or_else(|| text.split_once("<RequestId>"))?;
    let (id, _) = rest.split_once('<')?;
    let is_id = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then(|| id.to_owned())
}

/// The error of this type among the sources.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref() {
            return Some(found);
        }
        next = one.source();
    }
    None
}

/// The message of an error and of its sources.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(one) = next {
        text = format!("{text}: {one}");
        next = one.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::request_id_of;

    #[test]
    fn ids_of_requests_in_bodies() {
        let body = b"<Response><Errors/><RequestID>7a62c49f-347e</RequestID></Response>";
        assert_eq!(request_id_of(body).as_deref(), Some("7a62c49f-347e"));
        for wrong in [&b""[..], b"<RequestID>", b"<RequestID>a b</RequestID>", &[0xff]] {
            assert_eq!(request_id_of(wrong), None);
        }
    }
}
