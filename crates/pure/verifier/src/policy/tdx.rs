//! The section `[tdx]`: the kinds of values that it alone has.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Absence, Technology, Text, Validity};
use teeproof_tdx::{
    AllowedAdvisories, DaysBehind, TcbDate, TcbException, TcbExceptions, TcbStatus, TdxPolicy, checks,
    parse_date,
};
use toml::de::DeValue;

use super::kinds::{Fixed, Flags, Number, YesNo, number};
use super::lines::Lines;
use super::node::Node;
use super::problems::{Problems, Reported};
use super::rule::{AT_LEAST, AT_MOST, EXACTLY, Kind, ONE_OF, WAIVED, entries};
use super::section::{Expected, Section};
use super::suggest::{hint, quoted};
use super::table::{FieldKind, PolicyKey, section, toml};

mod proposal;

pub(super) use proposal::Source;
use proposal::{
    days_behind, evaluation_number, mrservicetd, rtmr0, rtmr1, rtmr2, rtmr3, tcb_date, tcb_status,
};

teeproof_tdx::tdx_policy_fields! { section }

/// Reads the section.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<TdxPolicy<'static>, Reported> {
    let section = Section::open(node, &keys().collect::<Vec<_>>(), problems)?;
    fields(&section, problems)
}

/// A TCB status, by Intel's names.
struct Status;

impl Kind for Status {
    type Value = TcbStatus;
    const WHAT: &'static str = "a TCB status";

    fn toml(seen: &TcbStatus) -> String {
        format!("\"{}\"", seen.as_str())
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbStatus, Reported> {
        let name = node.text(problems, "a TCB status as a text")?;
        let known = TcbStatus::ALL.iter().copied().find(|status| status.as_str() == name);
        known.ok_or_else(|| {
            let message = format!("{} is no TCB status of Intel", quoted(name));
            let hint = hint(name, TcbStatus::ALL.iter().map(|status| status.as_str()));
            node.problem(problems, message, Some(hint))
        })
    }
}

/// A date: `2025-03-12`, or a second of it, `2025-03-12T00:00:00Z`.
struct Date;

impl Kind for Date {
    type Value = TcbDate;
    const WHAT: &'static str = "a date";
    const WORDS: &'static [&'static str] = &[EXACTLY, ONE_OF, AT_LEAST, WAIVED];

    fn toml(seen: &TcbDate) -> String {
        format!("\"{}\"", seen.0)
    }

    fn lowest(found: Vec<TcbDate>) -> Option<String> {
        found.iter().min().map(Self::toml)
    }

    fn read(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbDate, Reported> {
        date(node, problems).map(|date| TcbDate(date.not_before))
    }

    fn floor(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbDate, Reported> {
        Self::read(node, problems)
    }
}

/// The first and the last second of a date, which is a text or one of TOML's own.
fn date(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Validity, Reported> {
    let date = match node.value() {
        DeValue::String(text) => parse_date(text),
        DeValue::Datetime(date) => parse_date(&date.to_string()),
        _ => return Err(node.wrong_type(problems, "a date", Some(DATES.to_string()))),
    };
    date.ok_or_else(|| node.problem(problems, "not a date in UTC", Some(DATES.to_string())))
}

const DATES: &str = "write \"2025-03-12\", or a second in UTC: \"2025-03-12T00:00:00Z\"";

/// A grace period in days.
struct Days;

impl FieldKind for Days {
    type Field = DaysBehind<'static>;

    fn label() -> String {
        "days".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        Vec::from([AT_MOST])
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<DaysBehind<'static>, Reported> {
        Ok(match section.expected(key, "a number of days", &[AT_MOST], problems)? {
            Expected::Word(_, node, line) => {
                DaysBehind::AtMost { days: number(&node, problems, u32::MAX.into())?, line: Some(line) }
            }
            Expected::Waived(waiver) => DaysBehind::Waived(waiver),
        })
    }
}

/// Intel's advisories.
struct Advisories;

impl FieldKind for Advisories {
    type Field = AllowedAdvisories<'static>;

    fn label() -> String {
        "advisories".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        Vec::from([ONE_OF])
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<AllowedAdvisories<'static>, Reported> {
        Ok(match section.expected(key, "advisories", &[ONE_OF], problems)? {
            Expected::Word(_, node, line) => {
                // An empty list allows no advisory.
                let list = node.array(problems, "a list of advisories")?;
                let advisories = entries(&node, list, problems, advisory)?;
                AllowedAdvisories::Only { advisories: advisories.into(), line: Some(line) }
            }
            Expected::Waived(waiver) => AllowedAdvisories::Waived(waiver),
        })
    }
}

/// An advisory's name as in collateral: `INTEL-SA-01036` with five digits, or another of up to 64 letters, digits,
/// hyphens, dots and low lines, such as `INTEL-DOC-00001`.
fn advisory(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Text<'static>, Reported> {
    let name = node.text(problems, "an advisory as a text")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let fits = match name.strip_prefix("INTEL-SA-") {
        Some(digits) => digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => (1..=64).contains(&name.len()) && name.bytes().all(is_plain),
    };
    if !fits {
        let message = format!("{} is no name of an advisory of Intel", quoted(name));
        let hint = "write \"INTEL-SA-\" and five digits, or another name as Intel's collateral has it";
        return Err(node.problem(problems, message, Some(hint.into())));
    }
    Ok(name.to_string().into())
}

/// Platforms whose TCB is not judged until a date.
struct Exceptions;

impl FieldKind for Exceptions {
    type Field = TcbExceptions<'static>;

    fn label() -> String {
        "FMSPCs with end dates".into()
    }

    fn words(_: Absence) -> Vec<&'static str> {
        Vec::from([ONE_OF])
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        _: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<TcbExceptions<'static>, Reported> {
        Ok(match section.expected(key, "exceptions", &[ONE_OF], problems)? {
            Expected::Word(_, node, line) => {
                // An empty list excepts no platform.
                let list = node.array(problems, "a list of exceptions")?;
                let exceptions = entries(&node, list, problems, exception)?;
                TcbExceptions::List { exceptions: exceptions.into(), line: Some(line) }
            }
            Expected::Waived(waiver) => TcbExceptions::Waived(waiver),
        })
    }
}

/// `{ fmspc = "90c06f000000", until = "2026-06-01" }`; the whole day counts.
fn exception(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<TcbException, Reported> {
    let table = node.table(problems, "an exception", Some(EXCEPTION.to_string()))?;
    node.only(table, &["fmspc", "until"], "key", problems);
    let fmspc = node.need(table, "fmspc", problems).and_then(|node| Fixed::<6>::read(&node, problems));
    let until = node.need(table, "until", problems).and_then(|node| date(&node, problems));
    Ok(TcbException { fmspc: fmspc?, until: until?.not_after })
}

const EXCEPTION: &str = "write { fmspc = \"<12 hex digits>\", until = \"<date>\" }";
