//! Actions that bypass the conditions on the secrets: grants, re-encryption, another policy.

use super::action::ActionSet;
use super::rule::Severity;
use super::statement::{Principals, Statement, uncovered};

/// The actions of an Allow that bypass the conditions, and how grave it is. None of them takes a Recipient, so that a
/// condition on attestation holds for all of their requests, or for none.
pub(super) fn indirect_access(
    statement: &Statement,
    statements: &[Statement],
) -> Option<(Severity, ActionSet)> {
    let undenied =
        |actions: ActionSet| uncovered(statements, statement.actions.and(actions), &statement.principals).0;
    // A grantee can be anybody, and a grant can be for re-encryption: only a Deny for everyone is a limit.
    let granted = ActionSet::SECRETS.or(ActionSet::RE_ENCRYPT);
    let (open, any_document) = uncovered(statements, granted, &Principals::Everyone);
    let is_limited = open.or(any_document).is_empty();
    let grant = if is_limited { ActionSet::NONE } else { undenied(ActionSet::GRANT) };
    let strong = undenied(ActionSet::RE_ENCRYPT).or(grant);
    let weak = undenied(ActionSet::POLICY);
    let is_unconditional = statement.tests.iter().all(|test| test.key.is_attestation());
    let is_open = statement.principals.are_unknown() && is_unconditional;
    let severity = match (strong.is_empty(), weak.is_empty()) {
        (true, true) => return None,
        _ if is_open => Severity::High,
        (true, false) => Severity::Low,
        (false, _) => Severity::Medium,
    };
    Some((severity, strong.or(weak)))
}

/// The hint of [`super::rule::INDIRECT`] for these actions.
pub(super) fn indirect_hint(actions: ActionSet) -> String {
    let has = |some: ActionSet| !actions.and(some).is_empty();
    let few = format!("allow {} to as few principals as possible", actions.names());
    let parts = [
        Some(few),
        has(ActionSet::GRANT).then(|| GRANT_HINT.to_owned()),
        has(ActionSet::RE_ENCRYPT).then(|| RE_ENCRYPT_HINT.to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

const GRANT_HINT: &str = "restrict kms:CreateGrant with kms:GranteePrincipal or kms:GrantOperations";
const RE_ENCRYPT_HINT: &str =
    "deny kms:ReEncryptFrom to everyone unless ciphertexts are to move to another key";
