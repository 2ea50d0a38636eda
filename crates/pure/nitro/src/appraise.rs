//! A verified document held against a policy: every rule, every finding.

use teeproof_core::{Check, Crypto, Expectation, Finding, Hex, OrNone, Outcome, Record, Rule, Value};

use crate::{Digest384, MaxAge, Policy, VerifiedDocument, checks, pcr4_of_instance, pcr8_of_signer};

/// How an appraisal came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Appraisal {
    /// Every rule holds or was waived.
    Accepted,
    /// A rule does not hold.
    Refused,
    /// Every rule holds but one that demands an age, and the document was verified at its own
    /// time stamp: it was genuine then, and is not shown to be fresh.
    NotShownFresh,
}

/// Holds a verified document against a policy and records every finding. None is left out because
/// another one failed.
pub fn appraise(
    verified: &VerifiedDocument<'_>,
    policy: &Policy<'_>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Appraisal {
    let document = verified.document();
    let held = [
        policy.debug.appraise(checks::DEBUG, Some(&verified.is_debug()), record),
        policy.pcrs.appraise(checks::PCRS, &checks::PCR, |index| document.pcrs.get(index), record),
        derived(&policy.signer, verified, 8, checks::SIGNER, record, |signer| pcr8_of_signer(signer, crypto)),
        policy.module_id.appraise(checks::MODULE_ID, Some(document.module_id), record),
        derived(&policy.instance, verified, 4, checks::INSTANCE, record, |id: &str| {
            pcr4_of_instance(id, crypto)
        }),
        policy.user_data.appraise(checks::USER_DATA, document.user_data, record),
        policy.public_key.appraise(checks::PUBLIC_KEY, document.public_key, record),
    ];
    let age = age(verified, &policy.max_age, record);
    if held.iter().all(|held| *held) { age } else { Appraisal::Refused }
}

/// Holds a register against values that are computed from what a person knows: an instance's id,
/// a certificate's digest.
fn derived<T: Value>(
    rule: &Rule<'_, T>,
    verified: &VerifiedDocument<'_>,
    index: u8,
    check: &'static Check,
    record: &mut dyn Record,
    compute: impl Fn(&T::Seen) -> Digest384,
) -> bool {
    let actual = verified.document().pcrs.get(index);
    let is = |expected: &T| actual.is_some_and(|actual| *actual == compute(expected.seen()));
    let holds = match &rule.expectation {
        Expectation::Exactly(expected) => is(expected),
        Expectation::OneOf(expected) => expected.iter().any(is),
        // Values with a register of their own are texts and digests, which have no order and no mask.
        Expectation::AtLeast(_) | Expectation::Mask(_) => false,
        Expectation::Waived(_) => return rule.appraise(check, None, record),
    };
    let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
    let shown = OrNone(actual.map(|pcr| Hex(pcr)));
    let actual = format_args!("PCR{index} {shown}");
    record.record(Finding {
        line: rule.line,
        ..Finding::new(check, outcome).compared(&rule.expectation, &actual)
    });
    holds
}

fn age(verified: &VerifiedDocument<'_>, max_age: &MaxAge<'_>, record: &mut dyn Record) -> Appraisal {
    let (secs, line) = match max_age {
        MaxAge::AtMost { secs, line } => (*secs, *line),
        MaxAge::Waived(waiver) => {
            waiver.record(checks::MAX_AGE, record);
            return Appraisal::Accepted;
        }
    };
    let expected = format_args!("at most {secs} s");
    let mut found = |outcome, actual: &dyn core::fmt::Display| {
        record.record(Finding { line, ..Finding::new(checks::MAX_AGE, outcome).compared(&expected, actual) });
    };
    match verified.age_secs() {
        None => {
            found(Outcome::Fail, &"no age: verified at its own time stamp");
            Appraisal::NotShownFresh
        }
        Some(age) if age <= i64::from(secs) => {
            found(Outcome::Pass, &format_args!("{age} s"));
            Appraisal::Accepted
        }
        Some(age) => {
            found(Outcome::Fail, &format_args!("{age} s"));
            Appraisal::Refused
        }
    }
}
