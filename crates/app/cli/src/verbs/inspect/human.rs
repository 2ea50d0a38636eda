//! An inspection as people read it.

use super::inspection::{Field, Inspection, Node};
use crate::output::page::{BAD, DIM, NAME, Page, WIDTH, escaped, labelled, wrap};

/// The whole page.
pub(super) fn page(inspection: &Inspection<'_>, quiet: bool) -> Page {
    let mut page = Page::new();
    if !quiet {
        let Inspection { file, kind, encoding, note, status, .. } = inspection;
        let note = note.map_or_else(String::new, |note| format!("; {note}"));
        page.line(format_args!("{file}: {kind} ({encoding}{note}), {status}"));
    }
    for warning in &inspection.warnings {
        labelled(&mut page, (BAD, "warning:"), warning, WIDTH, 0);
    }
    if let Some(flaw) = &inspection.flaw {
        labelled(&mut page, (BAD, "flaw:"), &flaw.message, WIDTH, 0);
    }
    nodes(&mut page, &inspection.structures, 0);
    page
}

fn nodes(page: &mut Page, nodes_: &[Node], depth: usize) {
    let columns = Columns::of(nodes_, depth);
    for node in nodes_ {
        match node {
            Node::Field(field) => columns.field(page, field),
            Node::Group(group) => {
                page.add(" ".repeat(depth.saturating_mul(2))).paint(NAME, &group.name).end();
                nodes(page, &group.fields, depth.saturating_add(1));
            }
        }
    }
}

/// Where the columns of one group stand.
struct Columns {
    indent: String,
    /// Hexadecimal digits of an offset; `None` where no field has one.
    digits: Option<usize>,
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
        let names = fields().map(|field| escaped(&field.name).chars().count());
        Self {
            indent: " ".repeat(depth.saturating_mul(2)),
            digits: fields()
                .filter_map(|field| Some(digits(field.offset?.saturating_add(field.length?))))
                .max(),
            name: names.max().unwrap_or_default().min(MAX_NAME),
        }
    }

    fn field(&self, page: &mut Page, field: &Field) {
        let width = self.name;
        let place = self.place(field);
        let margin = self.indent.len().saturating_add(place.len()).saturating_add(width).saturating_add(2);
        let room = WIDTH.saturating_sub(margin);
        let mut lines = wrap(&escaped(&field.text), room);
        let note = note(field);
        let last = lines.last().map_or(0, |last| last.chars().count());
        let fits = last.saturating_add(note.chars().count()) < room;
        let values = lines.len();
        if !note.is_empty() && !fits {
            lines.extend(wrap(&note, room));
        }
        for (index, line) in lines.iter().enumerate() {
            match index {
                0 => page.add(format_args!("{}{place}{:<width$}  ", self.indent, escaped(&field.name))),
                _ => page.add(format_args!(
                    "{}{:at$}  ",
                    self.indent,
                    "",
                    at = place.len().saturating_add(width)
                )),
            };
            if index < values {
                page.add(line)
            } else {
                page.paint(DIM, line)
            };
            if fits && !note.is_empty() && index.saturating_add(1) == values {
                page.add(" ").paint(DIM, &note);
            }
            page.end();
        }
    }

    /// `050..090 `: from the first byte to the one after the last, in hex.
    fn place(&self, field: &Field) -> String {
        let Some(digits) = self.digits else { return String::new() };
        match (field.offset, field.length) {
            (Some(offset), Some(length)) => {
                format!("{offset:0digits$x}..{:0digits$x}  ", offset.saturating_add(length))
            }
            _ => " ".repeat(digits.saturating_mul(2).saturating_add(4)),
        }
    }
}

/// The hexadecimal digits of the offsets up to this one: three, or more in large structures.
fn digits(end: usize) -> usize {
    format!("{end:03x}").len()
}

fn note(field: &Field) -> String {
    match (&field.time, &field.note) {
        (Some(time), Some(note)) => format!("({time}; {})", escaped(note)),
        (None, Some(note)) => format!("({})", escaped(note)),
        (_, None) => String::new(),
    }
}

/// No name of a specification is wider; a foreign one may be, and moves its own line alone.
const MAX_NAME: usize = 48;
