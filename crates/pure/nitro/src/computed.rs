//! PCRs of an enclave that AWS computes from one value: of the parent instance's role, of its id, of the image's
//! signing certificate.
//!
//! Source: AWS Nitro Enclaves, "Cryptographic attestation", platform configuration registers; SHA-384, each PCR
//! starting as 48 zero bytes.

use core::fmt;

use teeproof_core::{
    Check, Crypto, Datum, Expectation, Hex, List, PcrRule, Pcrs, PolicyValue, Rule, Text, no_order_no_mask,
};

use crate::{NitroPolicy, checks};

/// A PCR value: a SHA-384 digest, 48 bytes.
pub type Digest384 = [u8; 48];

/// The expectation of a PCR that AWS computes from one value: that value, or the PCR itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComputedPcr<T> {
    /// The value from which the PCR is computed.
    Of(T),
    /// The PCR.
    Value(Digest384),
}

impl<T> ComputedPcr<T> {
    /// The PCR, computed by this function where it is not given.
    pub(crate) fn pcr(&self, compute: impl Fn(&T) -> Digest384) -> Digest384 {
        match self {
            Self::Of(value) => compute(value),
            Self::Value(pcr) => *pcr,
        }
    }
}

/// Values and PCRs: equal or not. A PCR is shown as `PCR value 89ab…`.
impl<T: PolicyValue + Eq> PolicyValue for ComputedPcr<T> {
    no_order_no_mask!(Self);
    fn seen(&self) -> &Self {
        self
    }
    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match seen {
            Self::Of(value) => T::show(value.seen(), f),
            Self::Value(pcr) => write!(f, "PCR value {}", Hex(pcr)),
        }
    }
    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        match seen {
            Self::Of(value) => T::datum(value.seen(), take),
            Self::Value(pcr) => take(Datum::Bytes(pcr)),
        }
    }
}

impl<'p> From<&'p str> for ComputedPcr<Text<'p>> {
    /// The PCR of this name.
    fn from(name: &'p str) -> Self {
        Self::Of(name.into())
    }
}

/// The certificate that an image is signed under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSigner<'p> {
    /// The SHA-384 of its DER.
    Sha384(Digest384),
    /// Its DER.
    Certificate(List<'p, u8>),
}

impl ImageSigner<'_> {
    /// PCR8 of an image that is signed under it.
    #[must_use]
    pub fn pcr8(&self, crypto: &Crypto<'_>) -> Digest384 {
        match self {
            Self::Sha384(fingerprint) => pcr8_of_signer(fingerprint, crypto),
            Self::Certificate(der) => pcr8_of_signer(&crypto.sha384.digest(&[der]), crypto),
        }
    }
}

impl From<Digest384> for ComputedPcr<ImageSigner<'_>> {
    /// PCR8 of images that are signed under the certificate whose DER has this SHA-384.
    fn from(fingerprint: Digest384) -> Self {
        Self::Of(ImageSigner::Sha384(fingerprint))
    }
}

/// Signers: equal or not. A digest is shown as hex.
impl PolicyValue for ImageSigner<'_> {
    no_order_no_mask!(Self);
    fn seen(&self) -> &Self {
        self
    }
    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match seen {
            Self::Sha384(fingerprint) => write!(f, "{}", Hex(fingerprint)),
            Self::Certificate(der) => write!(f, "a certificate of {} bytes", der.len()),
        }
    }
    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        match seen {
            Self::Sha384(fingerprint) => take(Datum::Bytes(fingerprint)),
            Self::Certificate(der) => take(Datum::Bytes(der)),
        }
    }
}

/// Two rules of a policy for one PCR that no document satisfies together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contradiction {
    /// The key of the field from which the PCR is computed: `role`, `signer`, `instance`.
    pub key: &'static str,
    /// The line of that field in the policy file, counted from 1; `None` without a file.
    pub line: Option<u32>,
    /// The number of the PCR, which has a rule of its own under `pcrs`.
    pub pcr: u8,
    /// The line of the PCR's rule; `None` without a file.
    pub pcr_line: Option<u32>,
}

impl NitroPolicy<'_> {
    /// Passes each contradiction between a PCR's own rule and the field from which it is computed to `take`:
    /// `role` and PCR3, `instance` and PCR4, `signer` and PCR8. A policy with one accepts no document.
    pub fn contradictions(&self, crypto: &Crypto<'_>, take: &mut dyn FnMut(Contradiction)) {
        let Pcrs::Rules(rules) = &self.pcrs else { return };
        let mut compare = |pcr: u8, key, line, fits: &dyn Fn(&PcrRule<'_, 48>) -> bool| {
            for rule in rules.iter().filter(|rule| rule.index == pcr && !fits(rule)) {
                take(Contradiction { key, line, pcr, pcr_line: rule.rule.line });
            }
        };
        let Self { role, signer, instance, .. } = self;
        compare(3, "role", role.line, &|pcr| fits(role, pcr, checks::ROLE, |arn| pcr3_of_role(arn, crypto)));
        compare(4, "instance", instance.line, &|pcr| {
            fits(instance, pcr, checks::INSTANCE, |id| pcr4_of_instance(id, crypto))
        });
        compare(8, "signer", signer.line, &|pcr| {
            fits(signer, pcr, checks::SIGNER, |signer| signer.pcr8(crypto))
        });
    }
}

/// Whether a value of the PCR satisfies both rules.
fn fits<T: PolicyValue + Eq>(
    rule: &Rule<'_, ComputedPcr<T>>,
    pcr: &PcrRule<'_, 48>,
    check: &'static Check,
    compute: impl Fn(&T) -> Digest384,
) -> bool {
    let accepted =
        |expected: &ComputedPcr<T>| pcr.rule.appraise(check, Some(&expected.pcr(&compute)), &mut ());
    match &rule.expectation {
        Expectation::Exactly(expected) => accepted(expected),
        Expectation::OneOf(expected) => expected.iter().any(accepted),
        // Of a waived field nothing is expected; the others cannot be written.
        _ => true,
    }
}

/// The value of a PCR after an extend: the SHA-384 of the old value and `data`, which is not hashed first.
#[must_use]
pub fn extend(old: &Digest384, data: &[u8], crypto: &Crypto) -> Digest384 {
    crypto.sha384.digest(&[old, data])
}

/// PCR3 of an enclave whose parent instance has this IAM role (the role's ARN).
#[must_use]
pub fn pcr3_of_role(arn: &str, crypto: &Crypto) -> Digest384 {
    extend(&[0; 48], arn.as_bytes(), crypto)
}

/// PCR4 of an enclave on this parent instance (its id, `i-` and 17 hex digits).
#[must_use]
pub fn pcr4_of_instance(id: &str, crypto: &Crypto) -> Digest384 {
    extend(&[0; 48], id.as_bytes(), crypto)
}

/// PCR8 of an image that is signed under a certificate, from the SHA-384 of the certificate's DER.
#[must_use]
pub fn pcr8_of_signer(fingerprint: &Digest384, crypto: &Crypto) -> Digest384 {
    extend(&[0; 48], fingerprint, crypto)
}
