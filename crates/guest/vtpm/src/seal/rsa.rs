//! Encryption to the public key, by a library: in the machine or anywhere else.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey,
};

use super::SealError;
use super::key::parts;
use crate::Padding;
use crate::rsa_key::rsa_2048;

/// Encrypts one block to the key of this public area.
///
/// # Errors
/// The public area is not that of a key for sealing; the plaintext is too long for one block.
pub fn encrypt(public: &[u8], padding: Padding, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let (_, modulus) = parts(public)?;
    let limit = capacity(padding)?;
    if plaintext.len() > limit {
        return Err(SealError::TooLong { bytes: plaintext.len(), limit });
    }
    let key = rsa_2048(modulus).ok_or(SealError::Key("its modulus is not an RSA modulus"))?;
    let mut block = vec![0; modulus.len()];
    match padding {
        Padding::Rsaes => {
            let key = Pkcs1PublicEncryptingKey::new(key).or(Err(SealError::Crypto))?;
            key.encrypt(plaintext, &mut block).or(Err(SealError::Crypto))?;
        }
        Padding::Oaep(hash) => {
            let key = OaepPublicEncryptingKey::new(key).or(Err(SealError::Crypto))?;
            key.encrypt(oaep(hash)?.0, plaintext, &mut block, None).or(Err(SealError::Crypto))?;
        }
    }
    Ok(block)
}

/// How much fits one block of 256 bytes.
fn capacity(padding: Padding) -> Result<usize, SealError> {
    Ok(match padding {
        Padding::Rsaes => 245,
        Padding::Oaep(hash) => oaep(hash)?.1,
    })
}

/// The algorithm for a hash (a TPM_ALG_ID), and how much fits one block of 256 bytes.
const fn oaep(hash: u16) -> Result<(&'static OaepAlgorithm, usize), SealError> {
    match hash {
        0x0004 => Ok((&OAEP_SHA1_MGF1SHA1, 214)),
        0x000b => Ok((&OAEP_SHA256_MGF1SHA256, 190)),
        0x000c => Ok((&OAEP_SHA384_MGF1SHA384, 158)),
        0x000d => Ok((&OAEP_SHA512_MGF1SHA512, 126)),
        _ => Err(SealError::Key("OAEP is there with SHA-1, SHA-256, SHA-384 and SHA-512")),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::error::Unspecified;
    use aws_lc_rs::rsa::{
        KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
    };

    use super::*;
    use crate::rsa_key::modulus_of_spki;

    /// The public area of a key with this modulus.
    fn public(modulus: &[u8]) -> Vec<u8> {
        let head = [0, 1, 0, 0x0b, 0, 2, 4, 0x32, 0, 32];
        let tail = [0, 0x10, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0];
        [&head[..], &[7; 32], &tail, modulus].concat()
    }

    fn decrypt(key: &PrivateDecryptingKey, padding: Padding, block: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut plaintext = vec![0; 256];
        let found = match padding {
            Padding::Rsaes => Pkcs1PrivateDecryptingKey::new(key.clone())?.decrypt(block, &mut plaintext)?,
            Padding::Oaep(hash) => {
                let algorithm = oaep(hash).or(Err(Unspecified))?.0;
                OaepPrivateDecryptingKey::new(key.clone())?.decrypt(algorithm, block, &mut plaintext, None)?
            }
        };
        Ok(found.to_vec())
    }

    #[test]
    fn every_padding_and_length_is_decrypted_by_another() -> Result<(), Box<dyn core::error::Error>> {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048)?;
        let spki: PublicKeyX509Der<'_> = key.public_key().as_der()?;
        let public = public(modulus_of_spki(spki.as_ref()).ok_or("another form of SubjectPublicKeyInfo")?);
        for padding in [4, 0xb, 0xc, 0xd].map(Padding::Oaep).into_iter().chain([Padding::Rsaes]) {
            let most = capacity(padding)?;
            for length in [0, 1, most] {
                let block = encrypt(&public, padding, &vec![9; length])?;
                assert_eq!(decrypt(&key, padding, &block)?, vec![9; length], "{padding:?} {length}");
            }
            let longer = encrypt(&public, padding, &vec![9; most + 1]);
            assert!(matches!(longer, Err(SealError::TooLong { limit, .. }) if limit == most));
        }
        Ok(())
    }

    /// Whoever names the modulus is not trusted.
    #[test]
    fn a_modulus_that_is_none_is_refused() {
        let even = [&[0xc1; 255][..], &[2]].concat();
        for modulus in [&[0; 256][..], &[0x7f; 256], &even] {
            let answer = encrypt(&public(modulus), Padding::Rsaes, b"a secret");
            assert!(matches!(answer, Err(SealError::Key(_) | SealError::Crypto)), "{answer:?}");
        }
    }
}
