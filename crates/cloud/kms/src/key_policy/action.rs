//! Actions of KMS, and patterns over them.
//!
//! Source: the service authorization reference of KMS.

/// A set of the actions in [`ACTIONS`]: bit i is action i.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActionSet(u64);

/// Every action. The first five take a Recipient.
const ACTIONS: [&str; 55] = [
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateRandom",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReplicateKey",
    "kms:CancelKeyDeletion",
    "kms:ConnectCustomKeyStore",
    "kms:CreateAlias",
    "kms:CreateCustomKeyStore",
    "kms:CreateKey",
    "kms:DeleteAlias",
    "kms:DeleteCustomKeyStore",
    "kms:DeleteImportedKeyMaterial",
    "kms:DescribeCustomKeyStores",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:DisconnectCustomKeyStore",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encrypt",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetParametersForImport",
    "kms:GetPublicKey",
    "kms:ImportKeyMaterial",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListKeys",
    "kms:ListResourceTags",
    "kms:ListRetirableGrants",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:Sign",
    "kms:SynchronizeMultiRegionKey",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateCustomKeyStore",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
    "kms:Verify",
    "kms:VerifyMac",
];

impl ActionSet {
    pub(super) const NONE: Self = Self(0);
    /// All of them.
    pub(super) const ALL: Self = Self((1 << ACTIONS.len()) - 1);
    /// Those that take a Recipient.
    pub(super) const RECIPIENT: Self = Self(0b1_1111);
    /// Those that hand out a secret of the key. GenerateRandom does not use the key, so a key policy does not guard it.
    pub(super) const SECRETS: Self = Self(0b0_1111);
    /// A grant lets its grantee do the other operations.
    pub(super) const GRANT: Self = Self(1 << 5);
    /// With another policy, or in a replica with a policy of its own, the same key can be used without conditions.
    pub(super) const POLICY: Self = Self(1 << 6 | 1 << 8);
    /// A ciphertext is moved to another key, under which it is decrypted.
    pub(super) const RE_ENCRYPT: Self = Self(1 << 7);

    /// The actions that a pattern of a policy names: `kms:Decrypt`, `kms:Generate*`, `*`. In any case of its letters.
    pub(super) fn of_pattern(pattern: &str) -> Self {
        let named = ACTIONS.iter().zip(0_u32..).filter(|(name, _)| matches_pattern(pattern, name));
        Self(named.fold(0, |set, (_, bit)| set | 1 << bit))
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Each action by itself.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        (0..u64::BITS).map(|bit| Self(1 << bit)).filter(move |one| self.contains(*one) && !self.is_empty())
    }

    /// The names, the first few: `kms:Decrypt, kms:GenerateDataKey and 3 more`.
    pub(super) fn names(self) -> String {
        const SHOWN: usize = 4;
        let all =
            || ACTIONS.iter().zip(0_u32..).filter(|(_, bit)| self.0 & 1 << bit != 0).map(|(name, _)| *name);
        let shown = all().take(SHOWN).collect::<Vec<_>>().join(", ");
        match all().count().saturating_sub(SHOWN) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

/// Whether a text matches a pattern of `*` (any characters) and `?` (one), in any case of its letters. Takes at most the
/// product of both lengths.
pub(super) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0_usize, 0_usize);
    // Behind the last `*`, and where its match ends so far.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                p = p.saturating_add(1);
                star = Some((p, t));
            }
            (Some(one), Some(other)) if *one == b'?' || one.eq_ignore_ascii_case(other) => {
                (p, t) = (p.saturating_add(1), t.saturating_add(1));
            }
            (None, None) => return true,
            _ => match star {
                Some((behind, end)) if end < text.len() => {
                    (p, t) = (behind, end.saturating_add(1));
                    star = Some((behind, t));
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c*", "abcbc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*bc", "abcbc", true),
            ("*bd", "abcbc", false),
            ("**a**", "bab", true),
            ("abc", "abcd", false),
            ("A?c", "aBC", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), matches, "{pattern} {text}");
        }
        // No backtracking over more than one star.
        let (pattern, text) = ("*a".repeat(5_000) + "b", "a".repeat(20_000));
        assert!(!matches_pattern(&pattern, &text));
    }

    #[test]
    fn sets_of_actions() {
        assert_eq!(ActionSet::of_pattern("KMS:DECRYPT").names(), "kms:Decrypt");
        assert_eq!(ActionSet::of_pattern("kms:*"), ActionSet::ALL);
        assert_eq!(ActionSet::of_pattern("*"), ActionSet::ALL);
        assert_eq!(ActionSet::of_pattern("s3:*"), ActionSet::NONE);
        assert_eq!(ActionSet::of_pattern("Decrypt"), ActionSet::NONE);
        let generate = ActionSet::of_pattern("kms:Generate*");
        assert_eq!(
            generate.names(),
            "kms:GenerateDataKey, kms:GenerateDataKeyPair, kms:GenerateRandom, kms:GenerateDataKeyPairWithoutPlaintext and 2 more"
        );
        assert_eq!(generate.and(ActionSet::SECRETS).names(), "kms:GenerateDataKey, kms:GenerateDataKeyPair");
        assert_eq!(ActionSet::RECIPIENT.without(ActionSet::SECRETS).names(), "kms:GenerateRandom");
        assert_eq!(ActionSet::GRANT.names(), "kms:CreateGrant");
        assert_eq!(ActionSet::POLICY.names(), "kms:PutKeyPolicy, kms:ReplicateKey");
        assert_eq!(ActionSet::RE_ENCRYPT.names(), "kms:ReEncryptFrom");
        assert_eq!(ActionSet::ALL.each().count(), ACTIONS.len());
        assert_eq!(ActionSet::NONE.each().count(), 0);
        assert!(
            ACTIONS.iter().skip(1).all(|name| ACTIONS.iter().filter(|other| *other == name).count() == 1)
        );
    }
}
