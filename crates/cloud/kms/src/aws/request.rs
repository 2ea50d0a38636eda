//! Requests of the five operations that take a Recipient.

use core::fmt;
use std::collections::BTreeMap;

use super::{KmsError, KmsKeyId};

/// An operation of KMS that takes a Recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsOperation {
    /// Decrypt.
    Decrypt,
    /// GenerateDataKey.
    GenerateDataKey,
    /// GenerateDataKeyPair.
    GenerateDataKeyPair,
    /// GenerateRandom.
    GenerateRandom,
    /// DeriveSharedSecret.
    DeriveSharedSecret,
}

impl fmt::Display for KmsOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The encryption context of an operation with a symmetric key: additional authenticated data. KMS decrypts only with
/// the context that a ciphertext was made with, so that nobody can hand in the ciphertext of another purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncryptionContext {
    /// Names and values; at least one.
    Pairs(BTreeMap<String, String>),
    /// No context, for this reason.
    Waived(String),
}

impl EncryptionContext {
    /// The most bytes of all names and values, as KMS has it.
    const MAX: usize = 8_192;

    fn check(&self) -> Result<(), KmsError> {
        match self {
            Self::Pairs(pairs) if pairs.is_empty() || pairs.keys().any(String::is_empty) => {
                Err(KmsError::Context("expected a name and a value"))
            }
            Self::Pairs(pairs) => {
                let bytes = pairs.iter().map(|(name, value)| name.len().saturating_add(value.len()));
                let is_short = bytes.sum::<usize>() <= Self::MAX;
                is_short.then_some(()).ok_or(KmsError::Context("expected at most 8192 bytes"))
            }
            Self::Waived(reason) if reason.trim().is_empty() => {
                Err(KmsError::Context("expected the reason why there is none"))
            }
            Self::Waived(_) => Ok(()),
        }
    }

    pub(super) fn pairs(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::Pairs(pairs) => Some(pairs),
            Self::Waived(_) => None,
        }
    }
}

/// The length of a data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataKeyLength {
    /// AES_128: 16 bytes.
    Aes128,
    /// AES_256: 32 bytes.
    Aes256,
    /// So many bytes, from 1 to 1024.
    Bytes(u16),
}

impl DataKeyLength {
    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u16 {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// The algorithm of symmetric keys.
pub(super) const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";
/// The most random bytes, and the most bytes of a data key, as KMS has it.
pub(super) const MAX_BYTES: u16 = 1_024;
/// The most bytes of a ciphertext, as KMS has it.
const MAX_CIPHERTEXT: usize = 6_144;
/// The most bytes of a public key, as KMS has it.
const MAX_PUBLIC_KEY: usize = 8_192;

/// A request. Enumerations of KMS are given by their names: `SYMMETRIC_DEFAULT`, `ECC_NIST_P384`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsRequest {
    /// Decrypt with a symmetric key.
    Decrypt {
        /// The key that the ciphertext must be of: wrapped keys can be substituted.
        key: KmsKeyId,
        /// The CiphertextBlob of an earlier operation.
        ciphertext: Vec<u8>,
        /// The context that the ciphertext was made with.
        context: EncryptionContext,
    },
    /// Decrypt with an asymmetric key, which has no encryption context.
    DecryptAsymmetric {
        /// The key.
        key: KmsKeyId,
        /// The ciphertext.
        ciphertext: Vec<u8>,
        /// The algorithm: `RSAES_OAEP_SHA_256`. That of symmetric keys is refused: it has an encryption context.
        algorithm: String,
    },
    /// GenerateDataKey: the answer has the data key under the KMS key as well.
    GenerateDataKey {
        /// The key.
        key: KmsKeyId,
        /// The length of the data key.
        length: DataKeyLength,
        /// The context to make the ciphertext with.
        context: EncryptionContext,
    },
    /// GenerateDataKeyPair: the answer has the public key, and the private key under the KMS key as well.
    GenerateDataKeyPair {
        /// The key, a symmetric one.
        key: KmsKeyId,
        /// The kind of the pair: `ECC_NIST_P384`, `RSA_3072`.
        pair: String,
        /// The context to make the ciphertext with.
        context: EncryptionContext,
    },
    /// GenerateRandom, without a key.
    GenerateRandom {
        /// So many bytes, from 1 to 1024.
        bytes: u16,
    },
    /// DeriveSharedSecret, by ECDH.
    DeriveSharedSecret {
        /// The key, of the use KEY_AGREEMENT.
        key: KmsKeyId,
        /// The public key of the other side, as SubjectPublicKeyInfo in DER.
        public_key: Vec<u8>,
    },
}

impl KmsRequest {
    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> KmsOperation {
        match self {
            Self::Decrypt { .. } | Self::DecryptAsymmetric { .. } => KmsOperation::Decrypt,
            Self::GenerateDataKey { .. } => KmsOperation::GenerateDataKey,
            Self::GenerateDataKeyPair { .. } => KmsOperation::GenerateDataKeyPair,
            Self::GenerateRandom { .. } => KmsOperation::GenerateRandom,
            Self::DeriveSharedSecret { .. } => KmsOperation::DeriveSharedSecret,
        }
    }

    /// The requested key; GenerateRandom has none.
    #[must_use]
    pub const fn key(&self) -> Option<&KmsKeyId> {
        match self {
            Self::Decrypt { key, .. }
            | Self::DecryptAsymmetric { key, .. }
            | Self::GenerateDataKey { key, .. }
            | Self::GenerateDataKeyPair { key, .. }
            | Self::DeriveSharedSecret { key, .. } => Some(key),
            Self::GenerateRandom { .. } => None,
        }
    }

    /// The length that the secret must have.
    pub(super) fn secret_bytes(&self) -> Option<usize> {
        match self {
            Self::GenerateDataKey { length, .. } => Some(length.bytes().into()),
            Self::GenerateRandom { bytes } => Some((*bytes).into()),
            _ => None,
        }
    }

    /// Checks what KMS would refuse, before a document is made for it.
    pub(super) fn check(&self) -> Result<(), KmsError> {
        let size = |what, bytes: usize, most: usize| {
            let fits = (1..=most).contains(&bytes);
            fits.then_some(()).ok_or(KmsError::Size { what, bytes, most })
        };
        match self {
            Self::Decrypt { ciphertext, context, .. } => {
                size("the ciphertext", ciphertext.len(), MAX_CIPHERTEXT)?;
                context.check()
            }
            Self::DecryptAsymmetric { ciphertext, algorithm, .. } => {
                size("the ciphertext", ciphertext.len(), MAX_CIPHERTEXT)?;
                let is_symmetric = algorithm.trim().eq_ignore_ascii_case(SYMMETRIC);
                let needed =
                    KmsError::Context("expected one for SYMMETRIC_DEFAULT, or the reason why there is none");
                if is_symmetric { Err(needed) } else { Ok(()) }
            }
            Self::GenerateDataKey { length, context, .. } => {
                size("the data key", length.bytes().into(), MAX_BYTES.into())?;
                context.check()
            }
            Self::GenerateDataKeyPair { context, .. } => context.check(),
            Self::GenerateRandom { bytes } => size("random bytes", (*bytes).into(), MAX_BYTES.into()),
            Self::DeriveSharedSecret { public_key, .. } => {
                size("the public key", public_key.len(), MAX_PUBLIC_KEY)
            }
        }
    }
}
