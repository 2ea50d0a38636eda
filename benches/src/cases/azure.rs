//! Azure VM: HCL report, runtime claims, quote and PCR values of the vTPM.

use std::hint::black_box;

use teeproof::Policy;
use teeproof_aws_lc::PreparedRsa;
use teeproof_core::Crypto;
use teeproof_hcl::VerifiedVm;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::snp::Report;
use teeproof_wire::tpm::Attest;
use teeproof_x509::CachedSignatures;

use super::{policy, with_floor};
use crate::{Answers, Azure, Case, Floor, tables};

const POLICY: &str = include_str!("../../../examples/policies/azure-snp.toml");

pub(super) fn cases() -> Vec<Case> {
    let (vector, with_log) = (Azure::minted(), Azure::with_log());
    let mut cases = vec![Case::new("azure", "parse", move || parse(black_box(vector)))];
    let cached = |same_boot| CachedSignatures::from_cache(super::leak(vector.chains_cached(same_boot)));
    for (names, vector, cache) in [
        (["cold", "cold-floor"], vector, CachedSignatures::NONE),
        (["cold-with-log", "cold-with-log-floor"], with_log, CachedSignatures::NONE),
        (["warm", "warm-floor"], vector, cached(false)),
        (["further-quote-by-cache", "further-quote-by-cache-floor"], vector, cached(true)),
    ] {
        cases.extend(with_floor("azure", names, &tables(), move |crypto| {
            black_box(vector).verify_with(cache, crypto).expect("minted")
        }));
    }
    cases.extend(further_quotes(vector));

    // The example requires a log; evidence without one is appraised by the rest of it.
    let about_the_log = |line: &&str| line.starts_with("event-log") || line.starts_with("secure-boot");
    let text: Vec<_> = POLICY.lines().filter(|line| !about_the_log(line)).collect();
    let policy_without_log = policy(&text.join("\n"));
    cases.extend(appraised(["appraise", "all-but-crypto"], vector, policy_without_log));
    let names = ["appraise-with-log", "all-but-crypto-with-log"];
    cases.extend(appraised(names, with_log, policy(POLICY)));
    cases
}

/// One more quote of a VM that was verified before, and the same with its key read once.
fn further_quotes(vector: Azure) -> Vec<Case> {
    let known: &'static VerifiedVm<'_> = super::leak(vector.verify(tables()[0]).expect("minted"));
    let key = super::leak(PreparedRsa::new(known.claims().ak().as_rsa()).expect("a key"));
    let prepared = super::leak(Crypto { rsa_pkcs1_sha256: key, ..teeproof_aws_lc::TABLE });
    let again = move |crypto| black_box(vector).verify_again(known, crypto).expect("minted");
    let mut cases = with_floor("azure", ["further-quote", "further-quote-floor"], &tables(), again);
    let names = ["further-quote-prepared", "further-quote-prepared-floor"];
    cases.extend(with_floor("azure", names, &[prepared], again));
    cases
}

/// Appraisal, and everything but the cryptography.
fn appraised([name, all_but]: [&'static str; 2], vector: Azure, policy: &'static Policy) -> [Case; 2] {
    let policy = policy.azure_snp.as_ref().expect("a section");
    let appraise = |verified: &VerifiedVm<'_>| {
        assert!(teeproof_hcl::appraise_snp(verified, &policy.snp, &policy.vm, &mut ()));
    };
    let verified = vector.verify(tables()[0]).expect("minted");
    let all = move |crypto| appraise(&black_box(vector).verify(crypto).expect("minted"));
    let answers = Answers::to(&Floor::of(all));
    [
        Case::new("azure", name, move || appraise(black_box(&verified))),
        Case::new("azure", all_but, move || all(answers)),
    ]
}

fn parse(vector: Azure) {
    let envelope = HclReport::parse(vector.evidence.report).expect("an envelope");
    envelope.check_supported().expect("a report that can be verified");
    let Hardware::Snp(report) = envelope.hardware() else {
        unreachable!("the envelope holds an SNP report");
    };
    let report = Report::parse(report).expect("a report");
    report.check_reserved().expect("a report as specified");
    black_box(report);
    for der in vector.certificates {
        black_box(Certificate::parse(der).expect("a certificate"));
    }
    let quote = vector.evidence.quote.expect("a quote");
    black_box(Attest::parse(quote.message).expect("a quote"));
}
