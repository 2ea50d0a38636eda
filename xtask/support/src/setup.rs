//! What tests and tasks need besides Rust: the one list of programs and libraries, each with the
//! package that brings it: Debian's, or one of PyPI in an environment below the folder of builds. What is
//! missing is installed where that is possible, otherwise named.

use crate::apt;
use crate::shell::{Outcome, capture, exists, target_dir};
use std::path::PathBuf;
use std::process::Command;

/// `cargo xtask setup`: everything that the tests and the tasks of `ci` need.
pub fn run(_: &[&str]) -> Outcome {
    need(ALL)?;
    for thing in each(ALL) {
        println!("{:<14} there ({})", thing.witness.name(), thing.source());
    }
    Ok(())
}

/// Makes sure that all of these are there.
pub fn need(sets: &[&'static [Thing]]) -> Outcome {
    let missing = missing(sets);
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|thing| thing.package).collect();
    packages.sort_unstable();
    packages.dedup();
    let mut installed = apt::need(&packages);
    for environment in missing.iter().filter_map(|thing| thing.witness.environment()) {
        installed = installed.and_then(|()| environment.install());
    }
    let still = self::missing(sets);
    if still.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = still.iter().map(|thing| thing.to_string()).collect();
    let why = installed.err().unwrap_or_else(|| "installed, and yet not found".into());
    Err(format!("missing: {}; {why}", names.join(", ")))
}

/// Whether all of these are there already.
pub fn are_there(sets: &[&'static [Thing]]) -> bool {
    missing(sets).is_empty()
}

fn missing(sets: &[&'static [Thing]]) -> Vec<&'static Thing> {
    each(sets).into_iter().filter(|thing| !thing.witness.is_there()).collect()
}

/// Everything in these sets, once.
fn each(sets: &[&'static [Thing]]) -> Vec<&'static Thing> {
    let mut each: Vec<&Thing> = Vec::new();
    for thing in sets.iter().copied().flatten() {
        if !each.iter().any(|known| known.witness.name() == thing.witness.name()) {
            each.push(thing);
        }
    }
    each
}

/// Everything that is listed here.
const ALL: &[&[Thing]] = &[TESTS, MOTO, STACK, OPENSSL, MACHINE_CODE, CALLGRIND, QEMU];

/// What the suites start: a software TPM, the tools that speak to it as a second opinion, OpenSSL's
/// command as a third, and what the commands of `collect azure --explain` call besides.
pub const TESTS: &[Thing] = &[
    program("swtpm", "swtpm"),
    program("tpm2_quote", "tpm2-tools"),
    program("openssl", "openssl"),
    program("curl", "curl"),
    program("xxd", "xxd"),
    // The scripts in the user data of EC2 instances: one is Python, the others are checked.
    program("python3", "python3"),
    program("shellcheck", "shellcheck"),
];

/// The server behind the twin of EC2, with botocore, which has the model of its protocol. Both versions are pinned; the
/// tests name them, too.
pub const MOTO: &[Thing] = &[
    module("ensurepip", "python3-venv"),
    Thing {
        witness: Witness::Environment(&Environment {
            folder: "moto",
            program: "moto_server",
            packages: &["moto[server,ec2]==5.2.5", "botocore==1.44.8"],
        }),
        package: "python3-venv",
    },
];

/// The TPM software stack, to build against. The library is looked for through pkg-config.
pub const STACK: &[Thing] = &[program("pkg-config", "pkg-config"), library("tss2-esys", "libtss2-dev")];

/// OpenSSL, to build against.
pub const OPENSSL: &[Thing] = &[program("pkg-config", "pkg-config"), library("libcrypto", "libssl-dev")];

/// What looks into machine code, and what links the program that is looked into.
pub const MACHINE_CODE: &[Thing] = &[program("objdump", "binutils"), program("gcc", "gcc")];

/// What counts instructions.
pub const CALLGRIND: &[Thing] = &[program("valgrind", "valgrind")];

/// What builds the QEMU of `cargo xtask enclave`, and unpacks its guest.
pub const QEMU: &[Thing] = &[
    program("gcc", "gcc"),
    program("make", "make"),
    program("ninja", "ninja-build"),
    program("pkg-config", "pkg-config"),
    program("xz", "xz-utils"),
    module("ensurepip", "python3-venv"),
    library("glib-2.0", "libglib2.0-dev"),
    library("gnutls", "libgnutls28-dev"),
    library("libcbor", "libcbor-dev"),
    // Debian's has no file for pkg-config.
    header("libfdt.h", "libfdt-dev"),
    library("pixman-1", "libpixman-1-dev"),
    library("zlib", "zlib1g-dev"),
];

/// Something that has to be on the machine, and the Debian package that brings it.
pub struct Thing {
    witness: Witness,
    package: &'static str,
}

/// What shows that it is there. Not the package: other systems call it otherwise.
enum Witness {
    /// A program on the path.
    Program(&'static str),
    /// A library that pkg-config knows.
    Library(&'static str),
    /// A header that the C compiler finds.
    Header(&'static str),
    /// A module of Python.
    Module(&'static str),
    /// A program of PyPI in an environment of its own.
    Environment(&'static Environment),
}

/// An environment of Python (venv) below the folder of builds; git ignores it, and `cargo clean` removes it.
struct Environment {
    /// Its folder.
    folder: &'static str,
    /// The program in it that is needed.
    program: &'static str,
    /// The packages as pip takes them, with their versions.
    packages: &'static [&'static str],
}

impl Environment {
    fn path(&self) -> PathBuf {
        target_dir().join(self.folder)
    }

    /// A file that names the packages, written last: a half-installed environment has none, and one of other
    /// versions has another text.
    fn stamp(&self) -> PathBuf {
        self.path().join("installed.txt")
    }

    fn is_there(&self) -> bool {
        let installed = std::fs::read_to_string(self.stamp()).unwrap_or_default();
        installed == self.packages.join("\n") && self.path().join("bin").join(self.program).is_file()
    }

    fn install(&self) -> Outcome {
        let path = self.path();
        capture(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&path))?;
        let mut pip = Command::new(path.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        capture(pip.args(self.packages))?;
        let stamp = self.stamp();
        std::fs::write(&stamp, self.packages.join("\n")).map_err(|e| format!("{}: {e}", stamp.display()))
    }
}

const fn program(name: &'static str, package: &'static str) -> Thing {
    Thing { witness: Witness::Program(name), package }
}

const fn library(name: &'static str, package: &'static str) -> Thing {
    Thing { witness: Witness::Library(name), package }
}

const fn header(name: &'static str, package: &'static str) -> Thing {
    Thing { witness: Witness::Header(name), package }
}

const fn module(name: &'static str, package: &'static str) -> Thing {
    Thing { witness: Witness::Module(name), package }
}

impl Witness {
    fn name(&self) -> &'static str {
        match self {
            Self::Program(name) | Self::Library(name) | Self::Header(name) | Self::Module(name) => name,
            Self::Environment(environment) => environment.program,
        }
    }

    /// What pip has to install.
    fn environment(&self) -> Option<&'static Environment> {
        match self {
            Self::Environment(environment) => Some(environment),
            _ => None,
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Program(name) => exists(name),
            Self::Library(name) => capture(Command::new("pkg-config").args(["--exists", name])).is_ok(),
            Self::Header(name) => {
                let words = ["-E", "-include", name, "-x", "c", "/dev/null"];
                capture(Command::new("cc").args(words)).is_ok()
            }
            Self::Module(name) => {
                capture(Command::new("python3").args(["-c", &format!("import {name}")])).is_ok()
            }
            Self::Environment(environment) => environment.is_there(),
        }
    }
}

impl Thing {
    /// The package that brings it.
    fn source(&self) -> String {
        match self.witness.environment() {
            Some(environment) => format!("PyPI: {}", environment.packages.join(" ")),
            None => format!("Debian: {}", self.package),
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.witness.environment() {
            Some(environment) => {
                write!(f, "{} (PyPI {})", environment.program, environment.packages.join(" "))
            }
            None => write!(f, "{} (Debian package {})", self.witness.name(), self.package),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &[Thing] =
        &[program("sh", "dash"), program("no-such-program", "a"), library("no-such-library", "b")];

    #[test]
    fn what_is_missing_is_named_and_nothing_else() {
        let names: Vec<String> = missing(&[SET]).iter().map(|thing| thing.to_string()).collect();
        assert_eq!(names, ["no-such-program (Debian package a)", "no-such-library (Debian package b)"]);
    }

    #[test]
    fn an_environment_is_there_with_all_of_its_packages_alone() {
        const NONE: Environment =
            Environment { folder: "no-such-environment", program: "x", packages: &["x==1"] };
        let thing = Thing { witness: Witness::Environment(&NONE), package: "python3-venv" };
        assert!(!thing.witness.is_there());
        assert_eq!(thing.to_string(), "x (PyPI x==1)");
    }

    #[test]
    fn what_two_sets_need_is_named_once() {
        let named = |name: &str| each(ALL).iter().filter(|thing| thing.witness.name() == name).count();
        assert!(STACK.iter().chain(OPENSSL).filter(|thing| thing.witness.name() == "pkg-config").count() > 1);
        assert_eq!(named("pkg-config"), 1);
        assert_eq!(named("valgrind"), 1);
    }
}
