//! Crypto table with recorded results, to measure everything but signatures and hashes.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use teeproof_core::{BadSignature, Crypto, Digest, RsaKey, VerifyEcdsa, VerifyRsa};

use crate::Floor;

/// What one verification was answered, in order, for the same verification to be answered again
/// from one thread.
///
/// It compares digests with what it was given, so that they cannot be made up.
#[derive(Debug)]
pub struct Answers {
    digests: InOrder<[u8; 64]>,
    signatures: InOrder<bool>,
}

/// Values that are given one after the other, and then from the start again.
#[derive(Debug)]
struct InOrder<T> {
    all: Vec<T>,
    next: AtomicUsize,
}

impl Answers {
    /// A table for the verification whose operations these are.
    #[must_use]
    pub fn to(floor: &Floor) -> &'static Crypto<'static> {
        let (digests, signatures) = (InOrder::new(floor.digests()), InOrder::new(floor.signatures()));
        let answers: &'static Self = Box::leak(Box::new(Self { digests, signatures }));
        Box::leak(Box::new(Crypto {
            name: "none",
            sha256: answers,
            sha384: answers,
            sha512: answers,
            ecdsa_p256_sha256: answers,
            ecdsa_p384_sha384: answers,
            rsa_pss_sha384: answers,
            rsa_pkcs1_sha256: answers,
            rsa_pkcs1_sha384: answers,
            rsa_pkcs1_sha512: answers,
        }))
    }

    fn signature(&self) -> Result<(), BadSignature> {
        if *self.signatures.next() { Ok(()) } else { Err(BadSignature) }
    }
}

impl<T> InOrder<T> {
    const fn new(all: Vec<T>) -> Self {
        Self { all, next: AtomicUsize::new(0) }
    }

    fn next(&self) -> &T {
        let at = self.next.load(Relaxed);
        let next = at.wrapping_add(1);
        self.next.store(if next == self.all.len() { 0 } else { next }, Relaxed);
        self.all.get(at).expect("a recorded operation")
    }
}

impl<const N: usize> Digest<N> for Answers {
    fn digest(&self, _: &[&[u8]]) -> [u8; N] {
        *self.digests.next().first_chunk().expect("no digest is longer than 64 bytes")
    }
}

impl VerifyEcdsa for Answers {
    fn verify(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        self.signature()
    }
}

impl VerifyRsa for Answers {
    fn verify(&self, _: RsaKey<'_>, _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        self.signature()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Azure, Nitro};

    #[test]
    fn a_verification_is_answered_as_often_as_it_asks() {
        let nitro = Answers::to(&Floor::of(|crypto| _ = Nitro::PRODUCTION.verify(crypto)));
        let azure = Answers::to(&Floor::of(|crypto| _ = Azure::minted().verify(crypto)));
        for _ in 0..3 {
            assert!(Nitro::PRODUCTION.verify(nitro).is_ok());
            // One of its signatures does not hold: the pinned root's.
            assert!(Azure::minted().verify(azure).is_ok_and(|verified| !verified.is_production()));
        }
    }
}
