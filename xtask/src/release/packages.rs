//! Packages as a registry would get them: packed together, each built from only its own files and the other
//! packages, and inspected.

use super::crates::Published;
use super::stage::Stage;
use crate::shell::{Outcome, capture, cargo_home, root};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Packs and builds every crate; cargo lets the packages stand in for the registry.
pub(super) fn pack(stage: &Stage, crates: &[Published], dirty: bool) -> Outcome<((), String)> {
    forget(stage, crates)?;
    let packed = package(stage, crates, dirty);
    forget(stage, crates)?;
    packed
}

/// Cargo takes what it once unpacked or built from a registry for good, and its stand-in for the
/// registry is one too: what an earlier run left there under the same version has to go.
fn forget(stage: &Stage, crates: &[Published]) -> Outcome {
    let mut clean = stage.cargo();
    clean.args(["clean", "--quiet", "--locked"]);
    for each in crates {
        clean.args(["-p", &each.name]);
    }
    capture(&mut clean)?;
    let sources = cargo_home().map(|home| home.join("registry").join("src"));
    let registries =
        sources.and_then(|sources| std::fs::read_dir(sources).ok()).into_iter().flatten().flatten();
    // A registry that is a folder has no host before the dash.
    for registry in registries.filter(|entry| entry.file_name().to_string_lossy().starts_with('-')) {
        for folder in
            crates.iter().map(|each| registry.path().join(each.label())).filter(|path| path.is_dir())
        {
            std::fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
    }
    Ok(())
}

fn package(stage: &Stage, crates: &[Published], dirty: bool) -> Outcome<((), String)> {
    let mut package = stage.cargo();
    package.args(["package", "--locked"]);
    for each in crates {
        package.args(["-p", &each.name]);
    }
    if dirty {
        package.arg("--allow-dirty");
    }
    eprintln!("$ cargo package --locked{}, every crate", if dirty { " --allow-dirty" } else { "" });
    let mut child = package.stderr(Stdio::piped()).spawn().map_err(|e| format!("cannot start cargo: {e}"))?;
    if let Some(talk) = child.stderr.take() {
        // Tests stay out of every package on purpose; cargo says so for each one.
        let lines = BufReader::new(talk).lines().map_while(Result::ok);
        lines.filter(|line| !line.contains("ignoring test `")).for_each(|line| eprintln!("{line}"));
    }
    let status = child.wait().map_err(|e| format!("cannot wait for cargo: {e}"))?;
    if !status.success() {
        return Err(format!("cargo package: {status}"));
    }
    Ok(((), format!("{} packages packed, unpacked and built", crates.len())))
}

/// Both licence texts, letter for letter, and the README.
pub(super) fn licences(stage: &Stage, crates: &[Published]) -> Outcome<((), String)> {
    let mut wrong = Vec::new();
    for each in crates {
        let folder = unpacked(stage, each);
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let ours = std::fs::read(root().join(name)).map_err(|e| format!("{name}: {e}"))?;
            if !std::fs::read(folder.join(name)).is_ok_and(|text| text == ours) {
                wrong.push(format!("{}: no {name}, or another text", each.name));
            }
        }
        if !folder.join("README.md").is_file() {
            wrong.push(format!("{}: no README.md", each.name));
        }
    }
    report(wrong, "LICENSE-MIT, LICENSE-APACHE and README.md in each")
}

/// No path of the machine that packed them, in any file.
pub(super) fn machine(stage: &Stage, crates: &[Published]) -> Outcome<((), String)> {
    let home = std::env::home_dir().filter(|home| home.components().count() > 1);
    let paths: Vec<String> =
        [Some(root()), home].into_iter().flatten().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut wrong = Vec::new();
    let mut count = 0_usize;
    for each in crates {
        for file in files_below(&unpacked(stage, each))? {
            count += 1;
            let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let text = String::from_utf8_lossy(&bytes);
            if paths.iter().any(|path| text.contains(&format!("{path}/"))) {
                wrong.push(format!("{} in {} names a folder of this machine", name_of(&file), each.label()));
            }
        }
    }
    report(wrong, &format!("{count} files read"))
}

/// Copies the packages to where a release's files are.
pub(super) fn keep(stage: &Stage, crates: &[Published]) -> Outcome<((), String)> {
    let mut bytes = 0_u64;
    for each in crates {
        let name = format!("{}.crate", each.label());
        let from = stage.build.join("package").join(&name);
        bytes += std::fs::copy(&from, stage.files.join(&name)).map_err(|e| format!("{name}: {e}"))?;
    }
    let folder = stage.files.strip_prefix(root()).unwrap_or(&stage.files);
    Ok(((), format!("{} packages, {} KiB, in {}", crates.len(), bytes / 1024, folder.display())))
}

/// Where cargo unpacks a package to build it.
fn unpacked(stage: &Stage, each: &Published) -> PathBuf {
    stage.build.join("package").join(each.label())
}

fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn report(wrong: Vec<String>, right: &str) -> Outcome<((), String)> {
    if wrong.is_empty() { Ok(((), right.to_owned())) } else { Err(wrong.join("\n")) }
}
