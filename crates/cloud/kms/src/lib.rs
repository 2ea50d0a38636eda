#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "aws")]
mod aws;
mod ber;
mod envelope;
mod key_policy;
mod recipient;
mod secret;

#[cfg(feature = "aws")]
pub use aws::{
    DataKeyLength, Documents, EncryptionContext, KeyMatch, KmsAnswer, KmsChannel, KmsClient, KmsError,
    KmsKeyId, KmsOperation, KmsProxy, KmsRequest, KmsSettings,
};
pub use envelope::{ENCRYPTED_KEY_BYTES, Envelope, MAX_ENVELOPE};
pub use key_policy::{
    KEY_POLICY_RULES, KeyPolicyError, KeyPolicyFinding, KeyPolicyLint, KeyPolicyRule, MAX_KEY_POLICY,
    MAX_KEY_POLICY_FILE, NOT_SEEN, Severity, lint_key_policy, rules_markdown,
};
pub use recipient::{DecryptionError, RecipientKey, RecipientKeyError};
pub use secret::SecretBytes;
