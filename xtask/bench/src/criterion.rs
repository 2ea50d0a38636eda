//! Criterion's run over the same cases, as a second opinion.

use std::path::Path;

use serde::Deserialize;

use xtask_support::shell::{self, Outcome, cargo};

/// Measures every case; what is found stands in files below `home`.
pub(crate) fn run(home: &Path, quick: bool) -> Outcome {
    let mut bench = cargo();
    bench.args(["bench", "--quiet", "--locked", "-p", "teeproof-benches", "--bench", "verify", "--"]);
    // The rounds are what the tables are made of: a second for each case will do here.
    let times = if quick { ["0.01", "0.01", "10"] } else { ["0.2", "0.8", "20"] };
    for (word, value) in ["--warm-up-time", "--measurement-time", "--sample-size"].iter().zip(times) {
        bench.args([word, value]);
    }
    bench.arg("--noplot").env("CRITERION_HOME", home);
    shell::run(&mut bench)
}

/// The median of a case in nanoseconds, if it was measured.
pub(crate) fn median(home: &Path, id: &str) -> Option<f64> {
    let path = home.join(id).join("new").join("estimates.json");
    read(&std::fs::read_to_string(path).ok()?)
}

fn read(text: &str) -> Option<f64> {
    let estimates: Estimates = serde_json::from_str(text).ok()?;
    Some(estimates.median.point_estimate)
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_found_among_the_estimates() {
        let text = r#"{"mean":{"point_estimate":9.0},
            "median":{"confidence_interval":{"confidence_level":0.95},"point_estimate":7.5}}"#;
        assert_eq!(read(text), Some(7.5));
        assert_eq!(read("{}"), None);
        assert_eq!(median(Path::new("nowhere"), "snp/cold/aws-lc"), None);
    }
}
