//! The RSA key of an attested recipient, and decryption of envelopes with it.

use core::fmt;

use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};
use zeroize::Zeroizing;

use crate::envelope::{BLOCK_BYTES, ENCRYPTED_KEY_BYTES};
use crate::{Envelope, SecretBytes};

/// An RSA-2048 key that lives in this process: make one for each, and put [`RecipientKey::public_key`] into the
/// attestation document.
///
/// The private key is never written anywhere. aws-lc wipes its memory when the key is dropped.
pub struct RecipientKey {
    key: OaepPrivateDecryptingKey,
    public_key: Vec<u8>,
}

impl RecipientKey {
    /// Makes a new key, which takes some 100 ms.
    ///
    /// # Errors
    /// aws-lc cannot make a key: it has no randomness or no memory.
    pub fn generate() -> Result<Self, RecipientKeyError> {
        let generate = || -> Result<Self, Unspecified> {
            let key = PrivateDecryptingKey::generate(KeySize::Rsa2048)?;
            let public_key = AsDer::<PublicKeyX509Der<'_>>::as_der(&key.public_key())?.as_ref().to_vec();
            Ok(Self { key: OaepPrivateDecryptingKey::new(key)?, public_key })
        };
        generate().map_err(|_| RecipientKeyError)
    }

    /// The public key as SubjectPublicKeyInfo in DER: the `public_key` of an attestation document.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Decrypts the content of an envelope.
    ///
    /// Success shows only that the envelope was made for this key, by anybody who knows it: the envelope has no MAC. The
    /// content is authentic if the response of KMS is, that is, if TLS to KMS ended in this process; or if it is
    /// authenticated by itself.
    ///
    /// OAEP and its hash run in constant time in aws-lc. Whatever OAEP says, a content key is taken, a random one after
    /// a failure, and the content is decrypted with it; the padding is checked in constant time over its last block.
    /// So the time until an error is the same for a wrong block of OAEP, a content key of another length, and a wrong
    /// padding, up to a branch around a copy of 32 bytes.
    ///
    /// # Errors
    /// One for all: the envelope is for another key, or was altered. Do not report it to whoever delivered the
    /// envelope.
    pub fn decrypt(&self, envelope: &Envelope<'_>) -> Result<SecretBytes, DecryptionError> {
        let mut content_key = Zeroizing::new([0_u8; 32]);
        rand::fill(&mut *content_key).map_err(|_| DecryptionError)?;
        let mut block = Zeroizing::new([0_u8; ENCRYPTED_KEY_BYTES]);
        let decrypted =
            self.key.decrypt(&OAEP_SHA256_MGF1SHA256, envelope.encrypted_key(), &mut *block, None);
        let is_key = match decrypted {
            Ok(bytes) if bytes.len() == content_key.len() => {
                content_key.copy_from_slice(bytes);
                Choice::from(1)
            }
            _ => Choice::from(0),
        };
        let mut content = Zeroizing::new(envelope.content().to_vec());
        let context = DecryptionContext::Iv128(FixedLength::from(envelope.iv()));
        let cipher = UnboundCipherKey::new(&AES_256, &*content_key).and_then(DecryptingKey::cbc);
        cipher
            .and_then(|cipher| cipher.decrypt(&mut content, context).map(drop))
            .map_err(|_| DecryptionError)?;
        let (length, is_padded) = without_padding(&content);
        if !bool::from(is_key & is_padded) {
            return Err(DecryptionError);
        }
        content.truncate(usize::try_from(length).map_err(|_| DecryptionError)?);
        Ok(SecretBytes::new(content))
    }
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientKey").finish_non_exhaustive()
    }
}

/// The length of the content without its padding, and whether that is the padding of PKCS #7 (RFC 5652, section 6.3):
/// 1 to 16 bytes of their own number. Takes the same time for any content of one length; the library's own check of
/// the padding returns at the first wrong byte.
fn without_padding(content: &[u8]) -> (u64, Choice) {
    let Some(last) = content.last_chunk::<BLOCK_BYTES>() else { return (0, Choice::from(0)) };
    let [.., count] = last;
    let mut is_valid = !count.ct_eq(&0) & !count.ct_gt(&16);
    for (from_end, byte) in (0_u8..).zip(last.iter().rev()) {
        let is_padding = from_end.ct_lt(count);
        is_valid &= !is_padding | byte.ct_eq(count);
    }
    let whole = u64::try_from(content.len()).unwrap_or(0);
    let length = whole.saturating_sub(u64::conditional_select(&0, &u64::from(*count), is_valid));
    (length, is_valid)
}

/// No key could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientKeyError;

impl fmt::Display for RecipientKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("aws-lc made no RSA key")
    }
}

impl core::error::Error for RecipientKeyError {}

/// The envelope was not decrypted: it is for another key, or was altered. There is no other reason, by design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecryptionError;

impl DecryptionError {
    /// A hint for the user.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "request it again, with a new document: something between KMS and this process may have altered the envelope, \
         or made it for another key"
    }
}

impl fmt::Display for DecryptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CiphertextForRecipient does not decrypt under this process's key")
    }
}

impl core::error::Error for DecryptionError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same rule as a person would write it.
    fn plain(content: &[u8]) -> Option<usize> {
        let count = usize::from(*content.last()?);
        let length = content.len().checked_sub(count)?;
        let is_valid =
            (1..=16).contains(&count) && content.get(length..)?.iter().all(|b| usize::from(*b) == count);
        is_valid.then_some(length)
    }

    #[test]
    fn padding_is_that_of_pkcs_7() {
        let mut seen = [0_u32; 2];
        for blocks in 1..=2_usize {
            for count in 0..=255_u8 {
                for wrong in 0..=17_usize {
                    // All of the last 16 bytes are the number, but one, or none where `wrong` is beyond them.
                    let mut content = vec![0x55; blocks * 16];
                    let start = content.len() - 16;
                    content.iter_mut().skip(start).for_each(|byte| *byte = count);
                    if let Some(byte) = content.len().checked_sub(wrong).and_then(|at| content.get_mut(at)) {
                        *byte ^= 0x40;
                    }
                    let (length, is_valid) = without_padding(&content);
                    let found = bool::from(is_valid).then_some(usize::try_from(length).unwrap_or(0));
                    assert_eq!(found, plain(&content), "{content:x?}");
                    seen.iter_mut()
                        .zip([found.is_some(), found.is_none()])
                        .for_each(|(n, is)| *n += u32::from(is));
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
        assert!(!bool::from(without_padding(&[]).1) && !bool::from(without_padding(&[1; 15]).1));
    }

    #[test]
    fn neither_keys_nor_secrets_are_formatted() {
        let secret = SecretBytes::new(Zeroizing::new(b"open sesame".to_vec()));
        assert_eq!(
            (format!("{secret:?}"), secret.as_bytes()),
            ("SecretBytes(…)".to_owned(), &b"open sesame"[..])
        );
        let shown = RecipientKey::generate().map(|key| format!("{key:?}"));
        assert_eq!(shown.ok().as_deref(), Some("RecipientKey { .. }"));
    }
}
