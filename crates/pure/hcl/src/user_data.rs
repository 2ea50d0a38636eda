//! Comparison of user-data with the nonce and with the expected data: one rule for every format of evidence.

use teeproof_core::{Freshness, Record, equal};

use crate::verify::extended;
use crate::{Claims, Error, HclEvidence, HclVerification, checks};

/// Checks user-data against the nonce and against the expected data. Returns whether user-data is the nonce,
/// so that the hardware report is fresh; `None` without a nonce.
///
/// User-data that is the nonce passes. Other user-data fails without a quote, which would contain the
/// nonce, and if the evidence's protocol puts the nonce into user-data; otherwise it is a warning, which
/// the policy's `fresh_report` can make a refusal. So evidence that conceals its protocol gains a warning and
/// never loses one.
///
/// The guest's kernel chooses user-data: it shows the age of the report, and nothing about the guest.
pub(crate) fn check(
    claims: &Claims,
    evidence: &HclEvidence<'_>,
    verification: &HclVerification<'_>,
    record: &mut dyn Record,
) -> Result<Option<bool>, Error> {
    let required = evidence.quote.is_none() || evidence.nonce_in_user_data;
    let fresh = match verification.freshness {
        Freshness::Nonce(nonce) => Some(is_nonce(claims, nonce.as_bytes(), required)?),
        Freshness::Waived(_) => None,
    };
    if let Some(expected) = verification.user_data {
        compare(claims, expected, Error::UserData)?;
        record.pass(checks::USER_DATA, &"user-data is the expected data followed by zeros");
    }
    match (fresh, verification.freshness) {
        (Some(true), Freshness::Nonce(nonce)) => {
            let because = "the hardware report is fresh: user-data is the nonce followed by zeros";
            record.nonce_matches(checks::USER_DATA, nonce.as_bytes(), &because);
        }
        (Some(_), _) => {
            let because = "only the quote is fresh: user-data is not the nonce, so that the hardware report \
                           may be as old as the boot";
            record.warn(checks::USER_DATA, &because);
        }
        // With a quote, the waiver concerns the quote's nonce.
        (None, Freshness::Waived(reason)) if evidence.quote.is_none() => {
            record.waive(checks::USER_DATA, &reason);
        }
        (None, _) if verification.user_data.is_none() => {
            record.skip(checks::USER_DATA, &"neither a nonce nor user-data is expected");
        }
        (None, _) => {}
    }
    Ok(fresh)
}

/// Whether user-data is the nonce; an error if it has to be and is not.
fn is_nonce(claims: &Claims, nonce: &[u8], required: bool) -> Result<bool, Error> {
    match compare(claims, nonce, Error::Nonce) {
        Ok(()) => Ok(true),
        Err(error) if required => Err(error),
        Err(_) => Ok(false),
    }
}

/// Checks that user-data is these bytes followed by zeros, all 64.
fn compare(claims: &Claims, bytes: &[u8], differs: Error) -> Result<(), Error> {
    let expected = extended(bytes).ok_or(Error::UserDataLength)?;
    let found = claims.user_data().ok_or(Error::NoUserData)?;
    if equal(&expected, found) { Ok(()) } else { Err(differs) }
}
