//! Verification with a cache: fewer signatures, the same results.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::cell::Cell;

use support::{AT, Vector, accepted, read};
use teeproof::{AttestationResult, Evidence, Request, verify, verify_all_with_cache};
use teeproof_core::{BadSignature, Crypto, Freshness, RsaKey, Technology, Time, VerifyEcdsa, VerifyRsa};
use teeproof_evidence::Inputs;
use teeproof_nitro::Moment;
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, CachedSignatures, Revocation, SignatureCache};

thread_local! {
    static SIGNATURES: Cell<usize> = const { Cell::new(0) };
}

/// Counts the signatures that are verified by an entry of the fast table.
struct Counted(fn(&Crypto<'static>) -> &'static dyn VerifyEcdsa);
struct CountedRsa(fn(&Crypto<'static>) -> &'static dyn VerifyRsa);

const FAST: Crypto<'static> = teeproof_aws_lc::TABLE;
const COUNTING: Crypto<'static> = Crypto {
    ecdsa_p256_sha256: &Counted(|table| table.ecdsa_p256_sha256),
    ecdsa_p384_sha384: &Counted(|table| table.ecdsa_p384_sha384),
    rsa_pss_sha384: &CountedRsa(|table| table.rsa_pss_sha384),
    rsa_pkcs1_sha256: &CountedRsa(|table| table.rsa_pkcs1_sha256),
    rsa_pkcs1_sha384: &CountedRsa(|table| table.rsa_pkcs1_sha384),
    rsa_pkcs1_sha512: &CountedRsa(|table| table.rsa_pkcs1_sha512),
    ..FAST
};

impl VerifyEcdsa for Counted {
    fn verify(&self, key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        SIGNATURES.set(SIGNATURES.get() + 1);
        (self.0)(&FAST).verify(key, message, signature)
    }
}

impl VerifyRsa for CountedRsa {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        SIGNATURES.set(SIGNATURES.get() + 1);
        (self.0)(&FAST).verify(key, message, signature)
    }
}

fn request<'a>(endorsements: &'a [Certificate<'a>], at: Moment) -> Request<'a> {
    Request::new(Technology::ALL, Freshness::Waived("a recorded vector"), at, &COUNTING)
        .endorsements(endorsements)
        .revocation(Revocation::Unchecked("no list is published with the vector"))
}

fn evidence(vector: &Vector) -> Evidence<'_> {
    match vector.technology {
        Technology::Snp => Evidence::Snp(&vector.evidence),
        _ => Evidence::Nitro(&vector.evidence),
    }
}

/// Everything that an answer says.
fn said(result: &AttestationResult<'_>) -> String {
    format!("{:?} {:?} {:?}", result.verdict(), result.findings(), result.claims())
}

/// Each document and report three times over: the first costs what it costs alone at most, the
/// others one signature each, and no answer differs.
#[test]
fn many_are_answered_as_one_is() {
    let vectors = accepted();
    let certificates: Vec<Vec<_>> = vectors
        .iter()
        .map(|vector| vector.endorsements.iter().map(|der| Certificate::parse(der).unwrap()).collect())
        .collect();
    let all: Vec<_> = vectors
        .iter()
        .zip(&certificates)
        .map(|(vector, certificates)| (evidence(vector), request(certificates, vector.at)))
        .collect();
    let alone: Vec<_> =
        all.iter().map(|(evidence, request)| said(&verify(evidence, request).unwrap())).collect();
    SIGNATURES.set(0);
    let mut cache = SignatureCache::new(100);
    let mut costs = Vec::new();
    verify_all_with_cache([&*all, &*all, &*all].concat(), &mut cache, |number, answer| {
        assert_eq!(said(&answer.unwrap()), alone[number % alone.len()], "{number}");
        costs.push(SIGNATURES.replace(0));
    });
    let (first, again) = costs.split_at(all.len());
    assert!(first.iter().all(|cost| (2..=5).contains(cost)), "{first:?}");
    assert!(again.iter().all(|cost| *cost == 1), "{again:?}");
}

/// A report of an Azure VM, its chain and its AK's are verified once for a boot.
#[test]
fn a_further_quote_of_a_known_boot_costs_one_signature() {
    let mut inputs = Inputs::new();
    inputs.add(&read("minted/azure-genoa.bundle"), None).unwrap();
    let certificates = inputs.certificates();
    let (ark, ak_root) = (read("minted/ark.der"), read("minted/ak-root.der"));
    let anchors: [&[u8]; 2] = [&ark, &ak_root];
    let at = Moment::At(Time(1_768_478_400));
    let evidence = Evidence::from_inputs(&inputs).unwrap();
    let base = request(&certificates, at).anchors(Anchors::and(&anchors));
    let mut cache = SignatureCache::new(100);
    SIGNATURES.set(0);
    let cold = verify(&evidence, &base.cache(CachedSignatures::from_cache(&cache))).unwrap();
    // Minted: the intermediate is not a pinned one; two for the AK's chain, and the quote's. A pinned
    // root of the same name has another key identifier and is skipped.
    assert_eq!(SIGNATURES.replace(0), 6);
    let text = said(&cold);
    let new = cache.new_signatures(cold.signatures());
    cache.insert(new);
    let warm = verify(&evidence, &base.cache(CachedSignatures::from_cache(&cache))).unwrap();
    assert_eq!(SIGNATURES.replace(0), 1);
    assert_eq!(said(&warm), text);
    assert!(cache.new_signatures(warm.signatures()).is_empty());
}

/// The cache keeps signatures, not results: validity periods are checked each time.
#[test]
fn a_known_chain_still_expires() {
    let vectors = accepted();
    let vector = vectors.last().unwrap();
    let certificates: Vec<_> =
        vector.endorsements.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let mut cache = SignatureCache::new(10);
    let evidence = evidence(vector);
    let new = cache
        .new_signatures(verify(&evidence, &request(&certificates, Moment::At(AT))).unwrap().signatures());
    cache.insert(new);
    let late =
        request(&certificates, Moment::At(Time(4_000_000_000))).cache(CachedSignatures::from_cache(&cache));
    assert_eq!(verify(&evidence, &late).unwrap().class(), Some(teeproof_core::Class::Incomplete));
}
