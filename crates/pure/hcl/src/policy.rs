//! What a relying party may demand of an Azure confidential VM, besides its hardware report.

use core::fmt;

use teeproof_core::{Check, Demand, List, PolicyField, Rule, TakeDemand, Waiver};

use crate::origin::{self, Listed};
use crate::{VerifiedVm, VmId};

crate::hcl_policy_fields! { teeproof_core::policy_table }

/// Why `builtin:genuine` takes a chain for which no revocation lists came.
const NO_LISTS: &str = "builtin:genuine does not require CRLs; see ak.revocation for what was checked";

/// Why `builtin:genuine` takes a report that is older than the nonce.
const QUOTE_ALONE: &str =
    "builtin:genuine requires the nonce in the quote only; see hcl.user-data for the report's freshness";

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
    /// Whatever ground holds is told; none, or an AK certificate alone, is warned of. Reports that are known to be of another
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

    /// Whether it shows who made the claims. An AK certificate alone does not: it says whose the key is, and
    /// whoever may use that key can name it in claims of their own.
    #[must_use]
    pub const fn is_strong(self) -> bool {
        !matches!(self, Self::AkCertificate)
    }

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

impl PolicyField for Origin<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn demands(&self, demand: Demand<'_>, each: &[&'static Check], take: &mut TakeDemand<'_>) {
        match self {
            Self::Waived(waiver) => waiver.demands(demand, each, take),
            Self::AnyOf { grounds, line } => {
                take(demand.expects(&format_args!("one of {}", Listed(grounds, ", ")), *line));
            }
            Self::Told => take(demand.expects(&"none that is known to be another's", None)),
        }
    }
}
