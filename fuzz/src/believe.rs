//! Crypto tables that accept signatures unchecked, so that a fuzzer gets past them, and that count signatures and
//! hashed bytes. For this crate only.

use std::cell::Cell;

use teeproof_core::{BadSignature, Crypto, Digest, RsaKey, StreamDigest, VerifyEcdsa, VerifyRsa};
use teeproof_rustcrypto::TABLE;

/// Which signatures a table believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    All,
    None,
    /// Those whose last byte is even: the input decides, and always the same way.
    Some,
}

impl Belief {
    /// A table of this belief, with real digests, which are counted.
    pub(crate) fn table(self) -> Crypto<'static> {
        let believer: &'static Belief = match self {
            Self::All => &Self::All,
            Self::None => &Self::None,
            Self::Some => &Self::Some,
        };
        Crypto {
            name: "null",
            sha256: believer,
            sha384: believer,
            sha512: believer,
            ecdsa_p256_sha256: believer,
            ecdsa_p384_sha384: believer,
            rsa_pss_sha384: believer,
            rsa_pkcs1_sha256: believer,
            rsa_pkcs1_sha384: believer,
            rsa_pkcs1_sha512: believer,
        }
    }

    fn judge(self, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        // Counted as SHA-384 and SHA-512 take it; SHA-256 never takes more.
        let blocks = blocks(message, 128, 17);
        count(|work| {
            work.signatures += 1;
            work.hash_blocks += blocks;
        });
        let good = match self {
            Self::All => true,
            Self::None => false,
            Self::Some => signature.last().is_some_and(|last| last % 2 == 0),
        };
        if good { Ok(()) } else { Err(BadSignature) }
    }
}

/// The work of a crypto table in one verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How many signatures.
    pub signatures: usize,
    /// How many digests, those inside of signatures apart.
    pub hashes: usize,
    /// How many bytes went into these.
    pub hashed_bytes: usize,
    /// How many blocks of 64 bytes all hashing took, signed messages and padding included; a block
    /// of SHA-384 counts for two.
    pub hash_blocks: usize,
}

thread_local! {
    static WORK: Cell<Work> = const {
        Cell::new(Work { signatures: 0, hashes: 0, hashed_bytes: 0, hash_blocks: 0 })
    };
}

/// Runs a function and counts the work of its table.
pub(crate) fn counted<T>(run: impl FnOnce() -> T) -> (T, Work) {
    WORK.with(|work| work.set(Work::default()));
    let value = run();
    (value, WORK.with(Cell::get))
}

fn count(change: impl FnOnce(&mut Work)) {
    WORK.with(|work| {
        let mut counted = work.get();
        change(&mut counted);
        work.set(counted);
    });
}

/// Blocks of 64 bytes of a hash with blocks of this size, which adds at least so many bytes.
fn blocks(message: &[&[u8]], block: usize, padding: usize) -> usize {
    (length(message) + padding).div_ceil(block) * (block / 64)
}

fn length(message: &[&[u8]]) -> usize {
    message.iter().map(|part| part.len()).sum()
}

impl VerifyEcdsa for Belief {
    fn verify(&self, _: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.judge(message, signature)
    }
}

impl VerifyRsa for Belief {
    fn verify(&self, _: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.judge(message, signature)
    }
}

macro_rules! counted_digest {
    ($bytes:literal, $entry:ident, $block:literal, $padding:literal) => {
        impl Digest<$bytes> for Belief {
            fn digest(&self, message: &[&[u8]]) -> [u8; $bytes] {
                count(|work| {
                    work.hashes += 1;
                    work.hashed_bytes += length(message);
                    work.hash_blocks += blocks(message, $block, $padding);
                });
                TABLE.$entry.digest(message)
            }
        }
    };
}

counted_digest!(32, sha256, 64, 9);
counted_digest!(48, sha384, 128, 17);
counted_digest!(64, sha512, 128, 17);

/// A stream of SHA-384 whose blocks are counted where they are hashed: of a clone, those before it are not again.
#[derive(Clone, Debug)]
pub(crate) struct CountedStream<H> {
    inner: H,
    /// Bytes that do not fill a block yet.
    pending: usize,
}

impl<H: StreamDigest<48>> StreamDigest<48> for CountedStream<H> {
    fn new() -> Self {
        Self { inner: H::new(), pending: 0 }
    }

    fn update(&mut self, part: &[u8]) {
        let bytes = self.pending + part.len();
        self.pending = bytes % 128;
        count(|work| {
            work.hashed_bytes += part.len();
            work.hash_blocks += bytes / 128 * 2;
        });
        self.inner.update(part);
    }

    fn finish(self) -> [u8; 48] {
        count(|work| {
            work.hashes += 1;
            work.hash_blocks += (self.pending + 17).div_ceil(128) * 2;
        });
        self.inner.finish()
    }
}
