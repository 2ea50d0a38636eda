//! What AWS KMS answers and what its keys' policies say: envelopes of attested recipients, and the lint.

use std::sync::LazyLock;

use teeproof_kms::{
    ENCRYPTED_KEY_BYTES, Envelope, KEY_POLICY_RULES, MAX_ENVELOPE, MAX_KEY_POLICY_FILE, RecipientKey,
    lint_key_policy,
};

use crate::bounds;
use crate::cost::bounded;
use crate::quiet::says_something;

/// A key that nobody encrypts to but by chance.
static RECIPIENT: LazyLock<Option<RecipientKey>> = LazyLock::new(|| RecipientKey::generate().ok());

/// `Envelope::parse`, and `RecipientKey::decrypt` of what it parsed, under the key of somebody else.
pub fn envelope(input: &[u8]) -> bool {
    let parsed = bounded(&bounds::KMS_ENVELOPE, input.len(), || Envelope::parse(input));
    let envelope = match parsed {
        Ok(envelope) => envelope,
        Err(error) => {
            assert!(says_something(&error) && error.offset <= input.len());
            return false;
        }
    };
    assert!(input.len() <= MAX_ENVELOPE);
    let content = envelope.content();
    assert!(!content.is_empty() && content.len().is_multiple_of(16) && content.len() < input.len());
    // Nothing is invented: every fixed field stands in the input.
    let is_inside = |field: &[u8]| input.windows(field.len()).any(|window| window == field);
    assert!(is_inside(envelope.key_identifier()) && is_inside(envelope.iv()));
    assert!(envelope.encrypted_key().len() == ENCRYPTED_KEY_BYTES && is_inside(envelope.encrypted_key()));
    if let Some(recipient) = &*RECIPIENT {
        let decrypted = bounded(&bounds::KMS_DECRYPT, input.len(), || recipient.decrypt(&envelope));
        assert!(decrypted.is_err(), "an envelope for another key was decrypted");
    }
    true
}

/// `lint_key_policy`: every finding is of a rule, at a statement, and says something.
pub fn key_policy(input: &[u8]) -> bool {
    let lint = match bounded(&bounds::KEY_POLICY, input.len(), || lint_key_policy(input)) {
        Ok(lint) => lint,
        Err(error) => {
            assert!(says_something(&error) && !error.hint().is_empty());
            return false;
        }
    };
    assert!(input.len() <= MAX_KEY_POLICY_FILE && lint.statements > 0);
    for finding in &lint.findings {
        assert!((1..=lint.statements).contains(&finding.statement));
        assert!(
            KEY_POLICY_RULES.contains(&finding.rule) && finding.rule.severities.contains(&finding.severity)
        );
        assert!(finding.lets_in.starts_with("lets ") && !finding.statement_id().is_empty());
    }
    assert_eq!(lint.gravest(), lint.findings.iter().map(|finding| finding.severity).max());
    true
}
