//! Wall time of measuring an enclave image, next to bare hashing: the same bytes through as many hashes, and no more.
//!
//! `cargo bench -p teeproof-benches --bench image -- --quick` for a first look. What boots is hashed once, for PCR0 and
//! PCR1; the application twice, for PCR0 and PCR2. The last line has the speed of measuring in proportion to that of bare
//! hashing, of turns that alternate.

#![allow(missing_docs, clippy::expect_used, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use teeproof_aws_lc::Sha384Stream;
use teeproof_core::StreamDigest;
use teeproof_eif::{Architecture, ImageSettings, Measurer, NewImage, build};

/// As the command reads.
const CHUNK: usize = 16 << 10;

/// The content of an image: of so many bytes, a sixteenth each are kernel and first ramdisk.
struct Content {
    boot: Vec<u8>,
    application: Vec<u8>,
    image: Vec<u8>,
}

impl Content {
    fn new(bytes: usize) -> Self {
        let boot: Vec<u8> = (0..bytes / 16).map(|at| at.to_le_bytes()[0]).collect();
        let application = boot.repeat(14);
        let image = NewImage {
            settings: ImageSettings::new(Architecture::X86_64),
            kernel: &boot,
            command_line: "console=ttyS0",
            metadata: b"{}",
            ramdisks: &[&boot, &application],
            signature: None,
        };
        Self { image: build(&image).expect("an image"), boot, application }
    }

    fn measure(&self) -> [u8; 48] {
        let mut measurer = Measurer::<Sha384Stream>::new();
        for part in self.image.chunks(CHUNK) {
            measurer.update(part).expect("a part");
        }
        measurer.finish().expect("an image").measurements().pcr2
    }

    fn hash(&self) -> [u8; 48] {
        let (mut image, mut application) = (Sha384Stream::new(), Sha384Stream::new());
        for part in self.boot.chunks(CHUNK).chain(self.boot.chunks(CHUNK)) {
            image.update(part);
        }
        for part in self.application.chunks(CHUNK) {
            image.update(part);
            application.update(part);
        }
        black_box(image.finish());
        application.finish()
    }
}

fn time(run: impl FnOnce() -> [u8; 48]) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn image(criterion: &mut Criterion) {
    // `cargo test` runs each measurement once, and needs no large image for that.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let content = Content::new(if is_bench { 300 << 20 } else { 64 << 10 });
    let mut group = criterion.benchmark_group(format!("image of {} bytes", content.image.len()));
    group.sample_size(10).throughput(Throughput::Bytes(u64::try_from(content.image.len()).expect("a size")));
    group.bench_function("measured", |bencher| bencher.iter(|| black_box(content.measure())));
    group.bench_function("hashed, no more", |bencher| bencher.iter(|| black_box(content.hash())));
    group.finish();
    let turns = if is_bench { 11 } else { 1 };
    let mut ratios: Vec<_> = (0..turns)
        .map(|_| {
            let (measured, hashed) = (time(|| content.measure()), time(|| content.hash()));
            hashed.as_secs_f64() / measured.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!("measuring has {:.3} of the speed of bare hashing", ratios[turns / 2]);
}

criterion_group!(benches, image);
criterion_main!(benches);
