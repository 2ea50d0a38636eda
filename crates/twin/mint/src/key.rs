//! Throwaway keys: made on first use and gone with the process, unless a test run says where its processes share some: see
//! [`Key::shared`].

mod kept;
mod kind;
mod pair;

use core::fmt;
use std::collections::BTreeMap;
use std::path::PathBuf;
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
    /// The file of a key that processes share.
    file: Option<PathBuf>,
}

/// Where a pair lies as soon as it is made.
type Slot = Arc<Mutex<Option<Arc<Pair>>>>;

/// The keys that the whole process shares, by kind and name.
static SHARED: Mutex<BTreeMap<(Kind, String), Slot>> = Mutex::new(BTreeMap::new());

/// Signatures by their scheme and the SHA-256 of key and message.
type Signatures = BTreeMap<(Scheme, [u8; 32]), Vec<u8>>;

/// The signatures over certificates and lists.
static SIGNED: Mutex<Signatures> = Mutex::new(Signatures::new());
/// The limit of signatures that are kept.
const MAX_SIGNED: usize = 1024;

impl Key {
    /// A fresh key.
    #[must_use]
    pub fn fresh(kind: Kind) -> Self {
        Self { kind, pair: Slot::default(), file: None }
    }

    /// The key of this name and kind, the same one throughout the process.
    ///
    /// Authorities are shared by default, so that a thousand pieces of minted evidence cost two
    /// RSA keys, not two thousand. Programs share RSA keys of a name as well, through the
    /// directory that the environment variable `TEEPROOF_MINT_KEYS` names, if it is set; only the user can read them.
    #[must_use]
    pub fn shared(name: &str, kind: Kind) -> Self {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = shared.entry((kind, name.to_owned())).or_default().clone();
        Self { kind, pair, file: kept::file(name, kind) }
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
        Ok(Self { kind, pair: Arc::new(Mutex::new(Some(pair))), file: None })
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

    /// Signs a message, or returns the signature that the same key made over the same bytes before: the
    /// certificates of the authorities are equal in all evidence of a product line.
    pub(crate) fn sign_once(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, Error> {
        let of = (scheme, sha256(&[&self.public_key()?, message]));
        if let Some(signature) = SIGNED.lock().unwrap_or_else(PoisonError::into_inner).get(&of) {
            return Ok(signature.clone());
        }
        let signature = self.sign(scheme, message)?;
        let mut signed = SIGNED.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.len() == MAX_SIGNED {
            signed.clear();
        }
        // Of two threads that sign at once the first decides: a root has one certificate.
        Ok(signed.entry(of).or_insert(signature).clone())
    }

    fn pair(&self) -> Result<Arc<Pair>, Error> {
        // A concurrent user of the same key waits for it instead of making another.
        let mut slot = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = slot.as_ref() {
            return Ok(pair.clone());
        }
        let kept = self.file.as_ref().and_then(|file| kept::read(file, self.kind));
        let pair = match (kept, &self.file) {
            (Some(pair), _) => pair,
            (None, Some(file)) => kept::write(file, self.kind, self.generate()?),
            (None, None) => self.generate()?,
        };
        let pair = Arc::new(pair);
        *slot = Some(pair.clone());
        Ok(pair)
    }

    fn generate(&self) -> Result<Pair, Error> {
        Pair::generate(self.kind).ok_or(Error::KeyGeneration(self.kind))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kind", &self.kind).finish_non_exhaustive()
    }
}
