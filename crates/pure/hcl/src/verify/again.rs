//! Verification of further evidence of a verified VM: one more quote.

use alloc::sync::Arc;
use alloc::vec::Vec;

use teeproof_core::{Check, Record};
use teeproof_wire::certificate::Certificate;

use super::{HclVerification, VerifiedVm, verify_snp, vtpm, whole};
use crate::ak;
use crate::{Error, HclEvidence, checks};

/// Verifies further evidence of a verified VM, between two boots: the same HCL report, with a new quote,
/// PCR values and event log. It costs one signature, the quote's; report, chains and claims are shared with
/// `earlier`.
///
/// Every check that depends on the time or the caller is made: anchors, validity, revocation, nonce, user-data.
/// A chain that is no longer valid is built anew from the endorsements and the certificates of `earlier`,
/// because a certificate may have been renewed; otherwise the error or warning is that of the earlier
/// chain. Evidence with another report is verified completely, so a VM that booted again costs as much as a
/// new one.
///
/// # Errors
/// Those of [`verify_snp`].
pub fn verify_snp_again<'a>(
    earlier: &VerifiedVm<'a>,
    evidence: &HclEvidence<'a>,
    endorsements: &[Certificate<'a>],
    verification: &HclVerification<'a>,
    record: &mut dyn Record,
) -> Result<VerifiedVm<'a>, Error> {
    if evidence.report != earlier.envelope.bytes() {
        return verify_snp(evidence, endorsements, verification, record);
    }
    record.pass(checks::FORMAT, &SAME);
    let envelope = earlier.envelope;
    // Nothing is recorded if the earlier chain is no longer valid: the binding compares REPORT_DATA.
    let report = teeproof_snp::verify_again(&earlier.report, &verification.of_report(), record);
    let Ok(report) = report else {
        return whole(envelope, evidence, &with_earlier(earlier, endorsements), verification, record);
    };
    for check in UNCHANGED {
        record.pass(check, &SAME);
    }
    let claims = Arc::clone(&earlier.vtpm.claims);
    let ak = match earlier.ak_path().and_then(|ak| ak.again(verification)) {
        Some(ak) => {
            record.pass(checks::AK_KEY, &SAME);
            ak.record(verification, record);
            Some(ak)
        }
        None => {
            let endorsements = with_earlier(earlier, endorsements);
            ak::establish(claims.ak().as_rsa(), &endorsements, verification, record)?
        }
    };
    let vtpm = vtpm::below(claims, ak, evidence, verification, record)?;
    Ok(VerifiedVm { envelope, report, vtpm })
}

/// The endorsements and the certificates of the earlier chains, without their anchors.
fn with_earlier<'a>(earlier: &VerifiedVm<'a>, endorsements: &[Certificate<'a>]) -> Vec<Certificate<'a>> {
    let ak = earlier.ak_path().map(|ak| ak.path().path());
    let below =
        earlier.report.path().path().below().iter().chain(ak.into_iter().flat_map(|path| path.below()));
    endorsements.iter().chain(below).copied().collect()
}

const SAME: &str = "as before: the same report";

/// The checks that depend on neither time nor nonce.
const UNCHANGED: [&Check; 3] = [checks::VMPL, checks::BINDING, checks::CLAIMS];
