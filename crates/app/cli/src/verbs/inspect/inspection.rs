//! The fields of a file, in groups and in order, as JSON and pages show them.

use serde::Serialize;
use teeproof_core::{Hex, Time};
use teeproof_evidence::{Encoding, Sniffed};
use teeproof_wire::{DescribedField, FieldData, FieldValue, Visitor};

/// A field, or a group of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum Node {
    Group(Group),
    Field(Field),
}

/// A group of fields under a name.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(super) struct Group {
    /// The name of the structure.
    pub(super) name: String,
    /// Its fields, and groups of them, in order.
    pub(super) fields: Vec<Node>,
}

/// One field.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(super) struct Field {
    /// The specification's name.
    pub(super) name: String,
    /// Where it stands, in bytes from the start of its structure; null where that is not fixed.
    pub(super) offset: Option<usize>,
    /// Its length in bytes; null where its place is not fixed.
    pub(super) length: Option<usize>,
    /// The value with its type; null where the structure says that the field is absent.
    value: TypedValue,
    /// The value as people read it; empty in JSON.
    #[serde(skip)]
    pub(super) text: String,
    /// What the value means, where a person would ask; null elsewhere.
    pub(super) note: Option<String>,
    /// The value as a time, RFC 3339, where it is one; null elsewhere.
    pub(super) time: Option<String>,
}

/// The value of a field with its type.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum TypedValue {
    /// No value.
    Absent,
    /// Yes or no.
    Bool(bool),
    /// A count, a level, a version, an enumerated value.
    Number(u64),
    /// A number that can be negative.
    Signed(i64),
    /// Numbers, such as those of the PCRs that a quote selects.
    Numbers(Vec<u32>),
    /// A text; of bytes their lower-case hex, of flags a number such as `0x30000`.
    Text(String),
}

impl TypedValue {
    fn of(value: &dyn FieldValue) -> Self {
        match value.data() {
            FieldData::Absent => Self::Absent,
            FieldData::Bool(value) => Self::Bool(value),
            FieldData::Number(value) => Self::Number(value),
            FieldData::Signed(value) => Self::Signed(value),
            FieldData::Flags(value) => Self::Text(format!("{value:#x}")),
            FieldData::BitNumbers(bits) => Self::Numbers((0..32).filter(|at| bits >> at & 1 == 1).collect()),
            FieldData::Bytes(bytes) => Self::Text(Hex(bytes).to_string()),
            // Of a kind that this version has no type for, the text.
            _ => Self::Text(value.to_string()),
        }
    }
}

/// Who reads the tree. Values are made in the form of the reader alone: of a large event log, each is as large as the
/// log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Person,
    Program,
}

/// A visitor that builds the tree of fields.
#[derive(Debug)]
pub(super) struct Tree {
    reader: Reader,
    /// The groups that are open, outermost first; the first has no name.
    open: Vec<Group>,
}

impl Tree {
    /// A tree without fields, for this reader.
    pub(super) fn for_reader(reader: Reader) -> Self {
        Self { reader, open: vec![Group { name: String::new(), fields: Vec::new() }] }
    }

    /// The fields and groups, in order.
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

    fn field(&mut self, field: DescribedField<'_>) {
        let note = field.note.map(ToString::to_string);
        let (value, text) = match self.reader {
            Reader::Person => (TypedValue::Absent, field.value.to_string()),
            Reader::Program => (TypedValue::of(field.value), String::new()),
        };
        self.push(Node::Field(Field {
            name: field.name.to_string(),
            offset: field.range.map(|(start, _)| start),
            length: field.range.map(|(start, end)| end.saturating_sub(start)),
            time: note.as_deref().and_then(|note| time(&field.value.data(), note)),
            value,
            text,
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
fn time(value: &FieldData<'_>, note: &str) -> Option<String> {
    let number = match *value {
        FieldData::Number(value) => i64::try_from(value).ok()?,
        FieldData::Signed(value) => value,
        _ => return None,
    };
    let time = match note {
        "seconds since 1970" => Time(number),
        "milliseconds since 1970" => Time::from_millis(u64::try_from(number).ok()?),
        _ => return None,
    };
    Some(time.to_string())
}

/// The fields of a file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Inspection<'a> {
    /// The form: `teeproof/inspection/2`.
    schema: &'static str,
    /// The file's name as it was given.
    pub(super) file: &'a str,
    /// What the file is.
    pub(super) kind: &'static str,
    /// How it is encoded.
    pub(super) encoding: &'static str,
    /// What else there is to say of the file; null where there is nothing.
    pub(super) note: Option<&'static str>,
    /// `not checked`: nothing of it is verified.
    pub(super) status: &'static str,
    /// What was ignored in the file.
    pub(super) warnings: Vec<String>,
    /// The first rule that the structure breaks; null where it breaks none.
    pub(super) flaw: Option<Flaw>,
    /// The structures of the file.
    pub(super) structures: Vec<Node>,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(
        file: &'a str,
        sniffed: &Sniffed,
        flaw: Option<teeproof_wire::Error>,
        structures: Vec<Node>,
    ) -> Self {
        Self {
            schema: "teeproof/inspection/2",
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

impl<'a> Inspection<'a> {
    /// The fields of an enclave image, whose structure and checksum are valid: others are refused.
    pub(super) fn of_image(file: &'a str, structures: Vec<Node>) -> Self {
        Self {
            schema: "teeproof/inspection/2",
            file,
            kind: "enclave-image",
            encoding: Encoding::Raw.as_str(),
            note: Some("no evidence; teeproof eif shows and compares it"),
            status: "not checked",
            warnings: Vec::new(),
            flaw: None,
            structures,
        }
    }
}

/// A rule that the structure breaks, though its fields can be listed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(super) struct Flaw {
    /// The field.
    what: &'static str,
    /// Where it stands, in bytes.
    offset: usize,
    /// What was expected.
    expected: &'static str,
    /// The rule and what was found, for a person.
    pub(super) message: String,
}

impl Flaw {
    fn new(error: teeproof_wire::Error) -> Self {
        Self { what: error.what, offset: error.offset, expected: error.expected, message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_in_the_form_of_its_reader() {
        for reader in [Reader::Person, Reader::Program] {
            let mut tree = Tree::for_reader(reader);
            tree.field(DescribedField::new("Event", &teeproof_wire::HexBytes(&[0xab; 8])));
            let nodes = tree.into_nodes();
            let [Node::Field(field)] = nodes.as_slice() else { unreachable!("{nodes:?}") };
            assert_eq!(field.text.is_empty(), reader == Reader::Program);
            assert_eq!(matches!(field.value, TypedValue::Absent), reader == Reader::Person);
        }
    }
}
