//! The rules of the lint, one row each: docs/kms.md is written from this table.

use core::fmt;

/// How much a finding lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Nobody; the policy says something else than it seems to.
    Low,
    /// More requests than it seems, all with a document; or a statement without effect.
    Medium,
    /// Requests without a document, debug enclaves, or any image.
    High,
}

impl Severity {
    /// The word: `high`, `medium`, `low`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A rule of the lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyPolicyRule {
    /// The name: `root-without-deny`.
    pub id: &'static str,
    /// What it finds.
    pub finds: &'static str,
    /// The severities that its findings have.
    pub severities: &'static [Severity],
    /// What to write instead.
    pub hint: &'static str,
}

macro_rules! rules {
    ($($name:ident: $id:literal, [$($severity:ident),+], $finds:literal, $hint:literal;)*) => {
        $(
            pub(super) const $name: &KeyPolicyRule = &KeyPolicyRule {
                id: $id,
                finds: $finds,
                severities: &[$(Severity::$severity),+],
                hint: $hint,
            };
        )*

        /// Every rule.
        pub const KEY_POLICY_RULES: &[&KeyPolicyRule] = &[$($name),*];
    };
}

rules! {
    ALLOW_WITHOUT_ATTESTATION: "allow-without-attestation", [High, Medium],
        "An Allow of kms:Decrypt, kms:DeriveSharedSecret, kms:GenerateDataKey or kms:GenerateDataKeyPair without a condition on attestation, which no Deny makes up for",
        "add a condition on kms:RecipientAttestation:ImageSha384 or PCRs, or take these actions out of the statement";
    ROOT_WITHOUT_DENY: "root-without-deny", [High, Medium],
        "An Allow of these actions for the root of an account, such as kms:*, without a Deny of the same actions: IAM policies of the account can allow them to anybody",
        "keep the statement, which saves the account from losing the key, and add a Deny for everyone on these actions with StringNotEqualsIgnoreCase on kms:RecipientAttestation:ImageSha384";
    NO_EFFECT: "no-effect", [High, Medium],
        "A statement without Resource or without Action: KMS takes it and never applies it. Or a Deny whose Resource is not *: the policy does not show whether it names this key, so that the Deny makes up for nothing",
        "write Resource with the value *, which is the key that has the policy";
    UNKNOWN_KEY: "unknown-condition-key", [High, Medium],
        "A condition key below kms:RecipientAttestation that KMS does not have, or that name alone: it is absent from every request, so that Null with true, negated operators and …IfExists always hold, and other operators never do",
        "write kms:RecipientAttestation:ImageSha384, kms:RecipientAttestation:PCR0 to PCR31, or kms:RecipientAttestation:NitroTPMPCR0 to NitroTPMPCR23";
    NO_RECIPIENT: "operation-without-recipient", [Medium, Low],
        "A condition on attestation for actions that take no Recipient, such as kms:Sign: the condition keys are absent from their requests",
        "give these actions a statement of their own; only kms:Decrypt, kms:DeriveSharedSecret, kms:GenerateDataKey, kms:GenerateDataKeyPair and kms:GenerateRandom take a Recipient";
    FOR_ALL_VALUES: "for-all-values", [High, Medium, Low],
        "ForAllValues on a condition key of attestation without Null with false on the same key: it holds where the key is absent",
        "leave ForAllValues out: the keys have one value";
    ABSENT_DOCUMENT: "absent-document", [High, Medium],
        "An Allow whose conditions on attestation hold without a document: negated operators, …IfExists, Null with true",
        "use StringEqualsIgnoreCase, which does not hold where the key is absent";
    DENY_SKIPS_ABSENT: "deny-skips-absent", [High],
        "A Deny of other PCR values that does not apply to a request without a document: ForAnyValue, or Null with false as a second condition",
        "use StringNotEqualsIgnoreCase alone, which holds where the key is absent";
    ANY_DOCUMENT: "any-document", [High],
        "An Allow that requires a document, and no value in it",
        "add a condition on kms:RecipientAttestation:ImageSha384";
    ZERO_PCR: "zero-pcr", [High, Medium],
        "A PCR value of zeroes: PCR 0, 1, 2 and 8 are zero in debug mode, whose console the parent instance reads; PCR 3 is zero on an instance without a role; others are zero until the enclave extends them",
        "write the value of the production image; a debug enclave needs a key of its own";
    UNMEASURED_PCR: "unmeasured-pcr", [High, Medium],
        "A value that a PCR of a NitroTPM has whatever the instance runs: PCR 7 without secure boot; all ones; or the separator event alone",
        "pin NitroTPMPCR4 and NitroTPMPCR12, or with secure boot NitroTPMPCR7";
    NO_IMAGE_PCR: "no-image-pcr", [High, Medium],
        "An Allow that pins neither PCR 0 (ImageSha384) nor PCR 1 and PCR 2, or a Deny that exempts documents by another PCR: PCR 3 is the role of the parent instance, PCR 4 its id, PCR 8 the certificate that signed the image",
        "add kms:RecipientAttestation:ImageSha384; with PCR 8 alone, keep every image that was ever signed in mind";
    NO_BOOT_PCR: "no-boot-pcr", [Medium, Low],
        "An Allow for NitroTPM that pins neither PCR 4 nor PCR 7, a Deny that exempts documents by another PCR, or PCR 4 without PCR 12 (the kernel command line)",
        "pin NitroTPMPCR4 and NitroTPMPCR12, or with secure boot NitroTPMPCR7";
    MIXED_DOCUMENTS: "mixed-documents", [Medium],
        "Condition keys of enclaves and of NitroTPM in one Allow: all of its conditions must hold, and no document has both kinds of PCRs. With operators that hold where the key is absent, the conditions of one kind have no effect",
        "write a statement for enclaves and one for NitroTPM";
    PATTERN_VALUE: "pattern-value", [High, Medium],
        "StringLike or StringNotLike with * or ? in a PCR value",
        "write the whole value, or a list of values";
    VARIABLE_VALUE: "variable-value", [High, Medium],
        "A policy variable in a PCR value, such as ${aws:PrincipalTag/pcr0}: the image is whatever the principal, its tags or the request say",
        "write the value itself";
    VALUE_FORM: "value-form", [Low],
        "A PCR value that no document has: not 96 hexadecimal digits, upper case under an operator that heeds it, or an operator that compares no text",
        "write 96 lower-case hexadecimal digits under StringEqualsIgnoreCase";
    INDIRECT: "indirect-access", [High, Medium, Low],
        "An Allow of actions that bypass the conditions on the secrets: kms:CreateGrant, unless Deny statements for everyone cover the secrets and kms:ReEncryptFrom; kms:ReEncryptFrom; kms:PutKeyPolicy and kms:ReplicateKey. High without a condition for everyone, or for all but some",
        "allow these actions to as few principals as possible; restrict kms:CreateGrant with kms:GranteePrincipal or kms:GrantOperations; deny kms:ReEncryptFrom to everyone unless ciphertexts are to move to another key";
}

/// The table of the rules for docs/kms.md.
#[must_use]
pub fn rules_markdown() -> String {
    let mut table = "| rule | severity | finds | instead |\n|---|---|---|---|\n".to_owned();
    for KeyPolicyRule { id, finds, severities, hint } in KEY_POLICY_RULES {
        let severities: Vec<_> = severities.iter().map(|severity| severity.as_str()).collect();
        table += &format!("| `{id}` | {} | {finds} | {hint} |\n", severities.join(", "));
    }
    table
}
