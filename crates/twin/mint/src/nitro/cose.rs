//! The frame: COSE_Sign1 around the payload.

use crate::cbor::{self, Value};
use crate::{Error, Key, SignatureHalf};

const COSE_SIGN1: u64 = 18;

/// The COSE_Sign1 frame of a document. By default it is as real documents have it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cose {
    /// Whether the tag 18 stands before it.
    pub tagged: bool,
    /// The protected header's bytes: `{1: -35}`, which is ES384.
    pub protected: Vec<u8>,
    /// The unprotected header.
    pub unprotected: Value,
    /// The external data that is signed along.
    pub external_aad: Vec<u8>,
    /// Which s the signature has.
    pub signature_half: SignatureHalf,
    /// These bytes in place of the signature.
    pub signature: Option<Vec<u8>>,
}

impl Default for Cose {
    fn default() -> Self {
        Self {
            tagged: false,
            protected: vec![0xa1, 0x01, 0x38, 0x22],
            unprotected: Value::Map(Vec::new()),
            external_aad: Vec::new(),
            signature_half: SignatureHalf::Any,
            signature: None,
        }
    }
}

impl Cose {
    /// The frame around this payload, signed.
    pub(super) fn close(&self, payload: &[u8], key: &Key) -> Result<Vec<u8>, Error> {
        let signature = match &self.signature {
            Some(signature) => signature.clone(),
            None => self.sign(payload, key)?,
        };
        let frame = Value::Array(vec![
            self.protected.clone().into(),
            self.unprotected.clone(),
            payload.into(),
            signature.into(),
        ]);
        cbor::to_bytes(&if self.tagged { Value::Tag(COSE_SIGN1, Box::new(frame)) } else { frame })
    }

    fn sign(&self, payload: &[u8], key: &Key) -> Result<Vec<u8>, Error> {
        let signed = Value::Array(vec![
            "Signature1".into(),
            self.protected.clone().into(),
            self.external_aad.clone().into(),
            payload.into(),
        ]);
        let signature = key.sign(key.kind().scheme(), &cbor::to_bytes(&signed)?)?;
        Ok(self.signature_half.of(key.kind(), signature))
    }
}
