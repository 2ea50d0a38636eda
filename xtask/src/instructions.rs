//! Instruction counts of each path through the verifiers, compared with a recorded baseline: a slow-down fails
//! the build, independently of any clock.
//!
//! callgrind counts. It hides AVX-512 and the SHA instructions from the program, so the whole of a
//! verification is counted under the pure-Rust table; signatures are millions of instructions, in
//! which a slip of ours would drown, so what is ours is counted alone as well: under a table that
//! answers at once, or as what a verification takes beyond its bare operations (its floor).

mod baseline;
mod callgrind;

use crate::setup;
use crate::shell::{Outcome, cargo, run as start, target_dir};
use baseline::Baseline;
use callgrind::Counts;

/// Counts and compares; `--record` writes the baseline anew.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let record = match words {
        [] => false,
        ["--record"] => true,
        _ => return Err("usage: cargo xtask instructions [--record]".into()),
    };
    setup::need(&[setup::CALLGRIND])?;
    start(cargo().args(["build", "--locked", "--release", "-p", "teeproof-benches", "--bin", "one"]))?;
    let program = target_dir().join("release").join("one");
    let counts = callgrind::count(&program, &runs())?;
    let measured = Baseline::now(rows(&counts)?)?;
    if record {
        measured.write()?;
        println!("instructions: {} recorded in {}", measured.counts.len(), baseline::FILE);
        return Ok(());
    }
    let report = Baseline::read()?.compare(&measured);
    print!("{}", report.table);
    if report.failures.is_empty() { Ok(()) } else { Err(report.failures.join("\n")) }
}

/// Every case of the bench program that has to be run, and how often.
fn runs() -> Vec<(String, u64)> {
    let ours = OURS.iter().map(|id| ((*id).to_owned(), 10));
    let whole = WHOLE.iter().map(|id| ((*id).to_owned(), 1));
    let floors = WHOLE.iter().filter_map(|id| floor(id)).map(|id| (id, 1));
    ours.chain(whole).chain(floors).collect()
}

/// What is compared: each case, and beyond each floor.
fn rows(counts: &Counts) -> Outcome<Vec<(String, u64)>> {
    let of = |id: &str| counts.get(id).copied().ok_or(format!("{id} was not counted"));
    let mut rows = Vec::new();
    for id in OURS.iter().chain(WHOLE) {
        rows.push(((*id).to_owned(), of(id)?));
        if let Some(floor) = floor(id) {
            let beyond = of(id)?.checked_sub(of(&floor)?).ok_or(format!("{id} takes less than its floor"))?;
            rows.push((format!("{id} beyond its floor"), beyond));
        }
    }
    Ok(rows)
}

/// The bare operations of a case: `snp/cold-floor/rustcrypto`.
fn floor(id: &str) -> Option<String> {
    let (case, table) = id.rsplit_once('/').filter(|(case, _)| case.contains('/'))?;
    (!case.ends_with("/appraise")).then(|| format!("{case}-floor/{table}"))
}

/// Code of ours alone.
const OURS: &[&str] = &[
    "files/azure-json",
    "files/azure-bundle",
    "files/nitro-base64",
    "files/nitro-document",
    "files/snp-report",
    "fixed/snp-report",
    "fixed/hcl-report",
    "fixed/tpms-attest",
    "fixed/td-report",
    "fixed/certificate",
    "snp/parse",
    "snp/all-but-crypto",
    "snp/appraise",
    "tdx/parse",
    "tdx/parse-collateral",
    "tdx/all-but-crypto",
    "tdx/warm-all-but-crypto",
    "azure/parse",
    "azure/all-but-crypto",
    "azure/all-but-crypto-with-log",
    "azure/appraise",
    "azure/appraise-with-log",
    "nitro/parse",
    "nitro/parse-without-certificates",
    "nitro/all-but-crypto",
    "nitro-tpm/parse",
    "nitro-tpm/all-but-crypto",
    "nitro-tpm/appraise",
    "log/boot-parse",
    "log/small-events-parse",
    "front-door/snp-all-but-crypto",
    "front-door/azure-all-but-crypto",
    "front-door/nitro-all-but-crypto",
];

/// Whole verifications, with cryptography in pure Rust.
const WHOLE: &[&str] = &[
    "snp/cold/rustcrypto",
    "snp/warm/rustcrypto",
    "tdx/cold/rustcrypto",
    "tdx/warm/rustcrypto",
    "azure/cold/rustcrypto",
    "azure/warm/rustcrypto",
    "azure/further-quote/rustcrypto",
    "azure/cold-with-log/rustcrypto",
    "nitro/cold/rustcrypto",
    "nitro/warm/rustcrypto",
    "nitro/new-enclave/rustcrypto",
    "nitro/appraise/rustcrypto",
    "nitro-tpm/cold/rustcrypto",
    "nitro-tpm/warm/rustcrypto",
    "log/boot/rustcrypto",
    "log/small-events/rustcrypto",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_the_same_case_without_us() {
        assert_eq!(floor("snp/cold/rustcrypto").as_deref(), Some("snp/cold-floor/rustcrypto"));
        assert_eq!(floor("snp/all-but-crypto"), None);
        assert_eq!(floor("nitro/appraise/rustcrypto"), None);
    }

    #[test]
    fn what_is_beyond_a_floor_is_a_row_of_its_own() {
        let counts = runs().into_iter().map(|(id, _)| {
            let count = if id.contains("-floor") { 70 } else { 100 };
            (id, count)
        });
        let rows = rows(&counts.collect()).unwrap_or_default();
        assert!(rows.contains(&("nitro/cold/rustcrypto".into(), 100)));
        assert!(rows.contains(&("nitro/cold/rustcrypto beyond its floor".into(), 30)));
        assert!(rows_are_refused());
    }

    fn rows_are_refused() -> bool {
        rows(&Counts::new()).is_err()
    }
}
