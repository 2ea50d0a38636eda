//! Intel's signed JSON and the root's revocation list, compared with the request.
//!
//! Source: Intel, "Provisioning Certification Service for ECDSA Attestation", version 4: TCB info of version 3,
//! enclave identity of version 2.

use serde::Deserialize;
use serde::de::IgnoredAny;
use teeproof_core::{Hex, Validity, from_hex};

use super::names::INTEL;
use super::{Answer, Unfit, crl};
use crate::date::rfc3339;

const ROOT: &str = "Intel SGX Root CA";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedTcbInfo<'a> {
    tcb_info: TcbInfo,
    /// The other signed object, which is never in the same response.
    enclave_identity: Option<IgnoredAny>,
    /// Without escapes, as the verifier reads it.
    signature: &'a str,
}

/// The members that are compared; others are for the verifier.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TcbInfo {
    id: String,
    version: u32,
    issue_date: String,
    next_update: String,
    fmspc: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedIdentity<'a> {
    enclave_identity: Identity,
    tcb_info: Option<IgnoredAny>,
    signature: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    id: String,
    version: u32,
    issue_date: String,
    next_update: String,
}

/// TCB info of TDX, version 3, for this FMSPC.
pub(crate) fn tcb_info(fmspc: &[u8; 6], body: Vec<u8>) -> Result<Answer, Unfit> {
    let signed: SignedTcbInfo<'_> = json(&body)?;
    alone(signed.enclave_identity)?;
    let info = signed.tcb_info;
    equal("tcbInfo.id", "TDX", &info.id)?;
    equal("tcbInfo.version", "3", &info.version.to_string())?;
    equal("tcbInfo.fmspc", &Hex(fmspc).to_string(), &info.fmspc.to_ascii_lowercase())?;
    signature(signed.signature)?;
    let validity = dates(&info.issue_date, &info.next_update)?;
    Ok(Answer::new(body, validity))
}

/// The identity of the TD quoting enclave, version 2.
pub(crate) fn qe_identity(body: Vec<u8>) -> Result<Answer, Unfit> {
    let signed: SignedIdentity<'_> = json(&body)?;
    alone(signed.tcb_info)?;
    let identity = signed.enclave_identity;
    equal("enclaveIdentity.id", "TD_QE", &identity.id)?;
    equal("enclaveIdentity.version", "2", &identity.version.to_string())?;
    signature(signed.signature)?;
    let validity = dates(&identity.issue_date, &identity.next_update)?;
    Ok(Answer::new(body, validity))
}

/// The root's revocation list; a caching service writes its DER as hex.
pub(crate) fn root_crl(body: Vec<u8>) -> Result<Answer, Unfit> {
    match decoded(&body) {
        Some(der) => crl(INTEL, ROOT, der),
        None => crl(INTEL, ROOT, body),
    }
}

/// The bytes of a text of hexadecimal digits; `None` for any other body. DER begins with 0x30, which is the digit 0,
/// and is not made of digits alone.
fn decoded(body: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = body.trim_ascii().as_chunks::<2>() else { return None };
    if pairs.is_empty() {
        return None;
    }
    pairs.iter().map(|pair| from_hex(*pair)).collect()
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unfit> {
    serde_json::from_slice(body).map_err(|error| Unfit::Malformed(error.to_string()))
}

fn alone(other: Option<IgnoredAny>) -> Result<(), Unfit> {
    match other {
        None => Ok(()),
        Some(_) => Err(Unfit::Malformed("expected one of tcbInfo and enclaveIdentity, got both".to_owned())),
    }
}

fn equal(what: &str, expected: &str, found: &str) -> Result<(), Unfit> {
    if expected == found {
        return Ok(());
    }
    let found: String = found.chars().take(64).collect();
    Err(Unfit::Mismatch(format!("{what}: expected {expected}, got {found}")))
}

/// `r` and `s` of P-256, as 128 hexadecimal digits.
fn signature(text: &str) -> Result<(), Unfit> {
    if text.len() == 128 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Unfit::Malformed(format!("signature: expected 128 hexadecimal digits, got {} bytes", text.len())))
}

fn dates(issued: &str, next: &str) -> Result<Validity, Unfit> {
    let date = |name: &str, text: &str| {
        let text: String = text.chars().take(32).collect();
        rfc3339(&text).ok_or_else(|| Unfit::Malformed(format!("{name}: expected a date in UTC, got {text}")))
    };
    Ok(Validity { not_before: date("issueDate", issued)?, not_after: date("nextUpdate", next)? })
}
