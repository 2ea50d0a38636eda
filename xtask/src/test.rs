//! Test runs: all, or without those that start a program missing here, or (`quick`) without those that start any
//! program.

use crate::graph::Graph;
use crate::setup::{self, Thing};
use crate::shell::{self, Outcome, capture, cargo, target_dir};
use crate::skip;
use std::fs::DirBuilder;
use std::process::Command;

/// `cargo xtask test [--all] [WORDS…]`: tests whose programs are missing and cannot be installed are
/// skipped and named, once more at the end. With `--all`, and where `CI` is set, a missing program fails.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let all = words.contains(&"--all") || std::env::var_os("CI").is_some_and(|value| value == "true");
    let rest: Vec<&str> = words.iter().copied().filter(|word| *word != "--all").collect();
    // From PyPI, which may not be reachable: its tests say that they did not run, and the others run.
    if let Err(reason) = setup::need(&[setup::MOTO]) {
        skip::aloud("teeproof-twin, tests of `ec2_twin`", &reason);
    }
    let Err(reason) = setup::need(&[setup::TESTS]) else {
        return shell::run(whole(&["test", "--workspace", "--locked"]).args(rest));
    };
    if all {
        return Err(reason);
    }
    skip::forget()?;
    let skipped: Vec<&Starts> = STARTS.iter().filter(|each| !each.can_run()).collect();
    for each in &skipped {
        skip::aloud(&format!("{}, tests of `{}`", each.package, each.target), &reason);
    }
    let selection = Selection::without(&skipped)?;
    let outcome = selection.run(&mut whole(&["test", "--locked"]), &rest).and_then(|()| doc_tests(&rest));
    print!("{}", skip::listed());
    outcome
}

/// A run with fresh keys and every input, whatever the user's environment says: each twin has a root of its own then.
fn whole(words: &[&str]) -> Command {
    let mut command = cargo();
    command.args(words).env_remove(SAMPLE).env_remove(KEYS);
    command
}

/// Every test that starts no program; the longest of them take samples. Documentation tests run at the same time, because the
/// others leave a processor idle now and then.
pub(crate) fn without_programs() -> Outcome {
    let selection = Selection::without(&STARTS.iter().collect::<Vec<_>>())?;
    let mut tests = cargo();
    share_keys(&mut tests)?.args(["test", "--locked"]).env(SAMPLE, "1");
    selection.run(cargo().args(["test", "--locked", "--no-run"]), &[])?;
    std::thread::scope(|scope| {
        let documentation = scope.spawn(|| capture(&mut doc_command(&[])));
        selection.run(&mut tests, &[])?;
        let documentation = documentation.join().map_err(|_| "the documentation tests did not end")?;
        documentation.map(|_| ())
    })
}

/// The environment variable that asks the longest tests for samples.
pub(crate) const SAMPLE: &str = "TEEPROOF_QUICK";

/// Names the directory for the keys of minted authorities, which test programs share: each key takes up to a second to
/// make, and minutes on an emulated processor. `cargo clean` removes it.
pub(crate) fn share_keys(tests: &mut Command) -> Outcome<&mut Command> {
    let path = target_dir().join("minted-keys");
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.recursive(true).create(&path);
    made.map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(tests.env(KEYS, path))
}

/// The environment variable that names it.
const KEYS: &str = "TEEPROOF_MINT_KEYS";

fn doc_tests(rest: &[&str]) -> Outcome {
    shell::run(&mut doc_command(rest))
}

fn doc_command(rest: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--quiet", "--doc"]).args(rest);
    command
}

/// Every target that has tests, but for some.
struct Selection {
    words: Vec<String>,
}

impl Selection {
    fn without(left_out: &[&Starts]) -> Outcome<Self> {
        let graph = Graph::read()?;
        let mut words: Vec<String> = ["--workspace", "--lib", "--bins"].map(str::to_owned).into();
        for target in graph.members().iter().flat_map(|member| &member.targets) {
            let left_out = left_out.iter().any(|each| each.target == target.name);
            // Those of a feature are for the gate that has it: `aws`.
            let is_of_feature = !target.required_features.is_empty();
            if target.kind.iter().any(|kind| kind == "test") && !left_out && !is_of_feature {
                words.extend(["--test".to_owned(), target.name.clone()]);
            }
        }
        Ok(Self { words })
    }

    fn run(&self, command: &mut Command, rest: &[&str]) -> Outcome {
        shell::run(command.args(&self.words).args(rest))
    }
}

/// A test target that starts programs.
struct Starts {
    package: &'static str,
    target: &'static str,
    programs: &'static [&'static [Thing]],
}

impl Starts {
    fn can_run(&self) -> bool {
        setup::are_there(self.programs)
    }
}

/// Test targets of one name stand in one package: cargo selects them by that name.
const STARTS: &[Starts] = &[
    Starts { package: "teeproof-cli", target: "attester", programs: &[setup::TESTS] },
    Starts { package: "teeproof-vtpm", target: "paravisor", programs: &[setup::TESTS] },
    Starts { package: "teeproof-vtpm", target: "suite", programs: &[setup::TESTS] },
    Starts { package: "teeproof-vtpm", target: "tools", programs: &[setup::TESTS] },
    Starts { package: "teeproof-aws", target: "user_data", programs: &[setup::TESTS] },
    Starts { package: "teeproof-twin", target: "ec2_twin", programs: &[setup::MOTO, setup::TESTS] },
    Starts { package: "teeproof-twin", target: "kms_twin", programs: &[setup::TESTS] },
    Starts { package: "teeproof-twin", target: "swtpm", programs: &[setup::TESTS] },
    Starts { package: "teeproof-twin", target: "twin", programs: &[setup::TESTS] },
    Starts { package: "teeproof-kms", target: "openssl", programs: &[setup::TESTS] },
    // It starts the compiler, which is always there, for each of its programs.
    Starts { package: "teeproof", target: "unforgeable", programs: &[] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_start_programs_exist_and_are_alone_with_their_name() {
        let graph = Graph::read();
        let members = graph.as_ref().map(Graph::members).unwrap_or_default();
        for each in STARTS {
            let named = members.iter().filter(|member| {
                member.targets.iter().any(|target| target.name == each.target && target.kind == ["test"])
            });
            let packages: Vec<&str> = named.map(|member| member.name.as_str()).collect();
            assert_eq!(packages, [each.package], "{}", each.target);
        }
    }

    #[test]
    fn what_is_left_out_is_not_selected() {
        let selection = Selection::without(&STARTS.iter().collect::<Vec<_>>());
        let words = selection.map(|selection| selection.words).unwrap_or_default();
        assert!(words.iter().any(|word| word == "mutations"));
        assert!(!words.iter().any(|word| word == "attester"));
    }
}
