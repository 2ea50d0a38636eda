//! Tests of the pure crates on other processors: 32-bit (i686) and big-endian (s390x), run by this processor where it can,
//! otherwise by QEMU's user emulation.

use crate::graph::Graph;
use crate::shell::{self, Outcome, capture, cargo, target_dir};
use crate::{apt, pure, skip};
use std::process::Command;

/// Builds and runs them on each processor, or on the named one; `--all` includes the suites that emulation makes too long.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let named = |processor: &&Processor| words.iter().any(|word| processor.target.starts_with(word));
    let all = words.contains(&"--all");
    let wanted: Vec<&Processor> = match words.iter().filter(|word| **word != "--all").count() {
        0 => PROCESSORS.iter().collect(),
        1 => PROCESSORS.iter().filter(named).collect(),
        _ => Vec::new(),
    };
    if wanted.is_empty() {
        return Err("cargo xtask cross [i686|s390x] [--all]".to_owned());
    }
    let installed = targets();
    for processor in wanted {
        if !installed.iter().any(|target| target == processor.target) {
            let reason = format!("rustup target add {}", processor.target);
            skip::aloud(&format!("cross on {}", processor.name), &reason);
            continue;
        }
        if let Err(reason) = apt::need(processor.packages) {
            skip::aloud(&format!("cross on {}", processor.name), &reason);
            continue;
        }
        on(processor, all)?;
    }
    Ok(())
}

fn on(processor: &Processor, all: bool) -> Outcome {
    let graph = Graph::read()?;
    let crates = pure::crates(&graph)?;
    let mut test = cargo();
    test.args(["test", "--locked", "--lib", "--target", processor.target]).args(pure::words(&crates));
    for target in crates.iter().flat_map(|each| &each.targets) {
        if !target.kind.iter().any(|kind| kind == "test") {
            continue;
        }
        match LONG.iter().find(|(name, _)| *name == target.name) {
            Some((name, why)) if !all => {
                skip::aloud(&format!("cross on {}, `{name}`", processor.name), why);
            }
            _ => {
                test.args(["--test", &target.name]);
            }
        }
    }
    let key = processor.target.replace('-', "_").to_uppercase();
    test.env(format!("CARGO_TARGET_{key}_LINKER"), processor.linker);
    test.env(format!("CARGO_TARGET_{key}_RUNNER"), processor.runner());
    test.env("CARGO_TARGET_DIR", target_dir().join("cross"));
    crate::test::share_keys(&mut test)?;
    test.env_remove(crate::test::SAMPLE);
    // The evidence of others is the same on every processor, and there is much of it.
    test.env_remove("TEEPROOF_SHARED_DATA");
    shell::run(&mut test)
}

fn targets() -> Vec<String> {
    let list =
        capture(Command::new("rustup").args(["target", "list", "--installed"]).current_dir(shell::root()));
    list.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// One processor, and what builds and runs programs for it.
struct Processor {
    name: &'static str,
    target: &'static str,
    linker: &'static str,
    /// The loader of its programs and that loader's words, for processors that may run them.
    loader: Option<(&'static str, &'static str)>,
    emulator: &'static str,
    packages: &'static [&'static str],
}

impl Processor {
    /// What starts its programs: the loader if it runs here, otherwise the emulator.
    fn runner(&self) -> String {
        let runs = |loader: &&str| capture(Command::new(loader).arg("--version")).is_ok();
        match self.loader.filter(|(loader, _)| runs(loader)) {
            Some((loader, words)) => format!("{loader} {words}"),
            None => self.emulator.to_owned(),
        }
    }
}

const PROCESSORS: &[Processor] = &[
    Processor {
        name: "i686 (32-bit)",
        target: "i686-unknown-linux-gnu",
        linker: "i686-linux-gnu-gcc",
        loader: Some(("/usr/i686-linux-gnu/lib/ld-linux.so.2", "--library-path /usr/i686-linux-gnu/lib")),
        emulator: "qemu-i386 -L /usr/i686-linux-gnu",
        packages: &["gcc-i686-linux-gnu", "libc6-dev-i386-cross", "qemu-user"],
    },
    Processor {
        name: "s390x (big-endian)",
        target: "s390x-unknown-linux-gnu",
        linker: "s390x-linux-gnu-gcc",
        loader: None,
        emulator: "qemu-s390x -L /usr/s390x-linux-gnu",
        packages: &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross", "qemu-user"],
    },
];

/// Tests that take minutes without a processor's own multiplication of large numbers, and what they do. All of them run in
/// `before-release`.
const LONG: &[(&str, &str)] = &[
    ("mutations", MUTATIONS),
    ("mutations_azure", MUTATIONS),
    ("mutations_tdx", MUTATIONS),
    ("orders", ORDERS),
    ("suggested", SUGGESTED),
];

const ORDERS: &str = "verifies evidence in 10,000 orders; `cargo xtask cross --all` runs it";
const SUGGESTED: &str = "mints fleets under RSA keys of 4096 bits; `cargo xtask cross --all` runs it";
const MUTATIONS: &str = "verifies tens of thousands of signatures; `cargo xtask cross --all` runs it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tests_exist() {
        let graph = Graph::read();
        let members = graph.as_ref().map(Graph::members).unwrap_or_default();
        for (name, _) in LONG {
            let found = members.iter().flat_map(|member| &member.targets).any(|target| target.name == *name);
            assert!(found, "{name}");
        }
    }
}
