//! Version bump: the next version, and every place that names it. Manifests are changed
//! as text, so that their comments stay; afterwards cargo says whether the whole is right.

use super::parse;
use super::stage::{Stage, files, git};
use crate::graph::Graph;
use crate::shell::{Outcome, capture, root};
use semver::Version;

/// Writes the version into the copy. Gives back that version and the one released last.
pub(super) fn bump(
    stage: &Stage,
    requested: Option<&Version>,
) -> Outcome<((Version, Option<Version>), String)> {
    let before = Graph::of(&mut stage.cargo())?;
    let names: Vec<&str> = before.members().iter().map(|member| member.name.as_str()).collect();
    let manifest = stage.read("Cargo.toml")?;
    let current = parse(current(&manifest).ok_or("no version under [workspace.package]")?)?;
    let last = last()?;
    let next = decide(requested, &current, last.as_ref())?;
    let word = next.to_string();
    stage.write("Cargo.toml", &in_manifest(&manifest, &names, &word))?;
    for member in before.members() {
        let path = member.manifest_path.to_string_lossy();
        stage.write(&path, &in_manifest(&stage.read(&path)?, &names, &word))?;
    }
    for lock in files(&stage.tree)?.iter().filter(|name| name.ends_with("Cargo.lock")) {
        stage.write(lock, &in_lock(&stage.read(lock)?, &names, &word))?;
    }
    let text = match &last {
        _ if current != next => format!("{current} becomes {next}"),
        Some(last) => format!("{next}, after {last}"),
        None => format!("{next}, the first release: no tag `v*` is reachable"),
    };
    Ok(((next, last), text))
}

/// The highest version among the tags `v*` that the current commit stands on.
fn last() -> Outcome<Option<Version>> {
    let tags = capture(git(&root()).args(["tag", "--list", "v*", "--merged", "HEAD"]))?;
    Ok(tags.lines().filter_map(|tag| Version::parse(tag.strip_prefix('v')?).ok()).max())
}

/// The version of the release: the requested one, if it is above the last; else the one in the
/// manifest, or the patch after it when that one is out already.
fn decide(requested: Option<&Version>, current: &Version, last: Option<&Version>) -> Outcome<Version> {
    let released = |version: &Version| last.is_some_and(|last| version <= last);
    match requested {
        Some(requested) if requested < current => {
            Err(format!("{requested} comes before {current}, where we are"))
        }
        Some(requested) if released(requested) => {
            Err(format!("{requested} does not come after the last release"))
        }
        Some(requested) => Ok(requested.clone()),
        None if released(current) => {
            Ok(Version::new(current.major, current.minor, current.patch.saturating_add(1)))
        }
        None => Ok(current.clone()),
    }
}

fn current(manifest: &str) -> Option<&str> {
    let (_, rest) = manifest.split_once("\n[workspace.package]\n")?;
    let line =
        rest.lines().take_while(|line| !line.starts_with('[')).find(|line| line.starts_with("version ="))?;
    line.split('"').nth(1)
}

/// The workspace's version, and the version of each of our crates where the workspace or one of its
/// members imports it.
fn in_manifest(text: &str, names: &[&str], to: &str) -> String {
    let mut section = "";
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        let here = match section {
            "[workspace.package]" => key == "version",
            "[workspace.dependencies]" | "[dependencies]" => names.contains(&key),
            _ => false,
        };
        out.push_str(&if here { with_version(line, to) } else { line.to_owned() });
        out.push('\n');
    }
    out
}

/// The line with another text after `version = `; a line without one stays as it is.
fn with_version(line: &str, to: &str) -> String {
    let Some((before, after)) = line.split_once("version = \"") else {
        return line.to_owned();
    };
    let rest = after.split_once('"').map_or("", |(_, rest)| rest);
    format!("{before}version = \"{to}\"{rest}")
}

/// The entries of our own crates, which are those without a source.
fn in_lock(text: &str, names: &[&str], to: &str) -> String {
    let mut blocks = Vec::new();
    for block in text.split("\n\n") {
        let ours = names.iter().any(|name| block.contains(&format!("\nname = \"{name}\"\n")));
        if ours && !block.contains("\nsource = ") {
            let lines = block
                .lines()
                .map(|l| if l.starts_with("version = ") { with_version(l, to) } else { l.to_owned() });
            let end = if block.ends_with('\n') { "\n" } else { "" };
            blocks.push(lines.collect::<Vec<_>>().join("\n") + end);
        } else {
            blocks.push(block.to_owned());
        }
    }
    blocks.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_versions_move() {
        let text = "[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace.dependencies]\n\
            ours = { path = \"ours\", version = \"0.1.0\" }\nmade = { path = \"made\" }\n\
            other = { version = \"0.1.0\", features = [\"a\"] }\n";
        let wanted = text.replacen("\"0.1.0\"", "\"0.2.0\"", 2);
        assert_eq!(in_manifest(text, &["ours", "made"], "0.2.0"), wanted);
        assert_eq!(current(&format!("\n{text}")), Some("0.1.0"));
        let member = "[package]\nname = \"above\"\nversion.workspace = true\nrust-version = \"0.1.0\"\n\n\
            [dependencies]\nours = { path = \"../ours\", version = \"0.1.0\" }\nmade.workspace = true\n\
            other = { version = \"0.1.0\" }\n";
        let wanted = member.replace("ours\", version = \"0.1.0\"", "ours\", version = \"0.2.0\"");
        assert_ne!(wanted, member);
        assert_eq!(in_manifest(member, &["ours", "made", "above"], "0.2.0"), wanted);
    }

    #[test]
    fn the_lock_file_keeps_its_shape() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"r\"\n\n\
            [[package]]\nname = \"b\"\nversion = \"1.0.0\"\ndependencies = [\n \"a\",\n]\n\n\
            [[package]]\nname = \"c\"\nversion = \"1.0.0\"\n";
        let wanted = text.replace("\"b\"\nversion = \"1.0.0\"", "\"b\"\nversion = \"2.0.0\"");
        let wanted = wanted.replace("\"c\"\nversion = \"1.0.0\"", "\"c\"\nversion = \"2.0.0\"");
        assert_eq!(in_lock(text, &["a", "b", "c"], "2.0.0"), wanted);
        assert_eq!(in_lock(text, &["a", "b", "c"], "1.0.0"), text);
    }

    #[test]
    fn versions_go_forward() {
        let v = |text: &str| Version::parse(text).ok();
        let decided = |requested: &str, current: &str, last: &str| {
            decide(v(requested).as_ref(), &v(current).unwrap_or(Version::new(0, 0, 0)), v(last).as_ref())
        };
        assert_eq!(decided("", "0.1.0", "").ok(), v("0.1.0"));
        assert_eq!(decided("", "0.1.0", "0.1.0").ok(), v("0.1.1"));
        assert_eq!(decided("0.2.0", "0.1.0", "0.1.0").ok(), v("0.2.0"));
        assert_eq!(decided("0.1.0-rc.1", "0.1.0-rc.1", "").ok(), v("0.1.0-rc.1"));
        assert!(decided("0.1.0", "0.1.0", "0.1.0").is_err());
        assert!(decided("0.0.9", "0.1.0", "").is_err());
    }
}
