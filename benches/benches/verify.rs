//! Wall time of reading, verifying and appraising real evidence, beside the floor: the bare
//! cryptographic operations that the verification asks for.
//!
//! `cargo bench -p teeproof-benches -- --quick` for a first look; `-- snp/verify` for a part.

#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use teeproof::{Evidence, Policy, Request};
use teeproof_benches::{Floor, Nitro, Snp, tables};
use teeproof_core::{Crypto, Freshness, Technology};
use teeproof_nitro::{DEFAULT_SKEW_SECS, Limits, Moment};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Signers};
use teeproof_wire::snp::Report;
use teeproof_x509::{Anchors, Revocation};

fn snp(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("snp");
    let vector = Snp::MILAN;
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let report = Report::parse(black_box(vector.report)).expect("a report");
            report.check_reserved().expect("a report as specified");
            Certificate::parse(black_box(vector.vcek)).expect("a certificate")
        });
    });
    let floor = vector.floor();
    assert_eq!(floor.signatures(), 3);
    let policy = example(include_str!("../../examples/policies/snp.toml"));
    let policy = policy.snp.as_ref().expect("a section");
    for crypto in tables() {
        floor_of(&mut group, &floor, crypto);
        let verified = vector.verify(crypto).expect("genuine");
        group.bench_function(BenchmarkId::new("verify", crypto.name), |bencher| {
            bencher.iter(|| black_box(vector).verify(crypto).expect("genuine"));
        });
        group.bench_function(BenchmarkId::new("appraise", crypto.name), |bencher| {
            bencher.iter(|| assert!(teeproof_snp::appraise(black_box(&verified), policy, &mut ())));
        });
    }
    group.finish();
}

fn nitro(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nitro");
    let vector = Nitro::PRODUCTION;
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            let envelope = Sign1::parse(black_box(vector.document)).expect("an envelope");
            let signers = Signers::find(envelope.payload(), 0).expect("certificates");
            let certificates = signers.cabundle.as_slice().iter().chain([&signers.certificate]);
            certificates.for_each(|der| {
                black_box(Certificate::parse(der).expect("a certificate"));
            });
            Document::parse(envelope.payload(), 0, &Limits::USUAL).expect("a document").timestamp
        });
    });
    let floor = vector.floor();
    assert_eq!(floor.signatures(), 5);
    let policy = example(include_str!("../../examples/policies/nitro.toml"));
    let policy = policy.nitro.as_ref().expect("a section");
    for crypto in tables() {
        floor_of(&mut group, &floor, crypto);
        let verified = vector.verify(crypto).expect("genuine");
        group.bench_function(BenchmarkId::new("verify", crypto.name), |bencher| {
            bencher.iter(|| black_box(vector).verify(crypto).expect("genuine"));
        });
        group.bench_function(BenchmarkId::new("appraise", crypto.name), |bencher| {
            bencher.iter(|| teeproof_nitro::appraise(black_box(&verified), policy, crypto, &mut ()));
        });
    }
    group.finish();
}

/// The whole road: verified, appraised, every finding and claim kept as text.
fn front_door(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("front-door");
    let certificates = [Certificate::parse(Snp::MILAN.vcek).expect("a certificate")];
    let cases = [
        ("snp", include_str!("../../examples/policies/snp.toml"), Moment::At(Snp::AT)),
        ("nitro", include_str!("../../examples/policies/nitro.toml"), Moment::OfDocument),
    ];
    for (name, policy, at) in cases {
        let (evidence, endorsements) = match name {
            "snp" => (Evidence::Snp(Snp::MILAN.report), &certificates[..]),
            _ => (Evidence::Nitro(Nitro::PRODUCTION.document), &[][..]),
        };
        group.bench_function(BenchmarkId::new("policy", name), |bencher| {
            bencher.iter(|| example(black_box(policy)));
        });
        let policy = example(policy);
        for crypto in tables() {
            let request = Request {
                accept: Technology::ALL,
                endorsements,
                revocation: Revocation::Unchecked("no list is published with the vector"),
                anchors: Anchors::PINNED,
                freshness: Freshness::Waived("a recorded vector"),
                user_data: None,
                at,
                skew_secs: DEFAULT_SKEW_SECS,
                limits: Limits::USUAL,
                policy: Some(&policy),
                crypto,
            };
            group.bench_function(BenchmarkId::new(name, crypto.name), |bencher| {
                bencher.iter(|| {
                    let result = teeproof::verify(black_box(&evidence), &request).expect("a request");
                    assert!(result.accepted().is_some());
                    result.exit()
                });
            });
        }
    }
    group.finish();
}

fn floor_of(group: &mut BenchmarkGroup<'_, WallTime>, floor: &Floor, crypto: &Crypto) {
    group.bench_function(BenchmarkId::new("floor", crypto.name), |bencher| {
        bencher.iter(|| black_box(floor).run(crypto).expect("good signatures"));
    });
}

fn example(text: &str) -> Policy {
    Policy::from_toml("example", text).expect("the example is a policy")
}

criterion_group!(benches, snp, nitro, front_door);
criterion_main!(benches);
