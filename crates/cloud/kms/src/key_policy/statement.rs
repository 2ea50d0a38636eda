//! A statement of a key policy, and what it says of requests without a document.

use super::action::ActionSet;
use super::condition::{Comparison, Test};
use super::pcr_set::PcrSet;

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

/// Whether a statement applies to the key that has the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Resource is `*`.
    ThisKey,
    /// Resource or NotResource name ARNs, which may be others than the key's.
    SomeKeys,
    /// Never: without Action or Resource. KMS takes such a statement, and it has no effect.
    Nothing,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its place, counted from 1.
    pub(super) number: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principals: Principals,
    pub(super) reach: Reach,
    pub(super) actions: ActionSet,
    /// Those actions that are named without a wildcard.
    pub(super) exact: ActionSet,
    /// All of them must hold.
    pub(super) tests: Vec<Test>,
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

    /// Whether they are not named: everyone, or all but those who are.
    pub(super) const fn are_unknown(&self) -> bool {
        matches!(self, Self::Everyone | Self::AllBut(_))
    }

    /// Whether they are all but everyone.
    pub(super) fn are_nobody(&self) -> bool {
        matches!(self, Self::Some(all) if all.is_empty())
    }

    /// Whether everyone in `others` is among them.
    fn cover(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::Everyone, _) => true,
            (Self::Some(all), Self::Some(others)) => others.iter().all(|other| all.contains(other)),
            // Whoever is excepted here has to be excepted there.
            (Self::AllBut(excepted), Self::AllBut(others)) => excepted.iter().all(|one| others.contains(one)),
            // How NotPrincipal matches roles, their sessions and accounts is not evaluated.
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
                [one] => shown(one),
                [one, more @ ..] => format!("{} and {} more", shown(one), more.len()),
            },
        }
    }
}

/// The text of a policy as a finding repeats it: its beginning, because each condition of a statement can have a finding.
pub(super) fn shown(text: &str) -> String {
    const SHOWN: usize = 256;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
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
        !self.required().is_empty()
    }

    /// Whether it applies to no request at all: a test of a key fails that KMS never sets.
    pub(super) fn never_applies(&self) -> bool {
        self.attestation().any(|test| !test.key.is_known() && !test.holds_if_absent())
    }

    /// Whether this is a Deny of every request without a document: it applies to this key, and all of its tests are about
    /// attestation and hold for them.
    pub(super) fn denies_absent(&self) -> bool {
        let holds = |test: &Test| test.key.is_attestation() && test.holds_if_absent();
        self.effect == Effect::Deny && self.reach == Reach::ThisKey && self.tests.iter().all(holds)
    }

    /// Whether this is a Deny of some requests for an action by their documents alone, for these principals.
    fn denies(&self, action: ActionSet, principals: &Principals) -> bool {
        // A test of a key that KMS never sets has to hold always.
        let counts = |test: &Test| test.key.is_known() || test.key.is_attestation() && test.holds_if_absent();
        self.effect == Effect::Deny
            && self.reach == Reach::ThisKey
            && self.actions.contains(action)
            && self.principals.cover(principals)
            && self.tests.iter().all(counts)
    }

    /// The PCRs of which one alone exempts a document from this Deny, by a value of the policy: all tests have to hold.
    /// `None` if it exempts documents with other values, too: those of every image. Documents have the `required` PCRs.
    pub(super) fn exempting(&self, required: PcrSet) -> Option<PcrSet> {
        // Tests of keys that KMS never sets hold always, so that they exempt nobody.
        let mut known = self.tests.iter().filter(|test| test.key.is_known());
        known.try_fold(PcrSet::default(), |set, test| {
            let pcr = PcrSet::of_key(&test.key);
            let is_required = !pcr.and(required).is_empty();
            match test.operator.comparison {
                _ if !is_required && !test.holds_if_absent() => None,
                Comparison::Text { is_negated: true, .. } => Some(set.or(pcr)),
                // It holds for every hash.
                Comparison::Foreign { is_negated: true } => Some(set),
                Comparison::Null if is_required && test.holds_if_present() => Some(set),
                _ => None,
            }
        })
    }

    /// The PCR that a document must have to get past this Deny; none if others will do.
    fn demanded(&self) -> PcrSet {
        let is_null = |test: &Test| test.operator.comparison == Comparison::Null && test.holds_if_absent();
        let mut known = self.tests.iter().filter(|test| test.key.is_known());
        let demanded = match self.exempting(PcrSet::default()) {
            Some(exempting) => exempting,
            None if known.all(is_null) => self.pcrs_of(|_| true),
            None => PcrSet::default(),
        };
        if demanded.is_one() { demanded } else { PcrSet::default() }
    }

    /// The PCRs of the tests of a kind.
    fn pcrs_of(&self, is_wanted: impl Fn(&Test) -> bool) -> PcrSet {
        let tests = self.tests.iter().filter(|test| is_wanted(test));
        tests.fold(PcrSet::default(), |set, test| set.or(PcrSet::of_key(&test.key)))
    }

    /// The PCRs that a document must have: a test of each fails without it.
    pub(super) fn required(&self) -> PcrSet {
        self.pcrs_of(|test| !test.holds_if_absent())
    }

    /// The PCRs of which a document must have values of this Allow. A test that holds without the PCR pins it where
    /// another test requires it.
    pub(super) fn pinned(&self) -> PcrSet {
        self.pcrs_of(Test::pins).and(self.required())
    }

    /// Those among them that have measured values alone.
    pub(super) fn pinned_to_measured(&self) -> PcrSet {
        self.pcrs_of(|test| test.pins() && test.is_measured).and(self.required())
    }

    /// The PCRs of which a value is let in that names no signer.
    pub(super) fn without_signer(&self) -> PcrSet {
        self.pcrs_of(|test| test.names_no_signer && test.is_negated() == (self.effect == Effect::Deny))
    }

    /// Whether all values that this Deny exempts are measured.
    fn exempts_measured(&self) -> bool {
        let is_compared =
            |test: &&Test| test.key.is_known() && matches!(test.operator.comparison, Comparison::Text { .. });
        self.tests.iter().filter(is_compared).all(|test| test.is_measured)
    }
}

/// The PCRs that a document must have to get past these Deny statements.
fn demanded_by<'s>(denies: impl Iterator<Item = &'s Statement>) -> PcrSet {
    denies.map(Statement::demanded).fold(PcrSet::default(), PcrSet::or)
}

/// The PCRs of which a document must have measured values to get past the Deny statements except one, for each of these
/// actions: those that one of the statements asks for, and nothing else.
pub(super) fn measured_by_denies(
    statements: &[Statement],
    actions: ActionSet,
    principals: &Principals,
    except: &Statement,
) -> PcrSet {
    let of = |action| {
        let is_other = |statement: &&Statement| {
            statement.number != except.number && statement.denies(action, principals)
        };
        let denies = statements.iter().filter(is_other);
        let required = demanded_by(denies.clone());
        let measured = denies.filter(|deny| deny.exempts_measured());
        let alone = measured.filter_map(|deny| deny.exempting(required)).filter(|set| set.is_one());
        alone.fold(PcrSet::default(), PcrSet::or)
    };
    actions.each().map(of).reduce(PcrSet::and).unwrap_or_default()
}

/// Whether the documents that none of these Deny statements keeps away are of known images.
fn leave_known_images<'s>(denies: impl Iterator<Item = &'s Statement> + Clone) -> bool {
    let required = demanded_by(denies.clone());
    let mut exempted = denies.filter_map(|deny| deny.exempting(required));
    let certain = exempted.clone().filter(|set| set.is_one()).fold(PcrSet::default(), PcrSet::or);
    // Of several PCRs, a document needs one.
    let fixes = |set: PcrSet| set.each().all(|one| certain.or(one).fixes_an_image());
    exempted.any(fixes)
}

/// The actions that the Deny statements leave to these principals: those that need no document, and those that need one
/// of any image.
pub(super) fn uncovered(
    statements: &[Statement],
    actions: ActionSet,
    principals: &Principals,
) -> (ActionSet, ActionSet) {
    let (mut open, mut any_document) = (ActionSet::NONE, ActionSet::NONE);
    for action in actions.each() {
        let denies = statements.iter().filter(|statement| statement.denies(action, principals));
        if !denies.clone().any(Statement::denies_absent) {
            open = open.or(action);
        } else if ActionSet::RECIPIENT.contains(action) && !leave_known_images(denies) {
            // Requests of other actions have no document that a Deny could exempt.
            any_document = any_document.or(action);
        }
    }
    (open, any_document)
}
