//! The twin's endorsement key, whose private part is here: it decrypts the salts of sessions.
//!
//! Source: TCG TPM 2.0 Library, Part 1, section B.10.2; TCG EK Credential Profile, template L-1.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};

use crate::Error;
use crate::paravisor::frame::sized;
use crate::paravisor::provision::templates;

/// The size of the modulus in bytes.
const MODULUS_BYTES: usize = 256;
/// The size of the exponent after it in a SubjectPublicKeyInfo, in bytes.
const EXPONENT_BYTES: usize = 5;
/// TPM_ALG_SHA256, the hash of the Name.
const SHA256: [u8; 2] = [0x00, 0x0b];

/// The key and its public area.
pub(super) struct EndorsementKey {
    private: OaepPrivateDecryptingKey,
    public: Vec<u8>,
}

impl EndorsementKey {
    /// A new key.
    pub(super) fn generate() -> Result<Self, Error> {
        let made = || {
            let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()?;
            let spki: PublicKeyX509Der<'_> = key.public_key().as_der().ok()?;
            let end = spki.as_ref().len().checked_sub(EXPONENT_BYTES)?;
            let modulus = spki.as_ref().get(end.checked_sub(MODULUS_BYTES)?..end)?;
            // The template ends with a modulus of zeros.
            let mut public = templates::endorsement_key();
            public.truncate(public.len().checked_sub(MODULUS_BYTES)?);
            public.extend_from_slice(modulus);
            Some(Self { private: OaepPrivateDecryptingKey::new(key).ok()?, public })
        };
        made().ok_or(Error::NoRandomness)
    }

    /// The parameters of the response to TPM2_ReadPublic. The qualified name is that of a key of the endorsement
    /// hierarchy.
    pub(super) fn public_parameters(&self) -> Vec<u8> {
        const ENDORSEMENT: [u8; 4] = [0x40, 0x00, 0x00, 0x0b];
        let name = [&SHA256[..], digest::digest(&digest::SHA256, &self.public).as_ref()].concat();
        let qualified = digest::digest(&digest::SHA256, &[&ENDORSEMENT[..], &name].concat());
        let qualified = [&SHA256[..], qualified.as_ref()].concat();
        [sized(&self.public), sized(&name), sized(&qualified)].concat()
    }

    /// A salt that is encrypted to the key.
    pub(super) fn salt(&self, encrypted: &[u8]) -> Option<Vec<u8>> {
        let mut salt = vec![0; MODULUS_BYTES];
        let label = Some(&b"SECRET\0"[..]);
        self.private
            .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut salt, label)
            .ok()
            .map(|salt| salt.to_vec())
    }
}
