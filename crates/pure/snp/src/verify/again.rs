//! A report that was verified before, asked about once more.

use teeproof_core::{Check, Record};

use super::{Verification, VerifiedReport, report_data, revocation};
use crate::chain::chain_error;
use crate::unusual::Unusual;
use crate::{Error, checks};

/// Verifies a report that was verified before: everything that another time or another question can
/// change is looked at, and no signature but those of revocation lists is verified.
///
/// This is for evidence in which the same report comes again and again, as that of an Azure VM does
/// with every further quote.
///
/// # Errors
/// The chain ends at an anchor that is not trusted this time; a certificate is no longer valid, or
/// revoked; the nonce is not the report's.
pub fn verify_again<'a>(
    known: &VerifiedReport<'a>,
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let signed = known.path.path();
    if !known.production && !verification.anchors.has_added(signed.root()) {
        return Err(Error::Untrusted);
    }
    for check in UNCHANGED {
        record.pass(check, &BEFORE);
    }
    Unusual::of(known.report, known.vek).record(&BEFORE, record);
    let path = signed.valid_at(verification.at, 0).map_err(chain_error)?;
    record.pass(checks::VALIDITY, &format_args!("every certificate, at {}", verification.at));
    revocation(path.path(), verification, record)?;
    report_data(known.report, &verification.report_data, record)?;
    Ok(VerifiedReport { path, ..*known })
}

/// What no other time and no other question changes, besides the signature.
const UNCHANGED: [&Check; 6] =
    [checks::FORMAT, checks::CHAIN, checks::VEK_TYPE, checks::VEK_PRODUCT, checks::VEK_TCB, checks::VEK_CHIP];

const BEFORE: &str = "as before: the same report";
