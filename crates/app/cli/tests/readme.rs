//! The README's first command gives the verdicts that the README shows, word for word; only the
//! present time differs.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

#[path = "command/validated.rs"]
mod validated;

use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../../../README.md");

/// The first fenced block of a language after a position.
fn block<'t>(text: &'t str, language: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Times of RFC 3339 made alike: `at 2026-11-22T07:39:11Z`.
fn timeless(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            let time =
                word.trim_end().len() == 20 && word.as_bytes()[10] == b'T' && word.trim_end().ends_with('Z');
            if time { "TIME\n" } else { word }
        })
        .collect()
}

#[test]
fn the_first_command_prints_what_the_readme_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut shown = String::new();
    let line = block(README, "sh").trim();
    assert!(!line.contains('\n'), "the first command is one line");
    let commands: Vec<_> = line.split(" && ").collect();
    assert_eq!(commands.len(), 3);
    for command in commands {
        let arguments = command.strip_prefix("cargo run --release -- ").unwrap().split(' ');
        let output = Command::new(env!("CARGO_BIN_EXE_teeproof"))
            .args(arguments)
            .env_clear()
            .current_dir(&root)
            .output()
            .unwrap();
        validated::check(&output, &[]);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        shown.push_str(&String::from_utf8(output.stdout).unwrap());
    }
    assert_eq!(timeless(&shown), timeless(block(README, "text")));
}

#[test]
fn the_second_command_is_what_ci_runs() {
    let ci = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.ci/run")).unwrap();
    let (_, rest) = README.split_once("runs every test").unwrap();
    let second = block(rest, "sh").trim();
    assert_eq!(second, "cargo xtask ci");
    let run = |line: &str| line.trim_start_matches("exec ").trim_end_matches(" </dev/null") == second;
    assert!(ci.lines().any(run), "{ci}");
}
