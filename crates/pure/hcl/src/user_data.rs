//! The nonce compared with user-data, which the guest wrote before the report was made: one rule for every
//! shape of evidence.

use teeproof_core::{Freshness, Record, equal};

use crate::binding::extended;
use crate::{Claims, Error, Evidence, Verification, checks};

/// Checks the claims' user-data against the nonce, and against what the relying party names
/// besides. Answers whether user-data is the nonce, so that the hardware report was made for it;
/// `None` where there is no nonce.
///
/// With a nonce, user-data that is the nonce passes, whatever carried the evidence. Other user-data
/// fails where nothing else holds the nonce, which is where there is no quote, or where the evidence
/// itself says that user-data holds it; everywhere else it is a warning, which the policy's
/// `fresh_report` can turn into a refusal. So evidence that hides what its protocol says of
/// user-data gains a warning, and never loses one.
///
/// The guest's kernel chooses user-data, so it says that the report is not an old one, and nothing
/// about the guest.
pub(crate) fn check(
    claims: &Claims,
    evidence: &Evidence<'_>,
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<Option<bool>, Error> {
    let demanded = evidence.quote.is_none() || evidence.nonce_in_user_data;
    let fresh = match verification.freshness {
        Freshness::Nonce(nonce) => Some(compared(claims, nonce, demanded)?),
        Freshness::Waived(_) => None,
    };
    if let Some(expected) = verification.user_data {
        held(claims, expected, Error::UserData)?;
        record.pass(checks::USER_DATA, &"user-data is what was asked for, followed by zeros");
    }
    match (fresh, verification.freshness) {
        (Some(true), Freshness::Nonce(nonce)) => {
            let because = "the hardware report is fresh: user-data is the nonce followed by zeros";
            record.nonce_held(checks::USER_DATA, nonce, &because);
        }
        (Some(_), _) => {
            let because = "only the quote is fresh: user-data is not the nonce, so that the hardware report \
                           may be as old as the boot";
            record.warn(checks::USER_DATA, &because);
        }
        // Where there is a quote, its nonce is what is waived.
        (None, Freshness::Waived(reason)) if evidence.quote.is_none() => {
            record.waive(checks::USER_DATA, &reason);
        }
        (None, _) if verification.user_data.is_none() => {
            record.skip(checks::USER_DATA, &"no nonce and no user-data were asked for");
        }
        (None, _) => {}
    }
    Ok(fresh)
}

/// Whether user-data is the nonce. Where the nonce is demanded of it, anything else is an error.
fn compared(claims: &Claims, nonce: &[u8], demanded: bool) -> Result<bool, Error> {
    // No nonce at all would be matched by user-data of zeros.
    let held = if nonce.is_empty() { Err(Error::UserDataLength) } else { held(claims, nonce, Error::Nonce) };
    match held {
        Ok(()) => Ok(true),
        Err(error) if demanded => Err(error),
        Err(_) => Ok(false),
    }
}

/// Whether user-data is these bytes followed by zeros, whole.
fn held(claims: &Claims, bytes: &[u8], differs: Error) -> Result<(), Error> {
    let expected = extended(bytes).ok_or(Error::UserDataLength)?;
    let found = claims.user_data().ok_or(Error::NoUserData)?;
    if equal(&expected, found) { Ok(()) } else { Err(differs) }
}
