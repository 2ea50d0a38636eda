//! The types of values in policy files.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use teeproof_core::{Bits, Hex, List, Text, is_shown_as_it_is};
use toml::de::DeValue;

use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{AT_LEAST, EXACTLY, Kind, MASK, ONE_OF, WAIVED};
use super::suggest::quoted;
use teeproof_evidence::bytes;

/// `true` or `false`.
pub(super) struct YesNo;

impl Kind for YesNo {
    type Value = bool;
    const WHAT: &'static str = "yes or no";

    fn toml(seen: &bool) -> String {
        seen.to_string()
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<bool, Reported> {
        node.value().as_bool().ok_or_else(|| node.wrong_type(problems, "true or false", None))
    }
}

/// A digest or an identifier of `N` bytes, in hex.
pub(super) struct Fixed<const N: usize>;

impl<const N: usize> Kind for Fixed<N> {
    type Value = [u8; N];
    const WHAT: &'static str = "a digest or an identifier";

    fn label() -> String {
        format!("{N} bytes")
    }

    fn toml(seen: &[u8; N]) -> String {
        format!("\"{}\"", Hex(seen))
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<[u8; N], Reported> {
        let digits = N.saturating_mul(2);
        let text = node.text(problems, &format!("{digits} hex digits as a text"))?;
        let found = text.chars().count();
        if found != digits {
            let message = format!("expected {digits} hex digits ({N} bytes), found {found}");
            return Err(node.problem(problems, message, None));
        }
        let bytes = hex(text).map_err(|message| node.problem(problems, message, None))?;
        bytes.try_into().map_err(|_| node.problem(problems, format!("expected {N} bytes"), None))
    }
}

/// A version or a level, decimal.
pub(super) struct Number;

impl Kind for Number {
    type Value = u32;
    const WHAT: &'static str = "a number";
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, AT_LEAST, WAIVED];

    fn toml(seen: &u32) -> String {
        seen.to_string()
    }

    fn lowest(found: Vec<u32>) -> Option<String> {
        found.iter().min().map(ToString::to_string)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<u32, Reported> {
        number(node, problems, u32::MAX.into())
    }

    fn floor(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<u32, Reported> {
        Self::read(node, problems)
    }
}

/// A word of flags: an integer, or `"0x…"`.
pub(super) struct Flags;

impl Kind for Flags {
    type Value = u64;
    const WHAT: &'static str = "a word of flags";
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, MASK, WAIVED];

    fn toml(seen: &u64) -> String {
        format!("\"{seen:#x}\"")
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<u64, Reported> {
        let DeValue::String(text) = node.value() else {
            return number(node, problems, u64::MAX);
        };
        let digits = text.strip_prefix("0x").filter(|digits| {
            (1..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| {
            let message =
                format!("expected an integer or \"0x\" and 1 to 16 hex digits, found {}", quoted(text));
            node.problem(problems, message, None)
        })
    }

    fn mask(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Bits, Reported> {
        let usage = "write { care = \"0x…\", value = \"0x…\" }".to_string();
        let table = node.table(problems, "the bits that matter", Some(usage))?;
        node.only(table, &["care", "value"], "key", problems);
        let [care, value] = ["care", "value"].map(|name| {
            let bits = node.need(table, name, problems)?;
            Ok((Self::read(&bits, problems)?, bits))
        });
        let ((care, caring), (value, wanted)) = (care?, value?);
        if care == 0 {
            let hint = "to accept any bits, waive the field with a reason";
            return Err(caring.problem(problems, "the mask cares for no bit", Some(hint.into())));
        }
        let outside = value & !care;
        if outside != 0 {
            let message = format!("the bits {outside:#x} are set in `value` but not in `care`");
            return Err(wanted.problem(problems, message, None));
        }
        Ok(Bits { care, value })
    }
}

/// A text, compared whole.
pub(super) struct Plain;

impl Kind for Plain {
    type Value = Text<'static>;
    const WHAT: &'static str = "a text";

    fn toml(seen: &str) -> String {
        text(seen)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Text<'static>, Reported> {
        let text = node.text(problems, "a text")?;
        Ok(text.to_string().into())
    }
}

/// Bytes of any length: `hex:…`, `b64:…`, `utf8:…`.
pub(super) struct Bytes;

impl Kind for Bytes {
    type Value = List<'static, u8>;
    const WHAT: &'static str = "a byte string";

    fn toml(seen: &[u8]) -> String {
        format!("\"hex:{}\"", Hex(seen))
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<List<'static, u8>, Reported> {
        let text = node.text(problems, "a byte string as a text")?;
        let bytes = match text.split_once(':') {
            Some(("hex", digits)) => hex(digits),
            Some(("b64", encoded)) => {
                bytes::base64(encoded).ok_or_else(|| "what follows b64: is not base64".to_string())
            }
            Some(("utf8", text)) => Ok(text.as_bytes().to_vec()),
            _ => {
                let message = format!("{} does not say how its bytes are written", quoted(text));
                let hint = "write hex:…, b64:… or utf8:…";
                return Err(node.problem(problems, message, Some(hint.into())));
            }
        };
        bytes.map(List::from).map_err(|message| node.problem(problems, message, None))
    }
}

/// An integer from 0 to `max`.
pub(super) fn number<T: TryFrom<u64>>(
    node: &Node<'_>,
    problems: &mut Problems<'_>,
    max: u64,
) -> Result<T, Reported> {
    let expected = format!("an integer from 0 to {max}");
    let DeValue::Integer(integer) = node.value() else {
        return Err(node.wrong_type(problems, &expected, None));
    };
    u64::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .filter(|value| *value <= max)
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| {
            let found = quoted(integer.as_str());
            node.problem(problems, format!("expected {expected}, found {found}"), None)
        })
}

/// Bytes from hex, or what is wrong with it.
fn hex(text: &str) -> Result<Vec<u8>, String> {
    if let Some((digit, position)) = text.chars().zip(1_u32..).find(|(digit, _)| !digit.is_ascii_hexdigit()) {
        let digit = digit.escape_debug();
        return Err(format!("`{digit}` at position {position} is not a hex digit"));
    }
    bytes::hex(text).ok_or_else(|| format!("{} hex digits are no whole bytes", text.len()))
}

/// A text as TOML writes it, with escapes for what must not stand in output as it is.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            shown if is_shown_as_it_is(shown) => out.push(shown),
            other => {
                let _ = write!(out, "\\U{:08X}", u32::from(other));
            }
        }
    }
    out.push('"');
    out
}
