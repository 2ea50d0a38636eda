//! An inspection as people read it.

use std::fmt::Write;

use super::Inspection;
use super::tree::{Field, Node};
use crate::paint::{BAD, DIM, NAME, WIDTH, paint, printable, wrap};

/// The whole text.
pub(super) fn text(inspection: &Inspection<'_>, quiet: bool) -> String {
    let mut out = String::new();
    if !quiet {
        let Inspection { file, kind, encoding, note, status, .. } = inspection;
        let note = note.map_or_else(String::new, |note| format!("; {note}"));
        let _ = writeln!(out, "{}: {kind} ({encoding}{note}), {status}", printable(file));
    }
    if let Some(flaw) = &inspection.flaw {
        let text = format!("flaw: {}", flaw.message);
        for (index, line) in wrap(&text, WIDTH.saturating_sub(2)).iter().enumerate() {
            let indent = if index == 0 { "" } else { "  " };
            let _ = writeln!(out, "{indent}{}", line.replacen("flaw:", &paint(BAD, "flaw:"), 1));
        }
    }
    nodes(&mut out, &inspection.structures, 0);
    out
}

fn nodes(out: &mut String, nodes_: &[Node], depth: usize) {
    let columns = Columns::of(nodes_, depth);
    for node in nodes_ {
        match node {
            Node::Field(field) => columns.field(out, field),
            Node::Group(group) => {
                let indent = " ".repeat(depth.saturating_mul(2));
                let _ = writeln!(out, "{indent}{}", paint(NAME, &printable(&group.name)));
                nodes(out, &group.fields, depth.saturating_add(1));
            }
        }
    }
}

/// Where the columns of one group stand.
struct Columns {
    indent: String,
    places: bool,
    name: usize,
}

impl Columns {
    fn of(nodes: &[Node], depth: usize) -> Self {
        let fields = || {
            nodes.iter().filter_map(|node| match node {
                Node::Field(field) => Some(field),
                Node::Group(_) => None,
            })
        };
        let names = fields().map(|field| field.name.chars().count());
        Self {
            indent: " ".repeat(depth.saturating_mul(2)),
            places: fields().any(|field| field.offset.is_some()),
            name: names.max().unwrap_or_default(),
        }
    }

    fn field(&self, out: &mut String, field: &Field) {
        let width = self.name;
        let place = self.place(field);
        let margin = self.indent.len().saturating_add(place.len()).saturating_add(width).saturating_add(2);
        let room = WIDTH.saturating_sub(margin);
        let mut lines = wrap(&printable(&field.value), room);
        let note = note(field);
        let fits = |last: &String| {
            let all = last.chars().count().saturating_add(note.chars().count());
            all < room
        };
        let mut notes = Vec::new();
        match lines.last_mut() {
            Some(last) if !note.is_empty() && fits(last) => {
                let _ = write!(last, " {}", paint(DIM, &note));
            }
            _ if !note.is_empty() => notes = wrap(&note, room),
            _ => {}
        }
        lines.extend(notes.iter().map(|line| paint(DIM, line)));
        for (index, line) in lines.iter().enumerate() {
            let (place, name) = match index {
                0 => (place.clone(), printable(&field.name)),
                _ => (" ".repeat(place.len()), String::new()),
            };
            let _ = writeln!(out, "{}{place}{name:<width$}  {line}", self.indent);
        }
    }

    /// `050..090 `: from the first byte to the one after the last, in hex.
    fn place(&self, field: &Field) -> String {
        match (field.offset, field.length) {
            (Some(offset), Some(length)) => {
                format!("{offset:03x}..{:03x}  ", offset.saturating_add(length))
            }
            _ if self.places => " ".repeat(10),
            _ => String::new(),
        }
    }
}

fn note(field: &Field) -> String {
    match (&field.time, &field.note) {
        (Some(time), Some(note)) => format!("({time}; {})", printable(note)),
        (None, Some(note)) => format!("({})", printable(note)),
        (_, None) => String::new(),
    }
}
