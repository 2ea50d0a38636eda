//! Session-based encryption of the first parameter of a command or response.
//!
//! Source: TCG TPM 2.0 Library, Part 1, sections 11.4.10.2 (KDFa), 11.4.6 (XOR) and 21.

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::frame::{Cursor, sized};

/// How a session encrypts parameters: TPMT_SYM_DEF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterCipher {
    /// Not at all.
    Absent,
    /// With a mask from the session's hash.
    Xor,
    /// With AES of this many bits in CFB mode.
    AesCfb(u16),
    /// An algorithm that no TPM supports for parameters.
    Other,
}

/// Direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    Decrypt,
}

impl ParameterCipher {
    /// TPMT_SYM_DEF.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        const NULL: u16 = 0x0010;
        const XOR: u16 = 0x000a;
        const AES: u16 = 0x0006;
        const CFB: u16 = 0x0043;
        let algorithm = cursor.u16()?;
        if algorithm == NULL {
            return Some(Self::Absent);
        }
        let bits_or_hash = cursor.u16()?;
        if algorithm == XOR {
            return Some(Self::Xor);
        }
        let mode = cursor.u16()?;
        Some(if (algorithm, mode) == (AES, CFB) { Self::AesCfb(bits_or_hash) } else { Self::Other })
    }

    /// Encrypts or decrypts with a key from the nonces, the newer one first.
    pub(crate) fn apply(
        self,
        direction: Direction,
        key: &hmac::Key,
        nonces: [&[u8]; 2],
        bytes: &[u8],
    ) -> Option<Vec<u8>> {
        const BLOCK_BYTES: usize = 16;
        let mut bytes = bytes.to_vec();
        match self {
            Self::Absent | Self::Other => return None,
            Self::Xor => {
                let mask = kdfa(key, b"XOR\0", nonces, bytes.len());
                bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
            }
            Self::AesCfb(bits) => {
                let key_bytes = usize::from(bits).checked_div(8)?;
                let derived = kdfa(key, b"CFB\0", nonces, key_bytes.checked_add(BLOCK_BYTES)?);
                let (key, iv) = derived.split_at_checked(key_bytes)?;
                let iv = FixedLength::from(<[u8; BLOCK_BYTES]>::try_from(iv).ok()?);
                let algorithm = if bits == 128 { &AES_128 } else { &AES_256 };
                let key = UnboundCipherKey::new(algorithm, key).ok()?;
                match direction {
                    Direction::Encrypt => {
                        let key = EncryptingKey::cfb128(key).ok()?;
                        key.less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(iv)).ok()?;
                    }
                    Direction::Decrypt => {
                        let key = DecryptingKey::cfb128(key).ok()?;
                        key.decrypt(&mut bytes, DecryptionContext::Iv128(iv)).ok()?;
                    }
                }
            }
        }
        Some(bytes)
    }

    /// Parameters with the first one, a TPM2B, encrypted.
    pub(crate) fn encrypt_first(
        self,
        key: &hmac::Key,
        nonces: [&[u8]; 2],
        parameters: &[u8],
    ) -> Option<Vec<u8>> {
        let mut cursor = Cursor(parameters);
        let first = self.apply(Direction::Encrypt, key, nonces, cursor.sized()?)?;
        Some([&sized(&first)[..], cursor.0].concat())
    }
}

/// KDFa: `len` bytes.
pub(crate) fn kdfa(key: &hmac::Key, label: &[u8], [newer, older]: [&[u8]; 2], len: usize) -> Vec<u8> {
    let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX).to_be_bytes();
    let mut derived = Vec::new();
    for round in 1_u32.. {
        if derived.len() >= len {
            break;
        }
        let message = [&round.to_be_bytes()[..], label, newer, older, &bits].concat();
        derived.extend_from_slice(hmac::sign(key, &message).as_ref());
    }
    derived.truncate(len);
    derived
}
