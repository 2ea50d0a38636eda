//! The proof on the host: a static library without std, linked with nothing, and run.

use super::{FRONT_DOOR, MINIMAL, Variant, build};
use crate::shell::{Outcome, capture, root, run, run_within, target_dir};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Links and runs both variants, and shows that the proof can fail.
pub(super) fn prove() -> Outcome {
    for variant in [MINIMAL, FRONT_DOOR] {
        let words = ["--crate-type", "staticlib", "--", "--cfg", "teeproof_freestanding"];
        run(build(&variant).args(words))?;
        let folder = target_dir().join("nostd").join("release");
        needs_nothing(&folder)?;
        starts(&folder)?;
        println!("nostd: host: linked and run without std: {}", variant.name);
    }
    control(&MINIMAL)
}

/// Links the library with nothing, keeps what the entry reaches, and asks what is missing.
fn needs_nothing(folder: &Path) -> Outcome {
    let linked = folder.join("proof.so");
    let mut link = Command::new("cc");
    link.args(["-nostdlib", "-shared", "-Wl,--gc-sections", "-Wl,--exclude-libs,ALL"]);
    link.args([format!("-Wl,-e,{ENTRY}"), format!("-Wl,-u,{ENTRY}"), "-o".into()]);
    run(link.arg(&linked).arg(folder.join(LIBRARY)))?;
    let symbols = capture(Command::new("nm").arg("--undefined-only").arg(&linked))?;
    let missing: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let foreign: Vec<&&str> = missing.iter().filter(|name| !COMPILER_NEEDS.contains(name)).collect();
    let defined = capture(Command::new("nm").arg("--defined-only").arg(&linked))?;
    if !defined.contains(ENTRY) {
        return Err(format!("the linked library lacks {ENTRY}: nothing was proved"));
    }
    if foreign.is_empty() { Ok(()) } else { Err(format!("the pure crates need {foreign:?} from outside")) }
}

/// A C program calls the library.
fn starts(folder: &Path) -> Outcome {
    let program = folder.join("proof");
    let mut link = Command::new("cc");
    link.args(["-Wl,--gc-sections", "-o"])
        .arg(&program)
        .arg(root().join("xtask/nostd/main.c"))
        .arg(folder.join(LIBRARY));
    run(&mut link)?;
    run_within(&mut Command::new(&program), Duration::from_secs(60))
        .map_err(|reason| format!("the program that verifies without std: {reason}"))
}

/// The same build with std in it has to fail; otherwise the proof proves nothing.
fn control(variant: &Variant) -> Outcome {
    let words =
        ["--crate-type", "staticlib", "--", "--cfg", "teeproof_freestanding", "--cfg", "teeproof_links_std"];
    let output = build(variant).args(words).output().map_err(|e| format!("cannot start cargo: {e}"))?;
    let talk = String::from_utf8_lossy(&output.stderr);
    if output.status.success() || !talk.contains("panic_impl") {
        return Err(format!("the build with std should have failed over two panic handlers:\n{talk}"));
    }
    println!("nostd: host: with std in the tree the same build fails, as it must");
    Ok(())
}

/// The function that everything has to be reached from.
const ENTRY: &str = "teeproof_nostd_check";
const LIBRARY: &str = "libteeproof_nostd_proof.a";

/// What the compiler itself calls for copying, filling and comparing memory.
const COMPILER_NEEDS: &[&str] = &["memcpy", "memmove", "memset", "memcmp", "bcmp"];
