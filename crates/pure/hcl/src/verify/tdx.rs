//! Checks of TDX evidence that need no endorsements of Intel; they never authenticate it.

use core::convert::Infallible;

use teeproof_core::{Crypto, Record};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport, ReportType};
use teeproof_wire::tdx::TdReport;

use crate::ak::{self, AkKey};
use crate::verify::{bind, envelope};
use crate::{Error, HclEvidence, HclVerification, TdReportHash, checks};

/// Checks TDX evidence as far as possible without a verified TD quote, and returns an error that names the
/// missing quote or collateral.
///
/// Proves: nothing. Anybody can write a TDREPORT: only its own processor can check its MAC. So the claims
/// are not parsed, and nothing is returned.
///
/// # Errors
/// Always: the first check that fails, or [`Error::TdQuoteMissing`] or [`Error::TdCollateralMissing`] if all
/// pass.
pub fn verify_tdx<'a>(
    evidence: &HclEvidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<Infallible, Error> {
    let envelope = envelope(evidence.report, ReportType::TDX, record)?;
    let report = td_report(&envelope, verification.path.crypto, record)?;
    bind(&envelope, report.reportdata(), verification.path.crypto, record)?;
    ak::establish(AkKey::Unverified(envelope.claims()), endorsements, verification, record)?;
    Err(match evidence.td_quote {
        None => Error::TdQuoteMissing,
        Some(_) => Error::TdCollateralMissing,
    })
}

/// Parses the TDREPORT and recomputes its two hashes.
fn td_report<'a>(
    envelope: &HclReport<'a>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<TdReport<'a>, Error> {
    let bytes: &[u8] = match envelope.hardware() {
        Hardware::Tdx(bytes) => bytes,
        _ => &[],
    };
    let report = TdReport::parse(bytes).map_err(Error::TdReport)?;
    report.check_reserved().map_err(Error::TdReport)?;
    let hash = |part| crypto.sha384.digest(&[part]);
    if hash(report.tee_tcb_info_bytes()) != *report.tee_tcb_info_hash() {
        return Err(Error::TdReportHash(TdReportHash::TeeTcbInfo));
    }
    if hash(report.td_info_bytes()) != *report.tee_info_hash() {
        return Err(Error::TdReportHash(TdReportHash::TdInfo));
    }
    record.pass(checks::TD_REPORT, &"reserved bytes as specified, both hashes recomputed");
    Ok(report)
}
