//! Wall time of the cache of endorsements on disk: a hit, a store, and a list of 10,000 entries.
//!
//! `cargo bench -p teeproof-benches --bench cache -- --quick` for a first look. The folder is in `target/`, so the times
//! are those of its file system.

#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used)]

use std::cell::Cell;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use teeproof_core::{Time, Validity};
use teeproof_endorse::{Cache, CacheEntry, CacheLimits, Endpoints, Fetcher, Question, Reuse, Vcek};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::{Product, Report, Tcb};

const REPORT: &[u8] = include_bytes!("../../testdata/snp/milan-report.bin");
const VCEK: &[u8] = include_bytes!("../../testdata/snp/milan-vcek.der");
/// The entries of a large fleet.
const ENTRIES: u32 = 10_000;

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cache-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// An entry of the size of a VCEK.
fn entry(number: u32, now: Time) -> CacheEntry {
    let mut body = VCEK.to_vec();
    body.extend_from_slice(&number.to_le_bytes());
    CacheEntry {
        url: format!("https://kdsintf.amd.com/vcek/v1/Milan/{number:0128x}?blSPL=03&teeSPL=00&snpSPL=08"),
        fetched_at: now,
        validity: Validity { not_before: now, not_after: now.plus(86_400) },
        body,
        issuer_chain: None,
    }
}

fn cache(criterion: &mut Criterion) {
    let folder = folder();
    let cache = Cache::open(&folder, CacheLimits::DEFAULT).expect("a cache");
    let certificate = Certificate::parse(VCEK).expect("a certificate");
    let now = Time(certificate.not_before()).plus(86_400);
    // `cargo test` runs each measurement once, and needs no large cache for that.
    let entries = if std::env::args().any(|argument| argument == "--bench") { ENTRIES } else { 10 };
    for number in 0..entries {
        cache.store(&entry(number, now), now).expect("a stored entry");
    }
    let report = Report::parse(REPORT).expect("a report");
    let tcb = Tcb::parse(*report.reported_tcb(), Product::Milan.tcb_layout()).expect("a TCB");
    let chip = Vcek::new(Product::Milan, report.chip_id(), tcb).expect("a chip");
    let (question, endpoints) = (Question::Vcek(chip), Endpoints::vendors());
    let validity =
        Validity { not_before: Time(certificate.not_before()), not_after: Time(certificate.not_after()) };
    let url = question.url(&endpoints).expect("a URL").to_string();
    let stored = CacheEntry { url, validity, body: VCEK.to_vec(), ..entry(0, now) };
    cache.store(&stored, now).expect("a stored entry");
    let fetcher = Fetcher::offline(&endpoints).cache(&cache);
    let mut group = criterion.benchmark_group(format!("cache of {entries}"));
    group.bench_function("hit, compared with its question", |bencher| {
        bencher.iter(|| {
            let found = fetcher.fetch(black_box(&question), Reuse::WHILE_VALID, now).expect("a hit");
            assert!(found.from_cache);
        });
    });
    group.bench_function("store", |bencher| {
        let next = Cell::new(entries);
        bencher.iter(|| {
            // Some hundred URLs in turn, so that the cache does not grow without end.
            next.set(entries + (next.get() + 1) % 500);
            cache.store(&entry(next.get(), now), now).expect("a stored entry");
        });
    });
    group.sample_size(10);
    group.bench_function("list", |bencher| bencher.iter(|| black_box(cache.list().len())));
    group.bench_function("prune, nothing expired", |bencher| bencher.iter(|| cache.prune(now).entries));
    group.finish();
    let _ = std::fs::remove_dir_all(&folder);
}

criterion_group!(benches, cache);
criterion_main!(benches);
