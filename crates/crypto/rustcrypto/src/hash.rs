//! Hashing of messages that arrive in parts.

use core::marker::PhantomData;

use sha2::digest::Output;
use teeproof_core::Digest;

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
