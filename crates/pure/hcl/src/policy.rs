//! What a relying party may demand of an Azure confidential VM, besides its hardware report.

use core::fmt;

use teeproof_core::{List, Rule, Waiver};

use crate::VmId;

/// An appraisal policy for an Azure confidential VM. Every field is an expectation or a waiver
/// with a reason; there is no default.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy<'p> {
    /// On what ground the report must be known to be the paravisor's.
    pub origin: Origin<'p>,
    /// Whether the attestation key has a certificate of Azure's vTPM authority for a
    /// confidential VM; absent where none came or it could not be verified.
    pub ak_certificate: Rule<'p, bool>,
    /// Whether a quote of the vTPM came along.
    pub quote: Rule<'p, bool>,
    /// The VM's id, `vmUniqueId`.
    pub vm_id: Rule<'p, VmId>,
    /// The 64 bytes that the guest wrote before the report was made.
    pub user_data: Rule<'p, [u8; 64]>,
    /// `secure-boot` as the host configured it; what was enforced is in the event log.
    pub secure_boot_configured: Rule<'p, bool>,
    /// `tpm-enabled`.
    pub tpm_enabled: Rule<'p, bool>,
    /// `tpm-persisted`; absent in older reports.
    pub tpm_persisted: Rule<'p, bool>,
    /// `console-enabled`.
    pub console: Rule<'p, bool>,
    /// `interactive-console-enabled`; absent in older reports.
    pub interactive_console: Rule<'p, bool>,
    /// Registers and boot log.
    pub tpm: teeproof_tpm::Policy<'p>,
}

/// What is demanded of the report's origin: anybody with a confidential VM of their own can make a
/// genuine report over claims of their choice, unless something ties it to Azure's paravisor.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin<'p> {
    /// One of these grounds must hold; the list must not be empty.
    AnyOf {
        /// The grounds that the relying party accepts.
        grounds: List<'p, Ground>,
        /// The policy's line, counted from 1, where the policy came from a file.
        line: Option<u32>,
    },
    /// Whatever ground holds is told; none is warned of. Reports that are known to be of another
    /// origin are refused.
    Told,
    /// Not looked at, for the reason given, which shows in the result.
    Waived(Waiver<'p>),
}

/// A ground on which a report is known to be the paravisor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ground {
    /// The policy pins the launch measurement (SNP) or MRTD (TDX), and it holds.
    Measurement,
    /// The policy pins the id key digest together with the guest SVN, and both hold (SNP).
    IdKeyDigest,
    /// The values that ship with teeproof know the id key and its guest SVN (SNP) or MRTD (TDX).
    ReferenceValue,
    /// The attestation key has a certificate of Azure's vTPM authority for a confidential VM.
    AkCertificate,
}

impl Ground {
    /// Every ground, the strongest first.
    pub const ALL: &'static [Self] =
        &[Self::Measurement, Self::IdKeyDigest, Self::ReferenceValue, Self::AkCertificate];

    /// The name in policies and results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measurement => "measurement",
            Self::IdKeyDigest => "id-key-digest",
            Self::ReferenceValue => "reference-value",
            Self::AkCertificate => "ak-certificate",
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Policy<'_> {
    /// The part of `builtin:genuine` that is not the hardware's: the origin is told.
    #[must_use]
    pub fn genuine() -> Self {
        const REASON: &str = "builtin:genuine says nothing about what runs";
        Self {
            origin: Origin::Told,
            ak_certificate: Rule::waived(REASON),
            quote: Rule::waived(REASON),
            vm_id: Rule::waived(REASON),
            user_data: Rule::waived(REASON),
            secure_boot_configured: Rule::waived(REASON),
            tpm_enabled: Rule::waived(REASON),
            tpm_persisted: Rule::waived(REASON),
            console: Rule::waived(REASON),
            interactive_console: Rule::waived(REASON),
            tpm: teeproof_tpm::Policy::waived(REASON),
        }
    }
}
