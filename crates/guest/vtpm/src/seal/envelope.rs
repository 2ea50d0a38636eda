//! An envelope for data of any size: a key of its own for the content, which is wrapped for the
//! TPM's key.

use std::io::{Read, Write};

use teeproof_wire::tpm::{SHA256, Selection};
use zeroize::Zeroizing;

use super::stream::Cipher;
use super::{SealError, SealedHead, decrypt, encrypt, head_bytes, read_head};
use crate::{Padding, Tpm};

/// AES-256.
const KEY_BYTES: usize = 32;

/// Seals data to a key of the TPM's, anywhere: `public` is its TPMT_PUBLIC, `registers` are those
/// that guard it.
///
/// # Errors
/// The public area is not that of a key for sealing; reading or writing fails.
pub fn seal_envelope(
    public: &[u8],
    registers: Selection,
    padding: Padding,
    data: &mut dyn Read,
    envelope: &mut dyn Write,
) -> Result<(), SealError> {
    if registers.bank != SHA256 {
        return Err(SealError::Key("it is guarded by another bank than sha256"));
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    aws_lc_rs::rand::fill(key.as_mut()).or(Err(SealError::Crypto))?;
    let wrapped = encrypt(public, padding, key.as_ref())?;
    let oaep = padding.oaep();
    let head = SealedHead { oaep, pcrs: registers, public, wrapped: &wrapped, content_bytes: 0 };
    let head = head_bytes(&head);
    envelope.write_all(&head)?;
    Cipher::new(key.as_ref(), &head)?.seal(data, envelope)
}

/// Opens an envelope inside of the machine that it was sealed to.
///
/// What is written is not to be used unless all of it was: only the end shows that nothing was cut
/// off.
///
/// # Errors
/// It is no envelope, was altered or cut off; the PCRs have changed; this TPM does not make
/// the key (any more); reading or writing fails.
pub fn open_envelope(
    tpm: &mut dyn Tpm,
    envelope: &mut dyn Read,
    data: &mut dyn Write,
) -> Result<(), SealError> {
    let bytes = read_head(envelope)?;
    let head = SealedHead::parse(&bytes).map_err(SealError::Envelope)?;
    let key = decrypt(tpm, head.public, head.pcrs, Padding::of(head.oaep), head.wrapped)?;
    if key.len() != KEY_BYTES {
        return Err(SealError::Altered);
    }
    Cipher::new(&key, &bytes)?.open(envelope, data)
}
