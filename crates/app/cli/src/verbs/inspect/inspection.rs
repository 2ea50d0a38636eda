//! The fields of a file, in groups and in order, as JSON and pages show them.

use serde::Serialize;
use teeproof::core::Time;
use teeproof::wire;
use teeproof::wire::{Shown, Visitor};
use teeproof_evidence::Sniffed;

/// A field, or a group of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Node {
    Group(Group),
    Field(Field),
}

/// A group of fields under a name.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) fields: Vec<Node>,
}

/// One field.
#[derive(Debug, Serialize)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) offset: Option<usize>,
    pub(super) length: Option<usize>,
    pub(super) value: String,
    pub(super) note: Option<String>,
    /// The value as a time, where its note says that it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time: Option<String>,
}

/// A visitor that keeps what it is told.
#[derive(Debug)]
pub(super) struct Tree {
    /// The groups that are open, outermost first; the first has no name.
    open: Vec<Group>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { open: vec![Group { name: String::new(), fields: Vec::new() }] }
    }
}

impl Tree {
    /// What was told.
    pub(super) fn into_nodes(mut self) -> Vec<Node> {
        while self.open.len() > 1 {
            self.close();
        }
        self.open.pop().map(|all| all.fields).unwrap_or_default()
    }

    fn push(&mut self, node: Node) {
        if let Some(group) = self.open.last_mut() {
            group.fields.push(node);
        }
    }
}

impl Visitor for Tree {
    fn open(&mut self, name: &str) {
        self.open.push(Group { name: name.to_string(), fields: Vec::new() });
    }

    fn field(&mut self, shown: Shown<'_>) {
        let value = shown.value.to_string();
        let note = shown.note.map(ToString::to_string);
        self.push(Node::Field(Field {
            name: shown.name.to_string(),
            offset: shown.range.map(|(start, _)| start),
            length: shown.range.map(|(start, end)| end.saturating_sub(start)),
            time: note.as_deref().and_then(|note| time(&value, note)),
            value,
            note,
        }));
    }

    fn close(&mut self) {
        if self.open.len() > 1
            && let Some(group) = self.open.pop()
        {
            self.push(Node::Group(group));
        }
    }
}

/// The time that a number is, by its note.
fn time(value: &str, note: &str) -> Option<String> {
    let time = match note {
        "seconds since 1970" => Time(value.parse().ok()?),
        "milliseconds since 1970" => Time::from_millis(value.parse().ok()?),
        _ => return None,
    };
    Some(time.to_string())
}

/// What was told of a file.
#[derive(Debug, Serialize)]
pub(super) struct Inspection<'a> {
    schema: &'static str,
    pub(super) file: &'a str,
    pub(super) kind: &'static str,
    pub(super) encoding: &'static str,
    pub(super) note: Option<&'static str>,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    pub(super) flaw: Option<Flaw>,
    pub(super) structures: Vec<Node>,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(
        file: &'a str,
        sniffed: &Sniffed,
        flaw: Option<wire::Error>,
        structures: Vec<Node>,
    ) -> Self {
        Self {
            schema: "teeproof/inspection/1",
            file,
            kind: sniffed.kind.as_str(),
            encoding: sniffed.encoding.as_str(),
            note: sniffed.note,
            status: "not checked",
            warnings: sniffed.warnings.iter().map(ToString::to_string).collect(),
            flaw: flaw.map(Flaw::new),
            structures,
        }
    }
}

/// A rule that the structure breaks, though its fields can be told.
#[derive(Debug, Serialize)]
pub(super) struct Flaw {
    what: &'static str,
    offset: usize,
    expected: &'static str,
    pub(super) message: String,
}

impl Flaw {
    fn new(error: wire::Error) -> Self {
        Self { what: error.what, offset: error.offset, expected: error.expected, message: error.to_string() }
    }
}
