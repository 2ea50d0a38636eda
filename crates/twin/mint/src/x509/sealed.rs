//! Signature of a certificate or a revocation list, and its AlgorithmIdentifiers.

use super::{Algorithm, der};
use crate::{Error, Key, Scheme, ecdsa};

/// The signature of a certificate or a revocation list. All fields are optional; what is left
/// out follows truthfully from the signing key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seal {
    /// How it is really signed.
    pub scheme: Option<Scheme>,
    /// The AlgorithmIdentifier inside of the signed bytes.
    pub algorithm: Option<Algorithm>,
    /// The outer AlgorithmIdentifier. If absent, it equals the inner one.
    pub outer_algorithm: Option<Algorithm>,
    /// These bytes in place of the signature.
    pub signature: Option<Vec<u8>>,
}

impl Seal {
    /// The inner AlgorithmIdentifier under this key.
    pub(crate) fn inner(&self, key: &Key) -> Vec<u8> {
        let truthful = || Algorithm::of(key.kind(), self.scheme(key));
        self.algorithm.clone().unwrap_or_else(truthful).0
    }

    /// The sealed structure: the bytes to be signed, the outer algorithm, the signature.
    pub(crate) fn close(&self, to_be_signed: Vec<u8>, key: &Key) -> Result<Vec<u8>, Error> {
        let outer = match &self.outer_algorithm {
            Some(outer) => outer.0.clone(),
            None => self.inner(key),
        };
        let signature = match &self.signature {
            Some(signature) => signature.clone(),
            None => self.sign(&to_be_signed, key)?,
        };
        Ok(der::sequence(&[to_be_signed, outer, der::bit_string(0, &signature)]))
    }

    fn sign(&self, to_be_signed: &[u8], key: &Key) -> Result<Vec<u8>, Error> {
        let scheme = self.scheme(key);
        let signature = key.sign_once(scheme, to_be_signed)?;
        Ok(if scheme == Scheme::Ecdsa { ecdsa::as_der(&signature) } else { signature })
    }

    fn scheme(&self, key: &Key) -> Scheme {
        self.scheme.unwrap_or(key.kind().scheme())
    }
}
