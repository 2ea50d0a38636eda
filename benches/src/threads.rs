//! Gain by a second thread, next to the gain of the bare signature, because two processors may share a core.

use std::fmt;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::{Case, find, record};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// How often each case takes its turn.
    pub rounds: u32,
    /// For how long it runs each time.
    pub turn: Duration,
}

/// What is measured on two threads, and the bare signature of the same table.
const CASES: &[[&str; 2]] = &[
    ["snp/cold/aws-lc", "reference/p384/aws-lc"],
    ["snp/warm/aws-lc", "reference/p384/aws-lc"],
    ["azure/warm/aws-lc", "reference/p384/aws-lc"],
    // Its one signature is RSA.
    ["azure/further-quote/aws-lc", "azure/further-quote-floor/aws-lc"],
    ["nitro/cold/aws-lc", "reference/p384/aws-lc"],
    ["nitro/warm/aws-lc", "reference/p384/aws-lc"],
    ["snp/warm/rustcrypto", "reference/p384/rustcrypto"],
    ["nitro/warm/rustcrypto", "reference/p384/rustcrypto"],
];

impl Threads {
    /// What BENCHMARKS.md is written from.
    pub const FULL: Self = Self { rounds: 61, turn: Duration::from_millis(25) };
    /// Whether everything runs.
    pub const QUICK: Self = Self { rounds: 3, turn: Duration::from_millis(5) };

    /// Measures, and hands every turn to `each` as one line of the record.
    pub fn run(self, mut each: impl FnMut(&dyn fmt::Display)) {
        let found = |id: &&str| find(id).expect("a case of the list");
        let cases: Vec<_> = CASES.iter().map(|pair| pair.each_ref().map(found)).collect();
        for round in 0..self.rounds {
            for [case, bare] in &cases {
                let [bare_alone, alone] = [bare, case].map(|case| self.rate::<1>(case));
                let [bare_together, together] = [bare, case].map(|case| self.rate::<2>(case));
                let rates = [alone, together, bare_alone, bare_together];
                each(&record::Scaling { round, case, rates });
            }
        }
    }

    /// How often so many threads do it in a second, all together.
    fn rate<const THREADS: usize>(self, case: &Case) -> f64 {
        let barrier = Barrier::new(THREADS);
        let one = || {
            barrier.wait();
            let (begin, mut times) = (Instant::now(), 0_u32);
            loop {
                case.run();
                times = times.saturating_add(1);
                let taken = begin.elapsed();
                if taken >= self.turn {
                    return f64::from(times) / taken.as_secs_f64();
                }
            }
        };
        std::thread::scope(|scope| {
            let threads = [(); THREADS].map(|()| scope.spawn(one));
            threads.into_iter().map(|thread| thread.join().unwrap_or(0.0)).sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_found_and_measured() {
        let mut lines = Vec::new();
        let quick = Threads { rounds: 1, turn: Duration::from_millis(1) };
        quick.run(|line| lines.push(line.to_string()));
        assert_eq!(lines.len(), CASES.len());
        for line in lines {
            assert_eq!(line.split('\t').count(), 7, "{line}");
            assert!(line.split('\t').skip(3).all(|rate| rate.parse::<f64>().is_ok_and(|rate| rate > 0.0)));
        }
    }
}
