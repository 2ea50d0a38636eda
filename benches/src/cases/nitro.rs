//! A document of an enclave.

use std::hint::black_box;

use teeproof_nitro::{Appraisal, Limits};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Signers};
use teeproof_x509::CachedSignatures;

use super::{policy, with_floor};
use crate::{Answers, Case, Floor, Nitro, tables};

pub(super) fn cases() -> Vec<Case> {
    let vector = Nitro::PRODUCTION;
    let mut cases = vec![
        Case::new("nitro", "parse", move || parse(black_box(vector.document), true)),
        Case::new("nitro", "parse-without-certificates", move || parse(black_box(vector.document), false)),
    ];
    let cached = |same_enclave| CachedSignatures::from_cache(super::leak(vector.chain_cached(same_enclave)));
    for (names, cache) in [
        (["cold", "cold-floor"], CachedSignatures::NONE),
        (["warm", "warm-floor"], cached(true)),
        (["new-enclave", "new-enclave-floor"], cached(false)),
    ] {
        cases.extend(with_floor("nitro", names, &tables(), move |crypto| {
            black_box(vector).verify_with(cache, crypto).expect("genuine")
        }));
    }

    let policy = policy(include_str!("../../../examples/policies/nitro.toml"));
    let policy = policy.nitro.as_ref().expect("a section");
    for crypto in tables() {
        let verified = vector.verify(crypto).expect("genuine");
        let appraise = move || {
            let appraisal = teeproof_nitro::appraise(black_box(&verified), policy, crypto, &mut ());
            assert_ne!(appraisal, Appraisal::Refused);
        };
        cases.push(Case::new("nitro", "appraise", appraise).under(crypto.name));
    }
    let all = move |crypto| {
        let verified = black_box(vector).verify(crypto).expect("genuine");
        let appraisal = teeproof_nitro::appraise(&verified, policy, crypto, &mut ());
        assert_ne!(appraisal, Appraisal::Refused);
    };
    let answers = Answers::to(&Floor::of(all));
    cases.push(Case::new("nitro", "all-but-crypto", move || all(answers)));
    cases
}

fn parse(document: &'static [u8], certificates: bool) {
    let envelope = Sign1::parse(document).expect("an envelope");
    if certificates {
        let signers = Signers::find(envelope.payload(), 0).expect("certificates");
        let all = signers.cabundle.as_slice().iter().chain([&signers.certificate]);
        all.for_each(|der| _ = black_box(Certificate::parse(der).expect("a certificate")));
    }
    black_box(Document::parse(envelope.payload(), 0, &Limits::USUAL).expect("a document"));
}
