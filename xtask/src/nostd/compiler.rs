//! A compiler for a target: rustup's where the target is installed, Debian's otherwise.

use super::debian;
use crate::debian::libraries;
use crate::shell::{Outcome, capture, exists};
use std::path::PathBuf;
use std::process::Command;

/// A target, and how to build for it.
pub(super) struct Compiler {
    pub(super) target: &'static str,
    /// Debian's compiler, unpacked; `None` is the one that builds everything else.
    debian: Option<PathBuf>,
}

/// The first of the targets that rustup has, or else Debian's compiler for the first.
pub(super) fn choose(targets: &[&'static str]) -> Outcome<Compiler> {
    let installed = installed();
    if let Some(target) = targets.iter().find(|target| installed.iter().any(|name| name == *target)) {
        return Ok(Compiler { target, debian: None });
    }
    let Some(target) = targets.first() else {
        return Err("no target requested".into());
    };
    let debian = debian::compiler().map_err(|reason| {
        format!(
            "no way to build for {target}: {reason}. Install one: `rustup target add {target}`; \
             or set TEEPROOF_NOSTD_HOST_ONLY=1 to do without this check"
        )
    })?;
    Ok(Compiler { target, debian: Some(debian) })
}

impl Compiler {
    /// Makes a cargo command build for the target.
    pub(super) fn apply(&self, command: &mut Command) {
        command.args(["--target", self.target]);
        if let Some(root) = &self.debian {
            command.args(["-Zbuild-std=core,alloc"]);
            command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", root.join("usr/bin/rustc"));
            command.env("LD_LIBRARY_PATH", libraries(root));
        }
    }

    /// For the report.
    pub(super) fn name(&self) -> &'static str {
        if self.debian.is_some() { "Debian's compiler" } else { "rustup's target" }
    }
}

fn installed() -> Vec<String> {
    if !exists("rustup") {
        return Vec::new();
    }
    let list = capture(
        Command::new("rustup").args(["target", "list", "--installed"]).current_dir(crate::shell::root()),
    );
    list.unwrap_or_default().lines().map(str::to_owned).collect()
}
