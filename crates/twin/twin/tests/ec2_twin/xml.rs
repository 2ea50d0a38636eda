//! XML answers as a tree, read by the tests' own few lines.

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Xml {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

impl Xml {
    /// The root element.
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        let named = |name: &[u8]| Self { name: String::from_utf8(name.to_vec()).unwrap(), ..Self::default() };
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error}: {text}")) {
                Event::Start(start) => open.push(named(start.name().as_ref())),
                Event::Empty(start) => {
                    let child = named(start.name().as_ref());
                    open.last_mut().unwrap().children.push(child);
                }
                Event::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Event::Text(raw) => {
                    open.last_mut().unwrap().text.push_str(std::str::from_utf8(&raw).unwrap())
                }
                Event::GeneralRef(raw) => {
                    let reference = format!("&{};", std::str::from_utf8(&raw).unwrap());
                    open.last_mut().unwrap().text.push_str(&reference);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        open.pop().unwrap().children.pop().unwrap_or_else(|| panic!("no element: {text}"))
    }

    /// The elements at a path of names.
    pub(crate) fn all(&self, path: &str) -> Vec<&Self> {
        let mut found = vec![self];
        for name in path.split('/') {
            found = found
                .into_iter()
                .flat_map(|each| &each.children)
                .filter(|child| child.name == name)
                .collect();
        }
        found
    }

    /// The text of the first element at a path of names.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        self.all(path).first().map(|found| found.text.clone())
    }
}
