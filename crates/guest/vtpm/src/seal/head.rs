//! The head of an envelope, written and read off a stream; [`SealedHead`] parses it.

#[cfg(test)]
mod tests;

use std::io::Read;

use teeproof_wire::sealed::{MAGIC, SealedHead};
use teeproof_wire::{Error, ErrorKind};

use super::SealError;

/// The most bytes of a head.
pub const MAX_HEAD: usize = 1024;

const VERSION: u16 = 1;
const RSAES: u16 = 0x0015;
const OAEP: u16 = 0x0017;
const NULL: u16 = 0x0010;
/// Everything up to and with the size of the public area.
const FIXED: usize = 21;

/// The head in bytes: what [`SealedHead::parse`] reads, without the content.
#[must_use]
pub fn head_bytes(head: &SealedHead<'_>) -> Vec<u8> {
    let (scheme, hash) = head.oaep.map_or((RSAES, NULL), |hash| (OAEP, hash));
    let [first, second, third, _] = head.pcrs.bitmap.to_le_bytes();
    let fields: [&[u8]; 7] = [
        MAGIC,
        &[VERSION, scheme, hash, head.pcrs.bank].map(u16::to_be_bytes).concat(),
        &[first, second, third],
        &size(head.public),
        head.public,
        &size(head.wrapped),
        head.wrapped,
    ];
    fields.concat()
}

/// Reads a head off an envelope, and not a byte more: at most [`MAX_HEAD`] bytes, which
/// [`SealedHead::parse`] accepts.
///
/// # Errors
/// Those of [`SealedHead::parse`]; an envelope that ends within its head; the stream fails.
pub fn read_head(envelope: &mut dyn Read) -> Result<Vec<u8>, SealError> {
    let mut bytes = Vec::with_capacity(MAX_HEAD);
    more(envelope, &mut bytes, FIXED)?;
    let public = last_size(&bytes)?;
    more(envelope, &mut bytes, public.saturating_add(2))?;
    let wrapped = last_size(&bytes)?;
    more(envelope, &mut bytes, wrapped)?;
    SealedHead::parse(&bytes).map_err(SealError::Envelope)?;
    Ok(bytes)
}

/// The size at the end of the bytes so far. An error before it, or in it, comes first.
fn last_size(bytes: &[u8]) -> Result<usize, SealError> {
    match SealedHead::parse(bytes) {
        Err(error) if error.kind != ErrorKind::Truncated => Err(SealError::Envelope(error)),
        _ => Ok(bytes.last_chunk().map_or(0, |size| usize::from(u16::from_be_bytes(*size)))),
    }
}

/// Reads exactly so many bytes more.
fn more(stream: &mut dyn Read, bytes: &mut Vec<u8>, count: usize) -> Result<(), SealError> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let read = stream.take(count).read_to_end(bytes)?;
    if u64::try_from(read) == Ok(count) {
        return Ok(());
    }
    let (kind, what, expected) = (ErrorKind::Truncated, "sealed file", "a whole head");
    Err(SealError::Envelope(Error::new(kind, what, bytes.len(), expected)))
}

fn size(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}
