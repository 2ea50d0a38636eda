//! Comparison with the published verifiers, in a separate workspace. Debian's libfaketime moves the clock for
//! those that read it; only the test program runs under it, never the compiler.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Outcome, capture, cargo_for_others, root, target_dir};
use crate::{apt, setup, skip};

/// The same evidence for all verifiers: those in pure Rust always; Azure's, and `sev` over OpenSSL, if their
/// system libraries are there or can be installed. `--write` writes
/// docs/differences.md.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let write = match words {
        [] => false,
        ["--write"] => true,
        _ => return Err("cargo xtask peers [--write]".into()),
    };
    apt::need(&["libfaketime"])?;
    let clock = Clock::find()?;
    match setup::need(&[setup::STACK, setup::OPENSSL]) {
        Ok(()) => differences(&clock, AZURE, write)?,
        Err(reason) => {
            differences(&clock, PURE, write)?;
            skip::aloud("az-snp-vtpm and az-cvm-vtpm, not compared", &reason);
        }
    }
    match setup::need(&[setup::OPENSSL]) {
        Ok(()) => differences(&clock, OPENSSL, write),
        Err(reason) => {
            skip::aloud("sev over OpenSSL, not compared", &reason);
            Ok(())
        }
    }
}

const PURE: &[&str] = &[];
const AZURE: &[&str] = &["--features", "azure"];
// sev refuses to be built over both.
const OPENSSL: &[&str] = &["--no-default-features", "--features", "openssl"];

fn differences(clock: &Clock, features: &[&str], write: bool) -> Outcome {
    let mut test = cargo_for_others();
    test.current_dir(root().join("peers")).args(["test", "--locked", "--test", "differences"]);
    test.args(features).args(clock.runner()?).env("CARGO_TARGET_DIR", target_dir());
    if write {
        test.env("TEEPROOF_WRITE_TABLES", "1");
    }
    shell::run(&mut test)
}

/// libfaketime, and the file with its time.
struct Clock {
    library: String,
    file: PathBuf,
}

impl Clock {
    fn find() -> Outcome<Self> {
        let files = capture(Command::new("dpkg-query").args(["--listfiles", "libfaketime"]))?;
        let library = files.lines().find(|path| path.ends_with("/libfaketime.so.1"));
        let library = library.ok_or("the package libfaketime has no libfaketime.so.1")?.to_owned();
        Ok(Self { library, file: target_dir().join("peers-clock") })
    }

    /// The words by which cargo starts what it has built under this clock.
    fn runner(&self) -> Outcome<[String; 2]> {
        let host = capture(Command::new("rustc").arg("--print=host-tuple"))?;
        let quoted: Vec<String> = self.variables().iter().map(|word| format!("{word:?}")).collect();
        let key = format!("target.{}.runner", host.trim());
        Ok(["--config".into(), format!("{key}=[\"env\", {}]", quoted.join(", "))])
    }

    fn variables(&self) -> [String; 7] {
        [
            format!("LD_PRELOAD={}", self.library),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()),
            "FAKETIME_FMT=%s".into(),
            // The time changes while the program runs.
            "FAKETIME_NO_CACHE=1".into(),
            // Only the time of day is moved: not what measures, not what files say.
            "DONT_FAKE_MONOTONIC=1".into(),
            "NO_FAKE_STAT=1".into(),
            "TZ=UTC".into(),
        ]
    }
}
