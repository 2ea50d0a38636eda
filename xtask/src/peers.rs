//! The published verifiers beside ours, in a workspace of their own. Debian's libfaketime moves the
//! clock for those that read it; only the test program runs under it, never the compiler.

use std::path::PathBuf;
use std::process::Command;

use crate::apt;
use crate::shell::{self, Outcome, capture, cargo, root, target_dir};

/// The same evidence before everyone: those in pure Rust always; Azure's, and `sev` over OpenSSL,
/// where the system has what they need or it can be installed. `--write` writes
/// docs/differences.md.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let write = match words {
        [] => false,
        ["--write"] => true,
        _ => return Err("cargo xtask peers [--write]".into()),
    };
    apt::need(&["libfaketime"])?;
    let clock = Clock::find()?;
    match apt::need(AZURE_PACKAGES) {
        Ok(()) => differences(&clock, AZURE, write)?,
        Err(reason) => {
            differences(&clock, PURE, write)?;
            skipped("az-snp-vtpm and az-cvm-vtpm", &reason);
        }
    }
    match apt::need(OPENSSL_PACKAGES) {
        Ok(()) => differences(&clock, OPENSSL, write),
        Err(reason) => {
            skipped("sev over OpenSSL", &reason);
            Ok(())
        }
    }
}

const PURE: &[&str] = &[];
const AZURE: &[&str] = &["--features", "azure"];
const AZURE_PACKAGES: &[&str] = &["libssl-dev", "libtss2-dev", "pkg-config"];
// sev refuses to be built over both.
const OPENSSL: &[&str] = &["--no-default-features", "--features", "openssl"];
const OPENSSL_PACKAGES: &[&str] = &["libssl-dev", "pkg-config"];

fn differences(clock: &Clock, features: &[&str], write: bool) -> Outcome {
    let mut test = cargo();
    test.current_dir(root().join("peers")).args(["test", "--locked", "--test", "differences"]);
    test.args(features).args(clock.runner()?).env("CARGO_TARGET_DIR", target_dir());
    // What cargo told us of ourselves: build scripts there take it for theirs, and start anew.
    for (name, _) in std::env::vars_os() {
        let told = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if told {
            test.env_remove(name);
        }
    }
    if write {
        test.env("TEEPROOF_WRITE_TABLES", "1");
    }
    shell::run(&mut test)
}

fn skipped(peers: &str, reason: &str) {
    eprintln!("*** SKIPPED, not asked: {peers}: {reason}");
}

/// libfaketime, and the file that tells it the time.
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
