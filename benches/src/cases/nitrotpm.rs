//! A document of an EC2 instance with NitroTPM.

use std::hint::black_box;

use teeproof_nitro::nitrotpm::appraise;
use teeproof_nitro::{Appraisal, Limits};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::NitroTpmDocument;
use teeproof_x509::CachedSignatures;

use super::{policy, with_floor};
use crate::{Answers, Case, Floor, NitroTpm, tables};

pub(super) fn cases() -> Vec<Case> {
    let vector = NitroTpm::MINTED;
    let mut cases = vec![Case::new("nitro-tpm", "parse", move || parse(black_box(vector.document)))];
    let cached = CachedSignatures::from_cache(super::leak(vector.chain_cached()));
    for (names, cache) in [(["cold", "cold-floor"], CachedSignatures::NONE), (["warm", "warm-floor"], cached)]
    {
        cases.extend(with_floor("nitro-tpm", names, &tables(), move |crypto| {
            black_box(vector).verify_with(cache, crypto).expect("minted")
        }));
    }

    let policy = policy(include_str!("../../../examples/policies/nitro-tpm.toml"));
    let policy = policy.nitro_tpm.as_ref().expect("a section");
    let verified = vector.verify(&teeproof_aws_lc::TABLE).expect("minted");
    cases.push(Case::new("nitro-tpm", "appraise", move || {
        assert_eq!(appraise(black_box(&verified), policy, &mut ()), Appraisal::Accepted);
    }));
    let all = move |crypto| {
        let verified = black_box(vector).verify(crypto).expect("minted");
        assert_eq!(appraise(&verified, policy, &mut ()), Appraisal::Accepted);
    };
    let answers = Answers::to(&Floor::of(all));
    cases.push(Case::new("nitro-tpm", "all-but-crypto", move || all(answers)));
    cases
}

/// The envelope, the document and its five certificates.
fn parse(document: &'static [u8]) {
    let envelope = Sign1::parse(document).expect("an envelope");
    let document = NitroTpmDocument::parse(envelope.payload(), 0, &Limits::USUAL).expect("a document");
    document.certificates().for_each(|der| _ = black_box(Certificate::parse(der).expect("a certificate")));
    black_box(document);
}
