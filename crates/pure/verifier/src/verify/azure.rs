//! Verification of Azure confidential VMs.

use alloc::boxed::Box;

use teeproof_hcl::OriginGrounds;

use super::advice::AdvisedRemedy;
use super::{Run, Verified, appraisal};
use crate::result::Fresh;
use crate::{AttestationResult, Policy, Remedy, RequestError};

/// The hint where there is a log that does not show secure boot: the check's own hint is to give the log.
const LOG_GIVEN: &str = "The event log was given, and does not show it: the decoded log shows the event at the \
                         offset that the reason names. Update the shim or firmware that wrote it, or waive \
                         secure-boot and pin the PCRs that your image determines.";

/// Which parts of an Azure VM's evidence were made for the nonce.
pub(super) fn fresh(verified: &Verified<'_>) -> Option<Fresh> {
    let vtpm = match verified {
        Verified::AzureSnp(vm) => vm.vtpm(),
        Verified::AzureTdx(vm) => vm.vtpm(),
        _ => return None,
    };
    vtpm.is_report_fresh().map(|report| Fresh { quote: vtpm.quote().is_some(), report })
}

/// The grounds on which the report of an Azure VM is known to be Azure's paravisor's.
pub(super) fn origin(verified: &Verified<'_>, policy: Option<&Policy>) -> Option<OriginGrounds> {
    match verified {
        Verified::AzureSnp(vm) => {
            Some(vm.origin(policy.and_then(|policy| policy.azure_snp.as_ref()).map(|policy| &policy.snp)))
        }
        Verified::AzureTdx(vm) => {
            Some(vm.origin(policy.and_then(|policy| policy.azure_tdx.as_ref()).map(|policy| &policy.tdx)))
        }
        _ => None,
    }
}

impl<'a> Run<'_, 'a> {
    pub(super) fn azure_snp(
        mut self,
        evidence: &teeproof_hcl::HclEvidence<'a>,
    ) -> Result<AttestationResult<'a>, RequestError> {
        let (at, verification) = (self.at()?, self.azure()?);
        let endorsements = self.request.endorsements;
        let verified =
            match teeproof_hcl::verify_snp(evidence, endorsements, &verification, &mut self.findings) {
                Ok(verified) => verified,
                Err(error) => return Ok(self.failed_azure(&error)),
            };
        let report = verified.report().path();
        match verified.ak_path() {
            Some(ak) => self.unused_lists(&[report, ak.path()]),
            None => self.unused_lists(&[report]),
        }
        let appraisal = self.request.policy.and_then(|policy| policy.azure_snp.as_ref()).map(|policy| {
            let findings = &mut self.findings;
            appraisal(teeproof_hcl::appraise_snp(&verified, &policy.snp, &policy.vm, findings))
        });
        self.advise_of_log(verified.log());
        Ok(self.appraised(Verified::AzureSnp(Box::new(verified)), at, appraisal))
    }

    pub(super) fn azure_tdx(
        mut self,
        evidence: &teeproof_hcl::HclEvidence<'a>,
    ) -> Result<AttestationResult<'a>, RequestError> {
        let (at, verification) = (self.at()?, self.azure()?);
        let request = self.request;
        let documents = match request.collateral.documents() {
            Ok(documents) => documents,
            Err(error) => return Ok(self.failed_tdx(&error)),
        };
        let endorsements = request.endorsements;
        let findings = &mut self.findings;
        let verified =
            match teeproof_hcl::verify_tdx(evidence, endorsements, &documents, &verification, findings) {
                Ok(verified) => verified,
                Err(teeproof_hcl::Error::Tdx(error)) => return Ok(self.failed_tdx(&error)),
                Err(error) => return Ok(self.failed_azure(&error)),
            };
        let quote = verified.td_quote().path();
        match verified.ak_path() {
            Some(ak) => self.unused_lists(&[quote, ak.path()]),
            None => self.unused_lists(&[quote]),
        }
        self.unused_collateral(verified.td_quote());
        let appraisal = request.policy.and_then(|policy| policy.azure_tdx.as_ref()).map(|policy| {
            let findings = &mut self.findings;
            appraisal(teeproof_hcl::appraise_tdx(&verified, &policy.tdx, &policy.vm, findings))
        });
        self.advise_of_log(verified.log());
        Ok(self.appraised(Verified::AzureTdx(Box::new(verified)), at, appraisal))
    }

    fn failed_azure(self, error: &teeproof_hcl::Error) -> AttestationResult<'a> {
        let advice = error.advice().map(AdvisedRemedy::of_snp);
        self.failed(error.check(), error.class(), error, error.compared(), advice)
    }

    /// Replaces the hint of the secure boot check where there is a log that does not show secure boot.
    fn advise_of_log(&mut self, log: Option<&teeproof_tpm::VerifiedLog<'_>>) {
        if let Some(Err(_)) = log.map(teeproof_tpm::VerifiedLog::secure_boot) {
            let remedy = Some(Remedy::InspectEventLog);
            self.findings.advise(teeproof_tpm::checks::SECURE_BOOT, LOG_GIVEN, remedy);
        }
    }

    fn azure(&self) -> Result<teeproof_hcl::HclVerification<'a>, RequestError> {
        let request = self.request;
        Ok(teeproof_hcl::HclVerification::new(request.freshness, self.at()?, request.path.crypto)
            .path_options(request.path)
            .collateral_cache(request.collateral_cache)
            .user_data(request.user_data))
    }
}
