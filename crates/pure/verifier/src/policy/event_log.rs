//! `event-log`: the rule that the event log explains the quoted PCRs, all or all but those waived one by one.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Absence, Rule};
use teeproof_tpm::{EventLogRule, ExceptedPcr};

use super::kinds::YesNo;
use super::node::Node;
use super::pcrs::{not_a_pcr, pcr_index, waiver};
use super::problems::{Problems, Reported};
use super::rule::{EXACTLY, EXPLAINED_EXCEPT, Kind, ONE_OF, REASON, WAIVED, expectation, rule_of};
use super::section::{Field, Section};
use super::table::FieldKind;

/// Whether the log explains the quoted PCRs.
pub(super) struct LogExplains;

/// The expectation words that have a meaning.
const WORDS: [&str; 4] = [EXACTLY, ONE_OF, EXPLAINED_EXCEPT, WAIVED];

impl FieldKind for LogExplains {
    type Field = EventLogRule<'static>;

    fn label() -> String {
        <YesNo as Kind>::label()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        WORDS.into_iter().filter(|word| *word != WAIVED).collect()
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<EventLogRule<'static>, Reported> {
        let node = match section.field(key, problems)? {
            Field::Named(node) => node,
            Field::Waived(reason, line) => return Ok(Rule::waived(reason).at_line(line).into()),
        };
        let line = node.line(problems);
        let (word, inner) = expectation(&node, YesNo::WHAT, &WORDS, problems)?;
        if word == EXPLAINED_EXCEPT {
            let excepted = excepted(&inner, problems)?.into();
            return Ok(EventLogRule::ExplainsAllBut { excepted, line: Some(line) });
        }
        let rule = rule_of::<YesNo>(word, &inner, &WORDS, problems)?;
        Ok(rule.at_line(line).into())
    }
}

/// The PCRs that need not be explained, each with its reason. Every one is read before the first problem ends
/// it, so that each is reported.
fn excepted(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Vec<ExceptedPcr<'static>>, Reported> {
    let usage = || Some("write { 11 = \"<why>\" }, with the number of each PCR".to_string());
    let table = node.table(problems, "PCRs by their number, each with a reason", usage())?;
    if table.is_empty() {
        let hint = "name the PCRs, or write { exactly = true }";
        return Err(node.problem(problems, "no PCR is excepted", Some(hint.into())));
    }
    let read: Vec<_> = node.children(table).map(|(name, pcr)| one(name, &pcr, problems)).collect();
    let mut read = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    read.sort_by_key(|pcr| pcr.index);
    Ok(read)
}

fn one(name: &str, node: &Node<'_>, problems: &mut Problems<'_>) -> Result<ExceptedPcr<'static>, Reported> {
    let index = pcr_index(name, LAST);
    if index.is_none() && problems.is_full() {
        return Err(problems.count());
    }
    let reason = node.worded(problems, REASON);
    let index = index.ok_or_else(|| not_a_pcr(name, node, LAST, problems))?;
    Ok(ExceptedPcr::new(index, waiver(reason?, node.line(problems))))
}

/// The last PCR of a TPM.
const LAST: u8 = 23;
