//! `pcrs`: rules for PCRs by number, for every technology that has PCRs.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::{Absence, PcrRule, Pcrs, Text, Waiver};

use super::kinds::Fixed;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{REASON, WAIVED, expectation, rule};
use super::section::{Field, Section};
use super::suggest::quoted;
use super::table::FieldKind;

/// PCRs of `N` bytes by their number, 0 to `LAST`.
pub(super) struct PcrTable<const N: usize, const LAST: u8>;

impl<const N: usize, const LAST: u8> FieldKind for PcrTable<N, LAST> {
    type Field = Pcrs<'static, N>;

    fn label() -> String {
        "PCRs".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        Fixed::<N>::words(ABSENCE)
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Pcrs<'static, N>, Reported> {
        pcrs(section, key, LAST, problems)
    }
}

/// A quote signs which PCRs it covers, and a document which it has. An appraisal holds `absent` against
/// values that are verified, and never against none.
const ABSENCE: Absence = Absence::Attested;

/// A rule for each PCR that is named, or a waiver in the place of all.
fn pcrs<const N: usize>(
    section: &Section<'_>,
    key: &str,
    last: u8,
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
    let read: Vec<_> = node.children(table).map(|(name, node)| pcr(name, &node, last, problems)).collect();
    let mut rules = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    rules.sort_by_key(|rule| rule.index);
    Ok(Pcrs::Rules(rules.into()))
}

fn pcr<const N: usize>(
    name: &str,
    node: &Node<'_>,
    last: u8,
    problems: &mut Problems<'_>,
) -> Result<PcrRule<'static, N>, Reported> {
    let index = pcr_index(name, last);
    if index.is_none() && problems.is_full() {
        return Err(problems.count());
    }
    let rule = rule::<Fixed<N>>(node, ABSENCE, problems);
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
