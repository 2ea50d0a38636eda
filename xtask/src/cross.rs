//! Tests of the pure crates on other processors: 32-bit (i686) and big-endian (s390x), run by QEMU's user
//! emulation.

use crate::graph::Graph;
use crate::shell::{self, Outcome, capture, cargo, target_dir};
use crate::{apt, pure, skip};
use std::process::Command;

/// Builds and runs them on each; `--all` includes the suites that emulation makes too long for `ci`.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let all = match words {
        [] => false,
        ["--all"] => true,
        _ => return Err("cargo xtask cross [--all]".to_owned()),
    };
    let installed = targets();
    for processor in PROCESSORS {
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
    test.env(format!("CARGO_TARGET_{key}_RUNNER"), processor.runner);
    test.env("CARGO_TARGET_DIR", target_dir().join("cross"));
    crate::test::share_keys(&mut test)?;
    if !all {
        test.env(crate::test::SAMPLE, "1");
    }
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
    runner: &'static str,
    packages: &'static [&'static str],
}

const PROCESSORS: &[Processor] = &[
    Processor {
        name: "i686 (32-bit)",
        target: "i686-unknown-linux-gnu",
        linker: "i686-linux-gnu-gcc",
        runner: "qemu-i386 -L /usr/i686-linux-gnu",
        packages: &["gcc-i686-linux-gnu", "libc6-dev-i386-cross", "qemu-user"],
    },
    Processor {
        name: "s390x (big-endian)",
        target: "s390x-unknown-linux-gnu",
        linker: "s390x-linux-gnu-gcc",
        runner: "qemu-s390x -L /usr/s390x-linux-gnu",
        packages: &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross", "qemu-user"],
    },
];

/// Tests that take minutes under emulation, and why the others make up for them in `ci`. All of them run
/// in `before-release`.
const LONG: &[(&str, &str)] = &[("mutations", MUTATIONS), ("mutations_azure", MUTATIONS), ("orders", ORDERS)];

const ORDERS: &str = "verifies evidence in 10,000 orders; `cargo xtask cross --all` runs it";
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
