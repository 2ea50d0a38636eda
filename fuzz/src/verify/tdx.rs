//! Verifier of TD quotes, of its collateral and of CCELs: what is accepted is accepted in any order and again with
//! the cache, and what is not names a check.

use std::sync::LazyLock;

use teeproof_core::{Bits, Rule, Text, Time};
use teeproof_tdx::{
    AllowedAdvisories, Collateral, DaysBehind, RtmrExplanation, SignedJson, SignedQuote, TcbDate, TcbStatus,
    TdxEvidence, TdxPolicy, TdxVerification, VerifiedQuote, appraise, checks, replay_rtmrs, verify,
    verify_signatures,
};
use teeproof_x509::{Anchors, CachedSignatures, Revocation};

use super::{Switches, cache_of, evidence, files, given, is_remembered, nonce, refusal};
use crate::believe::Belief;
use crate::bounds::{self, Given};
use crate::cost::{bounded, once_more, work_of};
use crate::parts::{Part, split};
use crate::quiet::{Tally, says_something};

/// The built-in policy, and one with a rule for every field that has one.
static POLICIES: LazyLock<[TdxPolicy<'static>; 2]> = LazyLock::new(|| {
    let strict = TdxPolicy::genuine()
        .tcb_status(Rule::exactly(TcbStatus::UpToDate))
        .days_behind(DaysBehind::at_most(30))
        .tcb_date(Rule::at_least(TcbDate(Time(1_700_000_000))))
        .evaluation_number(Rule::at_least(17))
        .advisories(AllowedAdvisories::only(vec![Text::from("INTEL-SA-01036")]))
        .attributes(Rule::mask(Bits { care: !0x1000_0000, value: 0 }))
        .mrtd(Rule::exactly([0x4d; 48]))
        .mrservicetd(Rule::absent());
    [TdxPolicy::genuine(), strict]
});

/// `TdxEvidence::parse`, `verify_signatures`, `verify`, `appraise` and `replay_rtmrs`; then once more, with every
/// signature over certificates cached.
pub fn tdx(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let (files, bytes) = (files(&parts), evidence(&parts));
    let documents: Vec<SignedJson<'_>> = parts.iter().filter_map(document).collect();
    let evidence = match bounded(&bounds::TDX_PARSE, bytes.len(), || TdxEvidence::parse(bytes)) {
        Ok(evidence) => evidence,
        Err(error) => return refusal(error.check(), error.class(), &error),
    };
    let crypto = switches.belief().table();
    let verification = TdxVerification::new(nonce(&parts), switches.at(), &crypto)
        .anchors(Anchors::and(&files.anchors))
        .revocation(switches.revocation(&files.lists));
    let given = given(&parts);
    let mut tally = Tally::default();
    let signed = bounded(&bounds::TDX_SIGNATURES, given, || {
        verify_signatures(&evidence, &files.certificates, &verification, &mut tally)
    });
    let signed = match signed {
        Ok(signed) => signed,
        Err(error) => return refusal(error.check(), error.class(), &error),
    };
    assert!(switches.belief() != Belief::None && tally.holds());
    assert!(signed.quote().signed().as_ptr() == bytes.as_ptr());
    if let Some(Part::Log(log)) = parts.iter().find(|part| matches!(part, Part::Log(_))) {
        replayed(log, &signed);
    }
    let collateral = Collateral { documents: &documents, certificates: &files.certificates };
    let mut tally = Tally::default();
    let verified = match bounded(&bounds::TDX_VERIFY, given, || {
        verify(&evidence, &collateral, &verification, &mut tally)
    }) {
        Ok(verified) => verified,
        Err(error) => return refusal(error.check(), error.class(), &error),
    };
    assert!(tally.holds());
    evaluated(&verified, switches.at(), given);
    let work = work_of(&bounds::TDX_VERIFY);
    let reversed: Vec<_> = documents.iter().rev().copied().collect();
    let certificates: Vec<_> = files.certificates.iter().rev().copied().collect();
    let collateral = Collateral { documents: &reversed, certificates: &certificates };
    // The lists are not cached.
    let cache = cache_of(verified.path().path().signatures());
    let again = verification
        .cache(CachedSignatures::from_cache(&cache))
        .revocation(Revocation::Unchecked("a fuzzer"));
    let (again, less) =
        once_more(&bounds::TDX_VERIFY, given, || verify(&evidence, &collateral, &again, &mut ()));
    assert_eq!(again.map(|again| again.tcb().clone()).as_ref(), Ok(verified.tcb()), "another order");
    assert!(less.signatures <= work.signatures || !is_remembered(&parts), "{less:?}, first {work:?}");
    true
}

/// A response of the service, if it is one.
fn document<'a>(part: &Part<'a>) -> Option<SignedJson<'a>> {
    match part {
        Part::Document(bytes) => parsed(bytes),
        _ => None,
    }
}

fn parsed(bytes: &[u8]) -> Option<SignedJson<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    match bounded(&bounds::TDX_JSON, bytes.len(), || SignedJson::parse(text)) {
        Ok(document) => Some(document),
        Err(error) => {
            refusal(error.check(), error.class(), &error);
            None
        }
    }
}

/// `SignedJson::parse` and `from_parts`: the signed member is a part of the text, as received.
pub fn signed_json(input: &[u8]) -> bool {
    let Some(document) = parsed(input) else { return false };
    let body = document.body();
    assert!(input.as_ptr_range().contains(&body.as_ptr()) && body.len() < input.len());
    let signature: String = document.signature().iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(SignedJson::from_parts(document.kind(), body, &signature), Ok(document));
    true
}

/// Checks the invariants of a verified quote under any policy.
fn evaluated(verified: &VerifiedQuote<'_>, at: Time, given: Given) {
    let tcb = verified.tcb();
    assert!(verified.at() == at && at <= tcb.next_update() && says_something(tcb));
    let parts = [Some(tcb.platform()), tcb.module(), Some(tcb.qe())];
    let all = tcb.advisories();
    for part in parts.into_iter().flatten() {
        assert_eq!(tcb.status().and(part.status), tcb.status(), "not the worst");
        assert!(tcb.date() <= part.date);
        assert!(part.advisories.iter().all(|name| all.binary_search(&name.as_str()).is_ok()));
    }
    assert!(
        tcb.status().is_out_of_date() || tcb.status() == TcbStatus::Revoked || tcb.days_behind() == Some(0)
    );
    for (policy, is_genuine) in POLICIES.iter().zip([true, false]) {
        let mut tally = Tally::default();
        let holds = bounded(&bounds::TDX_APPRAISE, given, || appraise(verified, policy, &mut tally));
        assert_eq!((holds, tally.findings), (tally.holds(), checks::APPRAISE.len()));
        let is_good = !verified.is_debug() && tcb.status() != TcbStatus::Revoked;
        assert!(!holds || is_good);
        assert!(!is_genuine || holds == is_good);
    }
}

/// `replay_rtmrs`: no event of an RTMR that the log does not explain.
pub(crate) fn replayed(log: &[u8], signed: &SignedQuote<'_>) -> bool {
    let crypto = Belief::None.table();
    let mut tally = Tally::default();
    let replayed =
        match bounded(&bounds::TDX_REPLAY, log.len(), || replay_rtmrs(log, signed, &crypto, &mut tally)) {
            Ok(replayed) => replayed,
            Err(error) => return refusal(error.check(), error.class(), &error),
        };
    assert!(tally.holds() && tally.findings == checks::LOG.len() && says_something(&replayed));
    let explained = |index: u32| {
        let rtmr = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
        rtmr.and_then(|rtmr| replayed.rtmrs().get(rtmr)) == Some(&RtmrExplanation::Explained)
    };
    assert!(replayed.events().all(|event| explained(event.index)));
    true
}
