//! Verification of a VM's vTPM, below claims that a hardware report has authenticated: the same on SEV-SNP and TDX.

use alloc::sync::Arc;

use teeproof_core::{Crypto, Record};
use teeproof_tpm::{VerifiedLog, VerifiedPcrs, VerifiedQuote};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::HclReport;
use teeproof_x509::{AnchorKind, VerifiedSignature};

use super::{HclEvidence, HclVerification};
use crate::ak;
use crate::{AkPath, Claims, Error, checks, user_data};

/// The vTPM of a VM: claims that a hardware report authenticates, and what their attestation key signed.
///
/// Part of a [`crate::VerifiedVm`] or a [`crate::VerifiedTdVm`], and made with them only. Each part
/// authenticates the next: claims, attestation key, quote, PCR values, event log.
#[derive(Clone, Debug)]
pub struct VerifiedVtpm<'a> {
    /// Shared with later results of the same VM.
    pub(super) claims: Arc<Claims>,
    pub(super) ak: Option<AkPath<'a>>,
    quote: Option<VerifiedQuote<'a>>,
    pcrs: Option<VerifiedPcrs>,
    log: Option<VerifiedLog<'a>>,
    fresh_report: Option<bool>,
}

/// Parses claims whose hash a hardware report has authenticated, and verifies everything below them.
pub(super) fn verify<'a>(
    envelope: &HclReport<'_>,
    evidence: &HclEvidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVtpm<'a>, Error> {
    let claims = Arc::new(Claims::read(envelope.claims())?);
    let keys = claims.keys().len();
    record.pass(checks::CLAIMS, &format_args!("{keys} keys; HCLAkPub is RSA-2048 with e = 65537"));
    let ak = ak::establish(claims.ak().as_rsa(), endorsements, verification, record)?;
    below(claims, ak, evidence, verification, record)
}

/// Verifies everything below the attestation key.
pub(super) fn below<'a>(
    claims: Arc<Claims>,
    ak: Option<AkPath<'a>>,
    evidence: &HclEvidence<'a>,
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVtpm<'a>, Error> {
    let crypto = verification.path.crypto;
    let quote = quote(evidence, &claims, verification, record)?;
    let pcrs = pcrs(evidence, quote.as_ref(), crypto, record)?;
    let log = log(evidence, pcrs.as_ref(), crypto, record)?;
    let fresh_report = user_data::check(&claims, evidence, verification, record)?;
    Ok(VerifiedVtpm { claims, ak, quote, pcrs, log, fresh_report })
}

/// The reason for skipping the checks of the quote and its PCR values.
const NO_QUOTE: &str = "the vTPM's quote is missing";

fn quote<'a>(
    evidence: &HclEvidence<'a>,
    claims: &Claims,
    verification: &HclVerification<'_>,
    record: &mut dyn Record,
) -> Result<Option<VerifiedQuote<'a>>, Error> {
    let Some(quote) = &evidence.quote else {
        record.skip(teeproof_tpm::checks::SIGNATURE, &NO_QUOTE);
        return Ok(None);
    };
    let HclVerification { freshness, path, .. } = *verification;
    let verification = teeproof_tpm::TpmVerification::new(claims.ak().as_rsa(), freshness, path.crypto);
    teeproof_tpm::verify(quote, &verification, record).map(Some).map_err(Error::Tpm)
}

fn pcrs(
    evidence: &HclEvidence<'_>,
    quote: Option<&VerifiedQuote<'_>>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<Option<VerifiedPcrs>, Error> {
    let because = match (quote, evidence.pcrs) {
        (Some(quote), Some(values)) => {
            let verified = teeproof_tpm::verify_pcrs(quote, values, crypto, record);
            return verified.map(Some).map_err(Error::Tpm);
        }
        (None, Some(_)) => return Err(Error::PcrsWithoutQuote),
        (Some(_), None) => "the PCR values are missing",
        (None, None) => NO_QUOTE,
    };
    record.skip(teeproof_tpm::checks::PCRS, &because);
    Ok(None)
}

fn log<'a>(
    evidence: &HclEvidence<'a>,
    pcrs: Option<&VerifiedPcrs>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<Option<VerifiedLog<'a>>, Error> {
    let because = match (evidence.log, pcrs) {
        (Some(log), Some(pcrs)) => {
            return teeproof_tpm::replay(log, pcrs, crypto, record).map(Some).map_err(Error::Tpm);
        }
        (Some(_), None) => "no verified PCR values to compare the event log with",
        (None, _) => "the event log is missing",
    };
    record.skip(teeproof_tpm::checks::LOG_REPLAY, &because);
    Ok(None)
}

impl<'a> VerifiedVtpm<'a> {
    /// The runtime claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The path of the AK certificate; `None` if none was verified.
    #[must_use]
    pub const fn ak_path(&self) -> Option<&AkPath<'a>> {
        self.ak.as_ref()
    }

    /// The vTPM's quote; `None` if the evidence has none.
    #[must_use]
    pub const fn quote(&self) -> Option<&VerifiedQuote<'a>> {
        self.quote.as_ref()
    }

    /// The PCR values that the quote signs; `None` if the evidence lacks them or the quote.
    #[must_use]
    pub const fn pcrs(&self) -> Option<&VerifiedPcrs> {
        self.pcrs.as_ref()
    }

    /// The event log, replayed to the PCR values; `None` if the evidence lacks it or them.
    #[must_use]
    pub const fn log(&self) -> Option<&VerifiedLog<'a>> {
        self.log.as_ref()
    }

    /// Whether the hardware report is fresh: user-data is the nonce followed by zeros. `None` without an
    /// expected nonce. If `false`, only the quote has the nonce, and the report may be as old as the boot.
    #[must_use]
    pub const fn is_report_fresh(&self) -> Option<bool> {
        self.fresh_report
    }

    /// The verified signatures of the AK certificate's chain.
    pub(super) fn signatures(&self) -> impl Iterator<Item = VerifiedSignature<'a>> + use<'a, '_> {
        self.ak.iter().flat_map(|ak| ak.path().path().signatures())
    }

    /// The kind of the anchors of the AK certificate's chain and the hardware report's together.
    pub(super) fn anchor_with(&self, report: AnchorKind) -> AnchorKind {
        self.ak.as_ref().map_or(report, |ak| report.and(ak.anchor()))
    }
}
