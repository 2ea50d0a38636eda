//! Messages between a server of documents and its client, as CBOR.
//!
//! Request: `{"nonce": bstr, "form": "document" or "bundle"}`. Answer: `{"document": bstr}`, `{"bundle": bstr}` or
//! `{"error": tstr}`. Unknown members are refused: there is one form of each.

use ciborium::Value;
use teeproof_evidence::bundle;

use crate::cbor::{self, Members, MessageError, map};

/// The longest request in bytes, without the length of its frame.
pub const MAX_REQUEST_FRAME: usize = 1024;
/// The longest nonce in bytes, as AWS documents it for the module.
pub const MAX_NONCE: usize = 512;
/// The longest answer with a document or an error, in bytes, without the length of its frame.
pub const MAX_DOCUMENT_FRAME: usize = 16 * 1024;
/// The longest text of an error, in bytes.
const MAX_ERROR: usize = 512;

/// What a client requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoadRequest {
    /// The relying party's nonce, 1 to [`MAX_NONCE`] bytes.
    pub nonce: Vec<u8>,
    /// The form of the answer.
    pub form: RoadForm,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoadForm {
    /// The attestation document, as the module returned it.
    Document,
    /// A bundle with the document, which says when it was requested.
    Bundle,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoadAnswer {
    /// The attestation document.
    Document(Vec<u8>),
    /// A bundle.
    Bundle(Vec<u8>),
    /// Why there is no document; foreign text for a client.
    Error(String),
}

/// The longest answer of a form, in bytes, without the length of its frame.
#[must_use]
pub const fn max_answer_frame(form: RoadForm) -> usize {
    match form {
        RoadForm::Document => MAX_DOCUMENT_FRAME,
        // The map, the key and the head around it.
        RoadForm::Bundle => bundle::MAX_BYTES.saturating_add(16),
    }
}

impl RoadForm {
    /// The word in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Bundle => "bundle",
        }
    }
}

impl RoadRequest {
    /// The request as CBOR.
    ///
    /// # Errors
    /// A nonce that is empty or longer than [`MAX_NONCE`].
    pub fn to_cbor(&self) -> Result<Vec<u8>, MessageError> {
        check_nonce(&self.nonce)?;
        Ok(cbor::encode(&map([
            ("nonce", Value::from(self.nonce.as_slice())),
            ("form", Value::from(self.form.as_str())),
        ])))
    }

    /// Parses a request, which must fill `bytes`.
    ///
    /// # Errors
    /// Not CBOR; a member that is missing, unknown, given twice or of another type; a nonce that is empty or longer
    /// than [`MAX_NONCE`].
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut members = Members::of(cbor::parse(bytes)?, "request")?;
        let nonce = cbor::bytes(members.take("nonce", NONCE)?, NONCE)?;
        let form = members.take("form", "request: form")?;
        let form = match form.as_text() {
            Some("document") => RoadForm::Document,
            Some("bundle") => RoadForm::Bundle,
            _ => return Err(cbor::unexpected("request: form", "document or bundle", &form)),
        };
        members.end("nonce and form alone")?;
        check_nonce(&nonce)?;
        Ok(Self { nonce, form })
    }
}

const NONCE: &str = "request: nonce";

fn check_nonce(nonce: &[u8]) -> Result<(), MessageError> {
    match nonce.len() {
        1..=MAX_NONCE => Ok(()),
        bytes => {
            Err(MessageError::Value { place: NONCE, expected: "1 to 512 bytes", got: bytes.to_string() })
        }
    }
}

impl RoadAnswer {
    /// The answer as CBOR. A longer error is cut.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        let (key, value) = match self {
            Self::Document(document) => ("document", Value::from(document.as_slice())),
            Self::Bundle(bundle) => ("bundle", Value::from(bundle.as_slice())),
            Self::Error(text) => {
                let end = (0..=MAX_ERROR).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
                ("error", Value::from(text.get(..end).unwrap_or(text)))
            }
        };
        cbor::encode(&map([(key, value)]))
    }

    /// Parses an answer, which must fill `bytes`.
    ///
    /// # Errors
    /// Not CBOR; not a map of one known member; a value of another type.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, MessageError> {
        let (key, value) = Members::of(cbor::parse(bytes)?, "answer")?.only("a map of one entry")?;
        match key.as_str() {
            "document" => cbor::bytes(value, "answer: document").map(Self::Document),
            "bundle" => cbor::bytes(value, "answer: bundle").map(Self::Bundle),
            "error" => {
                cbor::text(value, MAX_ERROR, "answer: error", "text of at most 512 bytes").map(Self::Error)
            }
            _ => Err(cbor::unexpected("answer", "document, bundle or error", &Value::Text(key))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(bytes: &[u8]) -> Result<RoadRequest, MessageError> {
        RoadRequest::from_cbor(bytes)
    }

    #[test]
    fn a_request_has_one_form() {
        let whole = b"\xa2\x65nonce\x41n\x64form\x68document";
        let parsed = RoadRequest { nonce: b"n".to_vec(), form: RoadForm::Document };
        assert_eq!(request(whole), Ok(parsed.clone()));
        assert_eq!(parsed.to_cbor().as_deref(), Ok(&whole[..]));
        for wrong in [
            &b"\xa1\x65nonce\x41n"[..],
            b"\xa1\x64form\x68document",
            b"\xa2\x65nonce\x40\x64form\x68document",
            b"\xa2\x65nonce\x61n\x64form\x68document",
            b"\xa2\x65nonce\x41n\x64form\x65other",
            b"\xa3\x65nonce\x41n\x64form\x68document\x61x\x01",
            b"\xa3\x65nonce\x41n\x65nonce\x41n\x64form\x68document",
            b"\xa2\x65nonce\x41n\x64form\x68document\x00",
            b"\x65nonce",
            b"",
        ] {
            assert!(request(wrong).is_err(), "{wrong:02x?}");
        }
    }

    #[test]
    fn a_nonce_has_at_most_512_bytes() {
        let of = |length| RoadRequest { nonce: vec![1; length], form: RoadForm::Bundle };
        assert!(of(MAX_NONCE).to_cbor().is_ok_and(|bytes| bytes.len() <= MAX_REQUEST_FRAME));
        assert!(of(MAX_NONCE + 1).to_cbor().is_err() && of(0).to_cbor().is_err());
        let long =
            cbor::encode(&map([("nonce", Value::from(vec![1; 513])), ("form", Value::from("document"))]));
        let refused = request(&long).map_err(|error| error.to_string());
        assert_eq!(refused, Err("request: nonce: expected 1 to 512 bytes, got 513".into()));
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        let text = "ü".repeat(400);
        let cut = RoadAnswer::from_cbor(&RoadAnswer::Error(text).to_cbor());
        assert_eq!(cut, Ok(RoadAnswer::Error("ü".repeat(256))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(nonce in proptest::collection::vec(any::<u8>(), 1..=512), text in ".{0,100}") {
            for form in [RoadForm::Document, RoadForm::Bundle] {
                let request = RoadRequest { nonce: nonce.clone(), form };
                prop_assert_eq!(RoadRequest::from_cbor(&request.to_cbor().unwrap_or_default()), Ok(request));
            }
            for answer in [RoadAnswer::Document(nonce.clone()), RoadAnswer::Bundle(nonce), RoadAnswer::Error(text)] {
                prop_assert_eq!(RoadAnswer::from_cbor(&answer.to_cbor()), Ok(answer));
            }
        }

        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RoadRequest::from_cbor(&bytes);
            let _ = RoadAnswer::from_cbor(&bytes);
        }
    }
}
