//! Verification of an Azure confidential VM on TDX: the only module that makes a [`VerifiedTdVm`].
//!
//! Source: `igvm_attest/get.rs` of microsoft/openvmm; Intel document 344425 (TDX module), TDREPORT_STRUCT.

use core::ops::Deref;

use teeproof_core::Record;
use teeproof_tdx::{Collateral, SignedJson};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::ReportType;
use teeproof_x509::{AnchorKind, VerifiedSignature};

use super::{HclEvidence, HclVerification, VerifiedVtpm, bind, envelope, td_report, vtpm};
use crate::{Error, OriginGrounds, checks};

/// A VM whose runtime claims a genuine Intel platform has authenticated. Its vTPM is that of [`VerifiedVtpm`].
///
/// Made by [`verify_tdx`] only. Each part authenticates the next: TD quote, claims, attestation key, quote of
/// the vTPM, PCR values, event log.
#[derive(Clone, Debug)]
pub struct VerifiedTdVm<'a> {
    td_quote: teeproof_tdx::VerifiedQuote<'a>,
    vtpm: VerifiedVtpm<'a>,
}

/// Verifies the evidence of an Azure confidential VM on TDX.
///
/// `endorsements` are the certificates of every chain: AK certificate, TCB signing certificate, and those of the
/// PCK chain that the quote omits. `collateral` are TCB info and QE identity.
///
/// Proves: a TDX module and a quoting enclave that Intel signed made the TD quote on a genuine platform, for a TD
/// that requested a report over these claims; the claims' attestation key signed the vTPM's quote, if there is
/// one, and that quote the PCR values.
/// Does not prove: that Azure's paravisor requested the report, and not another TD: see
/// [`crate::HclPolicy::origin`] and the crate's documentation; that the platform's TCB is up to date: see
/// [`teeproof_tdx::TcbEvaluation`].
///
/// Every value is the quote's; the TDREPORT in the HCL report only has to equal it.
///
/// Work before the first signature is bounded by the size of report and quote and the number of certificates.
/// Real evidence costs seven signatures on P-256 for the TD quote, two or three for the AK certificate and one for
/// the vTPM's quote, plus one for each revocation list.
///
/// # Errors
/// The first check that fails; every check that passes is recorded before. Without collateral [`Error::Tdx`] with
/// [`teeproof_tdx::Error::MissingCollateral`]: see [`Error::urls`].
pub fn verify_tdx<'a>(
    evidence: &HclEvidence<'a>,
    endorsements: &[Certificate<'a>],
    collateral: &[SignedJson<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedTdVm<'a>, Error> {
    let crypto = verification.path.crypto;
    let envelope = envelope(evidence.report, ReportType::TDX, record)?;
    let report = td_report::parse(&envelope, crypto, record)?;
    let quote = evidence.td_quote.ok_or(Error::TdQuoteMissing)?;
    record.pass(checks::TD_QUOTE, &format_args!("{} bytes", quote.bytes().len()));
    let collateral = Collateral { documents: collateral, certificates: endorsements };
    let quote = teeproof_tdx::verify(quote, &collateral, &verification.of_td_quote(), record);
    let td_quote = quote.map_err(Error::Tdx)?;
    td_report::compare(report, td_quote.td(), record)?;
    bind(&envelope, td_quote.td().report_data(), crypto, record)?;
    let vtpm = vtpm::verify(&envelope, evidence, endorsements, verification, record)?;
    Ok(VerifiedTdVm { td_quote, vtpm })
}

impl<'a> VerifiedTdVm<'a> {
    /// The verified TD quote.
    #[must_use]
    pub const fn td_quote(&self) -> &teeproof_tdx::VerifiedQuote<'a> {
        &self.td_quote
    }

    /// The claims and the vTPM under them; its methods can be called on the VM as well.
    #[must_use]
    pub const fn vtpm(&self) -> &VerifiedVtpm<'a> {
        &self.vtpm
    }

    /// The signatures to cache for further evidence of the same platform and VM: those of the PCK certificate's and
    /// the AK certificate's chain.
    pub fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        self.td_quote.signatures().chain(self.vtpm.signatures())
    }

    /// The grounds that show that Azure's paravisor made the report. MRTD as a ground of the policy needs the policy
    /// for the TD quote.
    #[must_use]
    pub fn origin(&self, tdx: Option<&teeproof_tdx::TdxPolicy<'_>>) -> OriginGrounds {
        OriginGrounds::of_tdx(self, tdx)
    }

    /// The kind of anchor: pinned if every chain ends at a pinned root, added otherwise.
    #[must_use]
    pub fn anchor(&self) -> AnchorKind {
        self.vtpm.anchor_with(self.td_quote.anchor())
    }

    /// Whether every chain ends at a pinned root.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.anchor().is_pinned()
    }
}

// No `DerefMut`: it would let safe code pair the vTPM of one VM with the TD quote of another.
impl<'a> Deref for VerifiedTdVm<'a> {
    type Target = VerifiedVtpm<'a>;

    fn deref(&self) -> &VerifiedVtpm<'a> {
        &self.vtpm
    }
}
