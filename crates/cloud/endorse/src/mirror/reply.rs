//! Responses of a mirror: objects in the form of their service, and errors as JSON with a reason.

use core::fmt;

use serde::Serialize;
use teeproof_core::{Hex, Time};

use super::route::Form;
use crate::answer::to_pem;
use crate::{Endorsement, Error, Question};

/// A response.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Name and value.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) origin: AnswerOrigin,
}

/// Where a mirror had an answer from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerOrigin {
    /// The cache.
    Cache,
    /// The vendor's service, at this request.
    Service,
    /// There was none: the response is an error.
    None,
}

impl fmt::Display for AnswerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cache => "cache",
            Self::Service => "service",
            Self::None => "none",
        })
    }
}

/// The body of an error.
#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    hint: &'a str,
}

/// Azure's answer for a chip.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificationJson<'a> {
    vcek_cert: String,
    tcbm: &'a str,
    certificate_chain: &'a str,
    cache_control: &'a str,
}

const JSON: &str = "application/json";
const PEM: &str = "application/x-pem-file";

impl Reply {
    fn new(status: u16, content_type: &str, body: Vec<u8>, origin: AnswerOrigin) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body, origin }
    }

    /// An object.
    pub(super) fn of(question: &Question, form: Form, found: &Endorsement) -> Self {
        let body = found.answer.body();
        let origin = origin(found);
        let (content_type, body) = match form {
            Form::PemList => (PEM, to_pem("X509 CRL", body).into_bytes()),
            Form::Hex => ("text/plain", Hex(body).to_string().into_bytes()),
            Form::AsReceived => (content_type(question), body.to_vec()),
        };
        let mut reply = Self::new(200, content_type, body, origin);
        if let (Some(name), Some(chain)) =
            (question.issuer_chain_headers().first(), found.answer.issuer_chain())
        {
            reply.headers.push((name, chain.to_owned()));
        }
        reply
    }

    /// Azure's answer for a chip, of its VCEK and the CA chain.
    pub(super) fn certification(tcbm: &str, vcek: &Endorsement, chain: &Endorsement) -> Self {
        let json = CertificationJson {
            vcek_cert: to_pem("CERTIFICATE", vcek.answer.body()),
            tcbm,
            certificate_chain: &String::from_utf8_lossy(chain.answer.body()),
            cache_control: "86400",
        };
        // Texts can always be written.
        let body = serde_json::to_vec(&json).unwrap_or_default();
        let cached = vcek.from_cache && chain.from_cache;
        Self::new(200, JSON, body, if cached { AnswerOrigin::Cache } else { AnswerOrigin::Service })
    }

    /// An error of the request.
    pub(super) fn refusal(status: u16, error: &str, hint: &str) -> Self {
        let body = serde_json::to_vec(&Problem { error, hint }).unwrap_or_default();
        Self::new(status, JSON, body, AnswerOrigin::None)
    }

    /// The error of a fetch. `until` is when the service may be requested again, of a 429 or 503.
    pub(super) fn failure(error: &Error, until: Option<Time>, now: Time) -> Self {
        let status = match error {
            Error::Status { status: 400 | 404 | 410, .. }
            | Error::Refused { status: 400 | 404 | 410, .. }
            | Error::Offline { .. }
            | Error::Question { .. } => 404,
            Error::Status { status: status @ (429 | 503), .. }
            | Error::Refused { status: status @ (429 | 503), .. } => *status,
            Error::Late { .. } | Error::Locked { .. } | Error::Cache { .. } => 503,
            _ => 502,
        };
        // Clients do not see where this mirror fetches from: the path of an override can be a secret.
        let text = error.url().map_or(error.to_string(), |url| error.to_string().replace(url, "the service"));
        let mut reply = Self::refusal(status, &text, error.hint());
        if matches!(status, 429 | 503) {
            let seconds = until.map_or(1, |until| until.since(now)).max(1);
            reply.headers.push(("retry-after", seconds.to_string()));
        }
        reply
    }
}

fn origin(found: &Endorsement) -> AnswerOrigin {
    if found.from_cache { AnswerOrigin::Cache } else { AnswerOrigin::Service }
}

const fn content_type(question: &Question) -> &'static str {
    match question {
        Question::Vcek(_) | Question::Issuer(_) => "application/pkix-cert",
        Question::AmdChain { .. } => PEM,
        Question::AmdCrl { .. } | Question::PckCrl(_) | Question::IntelRootCrl => "application/pkix-crl",
        Question::TdxTcbInfo { .. } | Question::TdQeIdentity => JSON,
    }
}
