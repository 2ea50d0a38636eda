//! Machine code to inspect: fully optimised, and linked so that every call has a name and source lines.

use crate::shell::{Outcome, capture, cargo, run, target_dir};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A linked file to inspect.
pub(super) struct Linked {
    /// As the list calls it: a crate's folder, or `program`.
    pub(super) name: String,
    pub(super) what: &'static str,
    /// Whether its places are listed by crate and not by file.
    pub(super) coarse: bool,
    pub(super) file: PathBuf,
}

/// Every crate by itself, and the program.
pub(super) fn everything() -> Outcome<Vec<Linked>> {
    let mut linked = Vec::new();
    for set in SETS {
        let libraries = libraries(set.packages)?;
        for (name, folder) in set.crates {
            let library = find(&libraries, name)?;
            let file = target_dir().join(FOLDER).join(format!("{name}-{}.so", set.name));
            whole(library, &file)?;
            linked.push(Linked {
                name: (*folder).to_owned(),
                what: set.what,
                coarse: COARSE.contains(folder),
                file,
            });
        }
    }
    linked.push(program()?);
    Ok(linked)
}

/// The compiler's version, which decides what is left.
pub(super) fn compiler() -> Outcome<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(capture(Command::new(rustc).arg("-V"))?.trim().to_owned())
}

/// The libraries that a build of these packages made.
fn libraries(packages: &[&str]) -> Outcome<Vec<PathBuf>> {
    let mut build = optimised("build");
    build.args(packages.iter().flat_map(|package| ["-p", package]));
    let messages = capture(build.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit()))?;
    let mut found = Vec::new();
    for line in messages.lines() {
        let message: serde_json::Value =
            serde_json::from_str(line).map_err(|e| format!("cargo said: {e}"))?;
        let files = message.get("filenames").and_then(serde_json::Value::as_array);
        let files = files.into_iter().flatten().filter_map(serde_json::Value::as_str).map(PathBuf::from);
        found.extend(files.filter(|file| file.extension().is_some_and(|kind| kind == "rlib")));
    }
    Ok(found)
}

/// A requested package gets a file without a hash in its name.
fn find<'a>(libraries: &'a [PathBuf], name: &str) -> Outcome<&'a Path> {
    let is = |file: &&PathBuf| {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let rest = stem.strip_prefix("lib").and_then(|stem| stem.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    libraries.iter().find(is).map(PathBuf::as_path).ok_or(format!("cargo made no library of {name}"))
}

/// A library with all of its code, even uncalled functions; callees may be missing.
fn whole(library: &Path, file: &Path) -> Outcome {
    let mut link = linker(file);
    link.args(["-Wl,-z,undefs", "-Wl,--whole-archive"]).arg(library).arg("-Wl,--no-whole-archive");
    quiet(&mut link)
}

/// The program without std of `xtask/nostd`, optimised as a whole together with `core`, with
/// everything that its entry reaches.
fn program() -> Outcome<Linked> {
    let folder = target_dir().join(FOLDER);
    let mut build = optimised("rustc");
    build.args(["-p", "teeproof-nostd-proof", "--crate-type", "staticlib"]);
    build.env("CARGO_PROFILE_RELEASE_LTO", "fat").env("CARGO_TARGET_DIR", folder.join("lto"));
    run(build.args(["--", "--cfg", "teeproof_freestanding"]))?;
    let file = folder.join("program.so");
    let mut link = linker(&file);
    link.args(["-Wl,--gc-sections", "-Wl,--exclude-libs,ALL"]);
    link.args([format!("-Wl,-e,{ENTRY}"), format!("-Wl,-u,{ENTRY}")]);
    quiet(link.arg(folder.join("lto/release/libteeproof_nostd_proof.a")))?;
    Ok(Linked {
        name: "program".into(),
        what: "everything that is reached, with `core`",
        coarse: false,
        file,
    })
}

fn linker(file: &Path) -> Command {
    let mut link = Command::new("cc");
    link.args(["-nostdlib", "-shared", "-Wl,--emit-relocs", "-Wl,-z,noexecstack", "-o"]).arg(file);
    link
}

fn quiet(command: &mut Command) -> Outcome {
    capture(command).map(drop)
}

/// Cargo, building as for a release, but with whatever makes the optimiser see more; and with lines.
fn optimised(task: &str) -> Command {
    let mut build = cargo();
    build.args([task, "--quiet", "--locked", "--lib", "--release"]);
    build.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3");
    build.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    build.env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    build.env("CARGO_TARGET_DIR", target_dir().join(FOLDER));
    build
}

/// Crates that are built together.
struct Set {
    name: &'static str,
    what: &'static str,
    packages: &'static [&'static str],
    /// The name of each library, and what the list calls it.
    crates: &'static [(&'static str, &'static str)],
}

const SETS: &[Set] = &[
    Set {
        name: "bare",
        what: "every public function, without an allocator",
        packages: &["teeproof-snp", "teeproof-tpm", "teeproof-nitro"],
        crates: &[
            ("teeproof_wire", "wire"),
            ("teeproof_core", "core"),
            ("teeproof_x509", "x509"),
            ("teeproof_snp", "snp"),
            ("teeproof_tpm", "tpm"),
            ("teeproof_nitro", "nitro"),
        ],
    },
    Set {
        name: "alloc",
        what: "every public function, with an allocator",
        packages: &["teeproof", "teeproof-eif", "teeproof-tdx"],
        crates: &[
            ("teeproof_core", "core"),
            ("teeproof_x509", "x509"),
            ("teeproof_snp", "snp"),
            ("teeproof_tpm", "tpm"),
            ("teeproof_nitro", "nitro"),
            ("teeproof_tdx", "tdx"),
            ("teeproof_eif", "eif"),
            ("teeproof_evidence", "evidence"),
            ("teeproof_hcl", "hcl"),
            ("teeproof", "verifier"),
        ],
    },
];

/// Much of the front door is generic code of others, and what of it ends up in which function
/// changes with every line: its files would not stay the same from one change to the next.
const COARSE: &[&str] = &["evidence", "verifier"];

const ENTRY: &str = "teeproof_nostd_reach";
const FOLDER: &str = "panics";
