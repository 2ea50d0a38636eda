//! Recorded instruction counts, and the tolerance of a change.

use crate::shell::{Outcome, capture, root};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use serde::Deserialize;

/// Counts, and what they were counted with: another compiler makes other instructions.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    /// `rustc -V`.
    pub(super) rustc: String,
    /// The compiler's host, for which it builds.
    pub(super) target: String,
    /// Instructions of one run of each case.
    pub(super) counts: BTreeMap<String, u64>,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// A line for each case.
    pub(super) table: String,
    /// Why the build fails; empty when it does not.
    pub(super) failures: Vec<String>,
}

impl Baseline {
    /// These counts, made here and now.
    pub(super) fn now(rows: Vec<(String, u64)>) -> Outcome<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let text = capture(Command::new(rustc).arg("-vV").current_dir(root()))?;
        let line = |head| text.lines().find_map(|line: &str| line.strip_prefix(head)).unwrap_or_default();
        let rustc = text.lines().next().unwrap_or_default().to_owned();
        Ok(Self { rustc, target: line("host: ").to_owned(), counts: rows.into_iter().collect() })
    }

    pub(super) fn read() -> Outcome<Self> {
        let text = std::fs::read_to_string(root().join(FILE)).map_err(|e| format!("{FILE}: {e}"))?;
        toml::from_str(&text).map_err(|e| format!("{FILE}: {e}"))
    }

    pub(super) fn write(&self) -> Outcome {
        std::fs::write(root().join(FILE), self.text()).map_err(|e| format!("{FILE}: {e}"))
    }

    fn text(&self) -> String {
        let mut text =
            format!("{HEAD}rustc = \"{}\"\ntarget = \"{}\"\n\n[counts]\n", self.rustc, self.target);
        for (case, count) in &self.counts {
            let _ = writeln!(text, "\"{case}\" = {count}");
        }
        text
    }

    /// Compares new counts with the recorded ones. Fewer instructions than recorded are reported and fail nothing;
    /// until they are recorded, the gain can be lost again unnoticed.
    pub(super) fn compare(&self, now: &Self) -> Report {
        let mut report = Report::default();
        let mut better = 0_usize;
        for (case, count) in &now.counts {
            let Some(recorded) = self.counts.get(case) else {
                report
                    .failures
                    .push(format!("{case}: {count} instructions, and no count is recorded: {RECORD}"));
                continue;
            };
            let change = percent(*recorded, *count);
            let _ = writeln!(report.table, "{count:>12}  {change:+7.2} %  {case}");
            if beyond(*recorded, *count) {
                report
                    .failures
                    .push(format!("{case}: {count} instructions instead of {recorded} ({change:+.1} %)"));
            }
            better = better.saturating_add(usize::from(beyond(*count, *recorded)));
        }
        for case in self.counts.keys().filter(|case| !now.counts.contains_key(*case)) {
            report.failures.push(format!("{case}: recorded, but not counted any more: {RECORD}"));
        }
        if better > 0 {
            let _ = writeln!(report.table, "{better} better than the baseline: {RECORD}");
        }
        if !report.failures.is_empty() {
            report.failures.insert(0, format!("{FILE} allows {TOLERANCE} % more:"));
            report.failures.extend(self.stranger(now));
        }
        report
    }

    /// Why a failure may not be a regression.
    fn stranger(&self, now: &Self) -> Option<String> {
        let same = (&self.rustc, &self.target) == (&now.rustc, &now.target);
        (!same).then(|| {
            format!(
                "the baseline was recorded with {} for {}, and this is {} for {}: compare the commit before with \
                 the same compiler",
                self.rustc, self.target, now.rustc, now.target
            )
        })
    }
}

/// Whether a count is more than the tolerance above another.
fn beyond(recorded: u64, count: u64) -> bool {
    u128::from(count) * 100 > u128::from(recorded) * u128::from(100 + TOLERANCE)
}

fn percent(recorded: u64, count: u64) -> f64 {
    (count as f64 / recorded as f64 - 1.0) * 100.0
}

pub(super) const FILE: &str = "benches/instructions.toml";

/// Counts repeat to the instruction; this much is left for what the optimiser makes of changes
/// elsewhere, and for another libc's way of copying memory.
const TOLERANCE: u64 = 3;

const RECORD: &str = "`cargo xtask instructions --record`";

const HEAD: &str = "\
# Instructions of one run of each case, counted by callgrind. Written by
# `cargo xtask instructions --record`, compared by `cargo xtask instructions`: more than 3 % above
# fails. A row `… beyond its floor` is a verification less its bare cryptographic operations.

";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[(&str, u64)]) -> Baseline {
        Baseline {
            rustc: "rustc 1.95.0".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            counts: counts.iter().map(|(case, count)| ((*case).to_owned(), *count)).collect(),
        }
    }

    #[test]
    fn ten_percent_more_fail_and_one_percent_passes() {
        let recorded = of(&[("nitro/all-but-crypto", 100_000)]);
        for (count, fails) in [(110_000, true), (103_001, true), (103_000, false), (101_000, false)] {
            let report = recorded.compare(&of(&[("nitro/all-but-crypto", count)]));
            assert_eq!(!report.failures.is_empty(), fails, "{count}");
        }
    }

    #[test]
    fn less_is_told_and_passes() {
        let recorded = of(&[("snp/parse", 1000)]);
        let report = recorded.compare(&of(&[("snp/parse", 900)]));
        assert!(report.failures.is_empty());
        assert!(report.table.contains("better than the baseline"));
        let report = recorded.compare(&of(&[("snp/parse", 999)]));
        assert!(!report.table.contains("better"));
    }

    #[test]
    fn cases_that_come_or_go_are_recorded_anew() {
        let recorded = of(&[("snp/parse", 1000), ("snp/cold", 5)]);
        assert_eq!(recorded.compare(&of(&[("snp/parse", 1000)])).failures.len(), 2);
        assert_eq!(of(&[]).compare(&recorded).failures.len(), 3);
    }

    #[test]
    fn another_compiler_is_named_where_something_fails() {
        let recorded = of(&[("snp/parse", 1000)]);
        let mut now = of(&[("snp/parse", 1000)]);
        now.rustc = "rustc 1.96.0".into();
        assert!(recorded.compare(&now).failures.is_empty());
        now.counts.insert("snp/parse".into(), 2000);
        assert!(recorded.compare(&now).failures.iter().any(|line| line.contains("1.96.0")));
    }

    #[test]
    fn what_is_written_is_read() {
        let counts = of(&[("snp/parse", 7), ("snp/cold/rustcrypto beyond its floor", 9)]);
        assert_eq!(toml::from_str::<Baseline>(&counts.text()).ok(), Some(counts));
    }
}
