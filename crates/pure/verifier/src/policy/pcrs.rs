//! `pcrs`: rules for PCRs by number, for every technology that has PCRs.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::{Absence, PcrRule, Pcrs, Text, Waiver};
use teeproof_evidence::bytes;

use super::kinds::Fixed;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{Kind, REASON, WAIVED, expectation, rule};
use super::section::{Field, Section};
use super::suggest::quoted;
use super::table::FieldKind;

/// PCRs of `N` bytes by their number, 0 to `LAST`, of evidence that may have some of them.
pub(super) struct PcrTable<const N: usize, const LAST: u8>;

impl<const N: usize, const LAST: u8> FieldKind for PcrTable<N, LAST> {
    type Field = Pcrs<'static, N>;

    fn label() -> String {
        "PCRs".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        PcrValue::<N>::words(Absence::Attested)
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Pcrs<'static, N>, Reported> {
        // A quote signs which PCRs it covers, and a document which it has. An appraisal holds `absent` against
        // values that are verified, and never against none.
        pcrs(section, key, (LAST, Absence::Attested), problems)
    }
}

/// PCRs of `N` bytes by their number, 0 to `LAST`, of evidence that always has all of them: none is ever absent.
pub(super) struct WholeBank<const N: usize, const LAST: u8>;

impl<const N: usize, const LAST: u8> FieldKind for WholeBank<N, LAST> {
    type Field = Pcrs<'static, N>;

    fn label() -> String {
        "PCRs".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        PcrValue::<N>::words(Absence::NotAttested)
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Pcrs<'static, N>, Reported> {
        pcrs(section, key, (LAST, Absence::NotAttested), problems)
    }
}

/// The value of a PCR of `N` bytes: hex, or the base64 in which CloudTrail logs PCRs of 48 bytes.
pub(super) struct PcrValue<const N: usize>;

impl<const N: usize> Kind for PcrValue<N> {
    type Value = [u8; N];
    const WHAT: &'static str = <Fixed<N> as Kind>::WHAT;

    fn label() -> String {
        <Fixed<N> as Kind>::label()
    }

    fn toml(seen: &[u8; N]) -> String {
        Fixed::<N>::toml(seen)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<[u8; N], Reported> {
        match node.value().as_str().map(pcr_value::<N>) {
            Some(PcrText::Base64(value) | PcrText::Hex(value)) => Ok(value),
            Some(PcrText::Wrong(message)) => Err(node.problem(problems, message, None)),
            _ => Fixed::<N>::read(node, problems),
        }
    }
}

/// How a text says the value of a PCR.
pub(super) enum PcrText<const N: usize> {
    /// `pcr:` and the value.
    Pcr([u8; N]),
    /// Hex digits.
    Hex([u8; N]),
    /// Base64 without padding, as CloudTrail logs PCRs of 48 bytes.
    Base64([u8; N]),
    /// No value, and what is wrong.
    Wrong(String),
    /// Something else than the value of a PCR.
    Other,
}

/// Reads the value of a PCR.
pub(super) fn pcr_value<const N: usize>(text: &str) -> PcrText<N> {
    if let Some(value) = text.strip_prefix("pcr:") {
        return match pcr_value::<N>(value) {
            PcrText::Hex(value) | PcrText::Base64(value) => PcrText::Pcr(value),
            PcrText::Wrong(message) => PcrText::Wrong(message),
            _ => PcrText::Wrong(format!("expected {} hex digits behind pcr:", N.saturating_mul(2))),
        };
    }
    let is_hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hex && text.len() == N.saturating_mul(2) {
        let value = bytes::hex(text).and_then(|value| value.try_into().ok());
        return value.map_or(PcrText::Other, PcrText::Hex);
    }
    if N != CLOUDTRAIL_BYTES || text.len() != CLOUDTRAIL_CHARACTERS {
        return PcrText::Other;
    }
    // CloudTrail's zero PCR is a row of the letter A; any other row of hex digits is a digest of another length.
    if is_hex && text.bytes().any(|digit| digit != b'A') {
        let message = "expected 96 hex digits (48 bytes, SHA-384), found 64: a digest of SHA-256 is no value of this PCR";
        return PcrText::Wrong(message.into());
    }
    let value = bytes::base64(text).and_then(|value| value.try_into().ok());
    value.map_or(PcrText::Other, PcrText::Base64)
}

/// The PCRs of enclaves and NitroTPMs, SHA-384, and their base64, which needs no padding.
const CLOUDTRAIL_BYTES: usize = 48;
const CLOUDTRAIL_CHARACTERS: usize = 64;

/// A rule for each PCR that is named, or a waiver in the place of all.
fn pcrs<const N: usize>(
    section: &Section<'_>,
    key: &str,
    bank: (u8, Absence),
    problems: &mut Problems<'_>,
) -> Result<Pcrs<'static, N>, Reported> {
    let node = match section.field(key, problems)? {
        Field::Named(node) => node,
        Field::Waived(reason, line) => return Ok(Pcrs::Waived(waiver(reason, line))),
    };
    let usage = || {
        let digits = N.saturating_mul(2);
        Some(format!(
            "write 0 = {{ exactly = \"<{digits} hex digits>\" }} for each PCR, or {{ waived = \"<why>\" }}"
        ))
    };
    let table = node.table(problems, "PCRs by their number", usage())?;
    if table.contains_key(WAIVED) {
        let (_, reason) = expectation(&node, "the PCRs", &[WAIVED], problems)?;
        let reason = reason.worded(problems, REASON)?;
        return Ok(Pcrs::Waived(waiver(reason, node.line(problems))));
    }
    if table.is_empty() {
        return Err(node.problem(problems, "no PCR is named", usage()));
    }
    let read: Vec<_> = node.children(table).map(|(name, node)| pcr(name, &node, bank, problems)).collect();
    let mut rules = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    rules.sort_by_key(|rule| rule.index);
    Ok(Pcrs::Rules(rules.into()))
}

fn pcr<const N: usize>(
    name: &str,
    node: &Node<'_>,
    (last, absence): (u8, Absence),
    problems: &mut Problems<'_>,
) -> Result<PcrRule<'static, N>, Reported> {
    let index = pcr_index(name, last);
    if index.is_none() && problems.is_full() {
        return Err(problems.count());
    }
    let rule = rule::<PcrValue<N>>(node, absence, problems);
    let index = index.ok_or_else(|| not_a_pcr(name, node, last, problems))?;
    Ok(PcrRule::new(index, rule?))
}

/// The index of a PCR: decimal, without sign and leading zeros.
pub(super) fn pcr_index(name: &str, last: u8) -> Option<u8> {
    let plain = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    name.parse().ok().filter(|index| plain && *index <= last)
}

/// Records that a key is not the index of a PCR.
pub(super) fn not_a_pcr(name: &str, node: &Node<'_>, last: u8, problems: &mut Problems<'_>) -> Reported {
    let message = format!("{} is not a PCR", quoted(name));
    let hint = format!("PCRs are the numbers 0 to {last}, without leading zeros");
    node.key_problem(problems, message, Some(hint))
}

/// The reason of a waiver in a file.
pub(super) fn waiver(reason: impl Into<Text<'static>>, line: u32) -> Waiver<'static> {
    Waiver::new(reason).at_line(line)
}
