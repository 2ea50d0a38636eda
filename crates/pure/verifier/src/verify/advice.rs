//! Hints of errors, with the actions that they advise.

use alloc::string::{String, ToString};

use teeproof_core::Check;

use crate::Remedy;

/// The hint of an error, and the action that it advises.
pub(super) struct AdvisedRemedy {
    pub(super) hint: String,
    pub(super) remedy: Option<Remedy>,
}

impl AdvisedRemedy {
    pub(super) fn of_snp(advice: teeproof_snp::Advice) -> Self {
        use teeproof_snp::{Advice, MissingField, VekSource};
        let remedy = match &advice {
            // Without CPUID, the service can be requested for each product line.
            Advice::Vek(VekSource::Kds(_) | VekSource::NoUrl(MissingField::Processor)) => {
                Some(Remedy::FetchEndorsement)
            }
            Advice::Vek(_) => Some(Remedy::AddEndorsement),
            Advice::Anchor | Advice::SameName => Some(Remedy::AddAnchor),
            _ => None,
        };
        Self { hint: advice.to_string(), remedy }
    }

    pub(super) fn of_tdx(advice: teeproof_tdx::Advice) -> Self {
        use teeproof_tdx::Advice;
        let remedy = match &advice {
            Advice::Collateral(_) | Advice::Refresh => Some(Remedy::FetchEndorsement),
            Advice::Anchor => Some(Remedy::AddAnchor),
            _ => None,
        };
        Self { hint: advice.to_string(), remedy }
    }

    /// `text`: the advice of the error.
    pub(super) fn of_nitro(check: &Check, text: &str) -> Self {
        // The advice on a chain is the one on a root that is not trusted; that on revocation is on a list, unless a
        // certificate is revoked.
        let chains = [teeproof_nitro::checks::CHAIN, teeproof_nitro::nitrotpm::checks::CHAIN];
        let revocations = [teeproof_nitro::checks::REVOCATION, teeproof_nitro::nitrotpm::checks::REVOCATION];
        let remedy = if chains.contains(&check) {
            Some(Remedy::AddAnchor)
        } else if revocations.contains(&check) && text.contains("CRL") {
            Some(Remedy::AddEndorsement)
        } else {
            None
        };
        Self { hint: text.to_string(), remedy }
    }
}
