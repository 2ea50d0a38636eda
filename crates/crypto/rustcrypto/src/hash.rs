//! Hashing of messages that arrive in parts.

use core::marker::PhantomData;

use sha2::digest::Output;
use teeproof_core::{Digest, StreamDigest};

/// The hash function `D` as an entry of the table.
pub(crate) struct Hash<D>(PhantomData<fn() -> D>);

impl<D> Hash<D> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<D, const N: usize> Digest<N> for Hash<D>
where
    D: sha2::Digest,
    [u8; N]: From<Output<D>>,
{
    fn digest(&self, message: &[&[u8]]) -> [u8; N] {
        of_parts::<D>(message).into()
    }
}

/// The digest of the concatenated parts.
pub(crate) fn of_parts<D: sha2::Digest>(message: &[&[u8]]) -> Output<D> {
    let mut hash = D::new();
    for part in message {
        hash.update(part);
    }
    hash.finalize()
}

/// SHA-384 of a message that arrives in parts.
#[derive(Clone, Debug)]
pub struct Sha384Stream(sha2::Sha384);

impl StreamDigest<48> for Sha384Stream {
    fn new() -> Self {
        Self(sha2::Digest::new())
    }

    fn update(&mut self, part: &[u8]) {
        sha2::Digest::update(&mut self.0, part);
    }

    fn finish(self) -> [u8; 48] {
        sha2::Digest::finalize(self.0).into()
    }
}
