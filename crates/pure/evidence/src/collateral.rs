//! Responses of Intel's provisioning certification service (PCS): signed TCB info and QE identity, kept as received.
//!
//! The signature is over the bytes of one member, `tcbInfo` or `enclaveIdentity`, so a response is never written
//! again from its values. Here its outer form is checked alone; what the member says is parsed by its verifier,
//! after the signature.
//!
//! Source: Intel PCS API version 4, TCB info and enclave identity.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;
use teeproof_core::Hex;

use crate::InputKind;
use crate::bytes;

/// The most bytes of one response.
pub(crate) const MAX_BYTES: usize = teeproof_wire::tdx::MAX_COLLATERAL_BYTES;

/// A response of Intel's PCS, or of a cache of it: a JSON object with `tcbInfo` or `enclaveIdentity`, and the
/// `signature` over that member. Unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateralResponse {
    kind: InputKind,
    /// Shared by clones, for evidence of many machines.
    text: Arc<str>,
}

/// The members of a response, as they stand in it. Others are ignored.
#[derive(Deserialize)]
struct Response<'t> {
    #[serde(borrow, default, rename = "tcbInfo")]
    tcb_info: Option<&'t RawValue>,
    #[serde(borrow, default, rename = "enclaveIdentity")]
    qe_identity: Option<&'t RawValue>,
    #[serde(borrow)]
    signature: &'t RawValue,
}

impl CollateralResponse {
    /// The text of a response of this kind, from its first to its last brace; other bytes are returned.
    pub(crate) fn parse(kind: InputKind, text: Vec<u8>) -> Result<Self, Vec<u8>> {
        let text = String::from_utf8(text).map_err(|error| error.into_bytes())?;
        if is_response(kind, &text) { Ok(Self { kind, text: text.into() }) } else { Err(text.into_bytes()) }
    }

    /// The response around a signed member and its signature (`r ‖ s`), which others keep apart. `None` for text
    /// that would not be the same bytes within a response: it has to be one JSON object from its first to its last
    /// byte.
    pub(crate) fn around(kind: InputKind, body: &str, signature: &[u8; 64]) -> Option<Vec<u8>> {
        let whole: &RawValue = serde_json::from_str(body).ok()?;
        if whole.get() != body || !body.starts_with('{') {
            return None;
        }
        let text = format!("{{\"{}\":{body},\"signature\":\"{}\"}}", member(kind)?, Hex(signature));
        Some(text.into_bytes())
    }

    /// [`InputKind::TcbInfo`] or [`InputKind::QeIdentity`].
    #[must_use]
    pub const fn kind(&self) -> InputKind {
        self.kind
    }

    /// The response as received.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The signed member of a response of this kind.
pub(crate) const fn member(kind: InputKind) -> Option<&'static str> {
    match kind {
        InputKind::TcbInfo => Some("tcbInfo"),
        InputKind::QeIdentity => Some("enclaveIdentity"),
        _ => None,
    }
}

/// Whether a text is a response of this kind: one object with its signed member, which is an object, without the
/// other one, and with a signature of 128 hexadecimal digits.
fn is_response(kind: InputKind, text: &str) -> bool {
    if !text.starts_with('{') || !text.ends_with('}') {
        return false;
    }
    let Ok(response) = serde_json::from_str::<Response<'_>>(text) else { return false };
    let body = match (kind, response.tcb_info, response.qe_identity) {
        (InputKind::TcbInfo, Some(body), None) | (InputKind::QeIdentity, None, Some(body)) => body,
        _ => return false,
    };
    let signature = response.signature.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let signature = signature.and_then(bytes::hex);
    body.get().starts_with('{') && signature.is_some_and(|signature| signature.len() == SIGNATURE_BYTES)
}

/// ECDSA over P-256, `r ‖ s`.
pub(crate) const SIGNATURE_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const BODY: &str = r#"{"id": "TDX",  "n":[1e400, 0.10, "\u0041\/"]}"#;

    fn response(member: &str, body: &str) -> String {
        format!("{{\"{member}\":{body},\"signature\":\"{}\"}}", "0aF9".repeat(32))
    }

    #[test]
    fn a_response_is_kept_as_received() {
        for (kind, other) in
            [(InputKind::TcbInfo, InputKind::QeIdentity), (InputKind::QeIdentity, InputKind::TcbInfo)]
        {
            let text = response(member(kind).unwrap(), BODY);
            let parsed = CollateralResponse::parse(kind, text.clone().into_bytes()).unwrap();
            assert_eq!((parsed.kind(), parsed.text()), (kind, &*text));
            assert_eq!(CollateralResponse::parse(other, text.clone().into_bytes()), Err(text.into_bytes()));
        }
    }

    #[test]
    fn only_one_object_of_the_right_form_is_a_response() {
        let good = response("tcbInfo", BODY);
        let both = good.replace("\"signature\"", "\"enclaveIdentity\":{},\"signature\"");
        for (text, is_good) in [
            (good.clone(), true),
            (good.replace("\"signature\"", "\"other\":[],\"signature\""), true),
            (both, false),
            (good.replace("\"signature\"", "\"tcbInfo\":{},\"signature\""), false),
            (format!("{good} "), false),
            (format!(" {good}"), false),
            (format!("{good}{{}}"), false),
            (response("tcbInfo", "[]"), false),
            (response("tcbInfo", "\"{}\""), false),
            (response("tcbInfo", "null"), false),
            (response("tcbinfo", "{}"), false),
            (good.replace("0aF90aF9", "0aF90aF"), false),
            (good.replace("0aF90aF9", ""), false),
            (good.replace("0aF90aF9", "0aF90aFg"), false),
            (good.replace("signature", "signatur"), false),
            ("{}".to_string(), false),
            (String::new(), false),
        ] {
            let parsed = CollateralResponse::parse(InputKind::TcbInfo, text.clone().into_bytes());
            assert_eq!(parsed.is_ok(), is_good, "{text}");
        }
        assert!(CollateralResponse::parse(InputKind::TcbInfo, Vec::from([b'{', 0xff, b'}'])).is_err());
        let deep = response("tcbInfo", &format!("{{\"a\":{}{}}}", "[".repeat(9_000), "]".repeat(9_000)));
        assert!(CollateralResponse::parse(InputKind::TcbInfo, deep.into_bytes()).is_ok(), "no recursion");
    }

    #[test]
    fn a_body_is_embedded_unchanged_or_refused() {
        let around = |body: &str| CollateralResponse::around(InputKind::QeIdentity, body, &[0xa5; 64]);
        let text = String::from_utf8(around(BODY).unwrap()).unwrap();
        assert_eq!(text, format!("{{\"enclaveIdentity\":{BODY},\"signature\":\"{}\"}}", "a5".repeat(64)));
        assert!(CollateralResponse::parse(InputKind::QeIdentity, text.into_bytes()).is_ok());
        assert!(around("{}").is_some());
        for body in [
            "",
            " ",
            "{} ",
            "\n{}",
            "{}\n",
            "{}\0",
            "\u{feff}{}",
            "{",
            "{}}",
            "{}{}",
            "[]",
            "\"\"",
            "1",
            "null",
            "{},\"signature\":\"\"",
            "{}}//",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\"}",
        ] {
            assert_eq!(around(body), None, "{body}");
        }
        assert_eq!(CollateralResponse::around(InputKind::Certificate, "{}", &[0; 64]), None);
    }
}
