//! The length of the CBOR item at the start of a message buffer, which has other bytes after it.
//!
//! Source: RFC 8949, section 3. Strings have a definite length, and there are no tags and no floats, as in every answer
//! of the Nitro security module.

use teeproof_wire::{Error as WireError, ErrorKind};

/// The most containers inside each other; an answer has three at most.
const MAX_NESTING: usize = 4;
/// The structure in errors.
const WHAT: &str = "NSM answer: CBOR";

/// How long an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemLength {
    /// So many bytes, all of which are there.
    Whole(usize),
    /// So many bytes or more: the item ends after the bytes that are there.
    AtLeast(usize),
}

/// The length of the item at the start of these bytes. Each step consumes at least one byte or closes a container.
pub(super) fn length(bytes: &[u8]) -> Result<ItemLength, WireError> {
    // Items left of each open container; `None` up to a break.
    let mut open: Vec<Option<u64>> = vec![Some(1)];
    let mut at = 0_usize;
    loop {
        while open.last() == Some(&Some(0)) {
            open.pop();
        }
        let Some(left) = open.last_mut() else { return Ok(ItemLength::Whole(at)) };
        let Some(initial) = bytes.get(at).copied() else {
            return Ok(ItemLength::AtLeast(at.saturating_add(1)));
        };
        let error = move |expected| WireError::new(ErrorKind::Value, WHAT, at, expected);
        match (initial, &left) {
            (0xff, None) => {
                open.pop();
                at = at.saturating_add(1);
                continue;
            }
            (0xff, Some(_)) => return Err(error("an item, not a break (ff)")),
            _ => {}
        }
        if let Some(left) = left {
            *left = left.saturating_sub(1);
        }
        let (head, argument) = match argument(bytes, at, initial) {
            Head::Definite(head, argument) => (head, Some(argument)),
            Head::Indefinite => (1, None),
            Head::Cut(length) => return Ok(ItemLength::AtLeast(at.saturating_add(length))),
            Head::Reserved => return Err(error("the head of an item")),
        };
        let container = match (initial >> 5, argument) {
            (0 | 1, Some(_)) => None,
            (2 | 3, Some(size)) => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                at = at.saturating_add(head).saturating_add(size);
                if at > bytes.len() {
                    return Ok(ItemLength::AtLeast(at));
                }
                continue;
            }
            (2 | 3, None) => return Err(error("a string of definite length")),
            (4, count) => Some(count),
            (5, count) => Some(count.map(|count| count.saturating_mul(2))),
            // False, true and null.
            (7, Some(20..=22)) if head == 1 => None,
            _ => return Err(error("no tag, float or simple value but false, true and null")),
        };
        if let Some(container) = container {
            if open.len() > MAX_NESTING {
                return Err(error("at most 4 containers inside each other"));
            }
            open.push(container);
        }
        at = at.saturating_add(head);
    }
}

/// The head of an item.
enum Head {
    /// Its size in bytes, and its argument.
    Definite(usize, u64),
    /// An array, a map or a string up to a break.
    Indefinite,
    /// Not all of it is there; its size in bytes.
    Cut(usize),
    /// A form that RFC 8949 reserves.
    Reserved,
}

fn argument(bytes: &[u8], at: usize, initial: u8) -> Head {
    let size = match initial & 0x1f {
        short @ 0..=23 => return Head::Definite(1, short.into()),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        31 if (2..=5).contains(&(initial >> 5)) => return Head::Indefinite,
        _ => return Head::Reserved,
    };
    let start = at.saturating_add(1);
    let Some(field) = bytes.get(start..start.saturating_add(size)) else {
        return Head::Cut(size.saturating_add(1));
    };
    let argument = field.iter().fold(0_u64, |argument, byte| argument << 8 | u64::from(*byte));
    Head::Definite(size.saturating_add(1), argument)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_item_ends_where_its_last_member_does() {
        for item in [
            &b"\x65Error"[..],
            b"\xa1\x65Error\x6cInvalidIndex",
            b"\xa1\x6bAttestation\xa1\x68document\x43abc",
            b"\xbf\x6bAttestation\xbf\x68document\x58\x03abc\xff\xff",
            b"\xa1\x6bDescribePCR\xa2\x64lock\xf5\x64data\x40",
            b"\x84\x00\x18\x18\x39\x01\x00\x9f\xf6\xff",
            b"\x80",
        ] {
            let padded = [item, &[0xff; 8]].concat();
            assert_eq!(length(&padded), Ok(ItemLength::Whole(item.len())), "{item:x?}");
            assert_eq!(length(item), Ok(ItemLength::Whole(item.len())), "{item:x?}");
            for end in 0..item.len() {
                match length(&item[..end]).unwrap() {
                    ItemLength::AtLeast(bytes) => {
                        assert!(bytes > end && bytes <= item.len(), "{item:x?} {end}")
                    }
                    whole => panic!("{item:x?} {end}: {whole:?}"),
                }
            }
        }
    }

    #[test]
    fn lengths_are_taken_as_they_are_and_nothing_is_allocated_by_them() {
        let long = b"\xa1\x6bAttestation\xa1\x68document\x5a\xff\xff\xff\xff";
        assert_eq!(length(long), Ok(ItemLength::AtLeast(long.len() + 0xffff_ffff)));
        let longest = b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(length(longest), Ok(ItemLength::AtLeast(usize::MAX)));
        // An array of 2^64 - 1 items, a map of as many pairs.
        for many in [b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x00", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x00"]
        {
            assert_eq!(length(many), Ok(ItemLength::AtLeast(many.len() + 1)));
        }
    }

    #[test]
    fn other_forms_are_refused_at_their_offset() {
        for (bytes, offset) in [
            (&b"\xff\xff"[..], 0),
            (b"\xa1\xff", 1),
            (b"\x5f\x41a\xff", 0),
            (b"\xc0\x00", 0),
            (b"\xfb\x00\x00\x00\x00\x00\x00\x00\x00", 0),
            (b"\xf7", 0),
            (b"\xf8\x14", 0),
            (b"\x1c", 0),
            (b"\x1f", 0),
            (b"\x81\x81\x81\x81\x81\x00", 4),
        ] {
            assert_eq!(length(bytes).unwrap_err().offset, offset, "{bytes:x?}");
        }
    }
}
