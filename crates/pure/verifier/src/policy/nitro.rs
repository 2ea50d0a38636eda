//! The section `[nitro]`.

use alloc::format;
use alloc::vec::Vec;

use teeproof_core::Text;
use teeproof_nitro::{MaxAge, PcrRule, Pcrs, Policy, Waiver};

use super::kinds::{Bytes, Fixed, Plain, YesNo, number};
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{AT_MOST, REASON, WAIVED, expectation, rule};
use super::section::{Field, Section};
use super::suggest::quoted;

const FIELDS: &[&str] =
    &["debug", "pcrs", "signer", "module-id", "instance", "user-data", "public-key", "max-age"];

/// Reads the section. Every field is read before the first problem ends it, so that each problem
/// is told.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<Policy<'static>, Reported> {
    let section = Section::open(node, FIELDS, problems)?;
    let debug = section.rule::<YesNo>("debug", problems);
    let pcrs = pcrs(&section, problems);
    let signer = section.rule::<Fixed<48>>("signer", problems);
    let module_id = section.rule::<Plain>("module-id", problems);
    let instance = section.rule::<Plain>("instance", problems);
    let user_data = section.rule::<Bytes>("user-data", problems);
    let public_key = section.rule::<Bytes>("public-key", problems);
    let max_age = max_age(&section, problems);
    Ok(Policy {
        debug: debug?,
        pcrs: pcrs?,
        signer: signer?,
        module_id: module_id?,
        instance: instance?,
        user_data: user_data?,
        public_key: public_key?,
        max_age: max_age?,
    })
}

/// A rule for each register that is named, or a waiver in the place of all.
fn pcrs(section: &Section<'_>, problems: &mut Problems<'_>) -> Result<Pcrs<'static>, Reported> {
    let node = match section.field("pcrs", problems)? {
        Field::Named(node) => node,
        Field::Waived(reason, line) => return Ok(Pcrs::Waived(waiver(reason, line))),
    };
    let usage = || {
        Some(
            "write 0 = { exactly = \"<96 hex digits>\" } for each register, or { waived = \"<why>\" }".into(),
        )
    };
    let table = node.table(problems, "registers by their number", usage())?;
    if table.contains_key(WAIVED) {
        let (_, reason) = expectation(&node, "the registers", &[WAIVED], problems)?;
        let reason = reason.worded(problems, REASON)?;
        return Ok(Pcrs::Waived(waiver(reason, node.line(problems))));
    }
    if table.is_empty() {
        return Err(node.problem(problems, "no register is named", usage()));
    }
    let read: Vec<_> = node.children(table).map(|(name, register)| pcr(name, &register, problems)).collect();
    let mut rules = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    rules.sort_by_key(|rule| rule.index);
    Ok(Pcrs::Rules(rules.into()))
}

fn pcr(name: &str, node: &Node<'_>, problems: &mut Problems<'_>) -> Result<PcrRule<'static>, Reported> {
    let rule = rule::<Fixed<48>>(node, problems);
    let Some(index) = (0..=LAST_PCR).find(|index| format!("{index}") == name) else {
        let message = format!("{} is no register", quoted(name));
        let hint = format!("registers are the numbers 0 to {LAST_PCR}, without leading zeros");
        return Err(node.key_problem(problems, message, Some(hint)));
    };
    Ok(PcrRule { index, rule: rule? })
}

const LAST_PCR: u8 = 31;

fn max_age(section: &Section<'_>, problems: &mut Problems<'_>) -> Result<MaxAge<'static>, Reported> {
    let node = match section.field("max-age", problems)? {
        Field::Named(node) => node,
        Field::Waived(reason, line) => return Ok(MaxAge::Waived(waiver(reason, line))),
    };
    let line = node.line(problems);
    let (word, inner) = expectation(&node, "an age in seconds", &[AT_MOST, WAIVED], problems)?;
    if word == WAIVED {
        let reason = inner.worded(problems, REASON)?;
        return Ok(MaxAge::Waived(waiver(reason, line)));
    }
    Ok(MaxAge::AtMost { secs: number(&inner, problems, u32::MAX.into())?, line: Some(line) })
}

fn waiver(reason: impl Into<Text<'static>>, line: u32) -> Waiver<'static> {
    Waiver { reason: reason.into(), line: Some(line) }
}
