//! Imports between the modules of the command: no verb imports another, the folders that verbs share import one
//! another in one order, and no modules import each other in a circle.
//!
//! Paths are found in the source text: `crate::…`, `super::…`, and those that begin with a module that the file
//! declares. `mod` alone is no import. Comments, strings and unit tests are left out.

use crate::shell::{Outcome, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const SOURCES: &str = "crates/app/cli/src";
const VERBS: &str = "verbs";
/// Each may import those before it.
const SHARED: &[&str] = &["output", "input", "settings", "endorsements", "verification"];

/// The imports of each module, by their paths: `verbs::verify`, and no name for `main.rs`.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Everything that is wrong in the command's sources.
pub(super) fn check() -> Outcome<Vec<String>> {
    let mut files = BTreeMap::new();
    read(&root().join(SOURCES), "", &mut files)?;
    Ok(faults(&imports(&files)))
}

/// The text of each module in a folder, and below it.
fn read(folder: &Path, parent: &str, files: &mut BTreeMap<String, String>) -> Outcome {
    let wrong = |e: std::io::Error| format!("{}: {e}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = if parent.is_empty() { stem.clone() } else { format!("{parent}::{stem}") };
        if path.is_dir() {
            read(&path, &name, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            files.insert(if name == "main" { String::new() } else { name }, text);
        }
    }
    Ok(())
}

fn imports(files: &BTreeMap<String, String>) -> Imports {
    let of = |(module, text): (&String, &String)| {
        let words = words(text);
        let declared: BTreeSet<&str> = words
            .windows(3)
            .filter(|window| window.first().is_some_and(|word| word == "mod"))
            .filter(|window| window.get(2).is_some_and(|word| word == ";"))
            .filter_map(|window| window.get(1).map(String::as_str))
            .collect();
        let mut found = BTreeSet::new();
        for (at, word) in words.iter().enumerate() {
            let is_inner = at > 0 && words.get(at - 1).is_some_and(|before| before == "::");
            let is_path = words.get(at + 1).is_some_and(|next| next == "::");
            let base = match word.as_str() {
                _ if is_inner || !is_path => continue,
                "crate" => Vec::new(),
                "self" => segments(module),
                "super" => parent(&segments(module)),
                child if declared.contains(child) => [segments(module), vec![child.to_owned()]].concat(),
                _ => continue,
            };
            paths(&words, at + 2, &base, &mut |path| {
                let target = longest(path, files);
                if target != *module {
                    found.insert(target);
                }
            });
        }
        (module.clone(), found)
    };
    files.iter().map(of).collect()
}

/// Each path that begins at a word after `::`: through braces, all of them. Returns the word after the path.
fn paths(words: &[String], at: usize, base: &[String], each: &mut impl FnMut(&[String])) -> usize {
    match words.get(at).map(String::as_str) {
        Some("{") => {
            let mut at = at + 1;
            while let Some(word) = words.get(at) {
                at = match word.as_str() {
                    "}" => return at + 1,
                    "," => at + 1,
                    "as" => at + 2,
                    _ => paths(words, at, base, each),
                };
            }
            at
        }
        Some(word) => {
            let path = match word {
                "super" => parent(base),
                "self" => base.to_vec(),
                word => [base, &[word.to_owned()]].concat(),
            };
            if words.get(at + 1).is_some_and(|next| next == "::") {
                return paths(words, at + 2, &path, each);
            }
            each(&path);
            at + 1
        }
        None => at,
    }
}

fn segments(module: &str) -> Vec<String> {
    module.split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

fn parent(module: &[String]) -> Vec<String> {
    module.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default()
}

/// The module that a path leads into; what comes after it is an item.
fn longest(path: &[String], files: &BTreeMap<String, String>) -> String {
    let prefixes = (0..=path.len()).rev().filter_map(|length| Some(path.get(..length)?.join("::")));
    prefixes.into_iter().find(|prefix| files.contains_key(prefix)).unwrap_or_default()
}

/// The words of a source: identifiers, `::` and single marks, without comments and strings.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let text = text.split("#[cfg(test)]\n").next().unwrap_or_default();
    let text = text.split("#[cfg(all(test").next().unwrap_or_default();
    let mut inline = false;
    for line in text.lines() {
        // `super` of an inline module is the file.
        if line.starts_with("mod ") && line.ends_with('{') {
            inline = true;
        }
        let before = words.len();
        if !line.trim_start().starts_with("//") {
            line_words(line, &mut words);
        }
        for word in words.iter_mut().skip(before).filter(|word| inline && *word == "super") {
            *word = "self".to_owned();
        }
        if line == "}" {
            inline = false;
        }
    }
    words
}

fn line_words(line: &str, words: &mut Vec<String>) {
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let taken = match first {
            '"' => {
                let end = rest.get(1..).and_then(|inside| inside.find('"'));
                end.map_or(rest.len(), |end| end + 2)
            }
            _ if rest.starts_with("//") => return,
            _ if rest.starts_with("::") => {
                words.push("::".to_owned());
                2
            }
            _ if length > 0 => {
                words.extend(rest.get(..length).map(str::to_owned));
                length
            }
            _ => {
                if !first.is_whitespace() {
                    words.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
}

fn faults(imports: &Imports) -> Vec<String> {
    let mut wrong = Vec::new();
    for (module, targets) in imports {
        for target in targets {
            if let Some(rule) = forbidden(module, target) {
                wrong.push(format!("{SOURCES}: {module} imports {}: {rule}", name(target)));
            }
        }
    }
    for circle in circles(imports) {
        wrong.push(format!("{SOURCES}: a circle of imports: {}", circle.join(", ")));
    }
    wrong
}

fn name(module: &str) -> &str {
    if module.is_empty() { "main" } else { module }
}

fn forbidden(module: &str, target: &str) -> Option<&'static str> {
    let (folder, verb) = (module.split("::").next().unwrap_or_default(), module.split("::").nth(1));
    let (target_folder, target_verb) =
        (target.split("::").next().unwrap_or_default(), target.split("::").nth(1));
    let rank = |folder: &str| SHARED.iter().position(|one| *one == folder);
    match (rank(folder), rank(target_folder)) {
        (Some(own), Some(other)) if other > own => Some("the shared folders import in one order"),
        (Some(_), None) => Some("a shared module imports shared modules alone"),
        (None, None) if folder == VERBS && target_folder != VERBS => {
            Some("a verb imports shared modules and its own alone")
        }
        (None, None) if folder == VERBS && verb != target_verb => Some("no verb imports another"),
        _ => None,
    }
}

/// The modules that reach one another, the whole set of each circle once.
fn circles(imports: &Imports) -> Vec<Vec<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|from| (from.as_str(), reach(from, imports))).collect();
    let both = |one: &str, other: &str| {
        let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
        reaches(one, other) && reaches(other, one)
    };
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for module in imports.keys() {
        let circle: Vec<&str> =
            imports.keys().map(String::as_str).filter(|other| both(module, other)).collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

fn reach<'a>(from: &str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for target in imports.get(module).into_iter().flatten() {
            if found.insert(target.as_str()) {
                open.push(target);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        faults(&imports(&files.collect()))
    }

    const GOOD: &[(&str, &str)] = &[
        ("", "mod verbs;\nmod output;\nuse crate::verbs::verify;\n"),
        ("output::page", "//! Says crate::verbs::verify.\nconst A: &str = \"crate::verbs::seal\";\n"),
        ("input::source", "use crate::output::page::Page;\n"),
        ("settings::context", "use crate::{input::source::Source, output::page};\n"),
        ("verbs::verify", "mod each;\nfn run() { each::run(crate::settings::context::A) }\n"),
        ("verbs::verify::each", "use crate::input::source;\n"),
        ("verbs::seal", "#[cfg(test)]\nuse super::verify;\n"),
    ];

    #[test]
    fn imports_downwards_are_in_order() {
        assert_eq!(faults_of(GOOD), Vec::<String>::new());
    }

    #[test]
    fn an_import_of_another_verb_or_upwards_is_seen() {
        for (module, text) in [
            ("verbs::seal", "use crate::verbs::verify::run;"),
            ("verbs::seal", "use super::verify::run;"),
            ("verbs::seal", "fn f() { crate::{input::source::A, verbs::verify::run}; }"),
            ("verbs::seal", "use crate::main_only;"),
            ("settings::config", "use crate::verbs::seal;"),
            ("settings::config", "use crate::parse;"),
            ("output::json", "fn f(a: &crate::input::source::Source) {}"),
            ("input::bytes", "use super::super::settings::context::Context;"),
        ] {
            let files = [GOOD, &[(module, text)]].concat();
            let wrong = faults_of(&files);
            assert_eq!(wrong.len(), 1, "{module}: {text}: {wrong:?}");
        }
    }

    #[test]
    fn a_circle_is_seen_through_the_parent_too() {
        let files = [GOOD, &[("verbs::verify::each", "use super::Verdict;")]].concat();
        let wrong = faults_of(&files);
        assert!(
            wrong.len() == 1 && wrong.iter().all(|one| one.contains("verbs::verify, verbs::verify::each")),
            "{wrong:?}"
        );
        let files = [
            GOOD,
            &[("output::json", "use crate::output::page::Page;"), ("output::page", "use super::json;")],
        ];
        assert_eq!(faults_of(&files.concat()).len(), 1);
    }
}
