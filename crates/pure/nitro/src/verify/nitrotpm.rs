//! Verification of a NitroTPM document: the only module that makes a [`VerifiedNitroTpm`].
//!
//! Source: Amazon EC2, "Validate a NitroTPM Attestation Document".

use core::fmt;

use teeproof_core::{Check, Class, Record, Time};
use teeproof_wire::nitro::NitroTpmDocument;
use teeproof_x509::{AnchorKind, RevocationStatus, VerifiedPath};

use super::NitroVerification;
use super::steps::{self, OF_NITROTPM, Signed};
use crate::Error;
use crate::nitrotpm::checks;

/// A document that a Nitro hypervisor signed for the NitroTPM of an EC2 instance.
///
/// Made by [`nitrotpm::verify`](crate::nitrotpm::verify()) only; it borrows the signed bytes. Of another type than a
/// [`VerifiedDocument`](crate::VerifiedDocument): the PCRs of the two have nothing in common but their name.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedNitroTpm<'a> {
    document: NitroTpmDocument<'a>,
    path: VerifiedPath<'a>,
    live: bool,
}

/// A failed verification of a NitroTPM document: the first check that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NitroTpmError(Error);

/// Verifies a NitroTPM document: a whole COSE_Sign1.
///
/// Proves: a Nitro hypervisor under a trusted root signed these bytes for the TPM of an instance, with the nonce,
/// if one is expected.
/// Does not prove: which software runs; that the software is isolated from the instance's administrator; see the
/// documentation of [`nitrotpm`](crate::nitrotpm).
///
/// Roots, chain, work and limits are those of [`verify`](crate::verify()).
///
/// # Errors
/// The first check that fails; every check that passes is recorded before.
pub fn verify<'a>(
    document: &'a [u8],
    verification: &NitroVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedNitroTpm<'a>, NitroTpmError> {
    let Signed { payload, path, live } =
        steps::verify(document, verification, &OF_NITROTPM, record).map_err(NitroTpmError)?;
    record.warn(checks::TCB_STATUS, &NO_TCB_STATUS);
    Ok(VerifiedNitroTpm { document: payload, path, live })
}

const NO_TCB_STATUS: &str = "a NitroTPM document has no TCB status: it does not show whether the firmware of the platform is up to date";

impl<'a> VerifiedNitroTpm<'a> {
    /// The document's fields. The hypervisor sets module id, time stamp and PCRs; whoever requested the document on
    /// the instance chose the others.
    #[must_use]
    pub const fn document(&self) -> &NitroTpmDocument<'a> {
        &self.document
    }

    /// The chain from the root to the signing certificate.
    #[must_use]
    pub const fn path(&self) -> &VerifiedPath<'a> {
        &self.path
    }

    /// The id of the instance, with which the module id begins; `None` where the module id has another form.
    #[must_use]
    pub fn instance_id(&self) -> Option<&'a str> {
        crate::policy::instance_of(self.document.module_id(), "-tpm")
    }

    /// Whether the firmware measured the boot: none of PCRs 0 to 7 is zero. Firmware extends each of them before it
    /// starts the boot loader, at the least with a separator event (TCG PC Client Platform Firmware Profile,
    /// section 3.3.4); software that finds one of them at its reset value can extend it to any value that
    /// another boot produced.
    #[must_use]
    pub fn is_boot_measured(&self) -> bool {
        (0..=7).all(|index| self.document.pcrs().get(index).is_some_and(|pcr| *pcr != [0; 48]))
    }

    /// Whether PCR7 has the value of an instance without secure boot and without any of its keys. Every other value
    /// is that of keys: whether they were enforced, PCR7 does not tell without an event log.
    #[must_use]
    pub fn is_without_secure_boot(&self) -> bool {
        self.document.pcrs().get(7) == Some(&crate::nitrotpm::PCR7_WITHOUT_SECURE_BOOT)
    }

    /// The document's age at the time of verification, in seconds; `None` if it was verified at its own time
    /// stamp.
    #[must_use]
    pub fn age_secs(&self) -> Option<i64> {
        self.live.then(|| self.path.at().since(Time::from_millis(self.document.timestamp())))
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

impl NitroTpmError {
    /// The failure, as documents of both kinds have it; its own [`Error::check`] is that of an enclave's document.
    #[must_use]
    pub const fn failure(&self) -> &Error {
        &self.0
    }

    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        self.0.check_of(&OF_NITROTPM)
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.0.class()
    }

    /// A hint that is more precise than that of the check, if there is one.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        self.0.advice()
    }
}

impl fmt::Display for NitroTpmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for NitroTpmError {}
