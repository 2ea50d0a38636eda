//! Verification of a TD quote with its event log.

use alloc::boxed::Box;

use teeproof_core::Record;
use teeproof_tdx::TdxEvidenceView;

use super::advice::AdvisedRemedy;
use super::{Run, Verified, VerifiedTd, appraisal};
use crate::{AttestationResult, RequestError};

impl<'a> Run<'_, 'a> {
    pub(super) fn tdx(
        mut self,
        quote: TdxEvidenceView<'a>,
        log: Option<&'a [u8]>,
    ) -> Result<AttestationResult<'a>, RequestError> {
        let at = self.at()?;
        let request = self.request;
        let verification = teeproof_tdx::TdxVerification::new(request.freshness, at, request.path.crypto)
            .path_options(request.path);
        let verification = match request.collateral_cache {
            Some(cache) => verification.collateral_cache(cache),
            None => verification,
        };
        let verified = request.collateral.documents().and_then(|documents| {
            let collateral =
                teeproof_tdx::Collateral { documents: &documents, certificates: request.endorsements };
            let quote = teeproof_tdx::verify(quote, &collateral, &verification, &mut self.findings)?;
            let log = self.rtmr_log(&quote, log)?;
            Ok(VerifiedTd { quote, log })
        });
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => return Ok(self.failed_tdx(&error)),
        };
        self.unused_lists(&[verified.quote.path()]);
        self.unused_collateral(&verified.quote);
        let policy = request.policy.and_then(|policy| policy.tdx.as_ref());
        let appraisal = policy
            .map(|policy| appraisal(teeproof_tdx::appraise(&verified.quote, policy, &mut self.findings)));
        Ok(self.appraised(Verified::Tdx(Box::new(verified)), at, appraisal))
    }

    /// Replays the event log of a guest.
    fn rtmr_log(
        &mut self,
        quote: &teeproof_tdx::VerifiedQuote<'_>,
        log: Option<&'a [u8]>,
    ) -> Result<Option<teeproof_tdx::RtmrLog<'a>>, teeproof_tdx::Error> {
        let Some(log) = log else {
            self.findings.skip(teeproof_tdx::checks::LOG_REPLAY, &"the event log (CCEL) is missing");
            return Ok(None);
        };
        let crypto = self.request.path.crypto;
        teeproof_tdx::replay_rtmrs(log, quote.signed(), crypto, &mut self.findings).map(Some)
    }

    pub(super) fn failed_tdx(self, error: &teeproof_tdx::Error) -> AttestationResult<'a> {
        let advice = error.advice().map(AdvisedRemedy::of_tdx);
        self.failed(error.check(), error.class(), error, None, advice)
    }
}
