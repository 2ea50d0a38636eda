//! Throwaway keys: made on first use, gone with the process, never written anywhere.

mod kind;
mod pair;

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use kind::{Kind, Scheme};
use pair::Pair;

use crate::Error;
use crate::digest::sha256;

/// A throwaway key pair.
///
/// A clone is the same key. The pair is made when it is first needed, because an RSA key of
/// 4096 bits takes a while.
#[derive(Clone)]
pub struct Key {
    kind: Kind,
    pair: Slot,
}

/// Where a pair lies as soon as it is made.
type Slot = Arc<Mutex<Option<Arc<Pair>>>>;

/// The keys that the whole process shares, by kind and name.
static SHARED: Mutex<BTreeMap<(Kind, String), Slot>> = Mutex::new(BTreeMap::new());

impl Key {
    /// A fresh key.
    #[must_use]
    pub fn fresh(kind: Kind) -> Self {
        Self { kind, pair: Slot::default() }
    }

    /// The key of this name and kind, the same one throughout the process.
    ///
    /// Authorities are shared by default, so that a thousand pieces of minted evidence cost two
    /// RSA keys, not two thousand.
    #[must_use]
    pub fn shared(name: &str, kind: Kind) -> Self {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        Self { kind, pair: shared.entry((kind, name.to_owned())).or_default().clone() }
    }

    /// A foreign RSA key without its private half, by its modulus in big-endian bytes; the exponent is 65537. It can be
    /// certified and claimed, but signs nothing.
    ///
    /// # Errors
    /// This is no modulus of a [`Kind`] that there is.
    pub fn public_only(modulus: &[u8]) -> Result<Self, Error> {
        let wrong = Error::Modulus(modulus.len());
        let kind = Kind::of_modulus(modulus).ok_or(wrong)?;
        let pair = Arc::new(Pair::public_only(modulus));
        Ok(Self { kind, pair: Arc::new(Mutex::new(Some(pair))) })
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The SubjectPublicKeyInfo, in DER.
    ///
    /// # Errors
    /// The key could not be made.
    pub fn public_key_info(&self) -> Result<Vec<u8>, Error> {
        Ok(self.kind.public_key_info(&self.public_key()?))
    }

    /// The public key alone: an uncompressed point, or an RSAPublicKey in DER.
    ///
    /// # Errors
    /// The key could not be made.
    pub fn public_key(&self) -> Result<Vec<u8>, Error> {
        Ok(self.pair()?.public_key().to_vec())
    }

    /// The modulus of an RSA key, big-endian, as long as the key is.
    ///
    /// # Errors
    /// The key could not be made, or it is no RSA key.
    pub fn modulus(&self) -> Result<Vec<u8>, Error> {
        let none = Error::NoModulus(self.kind);
        let len = self.kind.modulus_bytes().ok_or(none)?;
        // SEQUENCE { INTEGER modulus, INTEGER exponent }: the modulus has its top bit set, so a
        // zero byte stands before it; after it, the exponent 65537 takes five bytes.
        let key = self.public_key()?;
        let end = key.len().checked_sub(5).ok_or(none)?;
        let start = end.checked_sub(len).ok_or(none)?;
        key.get(start..end).map(<[u8]>::to_vec).ok_or(none)
    }

    /// Twenty bytes that name the key, for key identifier extensions (RFC 7093, method 1).
    ///
    /// # Errors
    /// The key could not be made.
    pub fn identifier(&self) -> Result<Vec<u8>, Error> {
        Ok(sha256(&[&self.public_key()?]).into_iter().take(20).collect())
    }

    /// Signs a message: `r ‖ s` for ECDSA, as long as the modulus for RSA.
    ///
    /// # Errors
    /// The key could not be made, its private half is not known, or it cannot sign in this way.
    pub fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, Error> {
        let pair = self.pair()?;
        if pair.is_public_only() {
            return Err(Error::NoPrivateKey(self.kind));
        }
        pair.sign(scheme, message).ok_or(Error::Signing(self.kind, scheme))
    }

    fn pair(&self) -> Result<Arc<Pair>, Error> {
        // A concurrent user of the same key waits for it instead of making another.
        let mut slot = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = slot.as_ref() {
            return Ok(pair.clone());
        }
        let pair = Arc::new(Pair::generate(self.kind).ok_or(Error::KeyGeneration(self.kind))?);
        *slot = Some(pair.clone());
        Ok(pair)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kind", &self.kind).finish_non_exhaustive()
    }
}
