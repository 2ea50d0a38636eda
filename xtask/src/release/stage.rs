//! The copy in which a release is made: a clone of the repository below the target folder, with the
//! uncommitted changes of the work tree laid over it. Everything that a release writes, it writes
//! here.

use crate::shell::{self, Outcome, capture, cargo, root, target_dir};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The copy, and the folders next to it.
pub(super) struct Stage {
    /// The copy itself.
    pub(super) tree: PathBuf,
    /// Where its builds go.
    pub(super) build: PathBuf,
    /// What a release attaches: packages and the bill of materials.
    pub(super) files: PathBuf,
}

/// Whether there is something that is not committed; a release that commits wants none of it.
pub(super) fn is_dirty(refused: bool) -> Outcome<(bool, String)> {
    let status = capture(git(&root()).args(["status", "--porcelain"]))?;
    match status.lines().count() {
        0 => Ok((false, "clean".to_owned())),
        count if refused => Err(format!("{count} uncommitted changes:\n{}", status.trim_end())),
        count => Ok((true, format!("warning: {count} uncommitted changes, taken along in a dry run only"))),
    }
}

impl Stage {
    /// Makes the copy anew.
    pub(super) fn make(dirty: bool) -> Outcome<(Self, String)> {
        let work = target_dir().join("release-work");
        let stage = Self {
            tree: work.join("tree"),
            build: work.join("build"),
            files: target_dir().join("release-files"),
        };
        for folder in [&stage.tree, &stage.files] {
            empty(folder)?;
        }
        let into = |clone: &mut Command| capture(clone.arg(root()).arg(&stage.tree));
        into(git(&root()).args(["clone", "--quiet", "--no-tags"]))?;
        if dirty {
            stage.lay_over()?;
        }
        let head = capture(stage.git().args(["rev-parse", "--short", "HEAD"]))?;
        let text = format!("{}{}", head.trim(), if dirty { " and the changes" } else { "" });
        Ok((stage, text))
    }

    /// Brings the uncommitted changes over: what is new or different, and what is gone.
    fn lay_over(&self) -> Outcome {
        for name in files(&self.tree)? {
            if root().join(&name).symlink_metadata().is_err() {
                std::fs::remove_file(self.tree.join(&name)).map_err(|e| format!("{name}: {e}"))?;
            }
        }
        for name in files(&root())? {
            let from = root().join(&name);
            if from.symlink_metadata().is_ok() {
                copy(&from, &self.tree.join(&name)).map_err(|e| format!("{name}: {e}"))?;
            }
        }
        Ok(())
    }

    /// Cargo in the copy.
    pub(super) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.build);
        command
    }

    /// Git in the copy.
    pub(super) fn git(&self) -> Command {
        git(&self.tree)
    }

    /// One of its text files.
    pub(super) fn read(&self, name: &str) -> Outcome<String> {
        std::fs::read_to_string(self.tree.join(name)).map_err(|e| format!("{name}: {e}"))
    }

    /// Writes one of its text files.
    pub(super) fn write(&self, name: &str, text: &str) -> Outcome {
        std::fs::write(self.tree.join(name), text).map_err(|e| format!("{name}: {e}"))
    }
}

/// Git in a folder.
pub(super) fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder);
    command
}

/// The files of a folder that git knows or would take in.
pub(super) fn files(folder: &Path) -> Outcome<Vec<String>> {
    let list = capture(git(folder).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    Ok(list.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Removes a folder and makes it again.
pub(super) fn empty(folder: &Path) -> Outcome {
    let error = |e: std::io::Error| format!("{}: {e}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(error)?;
    }
    std::fs::create_dir_all(folder).map_err(error)
}

/// A clone of the repository at a tag.
pub(super) fn clone_at(tag: &str, folder: &Path) -> Outcome {
    empty(folder)?;
    let mut clone = git(&root());
    clone
        .args(["-c", "advice.detachedHead=false", "clone", "--quiet", "--branch", tag])
        .arg(root())
        .arg(folder);
    shell::run(&mut clone)
}

/// Copies a file; a link stays the link that it is.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if to.symlink_metadata().is_ok() {
        std::fs::remove_file(to)?;
    }
    #[cfg(unix)]
    if from.is_symlink() {
        return std::os::unix::fs::symlink(std::fs::read_link(from)?, to);
    }
    std::fs::copy(from, to).map(|_| ())
}
