//! Hashing of messages that arrive in parts.

use aws_lc_rs::digest;
use teeproof_core::Digest;

/// A hash function as an entry of the table, with an output of `N` bytes (checked by tests).
pub(crate) struct Hash(pub(crate) &'static digest::Algorithm);

impl<const N: usize> Digest<N> for Hash {
    fn digest(&self, message: &[&[u8]]) -> [u8; N] {
        let digest = of_parts(self.0, message);
        let mut out = [0; N];
        for (to, from) in out.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        out
    }
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
