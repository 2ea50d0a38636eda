//! Verification of a document: the only module that makes a [`VerifiedDocument`] or, in the module below it, a
//! [`VerifiedNitroTpm`](crate::nitrotpm::VerifiedNitroTpm).
//!
//! Source: AWS Nitro Enclaves user guide, "Verifying the root of trust"; RFC 9052, section 4.4; RFC 5280, section 6.

pub(crate) mod nitrotpm;
pub(crate) mod steps;

use teeproof_core::{Crypto, Freshness, Record, Time};
use teeproof_wire::nitro::{Document, Limits};
use teeproof_x509::{Anchor, AnchorKind, PathOptions, RevocationStatus, VerifiedPath};

use crate::Error;
use steps::Signed;

/// The roots of the AWS partitions, commercial ("G1") and GovCloud: the SHA-256 of the whole certificate,
/// which every document contains. Origin: `anchors/README.md`.
pub const PINNED: [Anchor<'static>; 2] = [
    Anchor::Sha256([
        0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e,
        0xd7, 0xcd, 0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
    ]),
    Anchor::Sha256([
        0x20, 0xbc, 0xd3, 0x0a, 0x3e, 0x16, 0x8e, 0xa0, 0x37, 0x89, 0xe1, 0xc4, 0x59, 0x12, 0xbc, 0x12, 0x3c,
        0x4d, 0xe3, 0xc9, 0x77, 0xb8, 0xa6, 0xe1, 0xc1, 0x25, 0xc7, 0x92, 0x9d, 0x66, 0x8b, 0x3b,
    ]),
];

/// The certificate of the commercial root, DER.
pub const ROOT_G1: &[u8] = include_bytes!("../anchors/aws-nitro-root-g1.der");

/// The relying party's input to the verification of a document, an enclave's or a NitroTPM's.
#[derive(Clone, Copy, Debug)]
pub struct NitroVerification<'a> {
    path: PathOptions<'a>,
    freshness: Freshness<'a>,
    at: Moment,
    options: NitroOptions,
}

impl<'a> NitroVerification<'a> {
    /// A verification with a nonce or the reason for a waiver, and the time at which certificates must be
    /// valid. Only the pinned roots are anchors, no signature is cached, the options are
    /// [`NitroOptions::USUAL`], and revocation is waived.
    pub fn new(freshness: impl Into<Freshness<'a>>, at: impl Into<Moment>, crypto: &'a Crypto<'a>) -> Self {
        Self {
            path: PathOptions::new(crypto),
            freshness: freshness.into(),
            at: at.into(),
            options: NitroOptions::USUAL,
        }
    }

    teeproof_x509::path_option_setters!('a, path, and_all);

    /// With another tolerance for clock skew, or other limits for sizes.
    #[must_use]
    pub const fn options(self, options: NitroOptions) -> Self {
        Self { options, ..self }
    }
}

/// The settings of a verification that only Nitro documents have: clock skew and size limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NitroOptions {
    /// The tolerance for clock skew, in seconds.
    pub skew_secs: u32,
    /// The limits for the sizes of the fields that the attester chooses.
    pub limits: Limits,
}

impl NitroOptions {
    /// The default: a clock skew of [`DEFAULT_SKEW_SECS`], and [`Limits::USUAL`].
    pub const USUAL: Self = Self { skew_secs: DEFAULT_SKEW_SECS, limits: Limits::USUAL };

    /// With a tolerance, in seconds, for a verifier whose clock is slow: it is subtracted from every notBefore
    /// and allowed for time stamps in the future; notAfter is never moved.
    #[must_use]
    pub const fn skew_secs(self, skew_secs: u32) -> Self {
        Self { skew_secs, ..self }
    }

    /// With limits for the sizes of the fields that the attester chooses.
    #[must_use]
    pub const fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// The tolerance for a slow clock unless another is set: five minutes.
pub const DEFAULT_SKEW_SECS: u32 = 300;

/// The time at which a document is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// This time: the present, or the time at which an archive received the document.
    At(Time),
    /// The document's own time stamp. The result is valid for that time; a replay is not detected.
    OfDocument,
}

impl From<Time> for Moment {
    fn from(at: Time) -> Self {
        Self::At(at)
    }
}

/// A document that a Nitro hypervisor signed for an enclave.
///
/// Made by [`verify`] only; it borrows the signed bytes.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedDocument<'a> {
    document: Document<'a>,
    path: VerifiedPath<'a>,
    live: bool,
}

/// Verifies a document: a whole COSE_Sign1.
///
/// Proves: a Nitro hypervisor under a trusted root signed these bytes for an enclave, with the nonce, if one
/// is expected.
/// Does not prove: which software runs; see the crate's documentation.
///
/// At most nine signatures are verified (real documents have five), and one for each revocation list of an
/// issuer in the chain. Before the first signature only the certificates of the payload are read.
///
/// # Errors
/// The first check that fails; every check that passes is recorded before.
pub fn verify<'a>(
    document: &'a [u8],
    verification: &NitroVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedDocument<'a>, Error> {
    let Signed { payload, path, live } = steps::verify(document, verification, &steps::OF_ENCLAVES, record)?;
    Ok(VerifiedDocument { document: payload, path, live })
}

impl<'a> VerifiedDocument<'a> {
    /// The document's fields, set by the hypervisor and the enclave.
    #[must_use]
    pub const fn document(&self) -> &Document<'a> {
        &self.document
    }

    /// The chain from the root to the signing certificate.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// Whether the enclave runs in debug mode: PCR0, PCR1 or PCR2 is zero or missing. The other PCRs,
    /// above all PCR4, are not zero in debug mode.
    #[must_use]
    pub fn is_debug(&self) -> bool {
        (0..=2).any(|index| self.document.pcrs.get(index).is_none_or(|pcr| *pcr == [0; 48]))
    }

    /// The document's age at the time of verification, in seconds; `None` if it was verified at its own time
    /// stamp.
    #[must_use]
    pub fn age_secs(&self) -> Option<i64> {
        self.live.then(|| self.path.at().since(Time::from_millis(self.document.timestamp)))
    }

    /// The kind of the chain's anchor: the pinned root of an AWS partition, or an added one.
    #[must_use]
    pub const fn anchor(&self) -> AnchorKind {
        self.path.path().anchor()
    }

    /// Whether the chain ends at the pinned root of an AWS partition.
    #[must_use]
    pub const fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }

    /// Which certificates of the chain were checked against a current list of their issuer.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.path.revocation()
    }
}
