//! Values of Intel's collateral: hexadecimal bytes and dates as JSON texts.

use alloc::string::String;
use core::fmt::{self, Write as _};
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use teeproof_core::{Time, Validity, from_hex};
use teeproof_wire::Reader;
use teeproof_wire::der::{self, tag};

use crate::TcbStatus;

/// `N` bytes, written as `2 N` hexadecimal digits of either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HexText<const N: usize>(pub(crate) [u8; N]);

/// A date, `YYYY-MM-DDThh:mm:ssZ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateText(pub(crate) Time);

/// A TCB status, by Intel's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusText(pub(crate) TcbStatus);

/// The bytes of hexadecimal digits; `None` for another number of digits, or other characters.
pub(crate) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (slot, pair) in bytes.iter_mut().zip(pairs) {
        *slot = from_hex(*pair)?;
    }
    Some(bytes)
}

/// The time of a date in the form `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn date(text: &str) -> Option<Time> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'] =
        *<&[u8; 20]>::try_from(text.as_bytes()).ok()?
    else {
        return None;
    };
    time(&[tag::GENERALIZED_TIME, 15, y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1, b'Z'])
}

/// The first and the last second of a date in UTC: `YYYY-MM-DD`, or one second as `YYYY-MM-DDThh:mm:ssZ`.
#[must_use]
pub fn parse_date(text: &str) -> Option<Validity> {
    if let Some(second) = date(text) {
        return Some(Validity { not_before: second, not_after: second });
    }
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *<&[u8; 10]>::try_from(text.as_bytes()).ok()? else {
        return None;
    };
    let value =
        [tag::GENERALIZED_TIME, 15, y0, y1, y2, y3, m0, m1, d0, d1, b'0', b'0', b'0', b'0', b'0', b'0', b'Z'];
    let first = time(&value)?;
    Some(Validity { not_before: first, not_after: first.plus(86_399) })
}

/// The time of a GeneralizedTime, whose reader knows the calendar.
fn time(value: &[u8]) -> Option<Time> {
    Reader::all(value, 0, "date", |reader| der::element(reader, "date")?.time("date")).ok().map(Time)
}

/// The members that are read, of collateral and of what is in them.
const MEMBERS: &[&str] = &[
    "tcbInfo",
    "enclaveIdentity",
    "signature",
    "id",
    "version",
    "issueDate",
    "nextUpdate",
    "fmspc",
    "pceId",
    "tcbType",
    "tcbEvaluationDataNumber",
    "tdxModule",
    "tdxModuleIdentities",
    "mrsigner",
    "attributes",
    "attributesMask",
    "miscselect",
    "miscselectMask",
    "isvprodid",
    "tcbLevels",
    "tcb",
    "sgxtcbcomponents",
    "pcesvn",
    "tdxtcbcomponents",
    "svn",
    "isvsvn",
    "tcbDate",
    "tcbStatus",
    "advisoryIDs",
];

/// The member that an error is about: the one that its words name, as missing or repeated; or else the last one
/// that begins before its place.
pub(crate) fn member(error: &serde_json::Error, text: &str) -> Option<&'static str> {
    let text = text.as_bytes();
    let lines = text.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let end = lines.map(<[u8]>::len).fold(error.column(), usize::saturating_add);
    named(error).or_else(|| last_member(text.get(..end).unwrap_or(text)))
}

/// The member between backquotes in the words of an error.
fn named(error: &serde_json::Error) -> Option<&'static str> {
    let mut words = String::new();
    write!(words, "{error}").ok()?;
    words.as_bytes().split(|byte| *byte == b'`').find_map(documented)
}

/// The last member in the beginning of a JSON text.
fn last_member(mut text: &[u8]) -> Option<&'static str> {
    let mut last = None;
    while let Some((name, rest)) = string(text) {
        if rest.trim_ascii_start().first() == Some(&b':') {
            last = documented(name).or(last);
        }
        text = rest;
    }
    last
}

/// The next string without its quotation marks, and the text after it.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = text.iter().position(|byte| *byte == b'"')?;
    let text = text.get(begin.saturating_add(1)..)?;
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })?;
    Some((text.get(..end)?, text.get(end.saturating_add(1)..)?))
}

fn documented(name: &[u8]) -> Option<&'static str> {
    MEMBERS.iter().copied().find(|member| member.as_bytes() == name)
}

/// A visitor of texts that a function reads.
struct TextVisitor<T> {
    expected: &'static str,
    read: fn(&str) -> Option<T>,
    value: PhantomData<T>,
}

impl<T> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::custom(self.expected))
    }
}

impl<'de, const N: usize> Deserialize<'de> for HexText<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TextVisitor { expected: "hexadecimal digits", read: hex::<N>, value: PhantomData };
        deserializer.deserialize_str(visitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for DateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TextVisitor { expected: "YYYY-MM-DDThh:mm:ssZ", read: date, value: PhantomData };
        deserializer.deserialize_str(visitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for StatusText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |text: &str| TcbStatus::ALL.iter().copied().find(|status| status.as_str() == text);
        deserializer
            .deserialize_str(TextVisitor { expected: "a TCB status", read, value: PhantomData })
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-02-18T13:58:55Z", Some(1_771_423_135)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2023-02-29T00:00:00Z", None),
            ("2016-12-31T23:59:60Z", None),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799)),
            ("9999-12-31T23:59:60Z", None),
            ("2026-02-18T13:58:55", None),
            ("2026-02-18 13:58:55Z", None),
            ("2026-02-18T13:58:55+", None),
            ("2026-02-18T13:58:55.0Z", None),
            ("+026-02-18T13:58:55Z", None),
            ("", None),
        ] {
            assert_eq!(date(text), seconds.map(Time), "{text}");
        }
    }

    #[test]
    fn days_and_seconds() {
        let bounds = |text| parse_date(text).map(|date| (date.not_before.0, date.not_after.0));
        assert_eq!(bounds("1970-01-02"), Some((86_400, 172_799)));
        assert_eq!(bounds("2026-02-18T13:58:55Z"), Some((1_771_423_135, 1_771_423_135)));
        for text in
            ["", "2023-02-29", "2026-2-18", "2026-02-18T", "2026-13-01", "18.02.2026", "2026-02-18T13:58:55"]
        {
            assert_eq!(bounds(text), None, "{text}");
        }
    }

    #[test]
    fn digits() {
        assert_eq!(hex::<2>("00fF"), Some([0, 255]));
        for text in ["", "00", "00f", "00ff0", "00ffff", "00fg", "0x00", "00 f"] {
            assert_eq!(hex::<2>(text), None, "{text}");
        }
    }
}
