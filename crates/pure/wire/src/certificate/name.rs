//! Distinguished names. They are compared as they came; nothing is normalised.

use core::fmt;

use crate::der::{self, Element, tag};
use crate::{Error, Reader};

/// A distinguished name: its DER, header included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(&'a [u8]);

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

impl<'a> Name<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        let name = Self(der::tagged(reader, tag::SEQUENCE, what)?.whole);
        name.attributes(what, |_, _| {})?;
        Ok(name)
    }

    /// The DER as it came: what issuer and subject are compared by.
    #[must_use]
    pub const fn der(&self) -> &'a [u8] {
        self.0
    }

    /// The common name, where there is exactly one and it is text.
    #[must_use]
    pub fn common_name(&self) -> Option<&'a str> {
        let mut found = None;
        let mut count = 0_u8;
        self.attributes("name", |oid, value| {
            if oid == COMMON_NAME {
                found = Some(value);
                count = count.saturating_add(1);
            }
        })
        .ok()?;
        let value = found.filter(|_| count == 1)?;
        let text = matches!(value.tag, tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING);
        core::str::from_utf8(value.contents).ok().filter(|_| text)
    }

    fn attributes(
        &self,
        what: &'static str,
        mut visit: impl FnMut(&'a [u8], Element<'a>),
    ) -> Result<(), Error> {
        Reader::all(self.0, 0, what, |reader| {
            der::nested(reader, tag::SEQUENCE, what, |reader| {
                while !reader.is_empty() {
                    der::nested(reader, tag::SET, what, |reader| {
                        while !reader.is_empty() {
                            let (oid, value) = attribute(reader, what)?;
                            visit(oid, value);
                        }
                        Ok(())
                    })?;
                }
                Ok(())
            })
        })
    }
}

fn attribute<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<(&'a [u8], Element<'a>), Error> {
    der::nested(reader, tag::SEQUENCE, what, |reader| {
        let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, what)?.contents;
        Ok((oid, der::element(reader, what)?))
    })
}

/// The attributes in the order in which they came: `C=US, O=Amazon, CN=aws.nitro-enclaves`.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut result = Ok(());
        let walked = self.attributes("name", |oid, value| {
            let separator = if core::mem::replace(&mut first, false) { "" } else { ", " };
            result = result
                .and_then(|()| f.write_str(separator))
                .and_then(|()| write!(f, "{}=", Type(oid)))
                .and_then(|()| show_value(value.contents, f));
        });
        if walked.is_err() { f.write_str("(not a name)") } else { result }
    }
}

/// Text as it is, with anything that could fool a terminal escaped.
fn show_value(contents: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match core::str::from_utf8(contents) {
        Ok(text) => write!(f, "{}", text.escape_debug()),
        Err(_) => write!(f, "#{}", crate::describe::Hex(contents)),
    }
}

/// An attribute's type by its usual letters.
struct Type<'a>(&'a [u8]);

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            COMMON_NAME => f.write_str("CN"),
            [0x55, 0x04, 0x06] => f.write_str("C"),
            [0x55, 0x04, 0x07] => f.write_str("L"),
            [0x55, 0x04, 0x08] => f.write_str("ST"),
            [0x55, 0x04, 0x0a] => f.write_str("O"),
            [0x55, 0x04, 0x0b] => f.write_str("OU"),
            other => write!(f, "{}", crate::describe::Oid(other)),
        }
    }
}
