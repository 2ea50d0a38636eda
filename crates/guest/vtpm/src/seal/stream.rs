//! Data of any length under a key that is used for nothing else: AES-256-GCM in chunks, each with
//! its number, the last one marked, so that chunks cannot be swapped, repeated or cut off.
//!
//! The nonce of a chunk is its number (11 bytes, big-endian, from 0) and 1 for the last chunk, 0 for
//! the others: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015).

use std::io::{Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::SealError;

/// Bytes of plaintext in a chunk; the last one may have fewer, or none.
pub(super) const CHUNK: usize = 64 * 1024;
/// Bytes that sealing adds to a chunk.
const TAG: usize = 16;

/// A key for one stream.
pub(super) struct Cipher<'h> {
    key: LessSafeKey,
    /// Additional data of every chunk.
    head: &'h [u8],
    number: u64,
}

impl<'h> Cipher<'h> {
    /// `key` must never have been used before.
    pub(super) fn new(key: &[u8], head: &'h [u8]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, key).or(Err(SealError::Crypto))?;
        Ok(Self { key: LessSafeKey::new(key), head, number: 0 })
    }

    /// Seals the whole input.
    pub(super) fn seal(mut self, from: &mut dyn Read, to: &mut dyn Write) -> Result<(), SealError> {
        let mut chunk = Zeroizing::new(Vec::with_capacity(CHUNK.saturating_add(TAG)));
        let mut next = Zeroizing::new(Vec::with_capacity(CHUNK.saturating_add(TAG)));
        fill(from, &mut chunk, CHUNK)?;
        loop {
            // Only what follows tells whether a full chunk is the last one.
            fill(from, &mut next, CHUNK)?;
            let last = next.is_empty();
            let nonce = self.nonce(last)?;
            self.key
                .seal_in_place_append_tag(nonce, Aad::from(self.head), &mut *chunk)
                .or(Err(SealError::Crypto))?;
            to.write_all(&chunk)?;
            if last {
                return Ok(());
            }
            core::mem::swap(&mut chunk, &mut next);
        }
    }

    /// Opens the whole input. A chunk is written as soon as it is known to be genuine; only the end
    /// shows that nothing was cut off.
    pub(super) fn open(mut self, from: &mut dyn Read, to: &mut dyn Write) -> Result<(), SealError> {
        let sealed = CHUNK.saturating_add(TAG);
        let mut chunk = Zeroizing::new(Vec::with_capacity(sealed));
        let mut next = Zeroizing::new(Vec::with_capacity(sealed));
        fill(from, &mut chunk, sealed)?;
        loop {
            fill(from, &mut next, sealed)?;
            let last = next.is_empty();
            let nonce = self.nonce(last)?;
            let opened = self
                .key
                .open_in_place(nonce, Aad::from(self.head), &mut chunk)
                .or(Err(SealError::Altered))?;
            to.write_all(opened)?;
            if last {
                return Ok(());
            }
            core::mem::swap(&mut chunk, &mut next);
        }
    }

    fn nonce(&mut self, last: bool) -> Result<Nonce, SealError> {
        let mut nonce = [0; 12];
        let [_, _, _, counter @ .., flag] = &mut nonce;
        *counter = self.number.to_be_bytes();
        *flag = u8::from(last);
        self.number = self.number.checked_add(1).ok_or(SealError::Crypto)?;
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// Fills the chunk, as far as there is something.
fn fill(from: &mut dyn Read, chunk: &mut Vec<u8>, bytes: usize) -> Result<(), SealError> {
    chunk.clear();
    from.take(u64::try_from(bytes).unwrap_or(u64::MAX)).read_to_end(chunk)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(data: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::new();
        Cipher::new(&[7; 32], b"head")?.seal(&mut &data[..], &mut out)?;
        Ok(out)
    }

    fn opened(sealed: &[u8], head: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::new();
        Cipher::new(&[7; 32], head)?.open(&mut &sealed[..], &mut out)?;
        Ok(out)
    }

    #[test]
    fn every_length_comes_back() -> Result<(), SealError> {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            let data: Vec<u8> = (0..=250).cycle().take(length).collect();
            assert_eq!(opened(&sealed(&data)?, b"head")?, data, "{length}");
        }
        Ok(())
    }

    #[test]
    fn chunks_cannot_be_cut_off_swapped_or_repeated() -> Result<(), SealError> {
        let whole = sealed(&vec![1; 2 * CHUNK + 10])?;
        let step = CHUNK + TAG;
        let (first, rest) = whole.split_at(step);
        let (second, third) = rest.split_at(step);
        for forged in [
            vec![],
            first.to_vec(),
            [first, second].concat(),
            [first, third].concat(),
            [second, first, third].concat(),
            [first, first, second, third].concat(),
            [&whole[..], b"x"].concat(),
            [&whole[..], third].concat(),
            whole[..whole.len() - 1].to_vec(),
        ] {
            assert!(matches!(opened(&forged, b"head"), Err(SealError::Altered)));
        }
        assert!(matches!(opened(&whole, b"Head"), Err(SealError::Altered)));
        Ok(())
    }

    #[test]
    fn no_bit_can_be_changed() -> Result<(), SealError> {
        let whole = sealed(b"a secret")?;
        for bit in 0..whole.len() * 8 {
            let mut forged = whole.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(opened(&forged, b"head"), Err(SealError::Altered)), "{bit}");
        }
        Ok(())
    }
}
