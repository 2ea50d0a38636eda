//! Proposal of the section `[tdx]`: a TCB with its better statuses, and RTMRs that an event log explains.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Deref;

use teeproof_tdx::{RtmrExplanation, RtmrLog, TcbDate, TcbStatus, VerifiedQuote};

use super::{Date, Status};
use crate::policy::kinds::{Fixed, Number};
use crate::policy::lines::Lines;
use crate::policy::rule::Kind;

/// Where the values are found: a quote, and the event log (CCEL) that was replayed to its RTMRs.
#[derive(Clone, Copy)]
pub(in super::super) struct Source<'s, 'a> {
    pub(in super::super) quote: &'s VerifiedQuote<'a>,
    pub(in super::super) log: Option<&'s RtmrLog<'a>>,
}

impl<'a> Deref for Source<'_, 'a> {
    type Target = VerifiedQuote<'a>;

    fn deref(&self) -> &VerifiedQuote<'a> {
        self.quote
    }
}

/// The statuses that were found, with those that are better: an update must not refuse the machine.
pub(super) fn tcb_status(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    let statuses: Vec<TcbStatus> = found.iter().map(|quote| quote.tcb().status()).collect();
    // A status that adds nothing to what is wrong with a found one.
    let is_accepted = |status: &TcbStatus| statuses.iter().any(|found| found.and(*status) == *found);
    let accepted: Vec<TcbStatus> = TcbStatus::ALL.iter().copied().filter(is_accepted).collect();
    if let [one] = accepted.as_slice() {
        return lines.line(&format!("{key} = {{ exactly = {} }}", Status::toml(one)));
    }
    let found: Vec<&str> =
        accepted.iter().filter(|one| statuses.contains(one)).map(|one| one.as_str()).collect();
    if found.len() > 1 {
        lines.differs(key);
    }
    lines.comment(&format!(
        "found: {}; a better status is accepted too, for the update to come",
        found.join(", ")
    ));
    let accepted: Vec<String> = accepted.iter().map(Status::toml).collect();
    lines.line(&format!("{key} = {{ one-of = [{}] }}", accepted.join(", ")));
}

/// The greatest delay that was found and a month more, if any TCB lacks an update since a known date.
pub(super) fn days_behind(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    if !found.iter().any(|quote| quote.tcb().status().is_out_of_date()) {
        return lines.waived(key, "see tcb-status");
    }
    let days: Option<Vec<u32>> = found.iter().map(|quote| quote.tcb().days_behind()).collect();
    match days.map(|days| days.into_iter().max().unwrap_or_default()) {
        Some(most) => {
            lines.comment(&format!("found: {most} days; {GRACE_DAYS} more are the time for the update"));
            lines.line(&format!("{key} = {{ at-most = {} }}", most.saturating_add(GRACE_DAYS)));
        }
        None => {
            lines.lacking(key, false, "the collateral has no date of the update that is lacking", NO_DATE)
        }
    }
}

/// The days for an update in a proposal.
const GRACE_DAYS: u32 = 30;
const NO_DATE: &str = "update the machine, or accept its status by FMSPC until a date: exceptions";

/// The least date that was found, as the baseline.
pub(super) fn tcb_date(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    lines.floor::<Date>(key, found.iter().map(|quote| Some(TcbDate(quote.tcb().date()))));
}

/// The least number that was found.
pub(super) fn evaluation_number(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    lines.floor::<Number>(key, found.iter().map(|quote| Some(quote.tcb().evaluation_data_number())));
}

/// The service TDs, where the quotes say which are bound.
pub(super) fn mrservicetd(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    if found.iter().all(|quote| quote.td().mrservicetd().is_none()) {
        return lines.waived(key, NOT_IN_TDX_1_0);
    }
    let values = found.iter().map(|quote| quote.td().mrservicetd().map(Fixed::<48>::toml));
    lines.known(key, values.map(|value| value.ok_or_else(|| NOT_IN_TDX_1_0.to_string())), SAME_BODY);
}

const NOT_IN_TDX_1_0: &str = "absent in quotes with a body of TDX 1.0";
const SAME_BODY: &str = "propose one policy for the quotes of version 5, and one for the rest";

pub(super) fn rtmr0(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    rtmr(lines, key, found, 0);
}

pub(super) fn rtmr1(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    rtmr(lines, key, found, 1);
}

pub(super) fn rtmr2(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    rtmr(lines, key, found, 2);
}

pub(super) fn rtmr3(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>]) {
    rtmr(lines, key, found, 3);
}

/// An RTMR, pinned where the event log of each guest explains it. One that would be pinned for some of the evidence
/// alone ends the proposal.
fn rtmr(lines: &mut Lines<'_>, key: &str, found: &[Source<'_, '_>], index: usize) {
    let values: Vec<String> = found.iter().map(|one| Fixed::<48>::toml(one.quote.rtmr(index))).collect();
    let why: Vec<Option<String>> =
        found.iter().map(|one| unexplained(one, index).map(String::from)).collect();
    // A VM of Azure has no CCEL: its vTPM measures what boots.
    let hint =
        (!lines.is_azure() && found.iter().any(|one| *one.quote.rtmr(index) != [0; 48])).then_some(GIVE_CCEL);
    lines.found_unless(key, &values, &why, hint);
}

/// Why an RTMR is not pinned, or `None` where the event log explains its value.
fn unexplained(found: &Source<'_, '_>, index: usize) -> Option<&'static str> {
    match found.log.and_then(|log| log.rtmrs().get(index)) {
        Some(RtmrExplanation::Explained) => None,
        _ if *found.quote.rtmr(index) == [0; 48] => Some("not extended: it is zero, nothing was measured"),
        Some(_) => Some("the event log does not explain it"),
        None => Some("no event log (CCEL) explains it"),
    }
}

const GIVE_CCEL: &str = "put the event log (CCEL) of the guest into one bundle with its quote, or pin the value that you know to be right";
