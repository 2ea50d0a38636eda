//! Wall time of every case: parsing, verifying and appraising evidence, next to its floor, the bare cryptographic
//! operations of the verification.
//!
//! `cargo bench -p teeproof-benches -- --quick` for a first look; `-- snp/cold` for a part.

#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use teeproof_benches::cases;

fn all(criterion: &mut Criterion) {
    for case in cases() {
        let mut group = criterion.benchmark_group(case.group);
        match case.table {
            Some(table) => group.bench_function(BenchmarkId::new(case.name, table), |bencher| {
                bencher.iter(|| case.run());
            }),
            None => group.bench_function(case.name, |bencher| bencher.iter(|| case.run())),
        };
        group.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
