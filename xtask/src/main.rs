//! The project's tasks and gates as one program, the same on every machine. `cargo xtask` alone lists them.

mod aws;
mod azure_client;
mod before_release;
mod ci;
mod cross;
mod deny;
mod external;
mod features;
mod fuzz;
mod graph;
mod instructions;
mod layers;
mod msrv;
mod nightly;
mod nostd;
mod panics;
mod peers;
mod pure;
mod quick;
mod registry;
mod release;
mod sanitize;
mod steps;
mod test;
mod tidy;
mod tss;
mod vectors;

use std::process::ExitCode;
use xtask_support::{apt, debian, setup, shell, skip, tools};

fn main() -> ExitCode {
    shell::main(run)
}

fn run(words: &[&str]) -> shell::Outcome {
    let Some((name, rest)) = words.split_first() else {
        print!("{}", list());
        return Ok(());
    };
    let task = TASKS.iter().find(|task| task.name == *name);
    let task = task.ok_or_else(|| format!("no task is called `{name}`\n\n{}", list()))?;
    (task.body)(rest)
}

fn list() -> String {
    let mut text = String::from("cargo xtask TASK\n\n");
    for task in TASKS {
        text.push_str(&format!("  {:<15} {}\n", task.name, task.does));
    }
    text
}

/// One task: its name, what it does, and the function that does it.
struct Task {
    name: &'static str,
    does: &'static str,
    body: fn(&[&str]) -> shell::Outcome,
}

const TASKS: &[Task] = &[
    Task {
        name: "ci",
        does: "every gate and every test, in order; stops at the first failure",
        body: ci::run,
    },
    Task {
        name: "quick",
        does: "fmt, tidy, layers, clippy, and every test that starts no program",
        body: quick::run,
    },
    Task {
        name: "before-release",
        does: "expensive gates before a release: deny, cross --all, peers, sanitize, fuzz, release (dry run)",
        body: before_release::run,
    },
    Task {
        name: "test",
        does: "all tests of the workspace, doc tests and corpus replay included; names what it skips (--all: fails)",
        body: test::run,
    },
    Task {
        name: "setup",
        does: "installs (apt-get) or names the programs and libraries of tests and tasks",
        body: setup::run,
    },
    Task {
        name: "tss",
        does: "the suites of the virtual TPM over the TPM software stack alone",
        body: tss::run,
    },
    Task {
        name: "aws",
        does: "the AWS SDK: not in default builds, an override for each of its crates; and the suites that need it",
        body: aws::run,
    },
    Task {
        name: "vm",
        does: "the command in an emulated machine, on a Debian kernel's own TPM driver, and /dev/nsm of the twin",
        body: steps::vm,
    },
    Task {
        name: "enclave",
        does: "the command in an emulated Nitro enclave, on a Debian kernel's own NSM driver",
        body: steps::enclave,
    },
    Task {
        name: "azure-client",
        does: "the published az-snp-vtpm's integration tests, unmodified, against the twin of the paravisor",
        body: azure_client::run,
    },
    Task { name: "fmt", does: "formatting, checked", body: steps::fmt },
    Task { name: "clippy", does: "clippy over all targets, warnings denied", body: steps::clippy },
    Task { name: "doc", does: "documentation with private items, warnings denied", body: steps::doc },
    Task { name: "layers", does: "imports between crates and modules, against the map", body: layers::run },
    Task {
        name: "tidy",
        does: "file heads, sizes, orphan files, paths in pages, discarded words (--words: counts of what is left)",
        body: tidy::run,
    },
    Task {
        name: "checks",
        does: "writes docs/checks.md, each check and the tests that make it fail, and the tables of docs/policy.md",
        body: steps::checks,
    },
    Task {
        name: "vectors",
        does: "test vectors and anchors against testdata/origins.toml; --extract compares with the packages they come from",
        body: vectors::run,
    },
    Task {
        name: "nostd",
        does: "the pure crates without std: linked on the host, bare metal, WebAssembly",
        body: nostd::run,
    },
    Task {
        name: "msrv",
        does: "the pure crates on the compiler of rust-version, or the oldest that is installed",
        body: msrv::run,
    },
    Task { name: "features", does: "the pure crates with every set of their features", body: features::run },
    Task {
        name: "cross",
        does: "the tests of the pure crates on i686 and s390x (or one of them); --all: long suites too",
        body: cross::run,
    },
    Task {
        name: "external-types",
        does: "types of other packages in the public API of the pure crates (nightly); --list shows each",
        body: external::run,
    },
    Task {
        name: "instructions",
        does: "instructions of each verify path against benches/instructions.toml; --record writes it",
        body: instructions::run,
    },
    Task {
        name: "panics",
        does: "what can panic in the pure crates' machine code, against docs/panics.md; --list prints it",
        body: panics::run,
    },
    Task {
        name: "peers",
        does: "the published verifiers on the same evidence; --write writes docs/differences.md",
        body: peers::run,
    },
    Task {
        name: "bench",
        does: "cost of verification, its floor and the peers; writes BENCHMARKS.md (--quick: next to the records)",
        body: steps::bench,
    },
    Task {
        name: "deny",
        does: "licences, sources, bans and duplicates of all dependencies (cargo-deny); --if-installed",
        body: deny::run,
    },
    Task {
        name: "release",
        does: "the next release, checked in a copy: version, changelog, interface, packages, SBOM; --execute commits and tags, nothing publishes",
        body: release::run,
    },
    Task {
        name: "fuzz",
        does: "the fuzz targets under libFuzzer (nightly, cargo-fuzz): [TARGET…] [--minutes N] [--list]",
        body: fuzz::run,
    },
    Task {
        name: "sanitize",
        does: "the tests under the address sanitizer, or the pure crates' under Miri (nightly): [address | miri]",
        body: sanitize::run,
    },
    Task {
        name: "fuzz-replay",
        does: "the fuzz bodies over their corpus, on stable (part of `test`)",
        body: steps::fuzz_replay,
    },
];
