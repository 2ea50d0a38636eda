//! Tables of cryptography that believe signatures without looking, so that a fuzzer comes past
//! them, and count how many they were asked about. They live here and nowhere else.

use std::cell::Cell;

use teeproof_core::{BadSignature, Crypto, RsaKey, VerifyEcdsa, VerifyRsa};

/// Which signatures a table believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    All,
    None,
    /// Those whose last byte is even: the input decides, and always the same way.
    Some,
}

impl Belief {
    /// A table of this belief, with real digests.
    pub(crate) fn table(self) -> Crypto {
        let believer: &'static Belief = match self {
            Self::All => &Self::All,
            Self::None => &Self::None,
            Self::Some => &Self::Some,
        };
        Crypto {
            name: "null",
            ecdsa_p256_sha256: believer,
            ecdsa_p384_sha384: believer,
            rsa_pss_sha384: believer,
            rsa_pkcs1_sha256: believer,
            rsa_pkcs1_sha384: believer,
            rsa_pkcs1_sha512: believer,
            ..teeproof_rustcrypto::TABLE
        }
    }

    fn judge(self, signature: &[u8]) -> Result<(), BadSignature> {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        let good = match self {
            Self::All => true,
            Self::None => false,
            Self::Some => signature.last().is_some_and(|last| last % 2 == 0),
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }
}

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// Runs something, and counts the signatures that it asked about.
pub(crate) fn counted<T>(run: impl FnOnce() -> T) -> (T, usize) {
    CALLS.with(|calls| calls.set(0));
    let value = run();
    (value, signatures_asked())
}

/// How many signatures the last verification of this thread asked about.
#[must_use]
pub fn signatures_asked() -> usize {
    CALLS.with(Cell::get)
}

impl VerifyEcdsa for Belief {
    fn verify(&self, _: &[u8], _: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.judge(signature)
    }
}

impl VerifyRsa for Belief {
    fn verify(&self, _: RsaKey<'_>, _: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.judge(signature)
    }
}
