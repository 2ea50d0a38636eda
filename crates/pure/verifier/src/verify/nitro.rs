//! Verification of the documents of Nitro enclaves and of NitroTPMs.

use alloc::boxed::Box;

use teeproof_nitro::{NitroVerification, nitrotpm};

use super::advice::AdvisedRemedy;
use super::{Run, Verified};
use crate::AttestationResult;

impl<'a> Run<'_, 'a> {
    fn nitro_verification(&self) -> NitroVerification<'a> {
        let request = self.request;
        NitroVerification::new(request.freshness, request.at, request.path.crypto)
            .path_options(request.path)
            .options(request.nitro)
    }

    pub(super) fn nitro(mut self, document: &'a [u8]) -> AttestationResult<'a> {
        let request = self.request;
        let verification = self.nitro_verification();
        let verified = match teeproof_nitro::verify(document, &verification, &mut self.findings) {
            Ok(verified) => verified,
            Err(error) => {
                let advice = error.advice().map(|text| AdvisedRemedy::of_nitro(error.check(), text));
                return self.failed(error.check(), error.class(), &error, None, advice);
            }
        };
        self.unused_lists(&[verified.path()]);
        let appraisal = request.policy.and_then(|policy| policy.nitro.as_ref()).map(|policy| {
            teeproof_nitro::appraise(&verified, policy, request.path.crypto, &mut self.findings)
        });
        let at = verified.path().at();
        self.appraised(Verified::Nitro(Box::new(verified)), at, appraisal)
    }

    pub(super) fn nitro_tpm(mut self, document: &'a [u8]) -> AttestationResult<'a> {
        let request = self.request;
        let verification = self.nitro_verification();
        let verified = match nitrotpm::verify(document, &verification, &mut self.findings) {
            Ok(verified) => verified,
            Err(error) => {
                let advice = error.advice().map(|text| AdvisedRemedy::of_nitro(error.check(), text));
                return self.failed(error.check(), error.class(), &error, None, advice);
            }
        };
        self.unused_lists(&[verified.path()]);
        let appraisal = request
            .policy
            .and_then(|policy| policy.nitro_tpm.as_ref())
            .map(|policy| nitrotpm::appraise(&verified, policy, &mut self.findings));
        let at = verified.path().at();
        self.appraised(Verified::NitroTpm(Box::new(verified)), at, appraisal)
    }
}
