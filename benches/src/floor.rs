//! The operations that a verification asks its table for, recorded, to be made again alone.

use std::cell::RefCell;

use teeproof_core::{BadSignature, Crypto, Digest, RsaKey, VerifyEcdsa, VerifyRsa};

/// One operation with its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    entry: Entry,
    /// The point, or the modulus.
    key: Vec<u8>,
    exponent: Vec<u8>,
    message: Vec<Vec<u8>>,
    signature: Vec<u8>,
}

/// An entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Sha256,
    Sha384,
    Sha512,
    EcdsaP256Sha256,
    EcdsaP384Sha384,
    RsaPssSha384,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
}

/// The operations of one verification, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor(Vec<Operation>);

thread_local! {
    static RECORDED: RefCell<Vec<Operation>> = const { RefCell::new(Vec::new()) };
}

impl Floor {
    /// Records what `run` asks the table for that it is given.
    pub fn of(run: impl FnOnce(&'static Crypto<'static>)) -> Self {
        RECORDED.with_borrow_mut(Vec::clear);
        run(&RECORDING);
        Self(RECORDED.with_borrow_mut(std::mem::take))
    }

    /// How many signatures are among the operations.
    #[must_use]
    pub fn signatures(&self) -> usize {
        let digests = [Entry::Sha256, Entry::Sha384, Entry::Sha512];
        self.0.iter().filter(|operation| !digests.contains(&operation.entry)).count()
    }

    /// Makes the operations again.
    ///
    /// # Errors
    /// A signature does not hold.
    pub fn run(&self, crypto: &Crypto) -> Result<(), BadSignature> {
        self.0.iter().try_for_each(|operation| operation.run(crypto))
    }
}

impl Operation {
    fn run(&self, crypto: &Crypto) -> Result<(), BadSignature> {
        // No verification has more parts in one message.
        let mut parts: [&[u8]; 4] = [&[]; 4];
        for (slot, part) in parts.iter_mut().zip(&self.message) {
            *slot = part;
        }
        let message = parts.get(..self.message.len()).ok_or(BadSignature)?;
        let key = RsaKey { modulus: &self.key, exponent: &self.exponent };
        let (point, signature) = (&*self.key, &*self.signature);
        match self.entry {
            Entry::Sha256 => drop(std::hint::black_box(crypto.sha256.digest(message))),
            Entry::Sha384 => drop(std::hint::black_box(crypto.sha384.digest(message))),
            Entry::Sha512 => drop(std::hint::black_box(crypto.sha512.digest(message))),
            Entry::EcdsaP256Sha256 => crypto.ecdsa_p256_sha256.verify(point, message, signature)?,
            Entry::EcdsaP384Sha384 => crypto.ecdsa_p384_sha384.verify(point, message, signature)?,
            Entry::RsaPssSha384 => crypto.rsa_pss_sha384.verify(key, message, signature)?,
            Entry::RsaPkcs1Sha256 => crypto.rsa_pkcs1_sha256.verify(key, message, signature)?,
            Entry::RsaPkcs1Sha384 => crypto.rsa_pkcs1_sha384.verify(key, message, signature)?,
            Entry::RsaPkcs1Sha512 => crypto.rsa_pkcs1_sha512.verify(key, message, signature)?,
        }
        Ok(())
    }
}

/// A table that records and then asks the fast one.
static RECORDING: Crypto = Crypto {
    name: "recording",
    sha256: &Recorded(Entry::Sha256),
    sha384: &Recorded(Entry::Sha384),
    sha512: &Recorded(Entry::Sha512),
    ecdsa_p256_sha256: &Recorded(Entry::EcdsaP256Sha256),
    ecdsa_p384_sha384: &Recorded(Entry::EcdsaP384Sha384),
    rsa_pss_sha384: &Recorded(Entry::RsaPssSha384),
    rsa_pkcs1_sha256: &Recorded(Entry::RsaPkcs1Sha256),
    rsa_pkcs1_sha384: &Recorded(Entry::RsaPkcs1Sha384),
    rsa_pkcs1_sha512: &Recorded(Entry::RsaPkcs1Sha512),
};

struct Recorded(Entry);

impl Recorded {
    fn record(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Operation {
        let operation = Operation {
            entry: self.0,
            key: key.modulus.to_vec(),
            exponent: key.exponent.to_vec(),
            message: message.iter().map(|part| part.to_vec()).collect(),
            signature: signature.to_vec(),
        };
        RECORDED.with_borrow_mut(|recorded| recorded.push(operation.clone()));
        operation
    }
}

impl VerifyEcdsa for Recorded {
    fn verify(&self, point: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let key = RsaKey { modulus: point, exponent: &[] };
        self.record(key, message, signature).run(&teeproof_aws_lc::TABLE)
    }
}

impl VerifyRsa for Recorded {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.record(key, message, signature).run(&teeproof_aws_lc::TABLE)
    }
}

macro_rules! recorded_digest {
    ($bytes:literal, $entry:ident) => {
        impl Digest<$bytes> for Recorded {
            fn digest(&self, message: &[&[u8]]) -> [u8; $bytes] {
                self.record(RsaKey { modulus: &[], exponent: &[] }, message, &[]);
                teeproof_aws_lc::TABLE.$entry.digest(message)
            }
        }
    };
}

recorded_digest!(32, sha256);
recorded_digest!(48, sha384);
recorded_digest!(64, sha512);
