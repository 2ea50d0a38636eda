//! Distinguished names (RFC 5280, section 4.1.2.4), compared byte for byte without normalisation.

use core::fmt;

use crate::der::{self, Element, tag};
use crate::{Error, ErrorKind, Reader};

/// A distinguished name: its DER with the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(&'a [u8]);

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

impl<'a> Name<'a> {
    /// A parsed name.
    pub(crate) const fn of_parsed(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// Parses a name; `what` is its place in errors.
    ///
    /// # Errors
    /// Bytes that are not the DER of a Name.
    pub fn parse(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        let name = der::tagged(reader, tag::SEQUENCE, what)?;
        if is_sound(name.contents) { Ok(Self(name.whole)) } else { Err(fault(&name, what)) }
    }

    /// The DER as received: issuer and subject are compared by these bytes.
    #[must_use]
    pub const fn der(&self) -> &'a [u8] {
        self.0
    }

    /// The common name; `None` unless there is exactly one and it is text.
    #[must_use]
    pub fn common_name(&self) -> Option<&'a str> {
        let mut named = self.attributes().filter(|attribute| attribute.oid == COMMON_NAME);
        let value = named.next().filter(|_| named.next().is_none())?;
        let text = matches!(value.tag, tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING);
        core::str::from_utf8(value.contents).ok().filter(|_| text)
    }

    /// The attributes, in the order of the name.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let mut sets = der::split(self.0).map_or(&[][..], |(_, contents, _)| contents);
        let mut attributes: &[u8] = &[];
        core::iter::from_fn(move || {
            while attributes.is_empty() {
                (_, attributes, sets) = der::split(sets)?;
            }
            let attribute;
            (attribute, attributes) = Attribute::split(attributes)?;
            Some(attribute)
        })
    }
}

/// An attribute of a name (AttributeTypeAndValue).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// type: the contents octets of the object identifier.
    pub oid: &'a [u8],
    /// The identifier octet (tag) of the value.
    pub tag: u8,
    /// The contents octets of the value.
    pub contents: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The first attribute of a set and those after it; `None` if it is malformed.
    fn split(set: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (tag::SEQUENCE, pair, rest) = der::split(set)? else { return None };
        let (tag::OBJECT_IDENTIFIER, oid, value) = der::split(pair)? else { return None };
        let (tag, contents, []) = der::split(value)? else { return None };
        Some((Self { oid, tag, contents }, rest))
    }
}

/// Whether the contents of a name are well formed.
fn is_sound(mut sets: &[u8]) -> bool {
    while !sets.is_empty() {
        let Some((tag::SET, mut attributes, rest)) = der::split(sets) else { return false };
        sets = rest;
        while !attributes.is_empty() {
            let Some((_, rest)) = Attribute::split(attributes) else { return false };
            attributes = rest;
        }
    }
    true
}

/// The error of a malformed name, found value by value.
#[cold]
fn fault(name: &Element<'_>, what: &'static str) -> Error {
    let read = name.read(what, |reader| {
        while !reader.is_empty() {
            der::nested(reader, tag::SET, what, |reader| {
                while !reader.is_empty() {
                    der::nested(reader, tag::SEQUENCE, what, |reader| {
                        der::tagged(reader, tag::OBJECT_IDENTIFIER, what)?;
                        der::element(reader, what)
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    });
    read.err().unwrap_or(Error::new(ErrorKind::Value, what, name.offset, "a name"))
}

/// The attributes in the order of the name: `C=US, O=Amazon, CN=aws.nitro-enclaves`.
impl crate::FieldValue for Name<'_> {}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separators = core::iter::once("").chain(core::iter::repeat(", "));
        self.attributes().zip(separators).try_for_each(|(attribute, separator)| {
            write!(f, "{separator}{}=", Type(attribute.oid))?;
            show_value(attribute.contents, f)
        })
    }
}

/// Text with control characters escaped.
fn show_value(contents: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match core::str::from_utf8(contents) {
        Ok(text) => write!(f, "{}", text.escape_debug()),
        Err(_) => write!(f, "#{}", crate::describe::HexBytes(contents)),
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
