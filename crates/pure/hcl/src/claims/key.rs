//! The keys among the claims.

use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::RsaKey;

use super::UnknownMember;
use crate::KeyProblem;

/// A public key of the paravisor's, as a JSON Web Key has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What the key is: `HCLAkPub`, `HCLEkPub`.
    pub kid: String,
    /// What the key is for, as the paravisor says; the oldest reports say it wrongly.
    pub key_ops: Vec<String>,
    /// The kind: `RSA`.
    pub kty: String,
    /// The public exponent, big-endian.
    pub exponent: Vec<u8>,
    /// The modulus, big-endian.
    pub modulus: Vec<u8>,
    /// Members that this version does not know.
    pub unknown: Vec<UnknownMember>,
}

/// The attestation key's id.
const AK: &str = "HCLAkPub";
const MODULUS_BYTES: usize = 256;
const EXPONENT: &[u8] = &[0x01, 0x00, 0x01];

impl Key {
    /// The key for the table of cryptographic operations.
    #[must_use]
    pub fn as_rsa(&self) -> RsaKey<'_> {
        RsaKey { modulus: &self.modulus, exponent: &self.exponent }
    }

    /// The one attestation key, found by its id and never by its place.
    pub(super) fn attestation(keys: &[Self]) -> Result<&Self, KeyProblem> {
        let mut named = keys.iter().filter(|key| key.kid == AK);
        let key = named.next().ok_or(KeyProblem::Missing)?;
        if named.next().is_some() {
            return Err(KeyProblem::Several);
        }
        key.check()?;
        Ok(key)
    }

    /// Whether quotes under the key can be believed.
    fn check(&self) -> Result<(), KeyProblem> {
        if self.kty != "RSA" {
            return Err(KeyProblem::Kind);
        }
        if self.modulus.iter().all(|byte| *byte == 0) {
            return Err(KeyProblem::Zero);
        }
        let top_bit = self.modulus.first().is_some_and(|first| first & 0x80 != 0);
        if self.modulus.len() != MODULUS_BYTES || !top_bit {
            return Err(KeyProblem::Size);
        }
        if self.exponent != EXPONENT {
            return Err(KeyProblem::Exponent);
        }
        Ok(())
    }
}
