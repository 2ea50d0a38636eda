//! The public interface against the last release: cargo-semver-checks says whether the step from
//! its version to this one is large enough for what changed.

use super::crates::Published;
use super::stage::{Stage, clone_at};
use crate::graph::Graph;
use crate::shell::{self, Outcome, cargo, target_dir};
use crate::tools;
use semver::Version;
use std::process::Command;

/// Compares every library that the last release had.
pub(super) fn compare(stage: &Stage, last: Option<&Version>, crates: &[Published]) -> Outcome<((), String)> {
    let Some(last) = last else {
        let text = "not run: there is no earlier release, so there is nothing to compare with";
        return Ok(((), text.to_owned()));
    };
    let program = tools::SEMVER_CHECKS.program()?;
    let baseline = target_dir().join("release-work").join("baseline");
    clone_at(&format!("v{last}"), &baseline)?;
    let before = Graph::of(cargo().current_dir(&baseline))?;
    let was = |name: &str| before.members().iter().any(|member| member.name == name && member.is_published());
    let (old, new): (Vec<&Published>, Vec<&Published>) =
        crates.iter().filter(|each| each.is_library).partition(|each| was(&each.name));
    if old.is_empty() {
        return Err(format!("none of today's libraries is in {last}"));
    }
    let mut check = Command::new(program);
    check.current_dir(&stage.tree).env("CARGO_TARGET_DIR", &stage.build);
    check.args(["semver-checks", "--manifest-path", "Cargo.toml", "--baseline-root"]).arg(&baseline);
    for each in &old {
        check.args(["--package", &each.name]);
    }
    let outcome = shell::run(&mut check);
    outcome.map_err(|_| format!("too small a step after {last}, or the check itself failed: see above"))?;
    let text = format!("{} libraries compared with {last}; {} new", old.len(), new.len());
    Ok(((), text))
}
