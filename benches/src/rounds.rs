//! Cases measured in rounds, each between two measurements of R, so that drift of the machine affects all cases
//! alike and a disturbed measurement shows in its neighbours.

use std::fmt;
use std::time::Duration;

use crate::clock::thread_time;
use crate::yardstick::Yardstick;
use crate::{Case, record};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// How often each case takes its turn.
    pub rounds: u32,
    /// For how long a case runs in one turn.
    pub turn: Duration,
    /// For how long R runs before and after it.
    pub reference: Duration,
}

impl Rounds {
    /// What BENCHMARKS.md is written from.
    pub const FULL: Self =
        Self { rounds: 201, turn: Duration::from_millis(2), reference: Duration::from_micros(800) };
    /// Whether everything runs.
    pub const QUICK: Self =
        Self { rounds: 5, turn: Duration::from_micros(300), reference: Duration::from_micros(250) };

    /// Measures, and hands every turn to `each` as one line of the record.
    pub fn run(self, cases: &[Case], mut each: impl FnMut(&dyn fmt::Display)) {
        let yardstick = Yardstick::new();
        let reference = Turn::of(self.reference, || yardstick.run());
        let turns: Vec<_> = cases.iter().map(|case| Turn::of(self.turn, || case.run())).collect();
        for round in 0..self.rounds {
            let mut before = reference.take(|| yardstick.run());
            for (case, turn) in cases.iter().zip(&turns) {
                let nanos = turn.take(|| case.run());
                let after = reference.take(|| yardstick.run());
                each(&record::Slice { round, case, nanos, before, after });
                before = after;
            }
        }
    }
}

/// How many repetitions make one turn.
struct Turn {
    times: u32,
}

impl Turn {
    /// As many as fill this time, one at least.
    fn of(span: Duration, mut run: impl FnMut()) -> Self {
        // What is made on first use is not what a call costs.
        run();
        let mut times: u32 = 1;
        loop {
            let taken = measure(times, &mut run);
            let wanted = span.as_nanos().saturating_mul(times.into()) / taken.as_nanos().max(1);
            let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).max(1);
            // An estimate from too short a time is only good for a better one.
            if taken.saturating_mul(4) > span || wanted <= times {
                return Self { times: wanted };
            }
            times = wanted.min(times.saturating_mul(16));
        }
    }

    /// One turn: nanoseconds for each repetition.
    fn take(&self, mut run: impl FnMut()) -> f64 {
        measure(self.times, &mut run).as_secs_f64() * 1e9 / f64::from(self.times)
    }
}

fn measure(times: u32, run: &mut impl FnMut()) -> Duration {
    let begin = thread_time();
    for _ in 0..times {
        run();
    }
    thread_time() - begin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_gets_its_turn_in_each_round() {
        let names = ["one", "two"];
        let cases = names.map(|name| Case::new("test", name, || std::hint::black_box(1)));
        let mut lines = Vec::new();
        let rounds = Rounds { rounds: 3, ..Rounds::QUICK };
        rounds.run(&cases, |line| lines.push(line.to_string()));
        assert_eq!(lines.len(), 6);
        assert!(lines[0].starts_with("slice\t0\ttest/one\t"), "{}", lines[0]);
        assert!(lines[5].starts_with("slice\t2\ttest/two\t"), "{}", lines[5]);
    }
}
