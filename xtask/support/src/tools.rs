//! Cargo tools of the tasks, each pinned to one version and installed into a folder that git ignores.

use crate::shell::{self, Outcome, cargo, tools_dir};
use std::path::PathBuf;
use std::process::Command;

/// One tool: the name of its package, which is also its program's, and the version that is used.
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Licences, sources, bans and duplicates of dependencies.
pub const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// Builds the fuzz targets with the instrumentation that libFuzzer needs.
pub const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };
/// Compares the public interface with an earlier one.
pub const SEMVER_CHECKS: Tool = Tool { name: "cargo-semver-checks", version: "0.51.0" };

/// Vsock of an emulated machine as Unix sockets of this one, in place of a kernel's `vhost-vsock`.
pub const VHOST_VSOCK: Tool = Tool { name: "vhost-device-vsock", version: "0.3.0" };

impl Tool {
    /// The program: the one on the path if it is this very version, else ours, installed when it
    /// is missing.
    pub fn program(&self) -> Outcome<PathBuf> {
        if self.is_on_the_path() {
            return Ok(PathBuf::from(self.name));
        }
        if !self.is_ours() {
            self.install()?;
        }
        Ok(tools_dir().join("bin").join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX)))
    }

    /// Whether the program can be had without building it.
    pub fn is_installed(&self) -> bool {
        self.is_on_the_path() || self.is_ours()
    }

    fn is_on_the_path(&self) -> bool {
        let said = Command::new(self.name).arg("--version").output();
        said.is_ok_and(|said| self.is_named_in(&String::from_utf8_lossy(&said.stdout)))
    }

    fn is_named_in(&self, text: &str) -> bool {
        text.trim() == format!("{} {}", self.name, self.version)
    }

    /// Cargo keeps a list of what it installed into a folder.
    fn is_ours(&self) -> bool {
        let list = std::fs::read_to_string(tools_dir().join(".crates.toml")).unwrap_or_default();
        self.is_listed_in(&list)
    }

    fn is_listed_in(&self, list: &str) -> bool {
        list.contains(&format!("\"{} {} (", self.name, self.version))
    }

    fn install(&self) -> Outcome {
        let spec = format!("{}@{}", self.name, self.version);
        let mut install = cargo();
        install.args(["install", "--locked", &spec, "--root"]).arg(tools_dir());
        // A tool that runs for seconds need not be optimised for minutes.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        install.env("CARGO_PROFILE_RELEASE_LTO", "off");
        install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        install.env("CARGO_TARGET_DIR", tools_dir().join("build"));
        shell::run(&mut install)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Tool = Tool { name: "cargo-x", version: "1.2.3" };

    #[test]
    fn another_version_is_not_taken() {
        assert!(TOOL.is_named_in("cargo-x 1.2.3\n"));
        assert!(!TOOL.is_named_in("cargo-x 1.2.30\n"));
        assert!(!TOOL.is_named_in(""));
        let list = "[v1]\n\"cargo-x 1.2.3 (registry+https://example.org)\" = [\"cargo-x\"]\n";
        assert!(TOOL.is_listed_in(list));
        assert!(!TOOL.is_listed_in(&list.replace("1.2.3", "1.2.30")));
        assert!(!TOOL.is_listed_in(""));
    }
}
