//! What the guest wrote before the report was made, held against what was asked for.

use teeproof_core::{Freshness, Record, equal};

use crate::binding::extended;
use crate::{Claims, Error, Evidence, Verification, checks};

/// Checks the claims' user-data: the nonce where it has to be there, and what else was expected.
///
/// The guest's kernel chooses user-data, so it says that the report is not an old one, and nothing
/// about the guest.
pub(crate) fn check(
    claims: &Claims,
    evidence: &Evidence<'_>,
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<(), Error> {
    let (quoted, freshness) = (evidence.quote.is_some(), verification.freshness);
    let nonce = match freshness {
        Freshness::Nonce(nonce) if !quoted || evidence.nonce_in_user_data => Some(nonce),
        _ => None,
    };
    if let Some(nonce) = nonce {
        // No nonce at all would be matched by user-data of zeros.
        if nonce.is_empty() {
            return Err(Error::UserDataLength);
        }
        held(claims, nonce, Error::Nonce)?;
    }
    if let Some(expected) = verification.user_data {
        held(claims, expected, Error::UserData)?;
        record.pass(checks::USER_DATA, &"user-data is what was asked for, followed by zeros");
    }
    match (nonce, freshness) {
        (Some(nonce), _) => {
            record.nonce_held(checks::USER_DATA, nonce, &"user-data is the nonce followed by zeros");
        }
        // Where there is a quote, its nonce is what is waived.
        (None, Freshness::Waived(reason)) if !quoted => record.waive(checks::USER_DATA, &reason),
        _ if verification.user_data.is_none() => {
            record.skip(checks::USER_DATA, &"nothing was asked of it; freshness is the quote's");
        }
        _ => {}
    }
    Ok(())
}

/// Whether user-data is these bytes followed by zeros, whole.
fn held(claims: &Claims, bytes: &[u8], differs: Error) -> Result<(), Error> {
    let expected = extended(bytes).ok_or(Error::UserDataLength)?;
    let found = claims.user_data().ok_or(Error::NoUserData)?;
    if equal(&expected, found) { Ok(()) } else { Err(differs) }
}
