//! Verification and appraisal: the only place that makes an attestation result.

mod advice;
mod azure;
mod nitro;
mod tdx;
mod verified;

pub use verified::{Verified, VerifiedTd};

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Display;

use teeproof_core::{Check, CheckResult, Class, Freshness, Hex, Outcome, Record, Technology, Time};
use teeproof_nitro::{Appraisal, Moment};

use teeproof_snp::Compared;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{AnchorKind, ListUse, VerifiedPath};

use advice::AdvisedRemedy;

use crate::checks::{
    BUNDLE_REDACTED, COLLATERAL_UNUSED, INPUT_IGNORED, POLICY_TECHNOLOGY, REVOCATION_UNUSED, of_verification,
};
use crate::result::FreshnessDemand;
use crate::{
    AttestationResult, Evidence, Findings, OwnedAttestationResult, Remedy, Request, RequestError, Verdict,
    claims, comparison, nonce_text,
};
use teeproof_evidence::bundle::Redacted;

/// Verifies evidence and, if the request has a policy, appraises it.
///
/// Evidence of any content leads to a result, malformed evidence to one with [`Class::Malformed`]; see
/// [`AttestationResult::accepted`].
///
/// Proves, of accepted evidence: it is signed under a pinned root of its vendor or an added anchor, its parts are bound
/// to one another and to the nonce, and every rule of the policy is satisfied or waived. What each check proves is in
/// [`Check::proves`].
/// Does not prove: which software runs, unless the policy pins measurements; that hardware is genuine, under an added
/// anchor; that the evidence is recent, if no nonce was sent.
///
/// # Errors
/// [`RequestError`] for a request that does not fit the technology: a time that is the evidence's own, or user data,
/// for evidence that has none.
pub fn verify<'a>(
    evidence: &Evidence<'a>,
    request: &Request<'a>,
) -> Result<AttestationResult<'a>, RequestError> {
    let azure = matches!(evidence, Evidence::AzureSnp(_) | Evidence::AzureTdx(_) | Evidence::Redacted(_));
    if request.user_data.is_some() && !azure {
        return Err(RequestError::NoUserData(evidence.technology()));
    }
    let mut run = Run {
        request,
        evidence: *evidence,
        technology: evidence.technology(),
        findings: Findings::default(),
    };
    for warning in request.input_warnings {
        run.findings.record(CheckResult::new(INPUT_IGNORED, Outcome::Warn).because(warning));
    }
    if !run.is_accepted() {
        return Ok(run.refused_unseen());
    }
    let is_tdx = matches!(evidence.technology(), Technology::Tdx | Technology::AzureTdx);
    if !is_tdx && !request.collateral.is_empty() {
        let ignored = CheckResult::new(INPUT_IGNORED, Outcome::Warn);
        run.findings.record(ignored.because(&"TCB info and QE identity: for TD quotes alone"));
    }
    match evidence {
        Evidence::Snp(report) => run.snp(report),
        Evidence::Tdx { quote, log } => run.tdx(*quote, *log),
        Evidence::AzureSnp(evidence) => run.azure_snp(evidence),
        Evidence::AzureTdx(evidence) => run.azure_tdx(evidence),
        Evidence::Nitro(document) => Ok(run.nitro(document)),
        Evidence::NitroTpm(document) => Ok(run.nitro_tpm(document)),
        Evidence::Redacted(redacted) => Ok(run.redacted(redacted)),
    }
}

fn appraisal(holds: bool) -> Appraisal {
    if holds { Appraisal::Accepted } else { Appraisal::Refused }
}

/// One verification under way.
struct Run<'r, 'a> {
    request: &'r Request<'a>,
    evidence: Evidence<'a>,
    technology: Technology,
    findings: Findings,
}

/// How a verification ended, before it becomes a result.
struct End<'a> {
    verdict: Verdict,
    class: Option<Class>,
    at: Option<Time>,
    anchor: Option<AnchorKind>,
    verified: Option<Verified<'a>>,
}

impl End<'_> {
    /// The end for evidence of which nothing was verified.
    const fn refused(class: Class) -> Self {
        Self { verdict: Verdict::Refused, class: Some(class), at: None, anchor: None, verified: None }
    }
}

impl<'a> Run<'_, 'a> {
    /// The time of verification, for evidence that carries none.
    fn at(&self) -> Result<Time, RequestError> {
        match self.request.at {
            Moment::At(at) => Ok(at),
            _ => Err(RequestError::NoTimeInEvidence(self.technology)),
        }
    }

    fn snp(mut self, report: &'a [u8]) -> Result<AttestationResult<'a>, RequestError> {
        let at = self.at()?;
        let request = self.request;
        let verification = teeproof_snp::SnpVerification::new(request.freshness, at, request.path.crypto)
            .path_options(request.path);
        let endorsements = teeproof_snp::Endorsements::new(request.endorsements);
        let verified = match teeproof_snp::verify(report, &endorsements, &verification, &mut self.findings) {
            Ok(verified) => verified,
            Err(error) => {
                let advice = error.advice().map(AdvisedRemedy::of_snp);
                return Ok(self.failed(error.check(), error.class(), &error, error.compared(), advice));
            }
        };
        self.unused_lists(&[verified.path()]);
        let appraisal = self
            .request
            .policy
            .and_then(|policy| policy.snp.as_ref())
            .map(|policy| appraisal(teeproof_snp::appraise(&verified, policy, &mut self.findings)));
        Ok(self.appraised(Verified::Snp(Box::new(verified)), at, appraisal))
    }

    /// Warns of revocation lists that no chain used, by their issuers' names and with the reason.
    fn unused_lists(&mut self, paths: &[&VerifiedPath<'_>]) {
        let reason = |list: &RevocationList<'_>| {
            let uses = || paths.iter().map(|path| ListUse::of(list, path));
            let has = |wanted: ListUse| uses().any(|one| one == wanted);
            let name = list.issuer();
            if has(ListUse::Used) {
                None
            } else if has(ListUse::NotCurrent) {
                let (from, until) = (Time(list.this_update()), Time(list.next_update()));
                Some(format!(
                    "not current, and another list of this issuer is: the list of {name}, from {from} until {until}"
                ))
            } else if has(ListUse::IssuerSignsNoLists) {
                Some(format!("its issuer's certificate has no cRLSign: the list of {name}"))
            } else {
                Some(format!("used by no chain of this evidence: the list of {name}"))
            }
        };
        let mut reasons: Vec<_> = self.request.path.revocation.lists().iter().filter_map(reason).collect();
        if reasons.is_empty() {
            return;
        }
        reasons.sort_unstable();
        self.findings.warn(REVOCATION_UNUSED, &reasons.join("; "));
    }

    /// Warns of TCB info and QE identities that were not used, each with the reason.
    fn unused_collateral(&mut self, quote: &teeproof_tdx::VerifiedQuote<'_>) {
        let unused: Vec<_> = quote.unused_collateral().iter().map(ToString::to_string).collect();
        if !unused.is_empty() {
            self.findings.warn(COLLATERAL_UNUSED, &unused.join("; "));
        }
    }

    /// Redacted bytes have no valid signature: nothing is verified, and each check that redaction prevents is
    /// named with the identifier and the part.
    fn redacted(mut self, redacted: &Redacted<'_>) -> AttestationResult<'a> {
        let lost: Vec<_> = redacted.lost().collect();
        let checks: Vec<&str> = lost.iter().map(|(id, _)| *id).collect();
        let because =
            format!("identifiers were replaced, so that these checks cannot be made: {}", checks.join(", "));
        self.findings.record(CheckResult::new(BUNDLE_REDACTED, Outcome::Fail).because(&because));
        for check in of_verification(self.technology) {
            match lost.iter().find(|(id, _)| *id == check.id) {
                Some((_, redaction)) => {
                    let what = redaction.what.as_str();
                    self.findings
                        .skip(check, &format_args!("lost: {what} was replaced in {}", redaction.part));
                }
                None => self.findings.skip(check, &"not made: the evidence is redacted"),
            }
        }
        self.end(End::refused(Class::Incomplete))
    }

    /// Evidence never chooses its own verifier: the relying party names what it accepts, and a
    /// policy without a section for a technology accepts none of it.
    fn is_accepted(&self) -> bool {
        let has_section = self.request.policy.is_none_or(|policy| policy.accepts_technology(self.technology));
        self.request.accept.contains(&self.technology) && has_section
    }

    fn refused_unseen(mut self) -> AttestationResult<'a> {
        let technology = self.technology;
        let because = format!("evidence of {technology} is not accepted by this request or its policy");
        let failed = CheckResult::new(POLICY_TECHNOLOGY, Outcome::Fail).because(&because);
        self.findings.failed(failed, &of_verification(technology));
        self.end(End::refused(Class::Refused))
    }

    fn failed(
        mut self,
        check: &'static Check,
        class: Class,
        because: &dyn Display,
        compared: Option<(Compared, Compared)>,
        advice: Option<AdvisedRemedy>,
    ) -> AttestationResult<'a> {
        let failed = CheckResult::new(check, Outcome::Fail).because(because);
        let order = of_verification(self.technology);
        let read_again = comparison::of(check, &self.evidence, self.request);
        match (&compared, &read_again) {
            (Some((expected, actual)), _) => self.findings.failed(failed.compared(expected, actual), &order),
            (None, Some((expected, actual))) => {
                self.findings.failed(failed.compared(expected, actual), &order);
            }
            (None, None) => self.findings.failed(failed, &order),
        }
        if let Some(AdvisedRemedy { hint, remedy }) = advice {
            self.findings.advise(check, &hint, remedy);
        }
        if let Freshness::Nonce(nonce) = self.request.freshness
            && nonce_text::is_nonce_check(check)
            && let Some(hint) = nonce_text::hint(&self.evidence, nonce.as_bytes())
        {
            self.findings.advise(check, hint, Some(Remedy::NonceAsText));
        }
        self.end(End::refused(class))
    }

    fn appraised(
        self,
        verified: Verified<'a>,
        at: Time,
        appraisal: Option<Appraisal>,
    ) -> AttestationResult<'a> {
        let (verdict, class) = match appraisal {
            None => (Verdict::Unappraised, Some(Class::Unappraised)),
            Some(Appraisal::Accepted) => (Verdict::Accepted, None),
            Some(Appraisal::NotShownFresh) => (Verdict::Refused, Some(Class::NotShownFresh)),
            Some(_) => (Verdict::Refused, Some(self.findings.refusal())),
        };
        let anchor = Some(verified.anchor());
        self.end(End { verdict, class, at: Some(at), anchor, verified: Some(verified) })
    }

    fn end(self, end: End<'a>) -> AttestationResult<'a> {
        let verified = end.verified.as_ref();
        let owned = OwnedAttestationResult {
            verdict: end.verdict,
            class: end.class,
            technology: self.technology,
            freshness: match self.request.freshness {
                Freshness::Nonce(nonce) => FreshnessDemand::Nonce(Hex(nonce.as_bytes()).to_string()),
                Freshness::Waived(reason) => FreshnessDemand::Waived(reason.to_string()),
            },
            fresh: verified.and_then(azure::fresh),
            at: end.at,
            archived: self.request.at == Moment::OfDocument,
            policy: self.request.policy.map(|policy| policy.name.clone()),
            anchor: end.anchor,
            crypto: self.request.path.crypto.name,
            findings: self.findings.into_vec(),
            claims: verified.map_or_else(Vec::new, claims::of),
            unknown_claims: verified.map_or_else(Vec::new, claims::unknown),
            origin: verified.and_then(|verified| azure::origin(verified, self.request.policy)),
            endorsement_sources: self.request.endorsement_sources.to_vec(),
        };
        AttestationResult { owned, verified: end.verified }
    }
}
