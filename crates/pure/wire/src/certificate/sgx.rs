//! Fields of the SGX extension of a PCK certificate, for display.
//!
//! Source: Intel, "SGX PCK Certificate and Certificate Revocation List Profile Specification", section 1.3.5.

use core::fmt;

use crate::der::{self, Element, tag};
use crate::describe::{FieldData, FieldText, HexBytes, Oid};
use crate::{DescribedField, Error, ErrorKind, Reader, Visitor};

/// 1.2.840.113741.1.13.1, the SGX extension; its values are below it.
pub(super) const SGX_EXTENSION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
const WHAT: &str = "certificate: SGX extension";

/// Whether the value has the shape of the extension: a SEQUENCE of pairs, of which TCB and configuration can be such
/// sequences too.
pub(super) fn is_well_formed(value: &[u8]) -> bool {
    extension(value, &mut Nobody).is_ok()
}

/// Describes the pairs of object identifier and value; a group for each nested sequence. The extension has to be well
/// formed.
pub(super) fn describe(value: &[u8], visitor: &mut dyn Visitor) {
    // The error was found before.
    let _: Result<(), Error> = extension(value, visitor);
}

fn extension(value: &[u8], visitor: &mut dyn Visitor) -> Result<(), Error> {
    Reader::all(value, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| pairs(reader, Depth::Extension, visitor))
    })
}

/// A visitor that ignores every field, to check the shape first.
struct Nobody;

impl Visitor for Nobody {
    fn open(&mut self, _: &str) {}
    fn field(&mut self, _: DescribedField<'_>) {}
    fn close(&mut self) {}
}

/// Sequences are nested once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Extension,
    Nested,
}

fn pairs(reader: &mut Reader<'_>, depth: Depth, visitor: &mut dyn Visitor) -> Result<(), Error> {
    while !reader.is_empty() {
        let (oid, value) = der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?.contents;
            Ok((oid, der::element(reader, WHAT)?))
        })?;
        let place = oid.strip_prefix(SGX_EXTENSION).unwrap_or_default();
        if let (Depth::Extension, [2 | 7], tag::SEQUENCE) = (depth, place, value.tag) {
            visitor.open(name(place));
            value.read(WHAT, |reader| pairs(reader, Depth::Nested, visitor))?;
            visitor.close();
        } else {
            field(oid, place, &value, visitor)?;
        }
    }
    Ok(())
}

fn field(oid: &[u8], place: &[u8], value: &Element<'_>, visitor: &mut dyn Visitor) -> Result<(), Error> {
    let note = Note { place, oid, value };
    let mut describe = |value| {
        visitor.field(DescribedField { name: name(place), range: None, value, note: Some(&note) });
    };
    match value.tag {
        tag::INTEGER | tag::ENUMERATED => match number(value) {
            Some(number) => describe(&number),
            None => describe(&HexBytes(value.contents)),
        },
        tag::BOOLEAN => {
            let set = value.boolean(WHAT)?;
            describe(&FieldText { text: &if set { "yes" } else { "no" }, data: FieldData::Bool(set) });
        }
        tag::OCTET_STRING => describe(&HexBytes(value.contents)),
        tag::SEQUENCE if matches!(place, [2 | 7]) => {
            return Err(Error::new(ErrorKind::Value, WHAT, value.offset, "sequences that are nested once"));
        }
        _ => describe(&HexBytes(value.whole)),
    }
    Ok(())
}

/// A number of at most 8 bytes that is not negative.
fn number(value: &Element<'_>) -> Option<u64> {
    let [first, ..] = value.contents else { return None };
    let short = value.contents.len() <= 8 && first & 0x80 == 0;
    short.then(|| value.contents.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The specification's names, by the numbers below the extension's object identifier.
fn name(place: &[u8]) -> &'static str {
    match place {
        [1] => "PPID",
        [2] => "TCB",
        [2, 1] => "SGX TCB Comp01 SVN",
        [2, 2] => "SGX TCB Comp02 SVN",
        [2, 3] => "SGX TCB Comp03 SVN",
        [2, 4] => "SGX TCB Comp04 SVN",
        [2, 5] => "SGX TCB Comp05 SVN",
        [2, 6] => "SGX TCB Comp06 SVN",
        [2, 7] => "SGX TCB Comp07 SVN",
        [2, 8] => "SGX TCB Comp08 SVN",
        [2, 9] => "SGX TCB Comp09 SVN",
        [2, 10] => "SGX TCB Comp10 SVN",
        [2, 11] => "SGX TCB Comp11 SVN",
        [2, 12] => "SGX TCB Comp12 SVN",
        [2, 13] => "SGX TCB Comp13 SVN",
        [2, 14] => "SGX TCB Comp14 SVN",
        [2, 15] => "SGX TCB Comp15 SVN",
        [2, 16] => "SGX TCB Comp16 SVN",
        [2, 17] => "PCESVN",
        [2, 18] => "CPUSVN",
        [3] => "PCE-ID",
        [4] => "FMSPC",
        [5] => "SGX Type",
        [6] => "Platform Instance ID",
        [7] => "Configuration",
        [7, 1] => "Dynamic Platform",
        [7, 2] => "Cached Keys",
        [7, 3] => "SMT Enabled",
        _ => "SGX extension",
    }
}

/// The object identifier of a value, and the name of an SGX type.
struct Note<'a> {
    place: &'a [u8],
    oid: &'a [u8],
    value: &'a Element<'a>,
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place == [5] {
            f.write_str(match self.value.contents {
                [0] => "Standard, ",
                [1] => "Scalable, ",
                [2] => "Scalable with Integrity, ",
                _ => "not known, ",
            })?;
        }
        write!(f, "{}", Oid(self.oid))
    }
}
