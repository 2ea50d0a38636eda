//! Warnings of the rules for a TD quote.

use teeproof_core::Expectation;
use teeproof_tdx::{DaysBehind, TcbStatus, TdxPolicy};

use super::{DEBUG_GUEST, NO_DEBUG, NO_SOFTWARE, WAIVE_LIST, Warnings, ZERO, accepts, is_waived, names};

impl Warnings {
    /// Warnings of the rules for a TD quote, bare or of an Azure VM.
    pub(super) fn quote(&mut self, policy: &TdxPolicy<'_>) {
        if is_waived(&policy.debug) {
            self.add("debug", policy.debug.line, DEBUG_GUEST, NO_DEBUG);
        }
        self.if_accepted("debug", &policy.debug, &true, DEBUG_GUEST, NO_DEBUG);
        self.if_accepted("mrtd", &policy.mrtd, &[0; 48], ZERO, PIN_MRTD);
        self.left_out("revocation-list", &policy.revocation_list, "the revocation lists", WAIVE_LIST);
        self.tcb(policy);
    }

    /// Warnings of the rules for the TCB.
    fn tcb(&mut self, policy: &TdxPolicy<'_>) {
        let TdxPolicy { tcb_status, tcb_date, days_behind, .. } = policy;
        if is_waived(tcb_status) || accepts(tcb_status, &TcbStatus::Revoked) {
            return self.add("tcb-status", tcb_status.line, REVOKED, NAME_STATUSES);
        }
        let out_of_date = [TcbStatus::OutOfDate, TcbStatus::OutOfDateConfigurationNeeded];
        let has_limit = matches!(days_behind, DaysBehind::AtMost { .. }) || !is_waived(tcb_date);
        if !has_limit && out_of_date.iter().any(|status| accepts(tcb_status, status)) {
            self.add("tcb-status", tcb_status.line, OUT_OF_DATE, LIMIT_DELAY);
        }
        if let Expectation::AtLeast(0) = policy.evaluation_number.expectation {
            self.add("evaluation-data-number", policy.evaluation_number.line, ANY_NUMBER, NAME_NUMBER);
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
