//! Condition operators and condition keys of attestation, and what a condition says without a document.
//!
//! Source: the IAM user guide, condition operators: a key that is absent from a request makes positive operators
//! false, and makes negated operators, `…IfExists`, `ForAllValues:` and `Null` with `true` hold.

use super::value::ValueKind;

/// The condition keys of attestation, in lower case.
const PREFIX: &str = "kms:recipientattestation";

/// A condition key, by what it says of a Recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// PCR i of a Nitro enclave; PCR 0 also as ImageSha384.
    Enclave(u8),
    /// PCR i of a NitroTPM.
    NitroTpm(u8),
    /// `kms:RecipientAttestation` without a name behind it.
    Bare,
    /// Below `kms:RecipientAttestation`, and unknown to KMS.
    Unknown,
    /// Not about attestation.
    Other,
}

impl Key {
    /// Names of condition keys may be in any case.
    pub(super) fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let Some(rest) = name.strip_prefix(PREFIX) else { return Self::Other };
        if rest.is_empty() {
            return Self::Bare;
        }
        let pcr = |text: Option<&str>, most: u8| {
            let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
            let is_canonical = text == "0" || !text.starts_with('0');
            text.parse::<u8>().ok().filter(|pcr| is_canonical && *pcr <= most)
        };
        let rest = rest.strip_prefix(':').unwrap_or_default();
        if rest == "imagesha384" {
            return Self::Enclave(0);
        }
        // Both kinds of documents have their own number of PCRs: the KMS guide on enclaves says 0 to 31, a TPM has 24.
        match (pcr(rest.strip_prefix("pcr"), 31), pcr(rest.strip_prefix("nitrotpmpcr"), 23)) {
            (Some(pcr), _) => Self::Enclave(pcr),
            (_, Some(pcr)) => Self::NitroTpm(pcr),
            _ => Self::Unknown,
        }
    }

    /// Whether it is a key that KMS sets for a request with a document.
    pub(super) const fn is_known(&self) -> bool {
        matches!(self, Self::Enclave(_) | Self::NitroTpm(_))
    }

    /// Whether it is about attestation, known or not.
    pub(super) const fn is_attestation(&self) -> bool {
        !matches!(self, Self::Other)
    }
}

/// The quantifier before an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    None,
    ForAllValues,
    ForAnyValue,
}

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Strings. With `is_exact`, upper case differs from lower case; with `is_pattern`, `*` and `?` stand for others.
    Text { is_negated: bool, is_exact: bool, is_pattern: bool },
    /// Whether the key is absent.
    Null,
    /// Numbers, dates, addresses and so on: never true of a hash, and if negated, always.
    Foreign { is_negated: bool },
}

/// A condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) quantifier: Quantifier,
    pub(super) comparison: Comparison,
    pub(super) if_exists: bool,
}

impl Operator {
    /// `ForAllValues:StringEqualsIfExists`; none for an operator that IAM does not have.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (quantifier, name) = match name.split_once(':') {
            Some(("ForAllValues", name)) => (Quantifier::ForAllValues, name),
            Some(("ForAnyValue", name)) => (Quantifier::ForAnyValue, name),
            Some(_) => return None,
            None => (Quantifier::None, name),
        };
        if name == "Null" {
            let is_alone = quantifier == Quantifier::None;
            return is_alone.then_some(Self { quantifier, comparison: Comparison::Null, if_exists: false });
        }
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let text = |is_negated, is_exact, is_pattern| Comparison::Text { is_negated, is_exact, is_pattern };
        let comparison = match name {
            "StringEquals" => text(false, true, false),
            "StringNotEquals" => text(true, true, false),
            "StringEqualsIgnoreCase" => text(false, false, false),
            "StringNotEqualsIgnoreCase" => text(true, false, false),
            "StringLike" => text(false, true, true),
            "StringNotLike" => text(true, true, true),
            "NumericEquals"
            | "NumericLessThan"
            | "NumericLessThanEquals"
            | "NumericGreaterThan"
            | "NumericGreaterThanEquals"
            | "DateEquals"
            | "DateLessThan"
            | "DateLessThanEquals"
            | "DateGreaterThan"
            | "DateGreaterThanEquals"
            | "Bool"
            | "BinaryEquals"
            | "IpAddress"
            | "ArnEquals"
            | "ArnLike" => Comparison::Foreign { is_negated: false },
            "NumericNotEquals" | "DateNotEquals" | "NotIpAddress" | "ArnNotEquals" | "ArnNotLike" => {
                Comparison::Foreign { is_negated: true }
            }
            _ => return None,
        };
        Some(Self { quantifier, comparison, if_exists })
    }
}

/// One operator on one key: all tests of a statement must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) operator: Operator,
    /// The operator as it stands in the policy.
    pub(super) operator_name: String,
    pub(super) key: Key,
    /// The key as it stands in the policy.
    pub(super) key_name: String,
    /// The test holds if it does for one of the values; for a negated operator, if it does for all of them.
    pub(super) values: Vec<String>,
    /// Whether it compares a PCR with measured values alone.
    pub(super) is_measured: bool,
    /// Whether one of the values names no signer where the PCR would.
    pub(super) names_no_signer: bool,
}

impl Test {
    pub(super) fn new(operator: Operator, operator_name: &str, key_name: &str, values: Vec<String>) -> Self {
        let key = Key::of_name(key_name);
        let kinds = || values.iter().filter_map(|value| ValueKind::of(operator.comparison, &key, value));
        let is_text = matches!(operator.comparison, Comparison::Text { .. });
        Self {
            is_measured: is_text && key.is_known() && kinds().all(|kind| kind.is_measured(&key)),
            names_no_signer: kinds().any(|kind| kind.names_no_signer(&key)),
            operator,
            operator_name: operator_name.to_owned(),
            key,
            key_name: key_name.to_owned(),
            values,
        }
    }

    /// Whether it holds for a request that lacks the key.
    pub(super) fn holds_if_absent(&self) -> bool {
        let Operator { quantifier, comparison, if_exists } = self.operator;
        match (quantifier, comparison) {
            (_, Comparison::Null) => self.has_value("true"),
            (Quantifier::ForAllValues, _) => true,
            (Quantifier::ForAnyValue, _) => if_exists,
            (Quantifier::None, Comparison::Text { is_negated, .. } | Comparison::Foreign { is_negated }) => {
                is_negated || if_exists
            }
        }
    }

    /// Whether it is Null with false, which holds for every request that has the key.
    pub(super) fn holds_if_present(&self) -> bool {
        self.operator.comparison == Comparison::Null && self.has_value("false")
    }

    fn has_value(&self, wanted: &str) -> bool {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(wanted))
    }

    /// Whether it compares the value of a known key, and is false for every other value.
    pub(super) fn pins(&self) -> bool {
        let is_positive = matches!(self.operator.comparison, Comparison::Text { is_negated: false, .. });
        is_positive && self.key.is_known()
    }

    /// Whether it is true for every value except the listed ones.
    pub(super) const fn is_negated(&self) -> bool {
        match self.operator.comparison {
            Comparison::Text { is_negated, .. } | Comparison::Foreign { is_negated } => is_negated,
            Comparison::Null => false,
        }
    }

    /// `StringEquals of kms:RecipientAttestation:PCR0`.
    pub(super) fn title(&self) -> String {
        format!("{} of {}", self.operator_name, self.key_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_names() {
        for (name, key) in [
            ("kms:RecipientAttestation:ImageSha384", Key::Enclave(0)),
            ("KMS:recipientattestation:PCR0", Key::Enclave(0)),
            ("kms:RecipientAttestation:PCR31", Key::Enclave(31)),
            ("kms:RecipientAttestation:PCR32", Key::Unknown),
            ("kms:RecipientAttestation:PCR08", Key::Unknown),
            ("kms:RecipientAttestation:PCR+8", Key::Unknown),
            ("kms:RecipientAttestation:PCR", Key::Unknown),
            ("kms:RecipientAttestation:PCR256", Key::Unknown),
            ("kms:RecipientAttestation:NitroTPMPCR0", Key::NitroTpm(0)),
            ("kms:RecipientAttestation:NitroTPMPCR23", Key::NitroTpm(23)),
            ("kms:RecipientAttestation:NitroTPMPCR24", Key::Unknown),
            ("kms:RecipientAttestation:ImageSha256", Key::Unknown),
            ("kms:RecipientAttestation:", Key::Unknown),
            ("kms:RecipientAttestationPCR0", Key::Unknown),
            ("kms:RecipientAttestation", Key::Bare),
            ("kms:ViaService", Key::Other),
            ("", Key::Other),
        ] {
            assert_eq!(Key::of_name(name), key, "{name}");
        }
    }

    #[test]
    fn a_request_without_the_key() {
        for (operator, value, holds) in [
            ("StringEquals", "a", Some(false)),
            ("StringNotEquals", "a", Some(true)),
            ("StringNotEqualsIgnoreCase", "a", Some(true)),
            ("StringEqualsIfExists", "a", Some(true)),
            ("ForAllValues:StringEquals", "a", Some(true)),
            ("ForAnyValue:StringNotEquals", "a", Some(false)),
            ("ForAnyValue:StringEqualsIfExists", "a", Some(true)),
            ("StringNotLike", "a", Some(true)),
            ("Null", "true", Some(true)),
            ("Null", "TRUE", Some(true)),
            ("Null", "false", Some(false)),
            ("Bool", "true", Some(false)),
            ("ArnNotLike", "a", Some(true)),
            ("NullIfExists", "true", None),
            ("ForAllValues:Null", "true", None),
            ("ForEachValue:StringEquals", "a", None),
            ("stringequals", "a", None),
            ("StringEqual", "a", None),
        ] {
            let found = Operator::of_name(operator).map(|parsed| {
                let key = "kms:RecipientAttestation:PCR0";
                Test::new(parsed, operator, key, vec![value.to_owned()]).holds_if_absent()
            });
            assert_eq!(found, holds, "{operator}");
        }
    }
}
