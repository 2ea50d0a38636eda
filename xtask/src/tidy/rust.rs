//! The shape of a Rust file: a head comment, and limits on the length of files and functions. The files are
//! formatted by rustfmt, so indentation shows where functions end.

/// What is wrong with one file.
pub(super) fn faults(name: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if is_specimen(name) {
        return wrong;
    }
    if !opens_with_reason(text) {
        wrong.push(format!("{name}: does not open with `//!`"));
    }
    if is_test(name) {
        return wrong;
    }
    let lines = shipped(text);
    if lines.len() > FILE_LINES {
        wrong.push(format!("{name}: {} lines, {FILE_LINES} are the limit", lines.len()));
    }
    for (line, length) in functions(&lines) {
        if length > FUNCTION_LINES {
            wrong
                .push(format!("{name}:{line}: a function of {length} lines, {FUNCTION_LINES} are the limit"));
        }
    }
    wrong
}

/// A file that a compile-fail test feeds to the compiler.
pub(super) fn is_specimen(name: &str) -> bool {
    name.split('/').any(|part| part == "ui")
}

fn is_test(name: &str) -> bool {
    name.split('/').any(|part| part == "tests")
}

/// `//!` comes first; only inner attributes may stand before it. A crate whose documentation is
/// its README includes that instead.
fn opens_with_reason(text: &str) -> bool {
    let mut rest = text.trim_start();
    while rest.starts_with("#![") {
        if rest.starts_with("#![doc") {
            return true;
        }
        let Some((_, after)) = rest.split_once("]\n") else {
            return false;
        };
        rest = after.trim_start();
    }
    rest.starts_with("//!")
}

/// The lines before the unit tests.
fn shipped(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let opens =
        |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
    let end = lines.windows(2).position(opens).unwrap_or(lines.len());
    lines.into_iter().take(end).collect()
}

/// Each function with a body: the number of its first line, and how many it has.
fn functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| begins_function(line)) {
        if line.ends_with(['}', ';']) {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let close = format!("{indent}}}");
        let bodyless = format!("{indent})");
        for (length, line) in lines[at..].iter().enumerate().skip(1) {
            if *line == close {
                found.push((at + 1, length + 1));
                break;
            }
            if line.starts_with(&bodyless) && line.ends_with(';') {
                break;
            }
        }
    }
    found
}

fn begins_function(line: &str) -> bool {
    let Some((before, _)) = line.split_once("fn ") else {
        return false;
    };
    before.split_whitespace().all(|word| {
        matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"" | "default")
            || word.starts_with("pub(")
    })
}

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_its_reason() {
        assert!(opens_with_reason("//! Why.\n"));
        assert!(opens_with_reason("#![allow(\n    missing_docs\n)]\n//! Why.\n"));
        assert!(opens_with_reason("#![doc = include_str!(\"../README.md\")]\n"));
        assert!(!opens_with_reason("#![no_std]\nuse x;\n"));
        assert!(!opens_with_reason("use x;\n//! Late.\n"));
    }

    #[test]
    fn long_files_and_functions_are_seen() {
        let body = "    let x = 1;\n".repeat(90);
        let long = format!("//! Why.\npub(crate) fn f(\n    a: u8,\n) -> u8 {{\n{body}}}\n");
        assert_eq!(faults("src/a.rs", &long).len(), 1);
        assert_eq!(faults("tests/a.rs", &long).len(), 0);
        let short = "//! Why.\ntrait T {\n    fn f(\n        &self,\n    ) -> u8;\n}\nfn g() {}\n";
        assert_eq!(faults("src/a.rs", short).len(), 0);
        let lines = "// x\n".repeat(700);
        assert_eq!(faults("src/a.rs", &format!("//! Why.\n{lines}")).len(), 1);
        let tests = format!("//! Why.\n#[cfg(test)]\nmod tests {{\n{lines}}}\n");
        assert_eq!(faults("src/a.rs", &tests).len(), 0);
    }
}
