//! Verification of AWS Signature Version 4 on a POST to `/` without a query: the requests of KMS and of EC2.
//!
//! Source: AWS General Reference, "Create a signed AWS API request".

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use axum::http::HeaderMap;

use super::{Credentials, time};

/// How far a signature's time may be from ours, in seconds.
const MAX_SKEW: i64 = 300;
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What signatures are checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) region: &'a str,
    /// The service's name in scopes.
    pub(crate) service: &'a str,
    /// Headers that must be signed: without them another operation or time could be put in.
    pub(crate) must_sign: &'a [&'a str],
    /// In seconds since 1970-01-01T00:00:00Z.
    pub(crate) now: i64,
}

/// Why a signature is refused. Services have names of their own for these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignatureError {
    pub(crate) kind: SignatureFault,
    pub(crate) message: String,
}

/// Kinds of refused signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureFault {
    /// There is no signature.
    Missing,
    /// A field of the Authorization header is missing, or the time.
    Incomplete,
    /// Another access key.
    UnknownKey,
    /// Made too long ago, or in the future.
    Expired,
    /// It does not verify.
    Invalid,
}

/// The fields of an Authorization header.
struct Authorization<'a> {
    access_key_id: &'a str,
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Verifies the signature of a POST to `/` with these headers and this body.
pub(crate) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    expected: &Expected<'_>,
) -> Result<(), SignatureError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text("authorization").ok_or_else(|| {
        SignatureError::new(SignatureFault::Missing, "Request is missing Authentication Token")
    })?;
    let authorization = Authorization::parse(authorization)?;
    let date = text("x-amz-date").ok_or_else(|| incomplete("X-Amz-Date"))?;
    let made = time::parse(date).ok_or_else(|| invalid("X-Amz-Date: expected YYYYMMDDThhmmssZ"))?;
    if made.abs_diff(expected.now) > MAX_SKEW.unsigned_abs() {
        let message =
            format!("Signature expired: {date} is more than {MAX_SKEW} seconds from the time of the server");
        return Err(SignatureError::new(SignatureFault::Expired, message));
    }
    if authorization.access_key_id != expected.credentials.access_key_id
        || headers.contains_key("x-amz-security-token")
    {
        let message = "The security token included in the request is invalid.";
        return Err(SignatureError::new(SignatureFault::UnknownKey, message));
    }
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/{}/aws4_request", expected.region, expected.service);
    if authorization.scope != scope {
        let message = format!("Credential should be scoped to {scope}, got {}", authorization.scope);
        return Err(invalid(message));
    }
    let signed: Vec<&str> = authorization.signed_headers.split(';').collect();
    if let Some(missing) = expected.must_sign.iter().find(|name| !signed.contains(name)) {
        return Err(invalid(format!("SignedHeaders: expected {missing} among them")));
    }
    let canonical = canonical(headers, &signed, authorization.signed_headers, body)?;
    let to_sign =
        format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
    let key = signing_key(expected, day);
    let signature = hex(hmac::sign(&key, to_sign.as_bytes()).as_ref());
    verify_slices_are_equal(signature.as_bytes(), authorization.signature.as_bytes()).map_err(|_| {
        invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )
    })
}

/// The canonical request.
fn canonical(
    headers: &HeaderMap,
    signed: &[&str],
    list: &str,
    body: &[u8],
) -> Result<String, SignatureError> {
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

fn signing_key(expected: &Expected<'_>, day: &str) -> hmac::Key {
    let secret = format!("AWS4{}", expected.credentials.secret_access_key);
    let first = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    [day, expected.region, expected.service, "aws4_request"].iter().fold(first, |key, part| {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
    })
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Result<Self, SignatureError> {
        let fields = text.strip_prefix(ALGORITHM).ok_or_else(|| {
            SignatureError::new(SignatureFault::Incomplete, format!("Authorization: expected {ALGORITHM}"))
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

impl SignatureError {
    fn new(kind: SignatureFault, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

fn incomplete(what: &str) -> SignatureError {
    let message = format!("Authorization header requires '{what}' parameter.");
    SignatureError::new(SignatureFault::Incomplete, message)
}

fn invalid(message: impl Into<String>) -> SignatureError {
    SignatureError::new(SignatureFault::Invalid, message)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
