//! Structures telling their fields, by the names of their specifications, to whoever prints them.

use core::fmt::Display;
use core::ops::Range;

/// A structure that can tell every field it holds.
pub trait Describe {
    /// Tells every field to the visitor, in the order of the specification.
    fn describe(&self, visitor: &mut dyn Visitor);
}

/// Whoever wants to know the fields of a structure.
pub trait Visitor {
    /// A group of fields begins: a nested structure, or several things of one kind.
    fn open(&mut self, name: &str);
    /// One field.
    fn field(&mut self, shown: DescribedField<'_>);
    /// The group that was opened last ends.
    fn close(&mut self);
}

/// One field as it is told to a [`Visitor`].
#[derive(Clone, Copy)]
pub struct DescribedField<'a> {
    /// The specification's name.
    pub name: &'a str,
    /// Where it stands, in bytes from the start of its structure, where that is fixed.
    pub range: Option<(usize, usize)>,
    /// The value: numbers decimal or as the specification writes them, bytes in hex.
    pub value: &'a dyn Display,
    /// What the value means, where a person would ask.
    pub note: Option<&'a dyn Display>,
}

impl<'a> DescribedField<'a> {
    /// A field without a fixed place.
    #[must_use]
    pub const fn new(name: &'a str, value: &'a dyn Display) -> Self {
        Self { name, range: None, value, note: None }
    }

    /// A field at a fixed place.
    #[must_use]
    pub const fn at(name: &'a str, range: Range<usize>, value: &'a dyn Display) -> Self {
        Self { name, range: Some((range.start, range.end)), value, note: None }
    }

    /// With what the value means.
    #[must_use]
    pub const fn note(mut self, note: &'a dyn Display) -> Self {
        self.note = Some(note);
        self
    }
}

/// Bytes as lower-case hex.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An object identifier's contents octets as people write them: `2.5.29.14`.
pub(crate) struct Oid<'a>(pub(crate) &'a [u8]);

impl Display for Oid<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut first = true;
        let mut arc = 0_u64;
        for byte in self.0 {
            let Some(shifted) = arc.checked_mul(128) else { return f.write_str("(not an OID)") };
            arc = shifted | u64::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if core::mem::replace(&mut first, false) {
                let root = arc.div_euclid(40).min(2);
                write!(f, "{root}.{}", arc.saturating_sub(root.saturating_mul(40)))?;
            } else {
                write!(f, ".{arc}")?;
            }
            arc = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn object_identifiers() {
        for (octets, text) in [
            (&[0x55, 0x1d, 0x0e][..], "2.5.29.14"),
            (&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, 0x08], "1.3.6.1.4.1.3704.1.3.8"),
            (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], "1.2.840.10045.2.1"),
            (&[0x88, 0x37], "2.999"),
            (&[0xff; 11], "(not an OID)"),
        ] {
            assert_eq!(Oid(octets).to_string(), text);
        }
    }
}
