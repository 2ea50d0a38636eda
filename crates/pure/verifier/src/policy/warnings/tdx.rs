//! Warnings of the rules for a TD quote.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use teeproof_core::{Expectation, Hex, Rule, Time};
use teeproof_tdx::{AllowedAdvisories, DaysBehind, TcbDate, TcbExceptions, TcbStatus, TdxPolicy};
use teeproof_wire::tdx::TdAttributes;

use super::{DEBUG_GUEST, NO_DEBUG, NO_SOFTWARE, WAIVE_LIST, Warnings, ZERO, accepts, is_waived, names};

impl Warnings {
    /// Warnings of the rules for a TD quote, bare or of an Azure VM.
    pub(super) fn quote(&mut self, policy: &TdxPolicy<'_>) {
        if is_waived(&policy.debug) {
            self.add("debug", policy.debug.line, DEBUG_GUEST, NO_DEBUG);
        }
        self.if_accepted("debug", &policy.debug, &true, DEBUG_GUEST, NO_DEBUG);
        let bound = names_service_tds(&policy.mrservicetd);
        if !bound
            && (is_waived(&policy.migration) || accepts(&policy.migration, &true))
            && may_migrate(policy)
        {
            self.add("migration", policy.migration.line, MIGRATABLE, NO_MIGRATION);
        }
        self.if_accepted("mrtd", &policy.mrtd, &[0; 48], ZERO, PIN_MRTD);
        self.left_out("revocation-list", &policy.revocation_list, "the revocation lists", WAIVE_LIST);
        self.tcb(policy);
    }

    /// Warnings of the rules for the TCB.
    fn tcb(&mut self, policy: &TdxPolicy<'_>) {
        let TdxPolicy { tcb_status, tcb_date, days_behind, .. } = policy;
        self.exceptions(&policy.exceptions);
        self.without_effect(policy);
        if is_waived(tcb_status) || accepts(tcb_status, &TcbStatus::Revoked) {
            return self.add("tcb-status", tcb_status.line, REVOKED, NAME_STATUSES);
        }
        let out_of_date = [TcbStatus::OutOfDate, TcbStatus::OutOfDateConfigurationNeeded];
        let has_limit = matches!(days_behind, DaysBehind::AtMost { .. }) || !is_waived(tcb_date);
        if !has_limit && out_of_date.iter().any(|status| accepts(tcb_status, status)) {
            self.add("tcb-status", tcb_status.line, OUT_OF_DATE, LIMIT_DELAY);
        }
        let number = &policy.evaluation_number;
        match number.expectation {
            Expectation::AtLeast(0) => {
                self.add("evaluation-data-number", number.line, ANY_NUMBER, NAME_NUMBER);
            }
            Expectation::Exactly(_) | Expectation::OneOf(_) => {
                self.add("evaluation-data-number", number.line, ONE_NUMBER, LEAST_NUMBER);
            }
            _ => {}
        }
        // A floor that the oldest TCB reaches as well.
        self.if_accepted("tcb-date", tcb_date, &TcbDate(BEFORE_TDX), ANY_DATE, NAME_DATE);
    }

    /// Warnings of rules for the TCB that other rules, or the numbers themselves, leave without effect.
    fn without_effect(&mut self, policy: &TdxPolicy<'_>) {
        let TdxPolicy { tcb_status, days_behind, advisories, .. } = policy;
        let other_than_up_to_date =
            TcbStatus::ALL.iter().any(|status| *status != TcbStatus::UpToDate && accepts(tcb_status, status));
        if let AllowedAdvisories::Only { advisories, line } = advisories
            && advisories.is_empty()
            && other_than_up_to_date
        {
            self.add("advisories", *line, NO_ADVISORIES, ALLOW_ADVISORIES);
        }
        let DaysBehind::AtMost { days, line } = days_behind else { return };
        let behind = [TcbStatus::OutOfDate, TcbStatus::OutOfDateConfigurationNeeded, TcbStatus::Revoked];
        if !is_waived(tcb_status) && !behind.iter().any(|status| accepts(tcb_status, status)) {
            self.add("days-behind", *line, NEVER_BEHIND, ACCEPT_BEHIND);
        } else if *days >= MANY_DAYS {
            self.add(
                "days-behind",
                *line,
                format!("{days} days are no limit: the first TDX machines are of 2023"),
                LIMIT_DELAY,
            );
        }
    }

    /// Warnings of exceptions whose dates are no dates of a fleet, and of those that another one covers.
    fn exceptions(&mut self, exceptions: &TcbExceptions<'_>) {
        let TcbExceptions::List { exceptions, line } = exceptions else { return };
        let mut seen = Vec::new();
        for one in exceptions.iter() {
            let fmspc = Hex(&one.fmspc).to_string();
            if one.until < BEFORE_TDX {
                let message = format!(
                    "FMSPC {fmspc} until {}: TDX did not exist then, so that it never applies",
                    one.until
                );
                self.add("exceptions", *line, message, END_DATE);
            } else if one.until >= FAR_AWAY {
                let message = format!("FMSPC {fmspc} until {}: an exception without an end", one.until);
                self.add("exceptions", *line, message, END_DATE);
            }
            if seen.contains(&one.fmspc) {
                let message = format!("FMSPC {fmspc} twice: the later end counts");
                self.add("exceptions", *line, message, "write one exception for each FMSPC");
            }
            seen.push(one.fmspc);
        }
    }

    /// That nothing of a section for bare quotes says what software runs.
    pub(super) fn td_software(&mut self, policy: &TdxPolicy<'_>) {
        if !names(&policy.mrtd, &[0; 48]) {
            self.add("", policy.mrtd.line, NO_SOFTWARE, PIN_MRTD);
        }
        let rtmrs = [("rtmr0", &policy.rtmr0), ("rtmr1", &policy.rtmr1), ("rtmr2", &policy.rtmr2)];
        for (key, rule) in rtmrs {
            self.if_accepted(key, rule, &[0; 48], RESET_RTMR, PIN_RTMR);
        }
    }
}

/// Whether a rule names the service TDs that are bound to the guest, or that none is.
fn names_service_tds(rule: &Rule<'_, [u8; 48]>) -> bool {
    matches!(rule.expectation, Expectation::Exactly(_) | Expectation::OneOf(_))
}

/// Whether the rule for the attributes accepts guests with MIGRATABLE.
fn may_migrate(policy: &TdxPolicy<'_>) -> bool {
    let bit = TdAttributes::MIGRATABLE.bits();
    match &policy.attributes.expectation {
        Expectation::Exactly(bits) => bits & bit != 0,
        Expectation::OneOf(several) => several.iter().any(|bits| bits & bit != 0),
        Expectation::Mask(mask) => mask.care & bit == 0 || mask.value & bit != 0,
        _ => true,
    }
}

/// 2018-01-01T00:00:00Z: no TCB of a TDX platform can be older.
const BEFORE_TDX: Time = Time(1_514_764_800);
/// 2100-01-01T00:00:00Z.
const FAR_AWAY: Time = Time(4_102_444_800);
/// Ten years.
const MANY_DAYS: u32 = 3650;

const MIGRATABLE: &str = "a guest that a migration TD can move is accepted, and no rule names the service TDs that are bound to it";
const NO_MIGRATION: &str =
    "migration = { exactly = false }, or pin mrservicetd of the migration TD that you trust";
const ONE_NUMBER: &str = "newer collateral of Intel is refused: the number grows with each TCB recovery";
const LEAST_NUMBER: &str = "evaluation-data-number = { at-least = <number> }";
const ANY_DATE: &str = "a date years before TDX (2023) is accepted: hardly any TCB is older";
const NAME_DATE: &str = "name the date of the TCB recovery that your machines must have";
const NO_ADVISORIES: &str = "no advisory is allowed, and Intel's levels of other statuses than UpToDate name advisories: the other statuses of tcb-status are as good as refused";
const ALLOW_ADVISORIES: &str =
    "advisories = { one-of = [\"INTEL-SA-01036\"] } with those that you accept, or { waived = \"<why>\" }";
const NEVER_BEHIND: &str = "never takes effect: tcb-status accepts no TCB that is out of date";
const ACCEPT_BEHIND: &str =
    "add \"OutOfDate\" to tcb-status = { one-of = [...] }, or waive days-behind with its reason";
const END_DATE: &str = "name the day by which the platforms are updated";
const PIN_MRTD: &str = "pin MRTD of the firmware that you deploy, and the RTMRs that your image determines";
const PIN_RTMR: &str = "pin the value that the event log (CCEL) of a guest with your image explains, or waive it with its reason";
const RESET_RTMR: &str =
    "zeros are accepted: the RTMR of a guest into which nothing was measured, which names no software";
const REVOKED: &str = "a platform is accepted whose TCB Intel revoked";
const NAME_STATUSES: &str =
    "tcb-status = { one-of = [\"UpToDate\", \"SWHardeningNeeded\"] }, with the statuses that you accept";
const OUT_OF_DATE: &str = "a TCB is accepted that is out of date, for any length of time";
const LIMIT_DELAY: &str = "add days-behind = { at-most = 30 }, or tcb-date = { at-least = \"<date>\" }";
const ANY_NUMBER: &str = "0 is accepted: every TCB info and QE identity has at least this number";
const NAME_NUMBER: &str = "name the number of the TCB recovery that has to be taken into account";
