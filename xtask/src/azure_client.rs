//! Independent client of our twin of the paravisor: the integration tests of the published az-snp-vtpm,
//! unmodified and built with its own lock file. They are made for a confidential VM on Azure.

mod package;
mod shim;
mod twin;

use crate::setup;
use crate::shell::{Outcome, cargo_for_others, target_dir};
use std::fs;
use std::path::Path;
use twin::Twin;

/// Builds the tests and the twin, runs one against the other, and counts.
pub(crate) fn run(_: &[&str]) -> Outcome {
    setup::need(&[setup::TESTS, setup::STACK, setup::OPENSSL])?;
    let folder = target_dir().join("azure-client");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    package::unpack(&folder)?;
    let libraries = shim::build(&folder)?;
    let program = twin::build()?;
    for line in LINES {
        let twin = Twin::start(&program, line, &folder)?;
        let said = tests(&folder, &libraries, twin.socket())?;
        print!("{said}");
        if passed(&said) != Some(TESTS) {
            return Err(format!("azure-client: on {line}, not {TESTS} tests passed"));
        }
    }
    let (name, version) = (package::NAME, package::VERSION);
    println!("azure-client: {TESTS} tests of {name} {version} pass on {}", LINES.join(", "));
    Ok(())
}

/// What the tests write; failures are in it.
fn tests(folder: &Path, libraries: &Path, socket: &str) -> Outcome<String> {
    let mut test = cargo_for_others();
    test.args(["test", "--locked", "-p", package::NAME, "--features", "integration_test"]);
    test.args(["--test", "integration_tests", "--", "--test-threads=1"]);
    test.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("build"));
    // What of it a later compiler will refuse is not ours to mend.
    test.env("CARGO_FUTURE_INCOMPAT_REPORT_FREQUENCY", "never");
    test.env("LD_LIBRARY_PATH", libraries).env("TEEPROOF_TCTI", socket);
    let child = test.stdout(std::process::Stdio::piped()).spawn();
    let output = child.and_then(std::process::Child::wait_with_output);
    let output = output.map_err(|e| format!("cannot start cargo: {e}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// How many tests passed, if none failed.
fn passed(said: &str) -> Option<usize> {
    let line = said.lines().find_map(|line| line.strip_prefix("test result: ok. "))?;
    line.split_once(" passed; 0 failed")?.0.parse().ok()
}

/// The twin's machines with SEV-SNP.
const LINES: &[&str] = &["milan", "genoa", "turin"];
/// All that the published file has: reports with data of several lengths, a fresh report, the one
/// of the boot, the attestation key.
const TESTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted() {
        let ok = "running 4 tests\n....\ntest result: ok. 4 passed; 0 failed; 0 ignored\n";
        assert_eq!(passed(ok), Some(4));
        assert_eq!(passed("test result: FAILED. 3 passed; 1 failed; 0 ignored\n"), None);
        assert_eq!(passed("error: could not compile"), None);
    }
}
