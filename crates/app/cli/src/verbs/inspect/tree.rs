//! Fields as they are told, kept: groups of fields, in order.

use serde::Serialize;
use teeproof::core::Time;
use teeproof::wire::{Shown, Visitor};

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
