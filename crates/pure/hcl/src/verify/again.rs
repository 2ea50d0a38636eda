//! Further evidence of a VM that was verified before: one more quote.

use alloc::sync::Arc;

use teeproof_core::{Check, Class, Record};
use teeproof_wire::certificate::Certificate;

use super::{Verification, VerifiedVm, certified, log, pcrs, quote, verify_snp};
use crate::{AkPath, Error, Evidence, ak, checks, user_data};

/// Verifies further evidence of a VM that was verified before, for as long as it does not boot
/// again: the paravisor's report is the very same bytes; the quote, the registers and the log are
/// new. It costs one signature, the quote's. Report, chains and claims are shared with `known`.
///
/// Everything that another time or another question can change is looked at: anchors, validity,
/// revocation, nonce, user-data. Evidence with another report is verified whole, so a VM that
/// booted again costs what a new one costs.
///
/// # Errors
/// Those of [`verify_snp`].
pub fn verify_snp_again<'a>(
    known: &VerifiedVm<'a>,
    evidence: &Evidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVm<'a>, Error> {
    if evidence.report != known.envelope.bytes() {
        return verify_snp(evidence, endorsements, verification, record);
    }
    record.pass(checks::FORMAT, &SAME);
    let envelope = known.envelope;
    let ak = match &known.ak {
        Some(ak) => valid_again(ak, verification, record)?,
        None => ak::establish(envelope.claims(), endorsements, verification, record)?,
    };
    let report = teeproof_snp::verify_again(&known.report, &verification.of_report(), record);
    let report = report.map_err(Error::Snp)?;
    for check in UNCHANGED {
        record.pass(check, &SAME);
    }
    let claims = Arc::clone(&known.claims);
    certified(ak.as_ref(), &claims, record)?;
    let quote = quote(evidence, &claims, verification, record)?;
    let pcrs = pcrs(evidence, quote.as_ref(), verification.crypto, record)?;
    let log = log(evidence, pcrs.as_ref(), verification.crypto, record)?;
    user_data::check(&claims, evidence, verification, record)?;
    Ok(VerifiedVm { envelope, report, claims, ak, quote, pcrs, log })
}

const SAME: &str = "as before: the same report";

/// What holds of the same bytes for ever.
const UNCHANGED: [&Check; 3] = [checks::VMPL, checks::BINDING, checks::CLAIMS];

/// The AK certificate's path at another time, under the anchors of this verification.
fn valid_again<'a>(
    known: &AkPath<'a>,
    verification: &Verification<'a>,
    record: &mut dyn Record,
) -> Result<Option<AkPath<'a>>, Error> {
    match known.again(verification) {
        Ok(ak) => {
            record.pass(checks::AK_CHAIN, &SAME);
            Ok(Some(ak))
        }
        Err(error) if error.class() == Class::Incomplete => {
            record.warn(checks::AK_CHAIN, &format_args!("not established: {error}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
