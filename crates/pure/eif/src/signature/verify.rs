//! Verification of an image's signature by the key of its own certificate.

use core::fmt;

use teeproof_core::{Class, Crypto, Hex};
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::{Error, ErrorKind, Reader, cbor};

use super::encode::{bytes, register_payload, sig_structure_start};
use super::{CoseAlgorithm, SignatureSection};

/// An image's signature, verified by the key of the certificate in the image.
///
/// The certificate has no anchor: who made it, whether it is valid and whether it is revoked is not known. PCR8 of an
/// expected signer says whose it is.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedImageSignature<'a> {
    certificate: Certificate<'a>,
    algorithm: CoseAlgorithm,
}

impl<'a> VerifiedImageSignature<'a> {
    /// The signing certificate, which nothing vouches for.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }

    /// The algorithm of the signature.
    #[must_use]
    pub const fn algorithm(&self) -> CoseAlgorithm {
        self.algorithm
    }
}

/// Why an image's signature is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signature is not a COSE_Sign1 of this profile.
    Cose(Error),
    /// The signing certificate cannot be parsed.
    Certificate(Error),
    /// The certificate's key is of another kind than the algorithm's.
    Key {
        /// The algorithm of the signature.
        algorithm: CoseAlgorithm,
    },
    /// The algorithm is well formed, and no table of operations has it.
    Algorithm(CoseAlgorithm),
    /// The signed payload is not PCR0 of this image.
    Payload {
        /// The number of the PCR and its value, if the payload is of a PCR.
        signed: Option<(u64, [u8; 48])>,
    },
    /// The signature is not valid under the certificate's key.
    Invalid,
}

impl SignatureError {
    /// The class of the error.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Cose(error) | Self::Certificate(error) if error.is_unsupported() => Class::Unsupported,
            Self::Cose(_) | Self::Certificate(_) => Class::Malformed,
            Self::Algorithm(_) => Class::Unsupported,
            Self::Key { .. } | Self::Payload { .. } | Self::Invalid => Class::NotAuthentic,
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Cose(_) | Self::Certificate(_) => {
                "sign the image again: AWS does not start an enclave of it"
            }
            Self::Algorithm(_) => {
                "sign with a key on P-256 or P-384; nitro-cli describe-eif verifies this one"
            }
            Self::Key { .. } => "sign the image again with the certificate that belongs to the key",
            Self::Payload { .. } => {
                "the image was changed after it was signed, or the signature is another image's"
            }
            Self::Invalid => "the certificate is not that of the signing key, or the signature was changed",
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cose(error) => error.fmt(f),
            Self::Certificate(error) => write!(f, "signing certificate: {error}"),
            Self::Key { algorithm } => {
                let key = match algorithm {
                    CoseAlgorithm::Es256 => "P-256",
                    CoseAlgorithm::Es384 => "P-384",
                    CoseAlgorithm::Es512 => "P-521",
                };
                write!(f, "the signature is {algorithm}, and the certificate's key is not on {key}")
            }
            Self::Algorithm(algorithm) => write!(f, "{algorithm} is not supported"),
            Self::Payload { signed: Some((0, value)) } => {
                write!(f, "expected a signature of this image's PCR0, got one of PCR0 {}", Hex(value))
            }
            Self::Payload { signed: Some((index, _)) } => {
                write!(f, "expected a signature of PCR0, got one of PCR{index}")
            }
            Self::Payload { signed: None } => {
                f.write_str("expected a signature of PCR0, got one of other content")
            }
            Self::Invalid => f.write_str("the signature is invalid under the key of the signing certificate"),
        }
    }
}

impl core::error::Error for SignatureError {}

impl SignatureSection {
    /// Verifies the signature of an image with this PCR0.
    ///
    /// # Errors
    /// A structure that is not a COSE_Sign1 with ES256, ES384 or ES512 alone in its protected header; another payload
    /// than this PCR0; a certificate whose key does not fit the algorithm; an invalid signature.
    pub fn verify(
        &self,
        pcr0: &[u8; 48],
        crypto: &Crypto<'_>,
    ) -> Result<VerifiedImageSignature<'_>, SignatureError> {
        let Signed { algorithm, payload, signature } =
            Signed::parse(&self.cose).map_err(SignatureError::Cose)?;
        if payload != register_payload(pcr0) {
            return Err(SignatureError::Payload { signed: signed_register(payload).ok() });
        }
        let certificate = self.certificate().map_err(SignatureError::Certificate)?;
        let mut message = sig_structure_start(algorithm);
        bytes(&mut message, payload);
        let message: &[&[u8]] = &[&message];
        let verified = match (algorithm, certificate.public_key()) {
            (CoseAlgorithm::Es512, _) => return Err(SignatureError::Algorithm(algorithm)),
            (CoseAlgorithm::Es256, PublicKey::P256(point)) => {
                crypto.ecdsa_p256_sha256.verify(point, message, signature)
            }
            (CoseAlgorithm::Es384, PublicKey::P384(point)) => {
                crypto.ecdsa_p384_sha384.verify(point, message, signature)
            }
            _ => return Err(SignatureError::Key { algorithm }),
        };
        verified.map_err(|_| SignatureError::Invalid)?;
        Ok(VerifiedImageSignature { certificate, algorithm })
    }
}

/// A COSE_Sign1, unverified.
struct Signed<'a> {
    algorithm: CoseAlgorithm,
    payload: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Parses a COSE_Sign1 with or without its tag, which must fill `bytes`.
    fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "COSE_Sign1";
        const PROTECTED: &str = "COSE_Sign1: protected header";
        const TAG: u8 = 0xd2;
        Reader::all(bytes, 0, WHAT, |reader| {
            if reader.peek() == Some(TAG) {
                reader.byte(WHAT)?;
            }
            cbor::array_of(reader, 4, WHAT, "an array of four, with the tag 18 or without a tag")?;
            let at = reader.at();
            let protected = cbor::bytes(reader, PROTECTED)?;
            let algorithms = [CoseAlgorithm::Es256, CoseAlgorithm::Es384, CoseAlgorithm::Es512];
            let algorithm = algorithms.into_iter().find(|one| one.protected() == protected);
            let expected = "{1: -7}, {1: -35} or {1: -36} (ES256, ES384, ES512)";
            let algorithm = algorithm.ok_or_else(|| at.error(ErrorKind::Unsupported, PROTECTED, expected))?;
            let at = reader.at();
            if reader.byte("COSE_Sign1: unprotected header")? != 0xa0 {
                let what = "COSE_Sign1: unprotected header";
                return Err(at.error(ErrorKind::Value, what, "an empty map (a0)"));
            }
            let payload = cbor::bytes(reader, "COSE_Sign1: payload")?;
            let at = reader.at();
            let signature = cbor::bytes(reader, "COSE_Sign1: signature")?;
            if signature.len() != algorithm.signature_bytes() {
                let expected = "r and s, each as long as the field of the algorithm's curve";
                let error = at.error(ErrorKind::Value, "COSE_Sign1: signature", expected);
                return Err(error.with_got(u32::try_from(signature.len()).unwrap_or(u32::MAX)));
            }
            Ok(Self { algorithm, payload, signature })
        })
    }
}

/// The PCR that a payload is of, for an error.
fn signed_register(payload: &[u8]) -> Result<(u64, [u8; 48]), Error> {
    const WHAT: &str = "signed PCR";
    Reader::all(payload, 0, WHAT, |reader| {
        let (mut index, mut value) = (None, [0_u8; 48]);
        let mut places = value.iter_mut();
        cbor::map(reader, 2, WHAT, |reader| match cbor::text(reader, WHAT)? {
            "register_index" => cbor::unsigned(reader, WHAT).map(|number| index = Some(number)),
            _ => cbor::array(reader, 48, WHAT, |reader| {
                let byte = u8::try_from(cbor::unsigned(reader, WHAT)?).unwrap_or_default();
                if let Some(place) = places.next() {
                    *place = byte;
                }
                Ok(())
            }),
        })?;
        let missing = reader.error(ErrorKind::Missing, WHAT, "an index and 48 bytes");
        match (index, places.next()) {
            (Some(index), None) => Ok((index, value)),
            _ => Err(missing),
        }
    })
}
