//! Verification of AWS Signature Version 4 on a request of KMS, whose path is `/` and which has no query.
//!
//! Source: AWS General Reference, "Create a signed AWS API request".

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use axum::http::HeaderMap;

use super::Credentials;
use super::error::Refused;
use super::time;

/// How far a signature's time may be from ours, in seconds.
const MAX_SKEW: i64 = 300;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Headers that a request of KMS must sign: without them another operation or time could be put in.
const MUST_SIGN: [&str; 3] = ["host", "x-amz-date", "x-amz-target"];

/// What signatures are checked against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) region: &'a str,
    /// In seconds since 1970-01-01T00:00:00Z.
    pub(super) now: i64,
}

/// The fields of an Authorization header.
struct Authorization<'a> {
    access_key_id: &'a str,
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Verifies the signature of a POST to `/` with these headers and this body.
pub(super) fn verify(headers: &HeaderMap, body: &[u8], expected: &Expected<'_>) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text("authorization").ok_or_else(|| {
        Refused::new("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    })?;
    let authorization = Authorization::parse(authorization)?;
    let date = text("x-amz-date").ok_or_else(|| incomplete("X-Amz-Date"))?;
    let made = time::parse(date).ok_or_else(|| invalid("X-Amz-Date: expected YYYYMMDDThhmmssZ"))?;
    if made.abs_diff(expected.now) > MAX_SKEW.unsigned_abs() {
        let message =
            format!("Signature expired: {date} is more than {MAX_SKEW} seconds from the time of the server");
        return Err(invalid(message));
    }
    if authorization.access_key_id != expected.credentials.access_key_id
        || headers.contains_key("x-amz-security-token")
    {
        let message = "The security token included in the request is invalid.";
        return Err(Refused::new("UnrecognizedClientException", message));
    }
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/kms/aws4_request", expected.region);
    if authorization.scope != scope {
        let message = format!("Credential should be scoped to {scope}, got {}", authorization.scope);
        return Err(invalid(message));
    }
    let signed: Vec<&str> = authorization.signed_headers.split(';').collect();
    if let Some(missing) = MUST_SIGN.iter().find(|name| !signed.contains(name)) {
        return Err(invalid(format!("SignedHeaders: expected {missing} among them")));
    }
    let canonical = canonical(headers, &signed, authorization.signed_headers, body)?;
    let to_sign =
        format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
    let key = signing_key(expected.credentials, day, expected.region);
    let signature = hex(hmac::sign(&key, to_sign.as_bytes()).as_ref());
    verify_slices_are_equal(signature.as_bytes(), authorization.signature.as_bytes()).map_err(|_| {
        invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    })
}

/// The canonical request.
fn canonical(headers: &HeaderMap, signed: &[&str], list: &str, body: &[u8]) -> Result<String, Refused> {
    if !signed.is_sorted() {
        return Err(invalid("SignedHeaders: expected the names in alphabetical order"));
    }
    let mut lines = String::new();
    for name in signed {
        let values: Result<Vec<_>, _> = headers.get_all(*name).iter().map(|value| value.to_str()).collect();
        let values = values.map_err(|_| invalid(format!("{name}: expected ASCII")))?;
        if values.is_empty() {
            return Err(invalid(format!("SignedHeaders names {name}, which the request does not have")));
        }
        let values: Vec<_> = values.into_iter().map(trimmed).collect();
        lines.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    Ok(format!("POST\n/\n\n{lines}\n{list}\n{}", hex(digest(&SHA256, body).as_ref())))
}

/// A value without the spaces around it, and with one in place of several.
fn trimmed(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn signing_key(credentials: &Credentials, day: &str, region: &str) -> hmac::Key {
    let secret = format!("AWS4{}", credentials.secret_access_key);
    let first = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    [day, region, "kms", "aws4_request"].iter().fold(first, |key, part| {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
    })
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Result<Self, Refused> {
        let fields = text.strip_prefix(ALGORITHM).ok_or_else(|| {
            Refused::new("IncompleteSignatureException", format!("Authorization: expected {ALGORITHM}"))
        })?;
        let field = |name: &str| {
            let mut found = fields.split(',').filter_map(|field| field.trim().split_once('='));
            found.find(|(key, _)| *key == name).map(|(_, value)| value).ok_or_else(|| incomplete(name))
        };
        let (access_key_id, scope) =
            field("Credential")?.split_once('/').ok_or_else(|| incomplete("Credential"))?;
        Ok(Self {
            access_key_id,
            scope,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        })
    }
}

fn incomplete(what: &str) -> Refused {
    Refused::new("IncompleteSignatureException", format!("Authorization header requires '{what}' parameter."))
}

fn invalid(message: impl Into<String>) -> Refused {
    Refused::new("InvalidSignatureException", message)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
