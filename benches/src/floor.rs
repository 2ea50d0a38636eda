//! Recorded cryptographic operations of a verification, to be repeated alone.

use std::cell::RefCell;
use std::hint::black_box;

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
    /// Whether the signature holds. Evidence under an added anchor that has the name of a pinned
    /// one is checked under both.
    holds: bool,
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

impl Entry {
    const fn is_digest(self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha384 | Self::Sha512)
    }
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

    /// Whether each signature holds, in order.
    #[must_use]
    pub fn signatures(&self) -> Vec<bool> {
        let signatures = self.0.iter().filter(|operation| !operation.entry.is_digest());
        signatures.map(|operation| operation.holds).collect()
    }

    /// The last signature among the operations, alone.
    #[must_use]
    pub fn last_signature(&self) -> Option<Self> {
        self.0.iter().rfind(|operation| !operation.entry.is_digest()).map(|last| Self(vec![last.clone()]))
    }

    /// What each hash gave, in order; the shorter ones with zeros behind them.
    #[must_use]
    pub fn digests(&self) -> Vec<[u8; 64]> {
        let hashes = self.0.iter().filter(|operation| operation.entry.is_digest());
        hashes.map(|operation| operation.digest(&teeproof_aws_lc::TABLE)).collect()
    }

    /// Makes the operations again. Each has to end as it did when it was recorded.
    pub fn again(&self, crypto: &Crypto) {
        for operation in &black_box(self).0 {
            assert_eq!(operation.run(crypto).is_ok(), operation.holds);
        }
    }
}

impl Operation {
    /// Makes the operation. The floor must not pay for more than it does, so that messages of one
    /// or two parts, which all short ones are, are handed on as cheaply as a verification does it.
    fn run(&self, crypto: &Crypto) -> Result<(), BadSignature> {
        match self.message.as_slice() {
            [whole] => self.over(&[whole], crypto),
            [head, tail] => self.over(&[head, tail], crypto),
            many => {
                // No verification has more parts in one message than a TPM has registers.
                let mut parts: [&[u8]; 24] = [&[]; 24];
                for (slot, part) in parts.iter_mut().zip(many) {
                    *slot = part;
                }
                self.over(parts.get(..many.len()).ok_or(BadSignature)?, crypto)
            }
        }
    }

    fn over(&self, message: &[&[u8]], crypto: &Crypto) -> Result<(), BadSignature> {
        let key = RsaKey { modulus: &self.key, exponent: &self.exponent };
        let (point, signature) = (&*self.key, &*self.signature);
        match self.entry {
            Entry::Sha256 => _ = black_box(crypto.sha256.digest(message)),
            Entry::Sha384 => _ = black_box(crypto.sha384.digest(message)),
            Entry::Sha512 => _ = black_box(crypto.sha512.digest(message)),
            Entry::EcdsaP256Sha256 => crypto.ecdsa_p256_sha256.verify(point, message, signature)?,
            Entry::EcdsaP384Sha384 => crypto.ecdsa_p384_sha384.verify(point, message, signature)?,
            Entry::RsaPssSha384 => crypto.rsa_pss_sha384.verify(key, message, signature)?,
            Entry::RsaPkcs1Sha256 => crypto.rsa_pkcs1_sha256.verify(key, message, signature)?,
            Entry::RsaPkcs1Sha384 => crypto.rsa_pkcs1_sha384.verify(key, message, signature)?,
            Entry::RsaPkcs1Sha512 => crypto.rsa_pkcs1_sha512.verify(key, message, signature)?,
        }
        Ok(())
    }

    /// What a hash gives, with zeros behind a shorter one.
    fn digest(&self, crypto: &Crypto) -> [u8; 64] {
        let message: Vec<&[u8]> = self.message.iter().map(Vec::as_slice).collect();
        let mut padded = [0; 64];
        let digest = match self.entry {
            Entry::Sha256 => crypto.sha256.digest(&message).to_vec(),
            Entry::Sha384 => crypto.sha384.digest(&message).to_vec(),
            _ => crypto.sha512.digest(&message).to_vec(),
        };
        padded.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        padded
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
    fn record(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let mut operation = Operation {
            entry: self.0,
            key: key.modulus.to_vec(),
            exponent: key.exponent.to_vec(),
            message: message.iter().map(|part| part.to_vec()).collect(),
            signature: signature.to_vec(),
            holds: true,
        };
        let answer = operation.run(&teeproof_aws_lc::TABLE);
        operation.holds = answer.is_ok();
        RECORDED.with_borrow_mut(|recorded| recorded.push(operation));
        answer
    }
}

impl VerifyEcdsa for Recorded {
    fn verify(&self, point: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let key = RsaKey { modulus: point, exponent: &[] };
        self.record(key, message, signature)
    }
}

impl VerifyRsa for Recorded {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.record(key, message, signature)
    }
}

macro_rules! recorded_digest {
    ($bytes:literal, $entry:ident) => {
        impl Digest<$bytes> for Recorded {
            fn digest(&self, message: &[&[u8]]) -> [u8; $bytes] {
                let made = self.record(RsaKey { modulus: &[], exponent: &[] }, message, &[]);
                assert!(made.is_ok());
                teeproof_aws_lc::TABLE.$entry.digest(message)
            }
        }
    };
}

recorded_digest!(32, sha256);
recorded_digest!(48, sha384);
recorded_digest!(64, sha512);

#[cfg(test)]
mod tests {
    use teeproof_x509::{CachedSignatures, SignatureCache};

    use super::Floor;
    use crate::{Azure, Nitro, NitroTpm, Snp};

    const COLD: CachedSignatures<'static> = CachedSignatures::NONE;

    fn cached(cache: SignatureCache) -> CachedSignatures<'static> {
        CachedSignatures::from_cache(Box::leak(Box::new(cache)))
    }

    fn snp(cache: CachedSignatures<'static>) -> usize {
        let floor = Floor::of(|crypto| _ = Snp::MILAN.verify_with(cache, crypto).expect("genuine"));
        floor.signatures().len()
    }

    fn nitro(cache: CachedSignatures<'static>) -> usize {
        let vector = Nitro::PRODUCTION;
        Floor::of(|crypto| _ = vector.verify_with(cache, crypto).expect("genuine")).signatures().len()
    }

    fn nitrotpm(cache: CachedSignatures<'static>) -> usize {
        let vector = NitroTpm::MINTED;
        Floor::of(|crypto| _ = vector.verify_with(cache, crypto).expect("minted")).signatures().len()
    }

    fn azure(cache: CachedSignatures<'static>) -> usize {
        let vector = Azure::minted();
        Floor::of(|crypto| _ = vector.verify_with(cache, crypto).expect("minted")).signatures().len()
    }

    #[test]
    fn the_signatures_are_those_that_the_architecture_promises() {
        assert_eq!(snp(COLD), 2);
        assert_eq!(snp(cached(Snp::MILAN.chain_cached())), 1);
        assert_eq!(nitro(COLD), 5);
        assert_eq!(nitro(cached(Nitro::PRODUCTION.chain_cached(false))), 2);
        assert_eq!(nitro(cached(Nitro::PRODUCTION.chain_cached(true))), 1);
        assert_eq!(nitrotpm(COLD), 5);
        assert_eq!(nitrotpm(cached(NitroTpm::MINTED.chain_cached())), 1);
        // Two of the AK's chain, two of the report's (its intermediate is not pinned), the report, the
        // quote. AMD's root of the same name has another key identifier and is not checked.
        assert_eq!(azure(COLD), 6);
        assert_eq!(azure(cached(Azure::minted().chains_cached(false))), 2);
        assert_eq!(azure(cached(Azure::minted().chains_cached(true))), 1);
        let vm = Azure::minted().verify(&teeproof_aws_lc::TABLE).expect("minted");
        let again = Floor::of(|crypto| _ = Azure::minted().verify_again(&vm, crypto).expect("minted"));
        assert_eq!(again.signatures().len(), 1);
    }
}
