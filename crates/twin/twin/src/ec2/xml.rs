//! XML answers as a tree. Texts keep the escapes that they have; comments, processing instructions and the declaration are
//! dropped, and a document type is refused.

use core::fmt;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The declaration before an answer.
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// Most elements in each other.
const MAX_DEPTH: usize = 64;
/// Most elements: a list of 10,000 instances has fewer.
const MAX_ELEMENTS: usize = 4_000_000;

/// An element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// With their escapes, and the space before the first.
    attributes: String,
    /// With its escapes; what stands between child elements is dropped.
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

/// Why bytes are no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct XmlError(String);

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Element {
    /// Reads a document.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, XmlError> {
        let wrong = |what: &str| XmlError(what.to_owned());
        let text = core::str::from_utf8(bytes).map_err(|_| wrong("expected UTF-8"))?;
        let mut reader = Reader::from_str(text);
        // Open elements, outermost first; the root is put in the element before it.
        let mut open = vec![Self::default()];
        let mut elements = 0_usize;
        loop {
            let event = reader.read_event().map_err(|error| XmlError(error.to_string()))?;
            let depth = open.len();
            let current = open.last_mut().ok_or_else(|| wrong("an end without a start"))?;
            match event {
                Event::Start(_) if depth > MAX_DEPTH => return Err(wrong("elements are too deep")),
                Event::Start(_) | Event::Empty(_) if elements == MAX_ELEMENTS => {
                    return Err(wrong("too many elements"));
                }
                Event::Start(start) => {
                    elements = elements.saturating_add(1);
                    open.push(Self::of(&start)?);
                }
                Event::Empty(start) => {
                    elements = elements.saturating_add(1);
                    current.children.push(Self::of(&start)?);
                }
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    open.last_mut().ok_or_else(|| wrong("an end without a start"))?.children.push(done);
                }
                Event::Text(raw) => current.text.push_str(utf8(&raw)?),
                Event::GeneralRef(raw) => {
                    current.text.push('&');
                    current.text.push_str(utf8(&raw)?);
                    current.text.push(';');
                }
                Event::CData(raw) => current.text.push_str(&escaped(utf8(&raw)?)),
                Event::DocType(_) => return Err(wrong("a document type")),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::Eof => break,
            }
        }
        let [document] = <[Self; 1]>::try_from(open).map_err(|_| wrong("an element without an end"))?;
        let [root] =
            <[Self; 1]>::try_from(document.children).map_err(|_| wrong("expected one root element"))?;
        Ok(root)
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, XmlError> {
        let name = start.name();
        let (name, attributes) = (utf8(name.as_ref())?, utf8(start.attributes_raw())?);
        Ok(Self { attributes: attributes.trim_end().to_owned(), ..Self::named(name) })
    }

    /// An element without anything in it.
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An element with a text.
    pub(super) fn with_text(name: &str, text: &str) -> Self {
        Self { text: escaped(text), ..Self::named(name) }
    }

    /// The root element of an answer in this namespace.
    pub(super) fn response(name: &str, namespace: &str) -> Self {
        Self { attributes: format!(" xmlns=\"{}\"", escaped(namespace)), ..Self::named(name) }
    }

    /// The same element with this one in it, too.
    pub(super) fn and(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    /// The text of the first child of this name, with its escapes.
    pub(super) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// Puts this child in the place of those of its name.
    pub(super) fn set(&mut self, child: Self) {
        self.children.retain(|found| found.name != child.name);
        self.children.push(child);
    }

    /// The items of the list of this name.
    pub(super) fn items(&self, list: &str) -> impl Iterator<Item = &Self> {
        self.child(list).into_iter().flat_map(|list| &list.children)
    }

    pub(super) fn items_mut(&mut self, list: &str) -> impl Iterator<Item = &mut Self> {
        self.child_mut(list).into_iter().flat_map(|list| &mut list.children)
    }

    /// The document.
    pub(super) fn to_document(&self) -> Vec<u8> {
        let mut out = DECLARATION.to_owned();
        self.write(&mut out);
        out.into_bytes()
    }

    /// Depth is limited: it was parsed, or made here.
    fn write(&self, out: &mut String) {
        out.extend(["<", &self.name, &self.attributes]);
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        if self.children.is_empty() {
            out.push_str(&self.text);
        }
        for child in &self.children {
            child.write(out);
        }
        out.extend(["</", &self.name, ">"]);
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, XmlError> {
    core::str::from_utf8(bytes).map_err(|_| XmlError("expected UTF-8".to_owned()))
}

/// A text with escapes, and without the control characters that XML cannot have.
pub(super) fn escaped(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().filter(allowed) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_document_is_written_as_it_was_read() {
        let text = "<a xmlns=\"http://x/\"><b k='1'>1 &amp; 2 &#38; 3</b><c/><d><item>x</item></d></a>";
        let read = Element::parse(format!("<?xml version=\"1.0\"?>\n<!-- c -->{text}\n").as_bytes()).unwrap();
        assert_eq!(read.child_text("b"), Some("1 &amp; 2 &#38; 3"));
        assert_eq!(String::from_utf8(read.to_document()).unwrap(), format!("{DECLARATION}{text}"));
        assert_eq!(read.items("d").count(), 1);
        let cdata = Element::parse(b"<a><![CDATA[<&>]]></a>").unwrap();
        assert_eq!(cdata.text, "&lt;&amp;&gt;");
        // Spaces between elements are dropped.
        let spaced = Element::parse(b"<a>\n  <b>1</b>\n</a>").unwrap();
        assert_eq!(String::from_utf8(spaced.to_document()).unwrap(), format!("{DECLARATION}<a><b>1</b></a>"));
    }

    #[test]
    fn a_child_takes_the_place_of_those_of_its_name() {
        let mut root = Element::parse(b"<a><b>1</b><c/><b>2</b></a>").unwrap();
        root.set(Element::with_text("b", "<3>"));
        assert_eq!(
            String::from_utf8(root.to_document()).unwrap(),
            format!("{DECLARATION}<a><c/><b>&lt;3&gt;</b></a>")
        );
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "<a>".repeat(100_000);
        for text in [
            "",
            "x",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a><b></a></b>",
            "<a",
            "<!DOCTYPE a []><a/>",
            "<a>&",
            &deep,
            "<a></a></a>",
            "<a/>x<b/>",
        ] {
            let shown: String = text.chars().take(20).collect();
            assert!(Element::parse(text.as_bytes()).is_err(), "{shown}");
        }
        assert!(Element::parse(b"<a>\xff</a>").is_err());
        let nested = format!("{}{}", "<a>".repeat(60), "</a>".repeat(60));
        assert!(Element::parse(nested.as_bytes()).is_ok());
    }
}
