//! YAML of a peer's test fixtures as JSON, for the tests that use such a file: users convert theirs.

use serde_json::{Map, Value, json};

/// The members of a YAML file as JSON: block text (`|-`), lists of numbers, and nesting by two
/// spaces, which is all that their files have.
pub(crate) fn from_yaml(text: &str) -> Value {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let (value, rest) = block(&lines, 0);
    assert!(rest.is_empty());
    value
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn block<'a>(mut lines: &'a [&'a str], depth: usize) -> (Value, &'a [&'a str]) {
    let mut members = Map::new();
    while let Some(line) = lines.first().filter(|line| indent(line) == depth) {
        let (name, value) = line.trim().split_once(':').unwrap();
        let inner = lines[1..].iter().take_while(|line| indent(line) > depth || line.trim() == "]").count();
        let (inner, rest) = lines[1..].split_at(inner);
        let value = match value.trim() {
            "|-" if name.ends_with("base64") => json!(inner.concat().replace(' ', "")),
            "|-" => json!(inner.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")),
            "" if inner[0].trim().starts_with('-') => list(inner, depth + 2),
            "" => block(inner, depth + 2).0,
            start => {
                let text = [start, &inner.concat()].concat();
                serde_json::from_str(&text).unwrap()
            }
        };
        members.insert(name.to_owned(), value);
        lines = rest;
    }
    (Value::Object(members), lines)
}

/// `- [1, 2, …]`, or `- |-` and text.
fn list(lines: &[&str], depth: usize) -> Value {
    let entries = lines.split_inclusive(|_| false).next().unwrap_or_default();
    let mut found: Vec<Vec<&str>> = Vec::new();
    for line in entries {
        if indent(line) == depth && line.trim().starts_with('-') {
            found.push(vec![line.trim().trim_start_matches("- ")]);
        } else {
            found.last_mut().unwrap().push(line.trim());
        }
    }
    let read = |entry: &Vec<&str>| match entry[0] {
        "|-" => json!(entry[1..].join("\n")),
        _ => serde_json::from_str(&entry.concat()).unwrap(),
    };
    found.iter().map(read).collect()
}
