//! The findings of a key policy, statement by statement.

use std::borrow::Cow;

use super::action::ActionSet;
use super::condition::{Comparison, Quantifier, Test};
use super::document::statements;
use super::finding::{KeyPolicyFinding, KeyPolicyLint};
use super::indirect::{indirect_access, indirect_hint};
use super::pcr_set::{Gap, PcrSet, gap};
use super::rule::{self, KeyPolicyRule, Severity};
use super::statement::{Effect, Reach, Statement, measured_by_denies, shown, uncovered};
use super::value::of_value;
use super::{KEY_POLICY_RULES, KeyPolicyError};

/// Lints a key policy: JSON of at most [`super::MAX_KEY_POLICY`] bytes, by itself or as the member `Policy` in the
/// output of `aws kms get-key-policy`.
///
/// The policy is judged by itself. Grants and IAM policies are not seen; see [`super::NOT_SEEN`]. Service control
/// policies can only take away.
///
/// # Errors
/// The text is not a key policy, or one that KMS would refuse.
pub fn lint_key_policy(file: &[u8]) -> Result<KeyPolicyLint, KeyPolicyError> {
    let statements = statements(file)?;
    let by_denies = |statement: &Statement| {
        let secrets = statement.actions.and(ActionSet::SECRETS);
        measured_by_denies(&statements, secrets, &statement.principals, statement)
    };
    let by_denies: Vec<PcrSet> = statements.iter().map(by_denies).collect();
    let mut findings = Vec::new();
    for (statement, by_others) in statements.iter().zip(&by_denies) {
        let mut lint = Lint {
            statement,
            by_others: *by_others,
            statements: &statements,
            by_denies: &by_denies,
            findings: Vec::new(),
        };
        match (statement.reach, statement.effect) {
            (Reach::Nothing, _) => lint.without_reach(),
            (_, Effect::Allow) => lint.allow(),
            (_, Effect::Deny) => lint.deny(),
        }
        let rank =
            |finding: &KeyPolicyFinding| KEY_POLICY_RULES.iter().position(|rule| *rule == finding.rule);
        lint.findings.sort_by_key(rank);
        findings.append(&mut lint.findings);
    }
    Ok(KeyPolicyLint { statements: statements.len(), findings })
}

/// The lint of one statement among all.
struct Lint<'p> {
    statement: &'p Statement,
    /// The PCRs of which the other Deny statements ask for measured values, for all secrets of the statement.
    by_others: PcrSet,
    statements: &'p [Statement],
    /// The same of each statement.
    by_denies: &'p [PcrSet],
    findings: Vec<KeyPolicyFinding>,
}

impl Lint<'_> {
    fn find(&mut self, rule: &'static KeyPolicyRule, severity: Severity, lets_in: String) {
        self.find_with_hint(rule, severity, lets_in, Cow::Borrowed(rule.hint));
    }

    fn find_with_hint(
        &mut self,
        rule: &'static KeyPolicyRule,
        severity: Severity,
        lets_in: String,
        hint: Cow<'static, str>,
    ) {
        let Statement { number, sid, .. } = self.statement;
        self.findings.push(KeyPolicyFinding {
            rule,
            severity,
            statement: *number,
            sid: sid.as_deref().map(shown),
            lets_in,
            hint,
        });
    }

    /// A statement that KMS never applies.
    fn without_reach(&mut self) {
        let statement = self.statement;
        // Without an Action it may have been meant for any of them.
        let guards = !statement.actions.and(ActionSet::SECRETS).is_empty() || statement.actions.is_empty();
        let (severity, text) = match statement.effect {
            Effect::Allow => (Severity::Medium, "lets in nobody"),
            Effect::Deny if guards => (Severity::High, "lets in everyone whom it would keep out"),
            Effect::Deny => (Severity::Medium, "lets in everyone whom it would keep out"),
        };
        let text =
            format!("{text}: Action or Resource is missing or names nothing, so that it never applies");
        self.find(rule::NO_EFFECT, severity, text);
    }

    fn allow(&mut self) {
        let statement = self.statement;
        if statement.principals.are_nobody() {
            return;
        }
        if statement.never_applies() {
            for test in statement.attestation().filter(|test| !test.key.is_known() && !test.holds_if_absent())
            {
                let text = format!(
                    "lets in nobody: {} is never set, so that {} never holds",
                    test.key_name,
                    test.title()
                );
                self.find(rule::UNKNOWN_KEY, Severity::Medium, text);
            }
            return;
        }
        let secrets = statement.actions.and(ActionSet::SECRETS);
        let (open, any_document) = uncovered(self.statements, secrets, &statement.principals);
        let has_attestation = statement.attestation().next().is_some();
        if statement.needs_document() {
            self.without_effect();
            if statement.required().is_mixed() {
                let text = "lets in nobody: no document has PCRs of an enclave and of a NitroTPM".to_owned();
                self.find(rule::MIXED_DOCUMENTS, Severity::Medium, text);
            } else if !open.or(any_document).is_empty() || secrets.is_empty() {
                // Where a Deny keeps other values away, this statement need not.
                self.pinned();
                self.values();
            }
        } else {
            let exposed = [(open, Severity::High), (any_document, Severity::Medium)];
            for (actions, severity) in exposed.into_iter().filter(|(actions, _)| !actions.is_empty()) {
                if has_attestation {
                    self.absent(actions, severity);
                } else {
                    self.unconditional(actions, severity);
                }
            }
        }
        self.without_recipient();
        if open.is_empty() && !statement.needs_document() {
            self.indirect();
        }
    }

    /// No condition on attestation.
    fn unconditional(&mut self, actions: ActionSet, severity: Severity) {
        let (names, who) = (actions.names(), self.statement.principals.words());
        let how = match severity {
            Severity::High => "without an enclave",
            _ => "with a document of any image, because no Deny asks for an image",
        };
        if self.statement.principals.has_root() {
            let text = format!("lets in everyone whom an IAM policy of {who} allows {names}, {how}");
            self.find(rule::ROOT_WITHOUT_DENY, severity, text);
        }
        if self.statement.principals.has_others() {
            let others = if self.statement.tests.is_empty() {
                ""
            } else {
                "; its conditions say nothing of attestation"
            };
            self.find(
                rule::ALLOW_WITHOUT_ATTESTATION,
                severity,
                format!("lets {who} use {names} {how}{others}"),
            );
        }
    }

    /// Conditions on attestation that hold without a document.
    fn absent(&mut self, actions: ActionSet, severity: Severity) {
        let who = self.statement.principals.words();
        let names = actions.names();
        for test in self.statement.attestation() {
            let rule = match (&test.key, test.operator.quantifier) {
                (key, _) if !key.is_known() => rule::UNKNOWN_KEY,
                (_, Quantifier::ForAllValues) => rule::FOR_ALL_VALUES,
                _ => rule::ABSENT_DOCUMENT,
            };
            let title = test.title();
            let text =
                format!("lets {who} use {names} without a document: {title} holds where the key is absent");
            self.find(rule, severity, text);
        }
    }

    /// Further tests, where one requires a document.
    fn without_effect(&mut self) {
        let required = self.statement.required();
        let mut found = Vec::new();
        for test in self.statement.attestation().filter(|test| test.holds_if_absent()) {
            let (title, pcr) = (test.title(), PcrSet::of_key(&test.key));
            if !test.key.is_known() {
                let text = format!(
                    "lets in what the other conditions do: {title} always holds, because KMS never sets the key"
                );
                found.push((rule::UNKNOWN_KEY, Severity::Medium, text));
            } else if !required.is_mixed() && required.or(pcr).is_mixed() {
                let text = format!(
                    "lets in what the other conditions do: {title} always holds, because no document has PCRs of an enclave \
                     and of a NitroTPM"
                );
                found.push((rule::MIXED_DOCUMENTS, Severity::Medium, text));
            } else if test.operator.quantifier == Quantifier::ForAllValues && required.and(pcr).is_empty() {
                let text = format!(
                    "lets in what the other conditions do: {title} also holds for documents without that PCR"
                );
                found.push((rule::FOR_ALL_VALUES, Severity::Low, text));
            }
        }
        found.into_iter().for_each(|(rule, severity, text)| self.find(rule, severity, text));
    }

    /// Which PCRs are pinned.
    fn pinned(&mut self) {
        let pinned = self.statement.pinned();
        let without_signer = self.statement.without_signer();
        let required = self.statement.required();
        // A required PCR under an operator that is never true of a hash lets in nobody.
        let is_never = |test: &Test| {
            matches!(test.operator.comparison, Comparison::Foreign { is_negated: false })
                && !PcrSet::of_key(&test.key).and(required).is_empty()
        };
        if self.statement.tests.iter().any(is_never) {
            return;
        }
        // A document must also get past the Deny statements.
        let by_others = self.by_others;
        if let Some(Gap { rule, severity, who }) = gap(pinned.without(without_signer).or(by_others)) {
            self.find(rule, severity, format!("lets in {who}"));
        } else if pinned.or(by_others).is_empty() {
            let text = "lets in any image: every document of AWS has the keys that it tests".to_owned();
            self.find(rule::ANY_DOCUMENT, Severity::High, text);
        }
    }

    /// The PCRs of which all documents that are let in have measured values: all tests of an Allow have to hold, and one
    /// test of a Deny has to fail.
    fn guard(&self) -> PcrSet {
        let statement = self.statement;
        let own = match statement.effect {
            Effect::Allow => statement.pinned_to_measured(),
            Effect::Deny => PcrSet::default(),
        };
        own.or(self.by_others)
    }

    /// The values of PCRs that are let in: those of positive tests in an Allow, of negated ones in a Deny.
    fn values(&mut self) {
        let is_deny = self.statement.effect == Effect::Deny;
        let guard = self.guard();
        let mut found = Vec::new();
        for test in self.statement.tests.iter().filter(|test| test.key.is_known()) {
            let is_text = matches!(test.operator.comparison, Comparison::Text { .. });
            if matches!(test.operator.comparison, Comparison::Foreign { .. }) {
                let text = format!("lets in nobody by {}: the operator compares no text", test.title());
                found.push((rule::VALUE_FORM, Severity::Low, text));
            }
            if is_text && test.is_negated() == is_deny {
                // Of a list of values, the gravest finding of each rule is enough.
                let mut gravest: Vec<(&'static KeyPolicyRule, Severity, String)> = Vec::new();
                for one in test.values.iter().filter_map(|value| of_value(test, value, guard)) {
                    match gravest.iter_mut().find(|known| known.0 == one.0) {
                        Some(known) if known.1 < one.1 => *known = one,
                        Some(_) => {}
                        None => gravest.push(one),
                    }
                }
                found.append(&mut gravest);
            }
        }
        found.into_iter().for_each(|(rule, severity, text)| self.find(rule, severity, text));
    }

    /// Actions that take no Recipient under a condition on attestation.
    fn without_recipient(&mut self) {
        let statement = self.statement;
        let others = statement.actions.without(ActionSet::RECIPIENT);
        if others.is_empty() || statement.attestation().next().is_none() {
            return;
        }
        // Named by themselves, or only by a pattern such as kms:*.
        let exact = others.and(statement.exact);
        let (severity, others) =
            if exact.is_empty() { (Severity::Low, others) } else { (Severity::Medium, exact) };
        let names = others.names();
        let (severity, text) = match (statement.effect, statement.needs_document()) {
            (Effect::Allow, true) => {
                (severity, format!("lets in nobody for {names}: KMS compares no document there"))
            }
            (Effect::Allow, false) => {
                let who = statement.principals.words();
                (Severity::Medium, format!("lets {who} use {names}: no document is ever compared there"))
            }
            // A Deny that needs a document does not apply to them.
            (Effect::Deny, true) => return,
            (Effect::Deny, false) => (
                severity,
                format!("lets in nobody for {names}, not even administrators: the keys are absent there"),
            ),
        };
        self.find(rule::NO_RECIPIENT, severity, text);
    }

    /// Actions that bypass the conditions on the secrets.
    fn indirect(&mut self) {
        if let Some((severity, actions)) = indirect_access(self.statement, self.statements) {
            let who = self.statement.principals.words();
            let text = format!("lets {who} bypass the conditions with {}", actions.names());
            self.find_with_hint(rule::INDIRECT, severity, text, Cow::Owned(indirect_hint(actions)));
        }
    }

    /// What this Deny exempts, where an Allow leaves it to the Deny to ask for an image.
    fn exempted(&mut self, secrets: ActionSet) {
        let statement = self.statement;
        let relies = |(other, by_denies): (&Statement, &PcrSet)| {
            other.effect == Effect::Allow
                && other.reach != Reach::Nothing
                && !other.actions.and(secrets).is_empty()
                && !other.pinned().or(*by_denies).fixes_an_image()
        };
        let mut all = self.statements.iter().zip(self.by_denies);
        if !statement.denies_absent() || !all.any(relies) {
            return;
        }
        let (_, any_document) = uncovered(self.statements, secrets, &statement.principals);
        if any_document.is_empty() {
            return;
        }
        let exempting =
            statement.exempting(PcrSet::default()).unwrap_or_default().without(statement.without_signer());
        // One PCR is enough to be exempted here, and each of the other Deny statements asks for its own.
        let mut gaps: Vec<Gap> = Vec::new();
        for action in any_document.each() {
            let others = measured_by_denies(self.statements, action, &statement.principals, statement);
            for found in exempting.each().filter_map(|pcr| gap(others.or(pcr))) {
                if !gaps.contains(&found) {
                    gaps.push(found);
                }
            }
        }
        for rule in [rule::NO_IMAGE_PCR, rule::NO_BOOT_PCR] {
            let of_rule = || gaps.iter().filter(|found| found.rule == rule);
            if let Some(severity) = of_rule().map(|found| found.severity).max() {
                let who: Vec<_> = of_rule().map(|found| found.who).collect();
                self.find(rule, severity, format!("lets in {}", who.join(", and ")));
            }
        }
    }

    fn deny(&mut self) {
        let statement = self.statement;
        if statement.reach == Reach::SomeKeys {
            let text = "lets in everyone, if its Resource does not name this key".to_owned();
            self.find(rule::NO_EFFECT, Severity::Medium, text);
        }
        for test in statement.attestation().filter(|test| !test.key.is_known()) {
            let (severity, text) = if test.holds_if_absent() {
                (Severity::Medium, "lets in nobody whom the other conditions do not exempt")
            } else {
                (Severity::High, "lets in everyone, because this Deny never applies")
            };
            let text = format!("{text}: {} is never set", test.key_name);
            self.find(rule::UNKNOWN_KEY, severity, text);
        }
        self.values();
        self.without_recipient();
        let secrets = statement.actions.and(ActionSet::SECRETS);
        self.exempted(secrets);
        let is_guard = statement.tests.iter().any(|test| test.key.is_known() && test.is_negated());
        if is_guard && statement.needs_document() && !statement.never_applies() {
            let (open, _) = uncovered(self.statements, secrets, &statement.principals);
            if !open.is_empty() {
                let names = open.names();
                let text = format!(
                    "lets in requests for {names} without a document, to which this Deny does not apply"
                );
                self.find(rule::DENY_SKIPS_ABSENT, Severity::High, text);
            }
        }
    }
}
