//! Figures of one run of libFuzzer, parsed from its output.

use std::path::PathBuf;
use std::time::Instant;

/// The figures of one target.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) executions: u64,
    /// Edges of the instrumented code that were reached.
    coverage: u64,
    /// Features: edges with how often they were taken, and comparisons.
    features: u64,
    /// Inputs that are kept because each reaches something that no other does.
    corpus: u64,
    seconds: u64,
    begun: Option<Instant>,
    /// Inputs that stopped the run.
    pub(super) found: Vec<PathBuf>,
}

impl Tally {
    /// Takes the figures out of a line; whether it was one that has nothing else to say.
    pub(super) fn take(&mut self, line: &str) -> bool {
        if let Some(rest) = line.strip_prefix('#') {
            // A run that is stopped does not say how long it was.
            self.seconds = self.begun.get_or_insert_with(Instant::now).elapsed().as_secs();
            self.executions = number(rest).unwrap_or(self.executions).max(self.executions);
            self.coverage = after(rest, "cov: ").unwrap_or(self.coverage);
            self.features = after(rest, "ft: ").unwrap_or(self.features);
            self.corpus = after(rest, "corp: ").unwrap_or(self.corpus);
            return true;
        }
        if let Some(rest) = line.strip_prefix("stat::") {
            self.executions = after(rest, "number_of_executed_units: ").unwrap_or(self.executions);
            return true;
        }
        if line.starts_with("Done ") {
            self.seconds = after(line, " runs in ").unwrap_or(self.seconds);
            return true;
        }
        // libFuzzer's opening words, what it reached first, and its suggestions for a dictionary.
        line.starts_with("INFO:") || line.trim_start().starts_with("NEW_FUNC[") || line.starts_with('"')
    }

    /// The names of the columns.
    pub(super) fn head() -> String {
        let names = ["executions", "cov", "ft", "corpus", "seconds", "findings"];
        let [executions, coverage, features, corpus, seconds, findings] = names;
        format!(
            "{:<20} {executions:>12} {coverage:>7} {features:>7} {corpus:>7} {seconds:>8} {findings:>8}",
            "target"
        )
    }

    /// One row.
    pub(super) fn line(&self, name: &str) -> String {
        let Self { executions, coverage, features, corpus, seconds, found, .. } = self;
        let findings = found.len();
        format!(
            "{name:<20} {executions:>12} {coverage:>7} {features:>7} {corpus:>7} {seconds:>8} {findings:>8}"
        )
    }
}

fn after(line: &str, word: &str) -> Option<u64> {
    number(line.split_once(word)?.1.trim_start())
}

fn number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_other_lines_are_shown() {
        let mut tally = Tally::default();
        assert!(tally.take("INFO: Seed: 1234"));
        assert!(tally.take("#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb"));
        assert!(
            tally.take("#65536\tpulse  cov: 301 ft: 822 corp: 95/4096b lim: 652 exec/s: 21845 rss: 90Mb")
        );
        assert!(tally.take("\tNEW_FUNC[1/3]: 0x55834c3da700 in teeproof_wire::parse"));
        assert!(!tally.take("thread '<unnamed>' panicked at fuzz/src/wire.rs:1:2:"));
        assert!(!tally.take("==7== ERROR: libFuzzer: deadly signal"));
        assert!(tally.take("Done 70000 runs in 3 second(s)"));
        assert!(tally.take("stat::number_of_executed_units: 70001"));
        let row: Vec<String> = tally.line("crl").split_whitespace().map(str::to_owned).collect();
        assert_eq!(row, ["crl", "70001", "301", "822", "95", "3", "0"]);
    }
}
