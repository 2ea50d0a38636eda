//! Files named in the pages: a source file or folder in backticks must exist.

use std::path::PathBuf;

/// What one page names that is not there, of `name` and with the files of the repository.
pub(super) fn faults(name: &str, text: &str, files: &[PathBuf]) -> Vec<String> {
    if !is_page(name) {
        return Vec::new();
    }
    let files: Vec<_> = files.iter().map(|file| format!("/{}", file.to_string_lossy())).collect();
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for path in line.split('`').skip(1).step_by(2).filter_map(path_of) {
            let is_there = files.iter().any(|file| match path.ends_with('/') {
                true => file.contains(&format!("/{path}")),
                false => file.ends_with(&format!("/{path}")),
            });
            if !is_there {
                wrong.push(format!("{name}:{}: no such file: {path}", number + 1));
            }
        }
    }
    wrong
}

/// The pages that say where something is. `docs/panics.md` names files of the standard library.
fn is_page(name: &str) -> bool {
    let is_page =
        ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"].contains(&name) || name.starts_with("docs/");
    is_page && name.ends_with(".md") && name != "docs/panics.md"
}

/// A source file or a folder, where that is what stands in backticks; a test's name behind it is left out.
/// Paths are named from any folder downwards.
fn path_of(word: &str) -> Option<&str> {
    let path = word.split_once("::").map_or(word, |(path, _)| path);
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let names = path.ends_with(".rs") || (path.ends_with('/') && path.len() > 1);
    // What builds write is no file of the repository.
    let is_ours = !path.starts_with(['/', '.']) && !path.starts_with("target/");
    (plain && names && is_ours).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_is_seen() {
        let files = ["crates/pure/x509/src/path.rs", "docs/policy.md"].map(PathBuf::from);
        let text = "| `x509/src/path.rs`, `path.rs::name`, `x509/src/`, `cargo xtask ci`, `/dev/x.rs` |\n\
                    `x509/src/verify.rs` and `tests/ui/gone/`";
        let found = faults("ARCHITECTURE.md", text, &files);
        let gone = ["x509/src/verify.rs", "tests/ui/gone/"];
        assert_eq!(found, gone.map(|path| format!("ARCHITECTURE.md:2: no such file: {path}")));
        assert_eq!(faults("CHANGELOG.md", text, &files), [""; 0]);
    }
}
