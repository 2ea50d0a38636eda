//! KMS keys, and ciphertexts under them.

use core::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::rand;

use super::fields::EncryptionContext;
use super::{KeyPolicy, ecdh};

/// The first byte of a ciphertext of this twin; AWS' begin with 1 and are longer.
const VERSION: u8 = 0x54;
const ID_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) policy: KeyPolicy,
    pub(super) material: Material,
    pub(super) enabled: bool,
}

/// The 16 bytes of a key's id, a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyId([u8; ID_BYTES]);

/// What a key computes with.
pub(super) enum Material {
    /// SYMMETRIC_DEFAULT: AES-256-GCM.
    Symmetric(Box<LessSafeKey>),
    /// A key pair on a curve, for DeriveSharedSecret.
    Agreement(&'static str, Box<PrivateKey>),
}

impl Key {
    /// A new key of this spec; `None` for a spec that there is not, or without random numbers.
    pub(super) fn new(spec: &str, policy: KeyPolicy) -> Option<Self> {
        let material = match spec {
            "SYMMETRIC_DEFAULT" => Material::Symmetric(Box::new(symmetric()?)),
            "ECC_NIST_P256" => agreement("ECC_NIST_P256")?,
            "ECC_NIST_P384" => agreement("ECC_NIST_P384")?,
            "ECC_NIST_P521" => agreement("ECC_NIST_P521")?,
            _ => return None,
        };
        Some(Self { id: KeyId::random()?, policy, material, enabled: true })
    }

    pub(super) const fn spec(&self) -> &'static str {
        match self.material {
            Material::Symmetric(_) => "SYMMETRIC_DEFAULT",
            Material::Agreement(spec, _) => spec,
        }
    }

    pub(super) const fn usage(&self) -> &'static str {
        match self.material {
            Material::Symmetric(_) => "ENCRYPT_DECRYPT",
            Material::Agreement(..) => "KEY_AGREEMENT",
        }
    }

    /// The ciphertext under a symmetric key; `None` for other keys.
    pub(super) fn encrypt(&self, plaintext: &[u8], context: &EncryptionContext) -> Option<Vec<u8>> {
        let Material::Symmetric(key) = &self.material else { return None };
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = plaintext.to_vec();
        let aad = Aad::from(authenticated(self.id, context));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some([&[VERSION], self.id.0.as_slice(), &nonce, &sealed].concat())
    }

    /// The plain text of a ciphertext under this key, with this context.
    pub(super) fn decrypt(&self, ciphertext: &[u8], context: &EncryptionContext) -> Option<Vec<u8>> {
        let Material::Symmetric(key) = &self.material else { return None };
        let (nonce, sealed) = ciphertext.get(1 + ID_BYTES..)?.split_first_chunk::<NONCE_BYTES>()?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(authenticated(self.id, context));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(key.open_in_place(nonce, aad, &mut sealed).ok()?.to_vec())
    }
}

impl KeyId {
    fn random() -> Option<Self> {
        let mut bytes = [0; ID_BYTES];
        rand::fill(&mut bytes).ok()?;
        // UUID version 4.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Some(Self(bytes))
    }

    /// The key that a ciphertext names.
    pub(super) fn of_ciphertext(ciphertext: &[u8]) -> Option<Self> {
        let (version, rest) = ciphertext.split_first()?;
        let (id, _) = rest.split_first_chunk()?;
        (*version == VERSION).then_some(Self(*id))
    }
}

/// As a UUID is written.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Without the secret.
impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Symmetric(_) => "Symmetric",
            Self::Agreement(spec, _) => spec,
        })
    }
}

fn symmetric() -> Option<LessSafeKey> {
    let mut key = [0; 32];
    rand::fill(&mut key).ok()?;
    Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?))
}

fn agreement(spec: &'static str) -> Option<Material> {
    let key = PrivateKey::generate(ecdh::algorithm(spec)?).ok()?;
    Some(Material::Agreement(spec, Box::new(key)))
}

/// What is authenticated with a ciphertext: the key, and each pair with its lengths.
fn authenticated(id: KeyId, context: &EncryptionContext) -> Vec<u8> {
    let mut out = id.0.to_vec();
    for text in context.iter().flat_map(|(key, value)| [key, value]) {
        out.extend((text.len() as u64).to_be_bytes());
        out.extend(text.as_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn ciphertexts_are_bound_to_key_and_context() {
        let key = Key::new("SYMMETRIC_DEFAULT", KeyPolicy::default_of("1")).unwrap();
        let pairs = context(&[("a", "bc"), ("d", "")]);
        let ciphertext = key.encrypt(b"secret", &pairs).unwrap();
        assert_eq!(KeyId::of_ciphertext(&ciphertext), Some(key.id));
        assert_eq!(key.decrypt(&ciphertext, &pairs).unwrap(), b"secret");
        for other in [context(&[]), context(&[("ab", "c"), ("d", "")]), context(&[("a", "bc")])] {
            assert_eq!(key.decrypt(&ciphertext, &other), None);
        }
        for at in [17, 30, ciphertext.len() - 1] {
            let mut bent = ciphertext.clone();
            bent[at] ^= 1;
            assert_eq!(key.decrypt(&bent, &pairs), None);
        }
        for end in 0..ciphertext.len() {
            assert_eq!(key.decrypt(&ciphertext[..end], &pairs), None);
        }
        let other = Key::new("SYMMETRIC_DEFAULT", KeyPolicy::default_of("1")).unwrap();
        assert_eq!(other.decrypt(&ciphertext, &pairs), None);
        assert_eq!(key.id.to_string().len(), 36);
    }
}
