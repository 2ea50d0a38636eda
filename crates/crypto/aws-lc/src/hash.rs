//! Hashing of messages that arrive in parts.

use core::fmt;

use aws_lc_rs::digest;
use teeproof_core::{Digest, StreamDigest};

/// A hash function as an entry of the table, with an output of `N` bytes (checked by tests).
pub(crate) struct Hash(pub(crate) &'static digest::Algorithm);

impl<const N: usize> Digest<N> for Hash {
    fn digest(&self, message: &[&[u8]]) -> [u8; N] {
        bytes_of(&of_parts(self.0, message))
    }
}

/// The bytes of a digest of `N` bytes.
fn bytes_of<const N: usize>(digest: &digest::Digest) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    out
}

/// The digest of the concatenated parts.
pub(crate) fn of_parts(algorithm: &'static digest::Algorithm, message: &[&[u8]]) -> digest::Digest {
    if let [whole] = message {
        return digest::digest(algorithm, whole);
    }
    let mut context = digest::Context::new(algorithm);
    for part in message {
        context.update(part);
    }
    context.finish()
}

/// SHA-384 of a message that arrives in parts.
#[derive(Clone)]
pub struct Sha384Stream(digest::Context);

impl StreamDigest<48> for Sha384Stream {
    fn new() -> Self {
        Self(digest::Context::new(&digest::SHA384))
    }

    fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    fn finish(self) -> [u8; 48] {
        bytes_of(&self.0.finish())
    }
}

impl fmt::Debug for Sha384Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sha384Stream").finish_non_exhaustive()
    }
}
