//! House rules for files: a head comment, limits of size, no orphans, no paths or hosts of the author's machine,
//! no discarded words, and no page that names a missing file.

mod dialect;
mod orphans;
mod paths;
mod rust;
mod words;

use crate::shell::{Outcome, capture, root};
use std::path::PathBuf;
use std::process::Command;

/// Checks every file that git knows or would take in; `--words` counts the discarded words that are left.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let files = files()?;
    let dialect = dialect::Dialect::read()?;
    if words == ["--words"] {
        let read = |file: &PathBuf| {
            let text = std::fs::read_to_string(root().join(file)).ok()?;
            Some((file.to_string_lossy().into_owned(), text))
        };
        print!("{}", dialect.left(&files.iter().filter_map(read).collect::<Vec<_>>()));
        return Ok(());
    }
    let mut wrong = orphans::find(&files)?;
    let mut sources = 0_usize;
    for file in &files {
        // Binary files are vectors, which `cargo xtask vectors` checks.
        let Ok(text) = std::fs::read_to_string(root().join(file)) else {
            continue;
        };
        let name = file.to_string_lossy();
        wrong.extend(words::faults(&name, &text));
        wrong.extend(dialect.faults(&name, &text));
        wrong.extend(paths::faults(&name, &text, &files));
        if name.ends_with(".rs") {
            sources += 1;
            wrong.extend(rust::faults(&name, &text));
        }
    }
    if wrong.is_empty() {
        println!("tidy: {} files, {sources} of them Rust", files.len());
        return Ok(());
    }
    Err(format!("tidy:\n  {}", wrong.join("\n  ")))
}

fn files() -> Outcome<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let list = capture(&mut git)?;
    let names = list.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    // A file that was deleted and not yet committed is still listed.
    Ok(names.filter(|name| root().join(name).is_file()).collect())
}
