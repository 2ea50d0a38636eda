//! Certificate paths, revocation lists, and the signature cache.

use teeproof_core::Time;
use teeproof_snp::Endorsements;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{
    AnchorKind, Anchors, CachedSignatures, MAX_CACHED_BYTES, MAX_CHAIN, Revocation, SignatureBudget,
    SignatureCache, SignatureChecks, verify_list, verify_path,
};

use crate::believe::Belief;
use crate::bounds::{self, Given};
use crate::cost::{bounded, once_more, work_of};
use crate::parts::{Part, split, two};
use crate::quiet::says_something;

/// 2026: what the vectors and the mint made is valid.
const AT: Time = Time(1_768_478_400);

/// `verify_path`: the first anchor, and every certificate below it, in the order of the input.
pub fn path(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else { return false };
    let parts = split(rest);
    let bytes = parts.iter().map(|part| part.bytes().len()).sum::<usize>();
    let root = parts.iter().find_map(|part| match part {
        Part::Anchor(der) => Certificate::parse(der).ok(),
        _ => None,
    });
    let below: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Certificate(der) => Certificate::parse(der).ok(),
            _ => None,
        })
        .collect();
    let Some(root) = root else { return false };
    let crypto = belief(*switches).table();
    let signed = match bounded(&bounds::PATH, bytes, || {
        let budget = SignatureBudget::new(MAX_CHAIN);
        let checks = SignatureChecks { crypto: &crypto, cache: CachedSignatures::NONE, budget: &budget };
        let path = verify_path(root, AnchorKind::Added, &below, &[], &checks)?;
        let _ = path.valid_at(AT, 300);
        Ok(path)
    }) {
        Ok(path) => path,
        Err(error) => {
            let error: teeproof_x509::Error = error;
            assert!(says_something(&error) && error.link <= below.len().max(1));
            return false;
        }
    };
    assert_ne!(belief(*switches), Belief::None);
    assert!((1..=MAX_CHAIN).contains(&below.len()) && work_of(&bounds::PATH).signatures == below.len());
    // Each certificate was issued by the one above it, which was allowed to.
    let mut above = &root;
    for one in signed.below() {
        assert_eq!(one.issuer(), above.subject());
        assert!(above.extensions().basic_constraints().is_some_and(|basic| basic.ca));
        above = one;
    }
    // With the path cached no signature needs to be accepted: cached signatures cost nothing.
    let mut cache = SignatureCache::new(2 * MAX_CHAIN);
    let new = cache.new_signatures(signed.signatures());
    cache.insert(new);
    let (crypto, budget) = (Belief::None.table(), SignatureBudget::new(MAX_CHAIN));
    let cache = CachedSignatures::from_cache(&cache);
    let checks = SignatureChecks { crypto: &crypto, cache, budget: &budget };
    let (verified, work) =
        once_more(&bounds::PATH, bytes, || verify_path(root, AnchorKind::Added, &below, &[], &checks));
    assert!(verified.is_ok() && work.signatures == 0);
    true
}

/// `verify_list`: the first list under the first certificate.
pub fn list(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else { return false };
    let parts = split(rest);
    let bytes = parts.iter().map(|part| part.bytes().len()).sum::<usize>();
    let (mut list, mut issuer) = (None, None);
    for part in &parts {
        match part {
            Part::List(der) if list.is_none() => list = RevocationList::parse(der).ok(),
            Part::Certificate(der) if issuer.is_none() => issuer = Certificate::parse(der).ok(),
            _ => {}
        }
    }
    let (Some(list), Some(issuer)) = (list, issuer) else { return false };
    let crypto = belief(*switches).table();
    let verified = bounded(&bounds::LIST, Given { bytes, lists: 1 }, || {
        let budget = SignatureBudget::new(1);
        let checks = SignatureChecks { crypto: &crypto, cache: CachedSignatures::NONE, budget: &budget };
        let verified = verify_list(&list, &issuer, AT, &checks)?;
        assert_eq!(verified.revokes(&issuer), list.revokes(issuer.serial()));
        Ok(())
    });
    match verified {
        Ok(()) => {
            assert!(belief(*switches) != Belief::None && !list.has_critical_extension());
            assert!((list.this_update()..=list.next_update()).contains(&AT.0));
            true
        }
        Err(problem) => {
            let problem: teeproof_x509::Problem = problem;
            assert!(says_something(&problem));
            false
        }
    }
}

const fn belief(switches: u8) -> Belief {
    match switches & 3 {
        0 | 1 => Belief::All,
        2 => Belief::Some,
        _ => Belief::None,
    }
}

/// `SignatureCache`: it learns from the first report that verifies, and lets nothing else through than
/// that very report, under those very certificates. The input is two of `verify_snp`'s, the first
/// behind its length in three bytes.
pub fn cache(input: &[u8]) -> bool {
    let Some((first, second)) = two(input) else { return false };
    let (mut cache, all) = (SignatureCache::new(4), Belief::All.table());
    let added = snp(first, &cache, &all, |verified| {
        let new = SignatureCache::new(4)
            .new_signatures(verified.path().path().signatures().chain([verified.statement()]));
        let signed = [verified.report().signed(), verified.path().leaf().der()].concat();
        (new, signed)
    });
    let Some((new, signed)) = added else { return false };
    cache.insert(new);
    assert!(cache.len() <= 4);
    let found = snp(second, &cache, &Belief::None.table(), |verified| {
        [verified.report().signed(), verified.path().leaf().der()].concat()
    });
    assert!(found.as_ref().is_none_or(|found| *found == signed), "a cache let something else through");
    assert!(found.is_some() || first != second || first.len() > MAX_CACHED_BYTES, "it was forgotten");
    true
}

/// Verifies a report, and looks at what was verified.
fn snp<T>(
    input: &[u8],
    cache: &SignatureCache,
    crypto: &teeproof_core::Crypto<'_>,
    look: impl FnOnce(&teeproof_snp::VerifiedReport<'_>) -> T,
) -> Option<T> {
    let parts = split(input);
    let (mut certificates, mut anchors, mut report) = (Vec::new(), Vec::new(), None);
    for part in &parts {
        match part {
            Part::Certificate(der) => certificates.extend(Certificate::parse(der)),
            Part::Anchor(der) => anchors.push(*der),
            Part::Evidence(bytes) => report = Some(*bytes),
            _ => {}
        }
    }
    let verification =
        teeproof_snp::SnpVerification::new(teeproof_snp::ReportData::ForCaller("a fuzzer"), AT, crypto)
            .anchors(Anchors::and(&anchors))
            .cache(CachedSignatures::from_cache(cache))
            .revocation(Revocation::Unchecked("a fuzzer"));
    let endorsements = Endorsements::new(&certificates);
    let verified = teeproof_snp::verify(report?, &endorsements, &verification, &mut ()).ok()?;
    Some(look(&verified))
}
