//! Remedies: the kinds of action that a hint advises, as data, so that an application can name its own option or
//! command for each.

use teeproof_core::Check;

/// The action that a hint advises, for applications that have an option or a command for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Add a trust anchor to the request.
    AddAnchor,
    /// Add a certificate or a revocation list to the endorsements of the request.
    AddEndorsement,
    /// Fetch a certificate or a revocation list from its vendor's service, or add it to the endorsements of the request.
    FetchEndorsement,
    /// Verify at the time of the document.
    VerifyAtDocumentTime,
    /// Verify at the present time.
    VerifyNow,
    /// Accept the technology in the request.
    AcceptTechnology,
    /// Expect the text of the nonce, in UTF-8, as the nonce.
    NonceAsText,
    /// Collect new evidence with a fresh report.
    CollectFreshReport,
    /// Inspect the decoded event log.
    InspectEventLog,
}

impl Remedy {
    /// The action that the check's own hint advises, if there is one.
    #[must_use]
    pub fn of_check(check: &Check) -> Option<Self> {
        let remedies = [
            (teeproof_snp::checks::CHAIN, Self::AddAnchor),
            (teeproof_tdx::checks::CHAIN, Self::AddAnchor),
            (teeproof_hcl::checks::AK_CHAIN, Self::AddAnchor),
            (teeproof_snp::checks::REVOCATION, Self::FetchEndorsement),
            (teeproof_snp::checks::REVOCATION_LIST, Self::FetchEndorsement),
            (teeproof_tdx::checks::REVOCATION, Self::FetchEndorsement),
            (teeproof_tdx::checks::REVOCATION_LIST, Self::FetchEndorsement),
            (teeproof_tdx::checks::COLLATERAL, Self::FetchEndorsement),
            (teeproof_tdx::checks::SIGNER, Self::FetchEndorsement),
            (teeproof_tdx::checks::TCB_INFO, Self::FetchEndorsement),
            (teeproof_tdx::checks::QE_IDENTITY, Self::FetchEndorsement),
            (teeproof_nitro::checks::VALIDITY, Self::VerifyAtDocumentTime),
            (teeproof_nitro::checks::MAX_AGE, Self::VerifyNow),
            (teeproof_nitro::nitrotpm::checks::VALIDITY, Self::VerifyAtDocumentTime),
            (teeproof_nitro::nitrotpm::checks::MAX_AGE, Self::VerifyNow),
            (teeproof_hcl::checks::FRESH_REPORT, Self::CollectFreshReport),
            (teeproof_tpm::checks::LOG_FORMAT, Self::InspectEventLog),
            (teeproof_tdx::checks::LOG_FORMAT, Self::InspectEventLog),
            (crate::POLICY_TECHNOLOGY, Self::AcceptTechnology),
        ];
        remedies.into_iter().find(|(one, _)| *one == check).map(|(_, remedy)| remedy)
    }
}
