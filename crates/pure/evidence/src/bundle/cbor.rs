//! A bundle as CBOR: the one deterministic form (RFC 8949, section 4.2.1), read and written.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use teeproof_wire::{Error, ErrorKind, Reader, cbor};

use super::record::Entry;
use super::{BundleError, COLLECTION_LABEL, COLLECTION_TYPE, MAX_ENTRIES, TYPE_LABEL};

const WHAT: &str = "bundle";
const UNSIGNED: u8 = 0x00;
const BYTES: u8 = 0x40;
const TEXT: u8 = 0x60;
const ARRAY: u8 = 0x80;
const MAP: u8 = 0xa0;

/// Whether the bytes begin with a map whose first key is the one of a collection's type: it sorts
/// before every label.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let key = match bytes {
        [0xa0..=0xb7, key @ ..] | [0xb8, _, key @ ..] => key,
        _ => return false,
    };
    matches!(key, [0x68, rest @ ..] if rest.starts_with(TYPE_LABEL.as_bytes()))
}

/// The records, in order.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry<'_>>, BundleError> {
    let (mut entries, mut is_bundle) = (Vec::new(), true);
    Reader::all(bytes, 0, WHAT, |reader| {
        if reader.peek() == Some(0xbf) {
            return Err(reader.error(ErrorKind::Value, WHAT, "a map of definite length"));
        }
        let mut last = None;
        // One more than the records: the collection's type. A count is bounded before it is used.
        let limit = u64::try_from(MAX_ENTRIES).unwrap_or(0);
        cbor::map(reader, limit, WHAT, |reader| {
            let at = reader.at();
            let label = cbor::text(reader, "bundle: label")?;
            let order = Some((label.len(), label));
            if order <= last {
                let kind = if order == last { ErrorKind::Duplicate } else { ErrorKind::Value };
                return Err(at.error(kind, "bundle: label", "each label once, in the order of CBOR"));
            }
            last = order;
            if label == TYPE_LABEL {
                is_bundle = cbor::text(reader, "bundle: __cmwc_t")? == COLLECTION_TYPE;
                return if is_bundle {
                    Ok(())
                } else {
                    Err(at.error(ErrorKind::Unsupported, WHAT, "a bundle"))
                };
            }
            entries.push(record(reader, label)?);
            Ok(())
        })?;
        match last {
            Some(_) if looks_like(bytes) => Ok(()),
            _ => Err(reader.error(ErrorKind::Missing, "bundle: __cmwc_t", "the type of a bundle")),
        }
    })
    .map_err(|error| if is_bundle { BundleError::Cbor(error) } else { BundleError::OtherCollection })?;
    Ok(entries)
}

/// `[media type, value, role]`; the collection has no role.
fn record<'a>(reader: &mut Reader<'a>, label: &'a str) -> Result<Entry<'a>, Error> {
    let offset = Some(reader.offset());
    let is_part = label != COLLECTION_LABEL;
    cbor::array_of(reader, if is_part { 3 } else { 2 }, "bundle: record", "[type, value, ind]")?;
    let media_type = Cow::Borrowed(cbor::text(reader, "bundle: type")?);
    let value = Cow::Borrowed(cbor::bytes(reader, "bundle: value")?);
    let indicator = if is_part { Some(cbor::unsigned(reader, "bundle: ind")?) } else { None };
    Ok(Entry { label: Cow::Borrowed(label), media_type, value, indicator, offset })
}

/// Writes the records, which stand in order.
pub(super) fn write(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    head(&mut out, MAP, entries.len().saturating_add(1));
    text(&mut out, TYPE_LABEL);
    text(&mut out, COLLECTION_TYPE);
    for entry in entries {
        text(&mut out, &entry.label);
        head(&mut out, ARRAY, if entry.indicator.is_some() { 3 } else { 2 });
        text(&mut out, &entry.media_type);
        head(&mut out, BYTES, entry.value.len());
        out.extend_from_slice(&entry.value);
        if let Some(indicator) = entry.indicator {
            head(&mut out, UNSIGNED, usize::try_from(indicator).unwrap_or_default());
        }
    }
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    head(out, TEXT, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// A head in its shortest form.
fn head(out: &mut Vec<u8>, major: u8, argument: usize) {
    let bytes = u32::try_from(argument).unwrap_or(u32::MAX).to_be_bytes();
    match bytes {
        [0, 0, 0, value @ 0..=23] => out.push(major | value),
        [0, 0, 0, value] => out.extend_from_slice(&[major | 24, value]),
        [0, 0, high, low] => out.extend_from_slice(&[major | 25, high, low]),
        [a, b, c, d] => out.extend_from_slice(&[major | 26, a, b, c, d]),
    }
}
