//! The signature cache: its contents and its bounds.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use support::{Chain, verify_path};
use teeproof_core::{BadSignature, Crypto, Time, VerifyEcdsa};
use teeproof_mint::nitro::{Identity, profile};
use teeproof_mint::x509::Link;
use teeproof_mint::{DEFAULT_TIME, Key, Kind};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{
    AnchoredPath, CachedSignatures, Error, MAX_CACHED_BYTES, PinnedPair, Problem, SignatureBudget,
    SignatureCache, SignatureChecks, VerifiedSignature, verify_p256_statement,
};

const AT: i64 = DEFAULT_TIME as i64;

/// Believes nothing: a signature that is found to hold under it was remembered.
struct Nothing;

impl VerifyEcdsa for Nothing {
    fn verify(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature)
    }
}

const REAL: Crypto<'static> = teeproof_aws_lc::TABLE;
const NOTHING: Crypto<'static> = Crypto { ecdsa_p384_sha384: &Nothing, ecdsa_p256_sha256: &Nothing, ..REAL };

fn verify_statement<'a>(
    signer: &Certificate<'a>,
    signed: &'a [u8],
    signature: [u8; 96],
    cache: CachedSignatures<'_>,
    crypto: &Crypto,
) -> Result<VerifiedSignature<'a>, Problem> {
    let budget = SignatureBudget::new(1);
    let checks = SignatureChecks { crypto, cache, budget: &budget };
    teeproof_x509::verify_statement(signer, signed, signature, &checks)
}

fn certificates(chain: &Chain) -> Vec<Certificate<'_>> {
    chain.0.iter().map(|der| Certificate::parse(der).unwrap()).collect()
}

fn verify<'a>(
    chain: &'a Chain,
    known: CachedSignatures<'_>,
    crypto: &Crypto,
) -> Result<AnchoredPath<'a>, Error> {
    let all = certificates(chain);
    verify_path(all[0], &all[1..], &[], known, crypto)
}

fn usual() -> Chain {
    Chain::mint(&profile(&Identity::default(), DEFAULT_TIME))
}

/// A cache that has seen this chain.
fn taught(chain: &Chain, signatures: usize) -> SignatureCache {
    let mut cache = SignatureCache::new(signatures);
    let new = cache.new_signatures(verify(chain, CachedSignatures::NONE, &REAL).unwrap().signatures());
    cache.insert(new);
    cache
}

#[test]
fn a_known_path_needs_no_signature() {
    let chain = usual();
    let refused =
        verify(&chain, CachedSignatures::from_cache(&SignatureCache::new(100)), &NOTHING).unwrap_err();
    assert_eq!(refused, Error { link: 1, problem: Problem::Signature });
    let cache = taught(&chain, 100);
    assert_eq!(cache.len(), chain.0.len() - 1);
    let path = verify(&chain, CachedSignatures::from_cache(&cache), &NOTHING).unwrap();
    assert!(cache.new_signatures(path.signatures()).is_empty());
}

/// Time, names and constraints are not remembered.
#[test]
fn a_known_path_still_expires() {
    let chain = usual();
    let cache = taught(&chain, 100);
    let path = verify(&chain, CachedSignatures::from_cache(&cache), &NOTHING).unwrap();
    assert!(path.valid_at(Time(AT), 0).is_ok());
    assert!(path.valid_at(Time(path.validity().not_after.0 + 1), 0).is_err());
    let all = certificates(&chain);
    let shuffled =
        verify_path(all[1], &[all[3], all[4]], &[], CachedSignatures::from_cache(&cache), &NOTHING);
    assert_eq!(shuffled.unwrap_err(), Error { link: 1, problem: Problem::Issuer });
}

/// Each bit of each certificate below the root, and of the root.
#[test]
fn one_other_bit_is_another_signature() {
    let chain = usual();
    let cache = taught(&chain, 100);
    for at in 0..chain.0.len() {
        for bit in 0..chain.0[at].len() * 8 {
            let mut changed = chain.clone();
            changed.0[at][bit / 8] ^= 1 << (bit % 8);
            let all: Result<Vec<_>, _> = changed.0.iter().map(|der| Certificate::parse(der)).collect();
            let Ok(all) = all else { continue };
            let outcome = verify_path(all[0], &all[1..], &[], CachedSignatures::from_cache(&cache), &NOTHING);
            assert!(outcome.is_err(), "certificate {at}, bit {bit}");
        }
    }
}

/// The same names under another root's key.
#[test]
fn another_signer_is_not_known() {
    let mut links = profile(&Identity::default(), DEFAULT_TIME);
    let cache = taught(&Chain::mint(&links), 100);
    links[0] = Link::new(links[0].certificate.clone(), Key::fresh(Kind::P384));
    let refused = verify(&Chain::mint(&links), CachedSignatures::from_cache(&cache), &NOTHING).unwrap_err();
    assert_eq!(refused, Error { link: 1, problem: Problem::Signature });
}

#[test]
fn what_is_used_stays_and_the_rest_is_forgotten() {
    let kept = usual();
    let mut cache = taught(&kept, 20);
    let mut last = kept.clone();
    for _ in 0..30 {
        last = Chain::mint(&fresh());
        for chain in [&kept, &last] {
            let new = cache.new_signatures(
                verify(chain, CachedSignatures::from_cache(&cache), &REAL).unwrap().signatures(),
            );
            cache.insert(new);
            assert!(cache.len() <= 20);
        }
    }
    assert!(verify(&kept, CachedSignatures::from_cache(&cache), &NOTHING).is_ok());
    assert!(verify(&last, CachedSignatures::from_cache(&cache), &NOTHING).is_ok());
    let early = Chain::mint(&fresh());
    assert!(verify(&early, CachedSignatures::from_cache(&cache), &NOTHING).is_err());
}

/// A chain all of whose keys are new.
fn fresh() -> Vec<Link> {
    let links = profile(&Identity::default(), DEFAULT_TIME);
    links.into_iter().map(|link| Link::new(link.certificate, Key::fresh(Kind::P384))).collect()
}

#[test]
fn a_cache_without_room_remembers_nothing() {
    let chain = usual();
    let cache = taught(&chain, 0);
    assert!(cache.is_empty());
    assert!(verify(&chain, CachedSignatures::from_cache(&cache), &NOTHING).is_err());
}

#[test]
fn statements_are_remembered_up_to_a_length() {
    let key = Key::fresh(Kind::P384);
    let mut links = profile(&Identity::default(), DEFAULT_TIME);
    let last = links.len() - 1;
    links[last] = Link::new(links[last].certificate.clone(), key.clone());
    let chain = Chain::mint(&links);
    let signer = certificates(&chain)[last];
    for (length, remembered) in [(672, true), (MAX_CACHED_BYTES, true), (MAX_CACHED_BYTES + 1, false)] {
        let message = vec![0x5a; length];
        let signature: [u8; 96] =
            key.sign(teeproof_mint::Scheme::Ecdsa, &message).unwrap().try_into().unwrap();
        let mut cache = SignatureCache::new(2);
        let verified = verify_statement(&signer, &message, signature, CachedSignatures::NONE, &REAL).unwrap();
        assert_eq!(verified.signature(), signature);
        let new = cache.new_signatures([verified]);
        cache.insert(new);
        let again =
            verify_statement(&signer, &message, signature, CachedSignatures::from_cache(&cache), &NOTHING);
        assert_eq!(again.is_ok(), remembered, "{length}");
        let mut other = signature;
        other[95] ^= 1;
        assert!(
            verify_statement(&signer, &message, other, CachedSignatures::from_cache(&cache), &NOTHING)
                .is_err()
        );
    }
}

/// Statements under P-256, from a cache and from the same verification. One other bit of message, signature or
/// signer is another statement.
#[test]
fn p256_statements_are_cached() {
    let key = Key::fresh(Kind::P256);
    let mut links = profile(&Identity::default(), DEFAULT_TIME);
    let last = links.len() - 1;
    links[last] = Link::new(links[last].certificate.clone(), key.clone());
    let chain = Chain::mint(&links);
    links[last].certificate.serial = vec![0x55];
    let again = Chain::mint(&links);
    let (signer, other_key) = (certificates(&chain)[last], certificates(&chain)[last - 1]);
    let message = [0x5a; 384];
    let signature: [u8; 64] = key.sign(teeproof_mint::Scheme::Ecdsa, &message).unwrap().try_into().unwrap();
    let verify = |signer: &Certificate<'_>, message: &[u8], signature, cache, crypto| {
        let budget = SignatureBudget::new(1);
        let checks = SignatureChecks { crypto, cache, budget: &budget };
        verify_p256_statement(signer, message, signature, &checks).map(|_| ())
    };
    let budget = SignatureBudget::new(1);
    let checks = SignatureChecks { crypto: &REAL, cache: CachedSignatures::NONE, budget: &budget };
    let verified = verify_p256_statement(&signer, &message, signature, &checks).unwrap();
    assert_eq!(verified.signature(), signature);
    assert_eq!(
        verify_p256_statement(&signer, &message, signature, &checks).map(|_| ()),
        Err(Problem::TooManySignatures)
    );
    let mut cache = SignatureCache::new(2);
    cache.insert(cache.new_signatures([verified]));
    let same = [verified];
    for cached in [CachedSignatures::from_cache(&cache), CachedSignatures::NONE.with_verified(&same)] {
        assert_eq!(verify(&signer, &message, signature, cached, &NOTHING), Ok(()));
        for bit in 0..message.len() * 8 {
            let mut other = message;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&signer, &other, signature, cached, &NOTHING), Err(Problem::Signature));
        }
        for bit in 0..signature.len() * 8 {
            let mut other = signature;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&signer, &message, other, cached, &NOTHING), Err(Problem::Signature));
        }
        assert_eq!(verify(&other_key, &message, signature, cached, &NOTHING), Err(Problem::Algorithm));
        // Another certificate of the same key.
        let reissued = certificates(&again)[last];
        assert_eq!(verify(&reissued, &message, signature, cached, &NOTHING), Err(Problem::Signature));
    }
    assert_eq!(
        verify(&signer, &message, signature, CachedSignatures::NONE, &NOTHING),
        Err(Problem::Signature)
    );
}

/// A pinned pair costs no signature, is not passed on to a cache, and covers only the certificate
/// right below the root.
#[test]
fn a_pinned_pair_is_only_that() {
    let chain = usual();
    let ders = &chain.0;
    let pair = |at: usize| [PinnedPair { issuer: &ders[at], issued: &ders[at + 1] }];
    let path = verify_path(
        certificates(&chain)[0],
        &certificates(&chain)[1..],
        &[],
        CachedSignatures::NONE.with_pinned(&pair(0)),
        &REAL,
    );
    assert_eq!(path.unwrap().signatures().count(), ders.len() - 2);
    let refused =
        |at| verify(&chain, CachedSignatures::NONE.with_pinned(&pair(at)), &NOTHING).unwrap_err().link;
    assert_eq!((refused(0), refused(1)), (2, 1));
    let other = Chain::mint(&fresh());
    let foreign = [PinnedPair { issuer: &other.0[0], issued: &ders[1] }];
    let known = CachedSignatures::NONE.with_pinned(&foreign);
    assert_eq!(verify(&chain, known, &NOTHING).unwrap_err().link, 1);
}
