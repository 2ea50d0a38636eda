//! A TPM's quote as bincode, which one Azure library writes of its own struct.
//!
//! Little-endian: a length of eight bytes and the signature, a length and the message, the number
//! of registers (24) and their values.

use alloc::vec::Vec;

use crate::pcrs::Sha256Pcrs;
use crate::{InputKind, Part};

/// The parts, if the bytes are laid out so from the first to the last.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<Part>> {
    let (signature, rest) = sized(bytes)?;
    let (message, rest) = sized(rest)?;
    let (count, values) = rest.split_first_chunk()?;
    let (values, partial) = values.as_chunks::<32>();
    let values: &[[u8; 32]; 24] = values.try_into().ok()?;
    if signature.len() != 256 || u64::from_le_bytes(*count) != 24 || !partial.is_empty() {
        return None;
    }
    Some(Vec::from([
        Part::parse(InputKind::TpmQuote, message.to_vec()),
        Part::parse(InputKind::TpmSignature, signature.to_vec()),
        Part::from(Sha256Pcrs::new(values.map(Some))?),
    ]))
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}
