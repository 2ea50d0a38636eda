//! Proof that the pure crates need no std, in three steps: linked on the host without any library
//! and run; compiled for a processor without an operating system; compiled to WebAssembly without
//! imports and run.
//!
//! The last two need targets. Those of rustup are used where they are installed; otherwise
//! Debian's own compiler is fetched and builds `core` and `alloc` from source.

mod compiler;
mod debian;
mod host;
mod targets;

use crate::shell::{Outcome, cargo, target_dir};
use std::process::Command;

/// All three steps, or only the first where `TEEPROOF_NOSTD_HOST_ONLY=1` asks for it.
pub(crate) fn run(_: &[&str]) -> Outcome {
    host::prove()?;
    if std::env::var_os(HOST_ONLY).is_some_and(|value| value == "1") {
        println!(
            "nostd: !!! {HOST_ONLY}=1: bare metal, with examples/no_std, and WebAssembly were NOT checked !!!"
        );
        return Ok(());
    }
    let bare = compiler::choose(targets::BARE)?;
    targets::prove_bare(&bare)?;
    let wasm = compiler::choose(&[targets::WASM])?;
    targets::prove_wasm(&wasm)
}

/// `cargo rustc` on a variant's crate, in the profile that the proof needs and in a folder of its own.
fn build(variant: &Variant) -> Command {
    let mut command = cargo();
    command.args(["rustc", "--quiet", "--locked", "--lib", "--release", "-p", variant.package]);
    command.args(variant.words);
    // Without std nothing can unwind; and a proof need not be fast.
    command.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    command.env("CARGO_TARGET_DIR", target_dir().join("nostd"));
    command
}

/// One set of crates to prove.
struct Variant {
    name: &'static str,
    package: &'static str,
    words: &'static [&'static str],
}

const PROOF: &str = "teeproof-nostd-proof";

const MINIMAL: Variant =
    Variant { name: "wire, core, x509, snp, tpm, nitro, without alloc", package: PROOF, words: &[] };
const FRONT_DOOR: Variant = Variant {
    name: "the front door with the pure-Rust table",
    package: PROOF,
    words: &["--features", "front-door"],
};
/// A library as an embedder writes it; its panic handler and allocator are those of the program.
const EXAMPLE: Variant = Variant { name: "examples/no_std", package: "teeproof-example-no-std", words: &[] };

const HOST_ONLY: &str = "TEEPROOF_NOSTD_HOST_ONLY";
