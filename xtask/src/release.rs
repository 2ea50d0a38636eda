//! A release, checked from end to end in a copy of the work tree. A dry run, which is the default,
//! leaves the work tree and git alone; `--execute` adds one commit and one tag, locally. Nothing is
//! ever published from here: the commands for that are printed. See docs/releasing.md.

mod bump;
mod changelog;
mod crates;
mod packages;
mod sbom;
mod semver_check;
mod stage;
mod steps;

use crate::shell::{self, Outcome, root};
use semver::Version;
use stage::{Stage, git};
use steps::Steps;

/// Runs every step, prints each result, and, if all succeeded and `--execute` was given, commits.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let request = Request::parse(words)?;
    let mut steps = Steps::default();
    let ready = prepare(&request, &mut steps);
    if let Some(ready) = &ready {
        check(&request, ready, &mut steps);
    }
    steps.finish()?;
    match ready {
        Some(ready) if request.execute => execute(&ready),
        Some(ready) => {
            println!("Dry run: the work tree is as it was. For the release: {}", command(&ready.version));
            Ok(())
        }
        None => Ok(()),
    }
}

/// Options of the command line.
struct Request {
    version: Option<Version>,
    execute: bool,
}

impl Request {
    fn parse(words: &[&str]) -> Outcome<Self> {
        let mut request = Self { version: None, execute: false };
        let mut dry = false;
        for word in words {
            match *word {
                "--dry-run" => dry = true,
                "--execute" => request.execute = true,
                word if word.starts_with('-') || request.version.is_some() => return Err(USAGE.to_owned()),
                word => request.version = Some(parse(word)?),
            }
        }
        if dry && request.execute {
            return Err(USAGE.to_owned());
        }
        if request.execute && request.version.is_none() {
            return Err(format!("--execute needs the version said aloud\n{USAGE}"));
        }
        Ok(request)
    }
}

fn parse(word: &str) -> Outcome<Version> {
    Version::parse(word).map_err(|e| format!("`{word}` is no version: {e}"))
}

/// A copy of the work tree that already is the release.
struct Ready {
    stage: Stage,
    version: Version,
    last: Option<Version>,
    crates: Vec<crates::Published>,
}

/// Makes the copy and turns it into the release. Without it there is nothing to check.
fn prepare(request: &Request, steps: &mut Steps) -> Option<Ready> {
    let dirty = steps.step("work tree", || stage::is_dirty(request.execute))?;
    let stage = steps.step("copy of it", || Stage::make(dirty))?;
    let (version, last) = steps.step("version", || bump::bump(&stage, request.version.as_ref()))?;
    let crates = steps.step("what is published", || crates::in_order(&stage, &version))?;
    steps.step("changelog", || changelog::settle(&stage, &version))?;
    if request.execute {
        steps.step("commit, in the copy", || commit(&stage, &version))?;
    }
    Some(Ready { stage, version, last, crates })
}

/// The checks, which do not depend on one another.
fn check(request: &Request, ready: &Ready, steps: &mut Steps) {
    let Ready { stage, version, last, crates } = ready;
    steps.step("bill of materials", || sbom::write(stage, version));
    steps.step("public interface", || semver_check::compare(stage, last.as_ref(), crates));
    // Only a dry run may pack what is not committed.
    let packed = steps.step("packages, built", || packages::pack(stage, crates, !request.execute));
    if packed.is_some() {
        steps.step("licences in them", || packages::licences(stage, crates));
        steps.step("nothing of this machine in them", || packages::machine(stage, crates));
        steps.step("files kept", || packages::keep(stage, crates));
    }
}

fn commit(stage: &Stage, version: &Version) -> Outcome<((), String)> {
    let who = |key: &str| shell::capture(git(&root()).args(["config", key]));
    let name = format!("user.name={}", who("user.name")?.trim());
    let email = format!("user.email={}", who("user.email")?.trim());
    if shell::capture(stage.git().args(["status", "--porcelain"]))?.is_empty() {
        return Ok(((), "nothing to commit: version and changelog were ready".to_owned()));
    }
    let message = format!("Release {version}");
    shell::run(stage.git().args(["-c", &name, "-c", &email, "commit", "--quiet", "--all", "-m", &message]))?;
    Ok(((), message))
}

/// Takes the commit over from the copy and tags it. What was checked is, byte for byte, what is
/// taken.
fn execute(ready: &Ready) -> Outcome {
    let tag = format!("v{}", ready.version);
    let message = format!("teeproof {}", ready.version);
    let before = shell::capture(git(&root()).args(["rev-parse", "--short", "HEAD"]))?;
    shell::run(git(&root()).args(["fetch", "--quiet", "--no-tags"]).arg(&ready.stage.tree).arg("HEAD"))?;
    shell::run(git(&root()).args(["merge", "--quiet", "--ff-only", "FETCH_HEAD"]))?;
    shell::run(git(&root()).args(["tag", "--annotate", &tag, "-m", &message]))?;
    println!("Committed and tagged here, not pushed and not published. What is left, in this order:");
    println!("  git push --follow-tags");
    for each in &ready.crates {
        println!("  cargo publish --locked -p {}", each.name);
    }
    println!("To take it back before that: git tag --delete {tag} && git reset --keep {}", before.trim());
    Ok(())
}

fn command(version: &Version) -> String {
    format!("cargo xtask release {version} --execute")
}

const USAGE: &str = "cargo xtask release [VERSION] [--dry-run | --execute VERSION]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_the_default_and_nothing_else_is_taken_for_one() {
        assert!(Request::parse(&[]).is_ok_and(|r| !r.execute && r.version.is_none()));
        assert!(Request::parse(&["1.2.3", "--execute"]).is_ok_and(|r| r.execute));
        for wrong in [
            &["--execute"][..],
            &["--dry-run", "1.2.3", "--execute"],
            &["1.2"],
            &["--publish"],
            &["1.2.3", "1.2.4"],
        ] {
            assert!(Request::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
