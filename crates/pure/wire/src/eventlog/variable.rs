//! EFI variables in events (UEFI_VARIABLE_DATA), and the GUIDs that identify vendors and formats.

use core::fmt;

use super::event::u64_le;
use crate::{Error, ErrorKind, Reader};

/// A GUID: 16 bytes as UEFI stores them, with the first three groups little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// EFI_GLOBAL_VARIABLE: `8be4df61-93ca-11d2-aa0d-00e098032b8c`.
    pub const GLOBAL_VARIABLE: Self = Self([
        0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
    ]);
    /// EFI_IMAGE_SECURITY_DATABASE_GUID: `d719b2cb-3d3a-4596-a3bc-dad00e67656f`.
    pub const IMAGE_SECURITY_DATABASE: Self = Self([
        0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
    ]);
    /// EFI_CERT_X509_GUID: a list of certificates.
    pub const CERT_X509: Self = Self([
        0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
    ]);
    /// EFI_CERT_SHA256_GUID: a list of SHA-256 digests.
    pub const CERT_SHA256: Self = Self([
        0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28,
    ]);
}

/// `8be4df61-93ca-11d2-aa0d-00e098032b8c`.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, tail @ ..] = self.0;
        write!(f, "{:08x}-", u32::from_le_bytes([a0, a1, a2, a3]))?;
        write!(f, "{:04x}-{:04x}-", u16::from_le_bytes([b0, b1]), u16::from_le_bytes([c0, c1]))?;
        write!(f, "{d0:02x}{d1:02x}-")?;
        tail.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

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
        let units = u64_le(reader, "EFI variable: unicodeNameLength")?;
        let data = usize_of(u64_le(reader, "EFI variable: variableDataLength")?);
        let bytes = units.checked_mul(2).map(usize_of).ok_or(at.error(
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

/// A size that no input has stays one on a processor of 32 bits: the error is the same everywhere.
fn usize_of(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
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
