//! The evidence of a TDX machine, as far as it can be verified without Intel's endorsements: never
//! so far that it could be believed.

use core::convert::Infallible;

use teeproof_core::{Crypto, Record};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport, ReportType};
use teeproof_wire::tdx::TdReport;

use crate::ak::{self, AkKey};
use crate::binding::bind;
use crate::verify::envelope;
use crate::{Error, Evidence, TdReportHash, Verification, checks};

/// Verifies what a TDX machine's evidence shows without a verified quote of the TD, and then says
/// that the quote, or what it takes to verify it, is missing.
///
/// Proves: nothing. A TDREPORT can be written by anybody; its code of authentication can be
/// checked on the same processor only. So the claims are not read, and nothing is returned.
///
/// # Errors
/// Always: the first check that does not hold, or [`Error::TdQuoteMissing`] or
/// [`Error::TdCollateralMissing`] when all do.
pub fn verify_tdx<'a>(
    evidence: &Evidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<Infallible, Error> {
    let envelope = envelope(evidence.report, ReportType::TDX, record)?;
    let report = td_report(&envelope, verification.crypto, record)?;
    bind(&envelope, &report.reportdata, verification.crypto, record)?;
    ak::establish(AkKey::Unverified(envelope.claims()), endorsements, verification, record)?;
    Err(match evidence.td_quote {
        None => Error::TdQuoteMissing,
        Some(_) => Error::TdCollateralMissing,
    })
}

/// Reads the TDREPORT and checks that it agrees with itself.
fn td_report<'a>(
    envelope: &HclReport<'a>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<&'a TdReport, Error> {
    let bytes: &[u8] = match envelope.hardware() {
        Hardware::Tdx(bytes) => bytes,
        _ => &[],
    };
    let report = TdReport::parse(bytes).map_err(Error::TdReport)?;
    report.check_reserved().map_err(Error::TdReport)?;
    let hash = |part| crypto.sha384.digest(&[part]);
    if hash(report.tee_tcb_info_bytes()) != report.tee_tcb_info_hash {
        return Err(Error::TdReportHash(TdReportHash::TeeTcbInfo));
    }
    if hash(report.td_info_bytes()) != report.tee_info_hash {
        return Err(Error::TdReportHash(TdReportHash::TdInfo));
    }
    record.pass(checks::TD_REPORT, &"reserved bytes as specified, both hashes recomputed");
    Ok(report)
}
