//! A report under its VCEK.

use std::hint::black_box;

use teeproof_aws_lc::PreparedP384;
use teeproof_core::Crypto;
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::snp::Report;
use teeproof_x509::CachedSignatures;

use super::{policy, with_floor};
use crate::{Answers, Case, Floor, Snp, tables};

pub(super) fn cases() -> Vec<Case> {
    let vector = Snp::MILAN;
    let mut cases = vec![Case::new("snp", "parse", move || {
        let report = Report::parse(black_box(vector.report)).expect("a report");
        report.check_reserved().expect("a report as specified");
        (report, Certificate::parse(black_box(vector.vcek)).expect("a certificate"))
    })];
    let warm = CachedSignatures::from_cache(super::leak(vector.chain_cached()));
    let prepared = Crypto { ecdsa_p384_sha384: prepared(vector), ..teeproof_aws_lc::TABLE };
    for (names, tables, cache) in [
        (["cold", "cold-floor"], &tables()[..], CachedSignatures::NONE),
        (["warm", "warm-floor"], &tables(), warm),
        (["warm-prepared", "warm-prepared-floor"], &[super::leak(prepared)], warm),
    ] {
        cases.extend(with_floor("snp", names, tables, move |crypto| {
            black_box(vector).verify_with(cache, crypto).expect("genuine")
        }));
    }

    let policy = policy(include_str!("../../../examples/policies/snp.toml"));
    let policy = policy.snp.as_ref().expect("a section");
    let verified = vector.verify(tables()[0]).expect("genuine");
    cases.push(Case::new("snp", "appraise", move || {
        assert!(teeproof_snp::appraise(black_box(&verified), policy, &mut ()));
    }));
    let all = move |crypto| {
        let verified = black_box(vector).verify(crypto).expect("genuine");
        assert!(teeproof_snp::appraise(&verified, policy, &mut ()));
    };
    let answers = Answers::to(&Floor::of(all));
    cases.push(Case::new("snp", "all-but-crypto", move || all(answers)));
    cases
}

/// The chip's key, read once.
fn prepared(vector: Snp) -> &'static PreparedP384 {
    let certificate = Certificate::parse(vector.vcek).expect("a certificate");
    let PublicKey::P384(point) = certificate.public_key() else {
        unreachable!("AMD's chips sign with P-384");
    };
    super::leak(PreparedP384::new(point).expect("a key"))
}
