//! Evidence in, attestation result out: the only place that makes a result.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Display;

use teeproof_core::{Check, Class, Freshness, Hex, Technology, Time};
use teeproof_nitro::{Appraisal, Moment};

use crate::checks::{POLICY_TECHNOLOGY, of_verification};
use crate::result::FreshnessDemand;
use crate::{AttestationResult, Evidence, Findings, Request, RequestError, Verdict, claims};

/// Evidence that was verified. Each variant can only be made by its technology's crate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verified<'a> {
    /// A report of a genuine AMD processor.
    Snp(Box<teeproof_snp::VerifiedReport<'a>>),
    /// A document of a Nitro hypervisor.
    Nitro(Box<teeproof_nitro::VerifiedDocument<'a>>),
}

/// Verifies evidence and, if there is a policy, appraises it.
///
/// Whatever the evidence says, the answer is a result; see [`AttestationResult::accepted`].
///
/// # Errors
/// Only for a request that makes no sense: an empty nonce, or a time that the evidence has not.
pub fn verify<'a>(
    evidence: &Evidence<'a>,
    request: &Request<'a>,
) -> Result<AttestationResult<'a>, RequestError> {
    if request.freshness == Freshness::Nonce(&[]) {
        return Err(RequestError::EmptyNonce);
    }
    let run = Run { request, technology: evidence.technology(), findings: Findings::default() };
    if !run.is_accepted() {
        return Ok(run.refused_unseen());
    }
    match evidence {
        Evidence::Snp(report) => run.snp(report),
        Evidence::Nitro(document) => Ok(run.nitro(document)),
    }
}

/// One verification under way.
struct Run<'r, 'a> {
    request: &'r Request<'a>,
    technology: Technology,
    findings: Findings,
}

/// How a verification ended, before it becomes a result.
struct End<'a> {
    verdict: Verdict,
    exit: u8,
    at: Option<Time>,
    production: Option<bool>,
    verified: Option<Verified<'a>>,
}

impl<'a> Run<'_, 'a> {
    fn snp(mut self, report: &'a [u8]) -> Result<AttestationResult<'a>, RequestError> {
        let Moment::At(at) = self.request.at else {
            return Err(RequestError::NoTimeInEvidence(self.technology));
        };
        let verification = teeproof_snp::Verification {
            anchors: self.request.anchors,
            freshness: self.request.freshness,
            revocation: self.request.revocation,
            at,
            crypto: self.request.crypto,
        };
        let endorsements = teeproof_snp::Endorsements { certificates: self.request.endorsements };
        let verified = match teeproof_snp::verify(report, &endorsements, &verification, &mut self.findings) {
            Ok(verified) => verified,
            Err(error) => return Ok(self.failed(error.check(), error.class(), &error)),
        };
        let appraisal = self.request.policy.and_then(|policy| policy.snp.as_ref()).map(|policy| {
            let holds = teeproof_snp::appraise(&verified, policy, &mut self.findings);
            if holds { Appraisal::Accepted } else { Appraisal::Refused }
        });
        let production = verified.is_production();
        Ok(self.appraised(Verified::Snp(Box::new(verified)), at, production, appraisal))
    }

    fn nitro(mut self, document: &'a [u8]) -> AttestationResult<'a> {
        let request = self.request;
        let verification = teeproof_nitro::Verification {
            anchors: request.anchors,
            freshness: request.freshness,
            at: request.at,
            skew_secs: request.skew_secs,
            limits: request.limits,
            crypto: request.crypto,
        };
        let verified = match teeproof_nitro::verify(document, &verification, &mut self.findings) {
            Ok(verified) => verified,
            Err(error) => return self.failed(error.check(), error.class(), &error),
        };
        let appraisal = request
            .policy
            .and_then(|policy| policy.nitro.as_ref())
            .map(|policy| teeproof_nitro::appraise(&verified, policy, request.crypto, &mut self.findings));
        let (at, production) = (verified.path().at(), verified.is_production());
        self.appraised(Verified::Nitro(Box::new(verified)), at, production, appraisal)
    }

    /// Evidence never chooses its own verifier: the relying party names what it accepts, and a
    /// policy that has no word for a technology accepts none of it.
    fn is_accepted(&self) -> bool {
        let spoken_of = self.request.policy.is_none_or(|policy| policy.speaks_of(self.technology));
        self.request.accept.contains(&self.technology) && spoken_of
    }

    fn refused_unseen(mut self) -> AttestationResult<'a> {
        let technology = self.technology;
        let because = format_args!("evidence of {technology} is not accepted by this request or its policy");
        self.findings.failed(POLICY_TECHNOLOGY, &because, of_verification(technology));
        self.end(End { verdict: Verdict::Refused, exit: 6, at: None, production: None, verified: None })
    }

    fn failed(mut self, check: &'static Check, class: Class, because: &dyn Display) -> AttestationResult<'a> {
        self.findings.failed(check, because, of_verification(self.technology));
        self.end(End {
            verdict: Verdict::Refused,
            exit: class.exit(),
            at: None,
            production: None,
            verified: None,
        })
    }

    fn appraised(
        self,
        verified: Verified<'a>,
        at: Time,
        production: bool,
        appraisal: Option<Appraisal>,
    ) -> AttestationResult<'a> {
        let (verdict, exit) = match appraisal {
            None => (Verdict::Unappraised, 10),
            Some(Appraisal::Accepted) => (Verdict::Accepted, 0),
            Some(Appraisal::Refused) => (Verdict::Refused, 6),
            Some(Appraisal::NotShownFresh) => (Verdict::Refused, 11),
        };
        self.end(End { verdict, exit, at: Some(at), production: Some(production), verified: Some(verified) })
    }

    fn end(self, end: End<'a>) -> AttestationResult<'a> {
        AttestationResult {
            verdict: end.verdict,
            exit: end.exit,
            technology: self.technology,
            freshness: match self.request.freshness {
                Freshness::Nonce(nonce) => FreshnessDemand::Nonce(Hex(nonce).to_string()),
                Freshness::Waived(reason) => FreshnessDemand::Waived(reason.to_string()),
            },
            at: end.at,
            archived: self.request.at == Moment::OfDocument,
            policy: self.request.policy.map(|policy| policy.name.clone()),
            production: end.production,
            crypto: self.request.crypto.name,
            findings: self.findings.into_vec(),
            claims: end.verified.as_ref().map_or_else(Vec::new, claims::of),
            verified: end.verified,
        }
    }
}
