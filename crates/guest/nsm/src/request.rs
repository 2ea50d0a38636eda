//! Requests to the Nitro security module, and their CBOR.
//!
//! Source: aws-nitro-enclaves-nsm-api, `api/mod.rs`: an enum of serde, tagged externally. A request without parameters
//! is a text, every other one a map of one entry.

use ciborium::Value;

use crate::NsmError;
use crate::cbor::{encode, map};

/// The longest request in bytes: the kernel's driver refuses a longer one (`NSM_REQUEST_MAX_SIZE`).
pub const MAX_REQUEST: usize = 0x1000;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Version, module id, number of PCRs and locked PCRs.
    DescribeNsm,
    /// Random bytes of the module, up to 256.
    GetRandom,
    /// The value of a PCR, and whether it is locked.
    DescribePcr {
        /// The PCR, from 0 to 31.
        index: u16,
    },
    /// Extends a PCR: its new value is SHA-384 of its value and the data.
    ExtendPcr {
        /// The PCR, from 0 to 31; 0 to 15 are locked at launch.
        index: u16,
        /// The data, hashed as it is.
        data: &'a [u8],
    },
    /// Locks a PCR until the enclave ends: it cannot be extended, and documents include it.
    LockPcr {
        /// The PCR, from 0 to 31.
        index: u16,
    },
    /// Locks the first PCRs. Those that are locked stay so.
    LockPcrs {
        /// How many PCRs, from 0 to 32: 20 locks PCR0 to PCR19.
        range: u16,
    },
    /// An attestation document with these fields.
    Attestation(AttestationFields<'a>),
}

/// The three fields of an attestation document that the requester chooses. A field without a value is null in the
/// document; an empty one is empty.
///
/// AWS documents at most 512 bytes for `nonce` and `user_data` and 1024 for `public_key`. The module does not enforce
/// it: the whole request has at most [`MAX_REQUEST`] bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttestationFields<'a> {
    /// The relying party's nonce.
    pub nonce: Option<&'a [u8]>,
    /// Any data, for instance the hash of what the enclave sends along.
    pub user_data: Option<&'a [u8]>,
    /// A public key of the enclave. For KMS: an RSA key as DER SubjectPublicKeyInfo.
    pub public_key: Option<&'a [u8]>,
}

impl<'a> AttestationFields<'a> {
    /// The fields of a document that only answers a nonce.
    #[must_use]
    pub const fn of_nonce(nonce: &'a [u8]) -> Self {
        Self { nonce: Some(nonce), user_data: None, public_key: None }
    }
}

impl Request<'_> {
    /// The name of the request, which is the name of its answer as well.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DescribeNsm => "DescribeNSM",
            Self::GetRandom => "GetRandom",
            Self::DescribePcr { .. } => "DescribePCR",
            Self::ExtendPcr { .. } => "ExtendPCR",
            Self::LockPcr { .. } => "LockPCR",
            Self::LockPcrs { .. } => "LockPCRs",
            Self::Attestation(_) => "Attestation",
        }
    }

    /// The request as CBOR, of at most [`MAX_REQUEST`] bytes.
    ///
    /// # Errors
    /// [`NsmError::RequestTooLong`].
    pub fn to_cbor(&self) -> Result<Vec<u8>, NsmError> {
        let bytes = encode(&self.value());
        match bytes.len() {
            ..=MAX_REQUEST => Ok(bytes),
            bytes => Err(NsmError::RequestTooLong { request: self.name(), bytes }),
        }
    }

    fn value(&self) -> Value {
        let index = |index: u16| ("index", Value::from(index));
        let chosen = |bytes: Option<&[u8]>| bytes.map_or(Value::Null, Value::from);
        let parameters = match *self {
            Self::DescribeNsm | Self::GetRandom => return Value::from(self.name()),
            Self::DescribePcr { index: pcr } | Self::LockPcr { index: pcr } => map([index(pcr)]),
            Self::ExtendPcr { index: pcr, data } => map([index(pcr), ("data", Value::from(data))]),
            Self::LockPcrs { range } => map([("range", Value::from(range))]),
            // In the order of Amazon's library.
            Self::Attestation(fields) => map([
                ("user_data", chosen(fields.user_data)),
                ("nonce", chosen(fields.nonce)),
                ("public_key", chosen(fields.public_key)),
            ]),
        };
        map([(self.name(), parameters)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_bytes_of_the_specification() {
        let fields = AttestationFields::default();
        for (request, bytes) in [
            (Request::DescribeNsm, &b"\x6bDescribeNSM"[..]),
            (Request::GetRandom, b"\x69GetRandom"),
            (Request::DescribePcr { index: 0 }, b"\xa1\x6bDescribePCR\xa1\x65index\x00"),
            (Request::DescribePcr { index: 31 }, b"\xa1\x6bDescribePCR\xa1\x65index\x18\x1f"),
            (
                Request::ExtendPcr { index: 16, data: &[0xaa, 0xbb] },
                b"\xa1\x69ExtendPCR\xa2\x65index\x10\x64data\x42\xaa\xbb",
            ),
            (Request::LockPcr { index: 16 }, b"\xa1\x67LockPCR\xa1\x65index\x10"),
            (Request::LockPcrs { range: 32 }, b"\xa1\x68LockPCRs\xa1\x65range\x18\x20"),
            (
                Request::Attestation(fields),
                b"\xa1\x6bAttestation\xa3\x69user_data\xf6\x65nonce\xf6\x6apublic_key\xf6",
            ),
        ] {
            assert_eq!(request.to_cbor().ok().as_deref(), Some(bytes), "{request:?}");
        }
    }

    #[test]
    fn null_and_empty_differ() {
        let empty = AttestationFields { nonce: Some(&[]), ..AttestationFields::default() };
        let bytes = Request::Attestation(empty).to_cbor().unwrap_or_default();
        assert!(bytes.windows(7).any(|window| window == b"\x65nonce\x40"));
    }

    #[test]
    fn a_request_has_at_most_4096_bytes() {
        let overhead =
            Request::ExtendPcr { index: 16, data: &[0; 1000] }.to_cbor().map_or(0, |all| all.len() - 1000);
        let data = vec![0; MAX_REQUEST];
        let request = |length| Request::ExtendPcr { index: 16, data: data.get(..length).unwrap_or_default() };
        assert_eq!(
            request(MAX_REQUEST - overhead).to_cbor().map(|bytes| bytes.len()).ok(),
            Some(MAX_REQUEST)
        );
        let refused = request(MAX_REQUEST - overhead + 1).to_cbor();
        assert!(matches!(refused, Err(NsmError::RequestTooLong { request: "ExtendPCR", bytes: 4097 })));
    }
}
