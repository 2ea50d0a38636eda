//! A statement of a key policy, and what it says of requests without a document.

use super::action::ActionSet;
use super::condition::Test;

/// The effect of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// To whom a statement applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principals {
    /// `*`: everyone, in any account.
    Everyone,
    Some(Vec<String>),
    /// NotPrincipal.
    AllBut(Vec<String>),
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its place, counted from 1.
    pub(super) number: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principals: Principals,
    pub(super) actions: ActionSet,
    /// Those actions that are named without a wildcard.
    pub(super) exact: ActionSet,
    /// All of them must hold.
    pub(super) tests: Vec<Test>,
}

/// Which requests Deny statements keep from an operation, beyond those that they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coverage {
    /// Nobody.
    Nothing,
    /// Requests without a document. Documents of any enclave stay.
    WithoutDocument,
    /// Those, and documents with other values than the policy has.
    OtherValues,
}

impl Principals {
    /// Whether one of them is the root of an account, which stands for all of its principals.
    pub(super) fn has_root(&self) -> bool {
        matches!(self, Self::Some(all) if all.iter().any(|one| is_root(one)))
    }

    /// Whether one of them is no root of an account.
    pub(super) fn has_others(&self) -> bool {
        !matches!(self, Self::Some(all) if all.iter().all(|one| is_root(one)))
    }

    /// Whether everyone in `others` is among them.
    fn cover(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::Everyone, _) => true,
            (Self::Some(all), Self::Some(others)) => others.iter().all(|other| all.contains(other)),
            _ => false,
        }
    }

    /// In words, for a sentence.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Everyone => "everyone in any account".to_owned(),
            Self::AllBut(_) => "everyone but the principals under NotPrincipal".to_owned(),
            Self::Some(all) => match all.as_slice() {
                [] => "nobody".to_owned(),
                [one] => one.clone(),
                [one, more @ ..] => format!("{one} and {} more", more.len()),
            },
        }
    }
}

/// `arn:aws:iam::111122223333:root`, in any partition, or the account's number alone.
fn is_root(principal: &str) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = principal.split(':').collect();
    match parts.as_slice() {
        [account] => is_account(account),
        ["arn", _, "iam", "", account, "root"] => is_account(account),
        _ => false,
    }
}

impl Statement {
    /// The tests of attestation keys, known or not.
    pub(super) fn attestation(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| test.key.is_attestation())
    }

    /// Whether it applies to no request without a document: one test of a known key fails then.
    pub(super) fn needs_document(&self) -> bool {
        self.tests.iter().any(|test| test.key.is_known() && !test.holds_if_absent())
    }

    /// Whether it applies to no request at all: a test of a key fails that KMS never sets.
    pub(super) fn never_applies(&self) -> bool {
        self.attestation().any(|test| !test.key.is_known() && !test.holds_if_absent())
    }

    /// What this Deny keeps from an action for these principals. It covers requests without a document if all of its
    /// tests are about attestation and hold for them.
    fn coverage(&self, action: ActionSet, principals: &Principals) -> Coverage {
        let holds = |test: &Test| test.key.is_attestation() && test.holds_if_absent();
        let applies = self.effect == Effect::Deny
            && self.actions.contains(action)
            && self.principals.cover(principals)
            && self.tests.iter().all(holds);
        if !applies {
            return Coverage::Nothing;
        }
        // Tests of keys that KMS never sets hold always, so that they exempt nobody.
        let exempts = |test: &Test| test.key.is_known() && test.is_null();
        if self.tests.iter().any(exempts) { Coverage::WithoutDocument } else { Coverage::OtherValues }
    }
}

/// The actions of a set by what the Deny statements keep from them, for these principals: those of which nothing is
/// kept, and those with a document of any enclave.
pub(super) fn uncovered(
    statements: &[Statement],
    actions: ActionSet,
    principals: &Principals,
) -> (ActionSet, ActionSet) {
    let (mut open, mut any_document) = (ActionSet::NONE, ActionSet::NONE);
    for action in actions.each() {
        let coverage = statements.iter().map(|statement| statement.coverage(action, principals)).max();
        match coverage.unwrap_or(Coverage::Nothing) {
            Coverage::Nothing => open = open.or(action),
            Coverage::WithoutDocument => any_document = any_document.or(action),
            Coverage::OtherValues => {}
        }
    }
    (open, any_document)
}
