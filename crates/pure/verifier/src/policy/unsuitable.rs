//! Evidence that is unsuitable for a proposed policy, with the reason.
//!
//! A proposal accepts the evidence that it was made from. So it is only made from evidence that a relying party can
//! accept: authentic, in production mode, requested by the guest, of a shown origin.

use alloc::string::{String, ToString};
use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_hcl::{OriginGrounds, checks::ORIGIN};
use teeproof_snp::{GuestPolicy, VerifiedReport};

use crate::{AttestationResult, Finding, Remedy, Verified};

/// The reason why a result is unsuitable as the source of a proposed policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsuitable {
    /// The check that failed, or that a policy for such evidence would have to waive.
    pub check: &'static Check,
    /// The class of the failure; [`Class::Refused`] if the evidence is authentic.
    pub class: Class,
    /// The reason in words.
    pub because: String,
    /// An instruction: what to do about it.
    pub hint: String,
    /// The action that the hint advises.
    pub remedy: Option<Remedy>,
}

impl Unsuitable {
    /// Why this result is unsuitable; `None` if a policy can be proposed from it. With `origin_accepted` the relying
    /// party accepts the claims of an Azure VM although nothing shows that they are Azure's paravisor's.
    #[must_use]
    pub fn of(result: &AttestationResult<'_>, origin_accepted: bool) -> Option<Self> {
        match result.authentic() {
            None => Some(Self::not_verified(result)),
            Some(Verified::Snp(report)) => Self::of_report(report),
            Some(Verified::AzureSnp(vm)) => {
                let origin = result.origin().filter(|_| !origin_accepted);
                Self::of_report(vm.report()).or_else(|| origin.and_then(Self::of_origin))
            }
            Some(Verified::Tdx(td)) => Self::of_quote(td.quote()),
            Some(Verified::AzureTdx(vm)) => {
                let origin = result.origin().filter(|_| !origin_accepted);
                Self::of_quote(vm.td_quote()).or_else(|| origin.and_then(Self::of_origin))
            }
            Some(Verified::Nitro(document)) => {
                document.is_debug().then(|| Self::policy(teeproof_nitro::checks::DEBUG, DEBUG_ENCLAVE))
            }
            Some(Verified::NitroTpm(document)) => {
                let check = teeproof_nitro::nitrotpm::checks::MEASURED_BOOT;
                (!document.is_boot_measured()).then(|| Self::policy(check, NOT_MEASURED))
            }
        }
    }

    fn not_verified(result: &AttestationResult<'_>) -> Self {
        let failed = result.failures().next();
        Self {
            check: failed.map_or(crate::POLICY_TECHNOLOGY, |finding| finding.check),
            class: result.class().unwrap_or(Class::Refused),
            because: failed.and_then(|finding| finding.because.clone()).unwrap_or_default(),
            hint: failed.map_or_else(String::new, |finding| finding.hint().to_string()),
            remedy: failed.and_then(Finding::remedy),
        }
    }

    fn of_report(report: &VerifiedReport<'_>) -> Option<Self> {
        if report.guest_policy().contains(GuestPolicy::DEBUG) {
            return Some(Self::policy(teeproof_snp::checks::DEBUG, DEBUG_GUEST));
        }
        let host = report.is_host_requested();
        host.then(|| Self::policy(teeproof_snp::checks::HOST_REQUESTED, HOST_REQUESTED))
    }

    fn of_quote(quote: &teeproof_tdx::VerifiedQuote<'_>) -> Option<Self> {
        if quote.is_debug() {
            return Some(Self::policy(teeproof_tdx::checks::DEBUG, DEBUG_GUEST));
        }
        let revoked = quote.tcb().status() == teeproof_tdx::TcbStatus::Revoked;
        revoked.then(|| Self::policy(teeproof_tdx::checks::TCB_STATUS, REVOKED_TCB))
    }

    fn of_origin(origin: &OriginGrounds) -> Option<Self> {
        let because = match (origin.other(), origin.is_shown()) {
            _ if origin.is_strong() => return None,
            (Some(other), _) => other,
            (None, true) => CERTIFICATE_ALONE,
            (None, false) => NO_GROUND,
        };
        Some(Self { hint: ORIGIN_HINT.to_string(), ..Self::policy(ORIGIN, because) })
    }

    fn policy(check: &'static Check, because: &str) -> Self {
        Self {
            check,
            class: Class::Refused,
            because: because.to_string(),
            hint: check.hint.to_string(),
            remedy: None,
        }
    }
}

/// `nitro.validity: expired: …`.
impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check.id, self.because)
    }
}

impl core::error::Error for Unsuitable {}

const DEBUG_ENCLAVE: &str = "PCR0, PCR1 and PCR2 do not hold measurements, as in debug mode: a policy that accepts \
                             this evidence accepts any software";
const NOT_MEASURED: &str = "one of PCRs 0 to 7 is zero: the firmware did not measure the boot, so that any software can \
                            extend the PCRs to the values of another boot";
const DEBUG_GUEST: &str = "the host may read the guest's memory: a policy that accepts this evidence gives up \
                           confidentiality";
const REVOKED_TCB: &str = "Intel revoked the platform's TCB: a policy that accepts this evidence accepts a platform \
                           that must not be trusted";
const HOST_REQUESTED: &str = "the host requested this report, so no guest chose its REPORT_DATA: a policy that \
                              accepts it accepts data of the host's choice";
const CERTIFICATE_ALONE: &str = "the AK certificate alone ties the claims to Azure: it shows whose the key is, not \
                                 who made the claims";
const NO_GROUND: &str = "nothing ties the claims to Azure's paravisor: any confidential guest could have made them, and a \
                         measurement pinned from them would show the origin of nothing";
const ORIGIN_HINT: &str = "Take evidence whose ID key is a known reference value, or accept the origin for a reason \
                           that you write down.";
