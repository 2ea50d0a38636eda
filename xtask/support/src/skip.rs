//! Skipped steps: printed where they are skipped, and again in the summary of `ci`.

use crate::shell::{Outcome, target_dir};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

/// Says that something was left out, and why.
pub fn aloud(what: &str, reason: &str) {
    let line = line(what, reason);
    eprintln!("{line}");
    // The list is a convenience: the line above is what counts.
    let file = fs::OpenOptions::new().append(true).create(true).open(list());
    if let Ok(mut file) = file {
        let _ = writeln!(file, "{line}");
    }
}

/// Begins a list anew.
pub fn forget() -> Outcome {
    match fs::remove_file(list()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", list().display()))
        }
        _ => Ok(()),
    }
}

/// What was left out since the list was begun.
pub fn listed() -> String {
    fs::read_to_string(list()).unwrap_or_default()
}

fn line(what: &str, reason: &str) -> String {
    format!("*** SKIPPED {what}: {}", reason.trim().replace('\n', "; "))
}

fn list() -> PathBuf {
    target_dir().join("skipped.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_many_lines_is_one_line() {
        assert_eq!(line("vm", "no kernel\nno network\n"), "*** SKIPPED vm: no kernel; no network");
    }
}
