//! Tests under the address sanitizer, which checks every memory access including calls from C libraries, and
//! under Miri, which interprets the pure crates and detects undefined behaviour. Both need nightly; neither is
//! part of `ci`.

use crate::graph::{Graph, Package};
use crate::nightly;
use crate::setup;
use crate::shell::{Outcome, root, run as run_command, target_dir};
use std::path::Path;

/// Runs the one that is named, or both.
pub(crate) fn run(words: &[&str]) -> Outcome {
    match words {
        [] => miri().and_then(|()| address()),
        ["address"] => address(),
        ["miri"] => miri(),
        _ => Err("cargo xtask sanitize [address | miri]".to_owned()),
    }
}

/// All tests of the workspace. The flags go to cargo as settings and not into the environment, so
/// that tests which start a compiler of their own start it as ever.
fn address() -> Outcome {
    nightly::need(None)?;
    setup::need(&[setup::TESTS])?;
    let host = nightly::host()?;
    let mut test = nightly::command("cargo");
    test.args(["test", "--workspace", "--locked", "--no-fail-fast", "--target", &host]);
    for flags in ["rustflags", "rustdocflags"] {
        test.args(["--config", &format!("target.{host}.{flags}=[\"-Zsanitizer=address\"]")]);
    }
    // Tests and benches leak tables and evidence on purpose.
    test.env("ASAN_OPTIONS", "detect_leaks=0");
    test.env("CARGO_TARGET_DIR", target_dir().join("sanitize-address"));
    run_command(&mut test)
}

/// The tests of the pure crates that Miri can run: it interprets Rust, not C, and a signature
/// takes it minutes.
fn miri() -> Outcome {
    nightly::need(Some("miri"))?;
    let graph = Graph::read()?;
    let members = graph.members();
    for name in INTERPRETED {
        let package = members.iter().find(|member| member.name == *name);
        interpret(package.ok_or_else(|| format!("no crate is called {name}"))?)?;
    }
    Ok(())
}

fn interpret(package: &Package) -> Outcome {
    let mut test = nightly::command("cargo");
    test.args(["miri", "test", "--locked", "-p", &package.name, "--lib"]);
    println!("==== {}", package.name);
    for target in package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "test")) {
        match SKIPPED.iter().find(|skip| skip.0 == package.name && skip.1 == target.name) {
            Some((_, name, why)) => println!("skipped: {} tests of `{name}`, {why}", count(&target.src_path)),
            None => {
                test.args(["--test", &target.name]);
            }
        }
    }
    test.arg("--");
    for (_, _, name, why) in LONG.iter().filter(|skip| skip.0 == package.name) {
        println!("skipped: the test `{name}`, {why}");
        test.args(["--skip", name]);
    }
    // Vectors are read from files.
    test.env("MIRIFLAGS", "-Zmiri-disable-isolation");
    test.env("CARGO_TARGET_DIR", target_dir().join("sanitize-miri"));
    run_command(&mut test)
}

/// The tests in a file, or in its folder where the file is one's `main.rs`.
fn count(file: &Path) -> usize {
    let is_main = file.file_name().is_some_and(|name| name == "main.rs");
    let files = match file.parent().filter(|_| is_main) {
        Some(folder) => {
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
        }
        None => vec![root().join(file)],
    };
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    texts.map(|text| text.lines().filter(|line| line.trim() == "#[test]").count()).sum()
}

/// The pure crates that need no allocator.
const INTERPRETED: &[&str] =
    &["teeproof-wire", "teeproof-core", "teeproof-x509", "teeproof-snp", "teeproof-tpm", "teeproof-nitro"];

const MINTED: &str = "which sign with a C library";
const SIGNED: &str = "which verify signatures";
const RANDOM: &str = "which read thousands of random inputs";
const SIGNED_ONE: &str = "which verifies signatures";

/// Crate, test, and why Miri does not run it.
const SKIPPED: &[(&str, &str, &str)] = &[
    ("teeproof-wire", "cbor_libraries", MINTED),
    ("teeproof-wire", "eventlog", MINTED),
    ("teeproof-wire", "eventlog_formats", MINTED),
    ("teeproof-wire", "forms", MINTED),
    ("teeproof-wire", "tpm_attestations", RANDOM),
    ("teeproof-x509", "cache", MINTED),
    ("teeproof-x509", "path", MINTED),
    ("teeproof-x509", "shared", SIGNED),
    ("teeproof-x509", "webpki", SIGNED),
    ("teeproof-snp", "minted", MINTED),
    ("teeproof-snp", "vectors", SIGNED),
    ("teeproof-tpm", "tpm", MINTED),
    ("teeproof-nitro", "minted", MINTED),
    ("teeproof-nitro", "vectors", SIGNED),
];

/// Crate, file, a single test in it, and why Miri does not run it.
const LONG: &[(&str, &str, &str, &str)] = &[
    ("teeproof-wire", "crates/pure/wire/tests/tpm.rs", "no_bytes_make_it_panic", "which reads 20,000 quotes"),
    ("teeproof-snp", "crates/pure/snp/src/anchors.rs", "each_root_signed_its_intermediates", SIGNED_ONE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_there() {
        let graph = Graph::read();
        let members = graph.as_ref().map(Graph::members).unwrap_or_default();
        for (package, name, _) in SKIPPED {
            let package = members.iter().find(|member| member.name == *package);
            let target =
                package.and_then(|package| package.targets.iter().find(|target| target.name == *name));
            assert!(target.is_some_and(|target| count(&target.src_path) > 0), "{name}");
        }
        for (_, file, name, _) in LONG {
            let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {name}()")), "{name}");
        }
    }
}
