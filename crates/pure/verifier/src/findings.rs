//! Recorded findings of a verification and an appraisal.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Check, Class, Outcome, Record};

use crate::Remedy;
use crate::value::{ClaimValue, Expected};

/// One check of a result, with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The check: id, title, what it proves, source.
    pub check: &'static Check,
    /// The outcome.
    pub outcome: Outcome,
    /// The expected value in words, if values were compared.
    pub expected: Option<String>,
    /// The actual value in words, if values were compared.
    pub actual: Option<String>,
    /// The expected value as data, if values were compared.
    pub expected_value: Option<Expected>,
    /// The actual value as data, if values were compared.
    pub actual_value: Option<ClaimValue>,
    /// The reason of the outcome, or a detail of the check.
    pub because: Option<String>,
    /// The line of the policy file with the rule, counted from 1.
    pub line: Option<u32>,
    /// Whether the relying party waived the check.
    pub waived: bool,
    /// An instruction for this failure that replaces the check's hint; [`Finding::hint`] has one in each case.
    pub hint: Option<String>,
    /// The action that this hint advises.
    pub(crate) remedy: Option<Remedy>,
}

impl Finding {
    /// An instruction: what to do about a failure.
    #[must_use]
    pub fn hint(&self) -> &str {
        let own = self.hint.as_deref();
        own.unwrap_or(if self.is_contrary() { CONTRARY } else { self.check.hint })
    }

    /// The action that the hint advises, if an application can have an option or a command for it.
    #[must_use]
    pub fn remedy(&self) -> Option<Remedy> {
        match &self.hint {
            Some(_) => self.remedy,
            None if self.is_contrary() => None,
            None => Remedy::of_check(self.check),
        }
    }

    /// Whether the failed rule expects the contrary of what the check is for, such as no quote where there is one. The
    /// check's hint would then lead away from what the rule expects.
    fn is_contrary(&self) -> bool {
        let contrary = match (self.expected.as_deref(), self.actual.as_deref()) {
            (Some("no"), Some("yes")) => FOR_YES,
            (Some("yes"), Some("no")) => FOR_NO,
            _ => return false,
        };
        contrary.contains(&self.check.id)
    }
}

/// The hint where a rule expects the contrary of what its check is for.
const CONTRARY: &str = "The policy expects the contrary of what this check is for: correct its rule, or waive the field with a reason.";

/// The checks of yes or no whose hints say how to come from no to yes.
const FOR_YES: &[&str] = &[
    "ak.certificate",
    "ak.revocation-list",
    "hcl.fresh-report",
    "hcl.quote",
    "log.explains",
    "log.secure-boot",
    "nitro-tpm.measured-boot",
    "snp.revocation-list",
    "tdx.revocation-list",
];

/// The checks of yes or no whose hints say how to come from yes to no.
const FOR_NO: &[&str] = &[
    "nitro.debug",
    "snp.chip-key.masked",
    "snp.chip.masked",
    "snp.host-requested",
    "snp.policy.debug",
    "snp.policy.migration",
    "tdx.debug",
    "tdx.migration",
];

/// A [`Record`] that keeps every finding.
#[derive(Clone, Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The findings, in the order in which the checks were made.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    /// Gives the last finding of a check a hint of its own.
    pub(crate) fn advise(&mut self, check: &'static Check, hint: &str, remedy: Option<Remedy>) {
        if let Some(finding) = self.0.iter_mut().rev().find(|finding| finding.check == check) {
            finding.hint = Some(String::from(hint));
            finding.remedy = remedy;
        }
    }

    /// The class of an appraisal that refuses: incomplete where all that fails is an endorsement that is
    /// missing.
    pub(crate) fn refusal(&self) -> Class {
        let mut failed = self.0.iter().filter(|finding| finding.outcome == Outcome::Fail);
        let missing =
            |finding: &Finding| finding.check.classes == [Class::Incomplete] && !finding.is_contrary();
        if failed.all(missing) { Class::Incomplete } else { Class::Refused }
    }

    /// Adds the check that a verification failed at, and every later one as not checked.
    pub(crate) fn failed(&mut self, failed: teeproof_core::CheckResult<'_>, order: &[&'static Check]) {
        self.record(failed);
        let done = |check: &Check| self.0.iter().any(|finding| finding.check == check);
        let rest: Vec<_> = order.iter().filter(|check| !done(check)).collect();
        for check in rest {
            self.skip(check, &"not checked: an earlier check failed");
        }
    }
}

impl Record for Findings {
    fn record(&mut self, finding: teeproof_core::CheckResult<'_>) {
        self.0.push(Finding {
            check: finding.check,
            outcome: finding.outcome,
            expected: finding.expected.map(ToString::to_string),
            actual: finding.actual.map(ToString::to_string),
            expected_value: finding.expected.map(Expected::of),
            actual_value: finding.actual.map(ClaimValue::of),
            because: finding.because.map(ToString::to_string),
            line: finding.line,
            waived: finding.waived,
            hint: None,
            remedy: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(id: &str, expected: &str, actual: &str) -> Finding {
        let check = crate::all_checks().find(|check| check.id == id).unwrap();
        let mut findings = Findings::default();
        let finding = teeproof_core::CheckResult::new(check, Outcome::Fail);
        findings.record(finding.compared(&expected, &actual));
        findings.0.remove(0)
    }

    #[test]
    fn a_hint_fits_the_direction_of_the_rule() {
        for (ids, fits, contrary) in
            [(FOR_YES, ["yes", "no"], ["no", "yes"]), (FOR_NO, ["no", "yes"], ["yes", "no"])]
        {
            for id in ids {
                let [expected, actual] = fits;
                let finding = compared(id, expected, actual);
                assert_eq!(finding.hint(), finding.check.hint, "{id}");
                let [expected, actual] = contrary;
                assert_eq!(compared(id, expected, actual).hint(), CONTRARY, "{id}");
                assert_eq!(compared(id, expected, "absent").hint(), finding.check.hint, "{id}");
            }
        }
        // A list where the policy expects no list is no missing endorsement.
        let refusal = |expected, actual| {
            Findings(Vec::from([compared("ak.revocation-list", expected, actual)])).refusal()
        };
        assert_eq!((refusal("yes", "no"), refusal("no", "yes")), (Class::Incomplete, Class::Refused));
    }

    /// The checks of yes or no whose hints fit both directions.
    const FOR_BOTH: &[&str] = &[
        "hcl.console",
        "hcl.interactive-console",
        "hcl.secure-boot",
        "hcl.tpm-enabled",
        "hcl.tpm-persisted",
    ];

    #[cfg(feature = "policy-file")]
    #[test]
    fn every_field_of_yes_or_no_has_a_direction() {
        let mut fields = 0;
        for key in crate::Policy::keys().iter().filter(|key| key.kind == "yes or no") {
            let lists = [FOR_YES, FOR_NO, FOR_BOTH].map(|list| list.contains(&key.check.id));
            let number = lists.iter().filter(|is_listed| **is_listed).count();
            assert_eq!(number, 1, "{}: {}", key.key, key.check.id);
            fields += 1;
        }
        assert!(fields > 15, "{fields}");
    }
}
