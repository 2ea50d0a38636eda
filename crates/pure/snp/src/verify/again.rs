//! Repeated verification of an already verified report.

use teeproof_core::{Check, Record};

use teeproof_x509::NameText;

use super::{SnpVerification, VerifiedReport, check_report_data};
use crate::attempt::{chain_error, check_revocation, record_revocation, record_validity};
use crate::unusual::Unusual;
use crate::{Error, checks};

/// Verifies an already verified report again, at another time or for another nonce: checks anchor, validity,
/// revocation and nonce. No signature but those of revocation lists is verified.
///
/// Use it where the same report is part of further evidence, as with each further quote of an Azure VM.
///
/// Proves and does not prove: the same as [`verify`](crate::verify).
///
/// # Errors
/// The anchor is not trusted any more; a certificate is not valid at this time, or revoked; REPORT_DATA is
/// not the nonce. Unless the nonce failed, nothing was recorded.
pub fn verify_again<'a>(
    verified: &VerifiedReport<'a>,
    verification: &SnpVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let path = verified.path.path();
    if !verification.path.anchors.still_trusts(path.root(), path.anchor()) {
        return Err(Error::Untrusted { root: NameText::from(path.root().subject()) });
    }
    let budget = verification.path.budget(0);
    let mut path = path.valid_at(verification.at, 0).map_err(chain_error)?;
    check_revocation(&mut path, verification, &verification.signature_checks(&budget))?;
    for check in UNCHANGED {
        record.pass(check, &ALREADY_VERIFIED);
    }
    Unusual::of(verified.report, verified.vek).record(&ALREADY_VERIFIED, record);
    record_validity(verification.at, record);
    record_revocation(path.revocation(), &verification.path.revocation, record);
    check_report_data(verified.report, &verification.report_data, record)?;
    Ok(VerifiedReport { path, ..*verified })
}

/// The checks that do not depend on time or nonce, besides the signature.
const UNCHANGED: [&Check; 6] =
    [checks::FORMAT, checks::CHAIN, checks::VEK_TYPE, checks::VEK_CHIP, checks::VEK_PRODUCT, checks::VEK_TCB];

const ALREADY_VERIFIED: &str = "already verified: the same report";
