//! Further evidence of a VM that was verified before: one more quote.

use alloc::sync::Arc;
use alloc::vec::Vec;

use teeproof_core::{Check, Record};
use teeproof_wire::certificate::Certificate;

use super::{Verification, VerifiedVm, log, pcrs, quote, verify_snp, whole};
use crate::ak::{self, AkKey};
use crate::{Error, Evidence, checks, user_data};

/// Verifies further evidence of a VM that was verified before, for as long as it does not boot
/// again: the paravisor's report is the very same bytes; the quote, the registers and the log are
/// new. It costs one signature, the quote's. Report, chains and claims are shared with `known`.
///
/// Everything that another time or another question can change is checked: anchors, validity,
/// revocation, nonce, user-data. A chain that no longer holds is looked for anew among the endorsements
/// and the certificates of `known`: a certificate may have been renewed, and where none was, the error
/// or warning is that of the known chain. Evidence with another report is verified whole,
/// so a VM that booted again costs what a new one costs.
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
    // Nothing is recorded where the known chain does not hold: REPORT_DATA is compared by the binding.
    let report = teeproof_snp::verify_again(&known.report, &verification.of_report(), record);
    let Ok(report) = report else {
        return whole(envelope, evidence, &with_known(known, endorsements), verification, record);
    };
    for check in UNCHANGED {
        record.pass(check, &SAME);
    }
    let claims = Arc::clone(&known.claims);
    let ak = match known.ak.as_ref().and_then(|ak| ak.again(verification)) {
        Some(ak) => {
            record.pass(checks::AK_KEY, &SAME);
            ak.record(verification, record);
            Some(ak)
        }
        None => {
            let key = AkKey::Claims(claims.ak().as_rsa());
            ak::establish(key, &with_known(known, endorsements), verification, record)?
        }
    };
    let quote = quote(evidence, &claims, verification, record)?;
    let pcrs = pcrs(evidence, quote.as_ref(), verification.crypto, record)?;
    let log = log(evidence, pcrs.as_ref(), verification.crypto, record)?;
    let fresh_report = user_data::check(&claims, evidence, verification, record)?;
    Ok(VerifiedVm { envelope, report, claims, ak, quote, pcrs, log, fresh_report })
}

/// The endorsements, and the certificates below the anchors of the chains that held before.
fn with_known<'a>(known: &VerifiedVm<'a>, endorsements: &[Certificate<'a>]) -> Vec<Certificate<'a>> {
    let ak = known.ak.as_ref().map(|ak| ak.path().path());
    let below = known.report.path().path().below().iter().chain(ak.into_iter().flat_map(|path| path.below()));
    endorsements.iter().chain(below).copied().collect()
}

const SAME: &str = "as before: the same report";

/// What another time or nonce does not change.
const UNCHANGED: [&Check; 3] = [checks::VMPL, checks::BINDING, checks::CLAIMS];
