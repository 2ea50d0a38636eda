//! An EFI variable as events carry it: UEFI_VARIABLE_DATA.

use core::fmt;

use super::Guid;
use super::event::u64_le;
use crate::{Error, ErrorKind, Reader};

/// A variable, unverified. It borrows its input.
///
/// Shape, little-endian: GUID (16 bytes), the length of the name in UTF-16 units (8 bytes), the length of
/// the data in bytes (8 bytes), name, data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EfiVariable<'a> {
    /// `VariableName`, 16 bytes: the GUID of the vendor.
    pub guid: Guid,
    /// `UnicodeName`: the name in UTF-16, little-endian, without a terminator.
    pub name: &'a [[u8; 2]],
    /// `VariableData`: the value of the variable.
    pub data: &'a [u8],
}

impl<'a> EfiVariable<'a> {
    /// Parses a variable, which must fill `bytes`.
    ///
    /// # Errors
    /// A length beyond the end of `bytes`; bytes after the data.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, 0, "EFI variable", Self::read)
    }

    /// Parses a variable at the start of `bytes`; also returns the bytes after it.
    ///
    /// # Errors
    /// A length beyond the end of `bytes`.
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        Reader::all(bytes, 0, "EFI variable", |reader| {
            Ok((Self::read(reader)?, reader.take(reader.remaining(), "EFI variable")?))
        })
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let guid = Guid(*reader.array("EFI variable: name")?);
        let at = reader.at();
        let units = size(reader, "EFI variable: unicodeNameLength")?;
        let data = size(reader, "EFI variable: variableDataLength")?;
        let bytes = units.checked_mul(2).ok_or(at.error(
            ErrorKind::TooLarge,
            "EFI variable: unicodeNameLength",
            "to fit into the event",
        ))?;
        let (name, _) = reader.take(bytes, "EFI variable: unicodeName")?.as_chunks();
        Ok(Self { guid, name, data: reader.take(data, "EFI variable: variableData")? })
    }

    /// Whether the variable has this name.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.iter().map(|unit| u16::from_le_bytes(*unit)).eq(name.encode_utf16())
    }

    /// The name for display: at most 64 characters, `?` for each that is not printable ASCII.
    #[must_use]
    pub fn shown_name(&self) -> impl fmt::Display + 'a {
        Name(self.name)
    }
}

fn size(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, Error> {
    let at = reader.at();
    usize::try_from(u64_le(reader, what)?)
        .map_err(|_| at.error(ErrorKind::TooLarge, what, "to fit into the event"))
}

struct Name<'a>(&'a [[u8; 2]]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No variable that a person knows has a longer name.
        let (shown, more) = self.0.split_at_checked(64).unwrap_or((self.0, &[]));
        for unit in shown {
            let [low, high] = *unit;
            let printable = high == 0 && (low.is_ascii_graphic() || low == b' ');
            fmt::Write::write_char(f, if printable { char::from(low) } else { '?' })?;
        }
        f.write_str(if more.is_empty() { "" } else { "…" })
    }
}
