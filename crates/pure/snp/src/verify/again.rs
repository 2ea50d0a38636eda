//! A report that was verified before, asked about once more.

use teeproof_core::{Check, Record};

use teeproof_x509::NameText;

use super::{SnpVerification, VerifiedReport, report_data};
use crate::attempt::{chain_error, check_revocation, record_revocation, record_validity};
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
/// revoked; the nonce is not the report's. But for the nonce, nothing was recorded then.
pub fn verify_again<'a>(
    known: &VerifiedReport<'a>,
    verification: &SnpVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedReport<'a>, Error> {
    let path = known.path.path();
    if !verification.path.anchors.still_trusts(path.root(), path.anchor()) {
        return Err(Error::Untrusted { root: NameText::from(path.root().subject()) });
    }
    let budget = verification.path.budget(0);
    let mut path = path.valid_at(verification.at, 0).map_err(chain_error)?;
    check_revocation(&mut path, verification, &verification.signature_checks(&budget))?;
    for check in UNCHANGED {
        record.pass(check, &BEFORE);
    }
    Unusual::of(known.report, known.vek).record(&BEFORE, record);
    record_validity(verification.at, record);
    record_revocation(path.revocation(), &verification.path.revocation, record);
    report_data(known.report, &verification.report_data, record)?;
    Ok(VerifiedReport { path, ..*known })
}

/// What no other time and no other question changes, besides the signature.
const UNCHANGED: [&Check; 6] =
    [checks::FORMAT, checks::CHAIN, checks::VEK_TYPE, checks::VEK_CHIP, checks::VEK_PRODUCT, checks::VEK_TCB];

const BEFORE: &str = "as before: the same report";
