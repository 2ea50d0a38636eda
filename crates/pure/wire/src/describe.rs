//! The fields of a structure by the names of its specification, for display.

use core::fmt::{self, Display};
use core::ops::Range;

/// A structure whose fields can be listed.
pub trait Describe {
    /// Passes every field to the visitor, in the order of the specification.
    fn describe(&self, visitor: &mut dyn Visitor);
}

/// Receives the fields of a structure.
pub trait Visitor {
    /// A group of fields begins: a nested structure, or a list.
    fn open(&mut self, name: &str);
    /// One field.
    fn field(&mut self, field: DescribedField<'_>);
    /// The innermost open group ends.
    fn close(&mut self);
}

/// One field, as a [`Visitor`] receives it.
#[derive(Clone, Copy)]
pub struct DescribedField<'a> {
    /// The specification's name.
    pub name: &'a str,
    /// Start and end offset in bytes in the structure, if they are fixed.
    pub range: Option<(usize, usize)>,
    /// The value, as text and as data.
    pub value: &'a dyn FieldValue,
    /// The meaning of the value, if it is not obvious.
    pub note: Option<&'a dyn Display>,
}

impl<'a> DescribedField<'a> {
    /// A field without a fixed offset.
    #[must_use]
    pub const fn new(name: &'a str, value: &'a dyn FieldValue) -> Self {
        Self { name, range: None, value, note: None }
    }

    /// A field at a fixed offset.
    #[must_use]
    pub const fn at(name: &'a str, range: Range<usize>, value: &'a dyn FieldValue) -> Self {
        Self { name, range: Some((range.start, range.end)), value, note: None }
    }

    /// With the meaning of the value.
    #[must_use]
    pub const fn note(mut self, note: &'a dyn Display) -> Self {
        self.note = Some(note);
        self
    }
}

/// The value of a field: text, by [`Display`], and data.
pub trait FieldValue: Display {
    /// The value as data; [`FieldData::Text`] stands for the text itself.
    fn data(&self) -> FieldData<'_> {
        FieldData::Text
    }
}

/// The value of a field as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldData<'a> {
    /// No value.
    Absent,
    /// A Boolean.
    Bool(bool),
    /// A number: a count, a level, a version or an enumerated value.
    Number(u64),
    /// A signed number.
    Signed(i64),
    /// A bit field.
    Flags(u64),
    /// The numbers of the bits that are set, such as the PCRs of a selection.
    BitNumbers(u32),
    /// Bytes.
    Bytes(&'a [u8]),
    /// The text that [`Display`] writes.
    Text,
}

/// Values whose data are computed from themselves.
macro_rules! field_values {
    ($($ty:ty: $value:ident => $data:expr;)*) => {
        $(
            impl FieldValue for $ty {
                fn data(&self) -> FieldData<'_> {
                    let $value = *self;
                    $data
                }
            }
        )*
    };
}

field_values! {
    bool: value => FieldData::Bool(value);
    u8: value => FieldData::Number(u64::from(value));
    u16: value => FieldData::Number(u64::from(value));
    u32: value => FieldData::Number(u64::from(value));
    u64: value => FieldData::Number(value);
    usize: value => u64::try_from(value).map_or(FieldData::Text, FieldData::Number);
    i32: value => FieldData::Signed(i64::from(value));
    i64: value => FieldData::Signed(value);
}

impl FieldValue for str {}
impl FieldValue for fmt::Arguments<'_> {}

impl<T: FieldValue + ?Sized> FieldValue for &T {
    fn data(&self) -> FieldData<'_> {
        (**self).data()
    }
}

/// A value whose text differs from that of its data: `no` for a Boolean, `12 bytes` for bytes.
#[derive(Clone, Copy)]
pub struct FieldText<'a> {
    /// The text.
    pub text: &'a dyn Display,
    /// The data.
    pub data: FieldData<'a>,
}

impl Display for FieldText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl FieldValue for FieldText<'_> {
    fn data(&self) -> FieldData<'_> {
        self.data
    }
}

/// A word of flags; text in hex: `0x30000`.
pub(crate) struct FlagWord(pub(crate) u64);

impl Display for FlagWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FieldValue for FlagWord {
    fn data(&self) -> FieldData<'_> {
        FieldData::Flags(self.0)
    }
}

/// Bytes; text in lower-case hex.
#[derive(Clone, Copy)]
pub struct HexBytes<'a>(pub &'a [u8]);

impl Display for HexBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FieldValue for HexBytes<'_> {
    fn data(&self) -> FieldData<'_> {
        FieldData::Bytes(self.0)
    }
}

/// An object identifier's contents octets as people write them: `2.5.29.14`.
pub(crate) struct Oid<'a>(pub(crate) &'a [u8]);

impl Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
