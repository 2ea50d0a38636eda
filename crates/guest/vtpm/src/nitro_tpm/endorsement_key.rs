//! The endorsement key of a NitroTPM, to which sessions are salted.
//!
//! Source: TCG TPM v2.0 Provisioning Guidance, section 7.8 (handle); TCG EK Credential Profile, template L-1; TCG TPM 2.0
//! Library, Part 1, section B.10.2 (salt), Part 2, section 12.2.4 (TPMT_PUBLIC).

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey};
use teeproof_wire::{Error as WireError, ErrorKind, Reader};
use zeroize::Zeroizing;

use super::NitroTpmError;
use super::session::random;
use crate::rsa_key::{MODULUS_BYTES, rsa_2048};
use crate::{Tpm, handles};

/// The salt has the size of a digest of the key's nameAlg, SHA-256, in bytes.
const SALT_BYTES: usize = 32;
/// The label of OAEP for a salt, with its zero byte.
const LABEL: &[u8] = b"SECRET\0";
/// The structure in errors.
const WHAT: &str = "TPMT_PUBLIC of the endorsement key";

/// The RSA endorsement key at its persistent handle.
pub(super) struct EndorsementKey {
    key: OaepPublicEncryptingKey,
}

impl EndorsementKey {
    /// Reads the key: TPM2_ReadPublic of 0x81010001.
    pub(super) fn read(tpm: &mut dyn Tpm) -> Result<Self, NitroTpmError> {
        let object = match tpm.read_public(handles::EK) {
            Err(error) if error.is_absent() => return Err(NitroTpmError::NoEndorsementKey),
            object => object?,
        };
        let modulus = modulus(&object.public).map_err(NitroTpmError::EndorsementKey)?;
        let no_key = || {
            let offset = object.public.len().saturating_sub(MODULUS_BYTES);
            NitroTpmError::EndorsementKey(WireError::new(ErrorKind::Value, WHAT, offset, "an RSA modulus"))
        };
        let key = rsa_2048(modulus).ok_or_else(no_key)?;
        let key = OaepPublicEncryptingKey::new(key).or(Err(NitroTpmError::Crypto("RSA failed")))?;
        Ok(Self { key })
    }

    /// The handle of the key.
    pub(super) const fn handle(&self) -> u32 {
        handles::EK
    }

    /// A new salt, and the same encrypted to the key.
    pub(super) fn salt(&self) -> Result<(Zeroizing<[u8; SALT_BYTES]>, Vec<u8>), NitroTpmError> {
        let salt = random()?;
        let mut encrypted = vec![0; MODULUS_BYTES];
        self.key
            .encrypt(&OAEP_SHA256_MGF1SHA256, &*salt, &mut encrypted, Some(LABEL))
            .or(Err(NitroTpmError::Crypto("RSA failed")))?;
        Ok((salt, encrypted))
    }
}

/// The modulus of an RSA-2048 storage key with nameAlg SHA-256 and the exponent 65537.
fn modulus(public: &[u8]) -> Result<&[u8; MODULUS_BYTES], WireError> {
    Reader::all(public, 0, WHAT, |reader| {
        fixed(reader, &[0x00, 0x01], "TPM_ALG_RSA (0001) as its type")?;
        fixed(reader, &[0x00, 0x0b], "TPM_ALG_SHA256 (000b) as its nameAlg")?;
        let _attributes = reader.array::<4>(WHAT)?;
        let policy = u16::from_be_bytes(*reader.array(WHAT)?);
        reader.take(policy.into(), WHAT)?;
        fixed(reader, &[0x00, 0x06], "TPM_ALG_AES (0006): a storage key")?;
        let _bits_and_mode = reader.array::<4>(WHAT)?;
        fixed(reader, &[0x00, 0x10], "TPM_ALG_NULL (0010) as its scheme")?;
        fixed(reader, &[0x08, 0x00], "2048 bits")?;
        let at = reader.at();
        if !matches!(u32::from_be_bytes(*reader.array(WHAT)?), 0 | 65_537) {
            return Err(at.error(ErrorKind::Unsupported, WHAT, "the exponent 0, which is 65537"));
        }
        fixed(reader, &[0x01, 0x00], "a modulus of 256 bytes")?;
        reader.array(WHAT)
    })
}

fn fixed(reader: &mut Reader<'_>, value: &[u8; 2], expected: &'static str) -> Result<(), WireError> {
    let at = reader.at();
    let got = reader.array::<2>(WHAT)?;
    if got == value {
        return Ok(());
    }
    Err(at.error(ErrorKind::Unsupported, WHAT, expected).with_got(u16::from_be_bytes(*got).into()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    /// TPMT_PUBLIC of template L-1 up to the modulus.
    fn public() -> Vec<u8> {
        let head = [0, 1, 0, 0x0b, 0, 3, 0, 0xb2, 0, 32];
        let tail = [0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0];
        [&head[..], &[7; 32], &tail, &[0xc1; MODULUS_BYTES]].concat()
    }

    #[test]
    fn the_key_of_the_credential_profile_is_read() {
        let public = public();
        assert_eq!(modulus(&public), Ok(&[0xc1; MODULUS_BYTES]));
        for end in 0..public.len() {
            assert!(modulus(&public[..end]).is_err(), "{end}");
        }
        assert!(modulus(&[&public[..], &[0]].concat()).is_err());
    }

    #[test]
    fn another_key_is_refused_by_its_field() {
        // Type ECC, nameAlg SHA-384, no symmetric algorithm, a scheme, 3072 bits, exponent 3.
        for (at, value, expected) in [
            (1, 0x23, "TPM_ALG_RSA"),
            (3, 0x0c, "TPM_ALG_SHA256"),
            (43, 0x10, "storage key"),
            (49, 0x14, "scheme"),
            (50, 0x0c, "2048 bits"),
            (55, 3, "exponent"),
            (56, 2, "256 bytes"),
        ] {
            let mut other = public();
            other[at] = value;
            let error = modulus(&other).unwrap_err();
            assert!(error.expected.contains(expected), "{at}: {error}");
            assert!(error.offset <= at && at < error.offset + 4, "{at}: {error}");
        }
    }
}
