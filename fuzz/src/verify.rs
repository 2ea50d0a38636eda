//! Verifiers under tables that accept chosen signatures: no panic after the signatures either, and bounded work
//! for any evidence.

mod azure;
mod certified;
mod tdx;

pub use azure::{azure_again, azure_snp, azure_tdx, tpm};
pub use certified::certification;
pub(crate) use tdx::replayed;
pub use tdx::{signed_json, tdx};

use std::sync::LazyLock;

use teeproof::{
    AttestationResult, Evidence, Policy, Proposal, ProposalChoices, Request, Unsuitable, Verdict,
    verify_all_with_cache,
};
use teeproof_core::{Check, Class, Freshness, Technology, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_nitro::{Moment, nitrotpm};
use teeproof_snp::Endorsements;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::nitro::Signers;
use teeproof_x509::{
    Anchors, CachedSignatures, MAX_CACHED_BYTES, Revocation, SignatureCache, VerifiedSignature,
};

use crate::believe::Belief;
use crate::bounds::{self, Given};
use crate::cost::{bounded, once_more, work_of};
use crate::parts::{Part, split};
use crate::quiet::{Tally, says_something};

/// What the first byte of an input decides.
#[derive(Clone, Copy)]
struct Switches(u8);

impl Switches {
    fn belief(self) -> Belief {
        match self.0 & 3 {
            0 | 1 => Belief::All,
            2 => Belief::Some,
            _ => Belief::None,
        }
    }

    /// Whether the evidence's own root is trusted.
    fn trusting(self) -> bool {
        self.0 & 4 != 0
    }

    /// Whether revocation lists are used, or demanded.
    fn revocation<'a>(self, lists: &'a [RevocationList<'a>]) -> Revocation<'a> {
        match (self.0 & 8, self.0 & 64) {
            (0, _) => Revocation::Unchecked("a fuzzer"),
            (_, 0) => Revocation::Lists(lists),
            _ => Revocation::Required(lists),
        }
    }

    /// Whether a Nitro document is verified at its own time.
    fn archived(self) -> bool {
        self.0 & 16 != 0
    }

    /// When what the vectors and the mint made is valid, or long before.
    fn at(self) -> Time {
        if self.0 & 32 == 0 { Time(1_768_478_400) } else { Time(0) }
    }
}

/// Policies that are appraised: the built-in one, and those of the examples, each with one of the two for
/// Azure's machines.
static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let read = |text| Policy::from_toml("example", text).ok();
    let azure = read(include_str!("../../examples/policies/azure-snp.toml"));
    let amd = read(include_str!("../../examples/policies/snp.toml"))
        .zip(azure.and_then(|azure| azure.azure_snp))
        .map(|(snp, azure)| snp.azure_snp(|_| azure));
    let fleet = read(include_str!("../../examples/policies/azure-fleet.toml"));
    let nitro = read(include_str!("../../examples/policies/nitro.toml"))
        .zip(fleet.and_then(|fleet| fleet.azure_snp))
        .map(|(nitro, fleet)| nitro.azure_snp(|_| fleet));
    let nitro = nitro
        .zip(read(include_str!("../../examples/policies/nitro-tpm.toml")).and_then(|one| one.nitro_tpm))
        .map(|(nitro, tpm)| nitro.nitro_tpm(|_| tpm));
    let policies = [Some(Policy::genuine()), amd, nitro].into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(policies.len(), 3);
    assert_eq!(policies.iter().filter(|policy| policy.azure_snp.is_some()).count(), 3);
    policies
});

fn nonce<'a>(parts: &[Part<'a>]) -> Freshness<'a> {
    let nonce = parts.iter().find_map(|part| match part {
        Part::Nonce(nonce) => Some(*nonce),
        _ => None,
    });
    nonce.and_then(|nonce| Freshness::nonce(nonce).ok()).unwrap_or(Freshness::Waived("a fuzzer"))
}

/// The certificates, lists and anchors of an input.
struct Files<'a> {
    certificates: Vec<Certificate<'a>>,
    lists: Vec<RevocationList<'a>>,
    anchors: Vec<&'a [u8]>,
}

fn files<'a>(parts: &[Part<'a>]) -> Files<'a> {
    let mut files = Files { certificates: Vec::new(), lists: Vec::new(), anchors: Vec::new() };
    for part in parts {
        match part {
            Part::Certificate(der) => files.certificates.extend(Certificate::parse(der)),
            Part::List(der) => files.lists.extend(RevocationList::parse(der)),
            Part::Anchor(der) => files.anchors.push(der),
            _ => {}
        }
    }
    files
}

fn evidence<'a>(parts: &[Part<'a>]) -> &'a [u8] {
    let evidence = parts.iter().find(|part| matches!(part, Part::Evidence(_)));
    evidence.map_or(&[], |part| part.bytes())
}

/// What a verification is given.
fn given(parts: &[Part<'_>]) -> Given {
    let lists = parts.iter().filter(|part| matches!(part, Part::List(_))).count();
    Given { bytes: parts.iter().map(|part| part.bytes().len()).sum(), lists }
}

/// A cache with these signatures.
fn cache_of<'a>(signatures: impl IntoIterator<Item = VerifiedSignature<'a>>) -> SignatureCache {
    let mut cache = SignatureCache::new(64);
    let new = cache.new_signatures(signatures);
    cache.insert(new);
    cache
}

/// Whether no certificate is too long to be remembered.
fn is_remembered(parts: &[Part<'_>]) -> bool {
    let certificate = |part: &&Part<'_>| matches!(part, Part::Certificate(_) | Part::Anchor(_));
    parts.iter().filter(certificate).all(|part| part.bytes().len() <= MAX_CACHED_BYTES)
}

/// `teeproof_snp::verify` and `appraise`; then once more, with everything remembered.
pub fn snp(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let (files, report) = (files(&parts), evidence(&parts));
    let crypto = switches.belief().table();
    let verification = teeproof_snp::SnpVerification::new(nonce(&parts), switches.at(), &crypto)
        .anchors(Anchors::and(&files.anchors))
        .revocation(switches.revocation(&files.lists));
    let endorsements = Endorsements::new(&files.certificates);
    let mut tally = Tally::default();
    let verified = match bounded(&bounds::SNP_VERIFY, given(&parts), || {
        teeproof_snp::verify(report, &endorsements, &verification, &mut tally)
    }) {
        Ok(verified) => verified,
        Err(error) => return refusal(error.check(), error.class(), &error),
    };
    assert_ne!(switches.belief(), Belief::None);
    assert!(verified.report().signed().as_ptr() == report.as_ptr());
    for policy in POLICIES.iter().filter_map(|policy| policy.snp.as_ref()) {
        let mut tally = Tally::default();
        let holds =
            bounded(&bounds::SNP_APPRAISE, 0, || teeproof_snp::appraise(&verified, policy, &mut tally));
        assert_eq!(tally.findings, teeproof_snp::checks::APPRAISE.len());
        assert_eq!(holds, tally.holds());
    }
    let known = bounded(&bounds::SNP_AGAIN, given(&parts), || {
        teeproof_snp::verify_again(&verified, &verification, &mut tally).is_ok()
    });
    assert!(known, "what holds does not hold again");
    let cache = cache_of(verified.path().path().signatures().chain([verified.statement()]));
    let crypto = Belief::None.table();
    // The lists are not remembered.
    let revocation = Revocation::Unchecked("a fuzzer");
    let cache = CachedSignatures::from_cache(&cache);
    let again = verification.cache(cache).revocation(revocation).crypto(&crypto);
    let (verified, work) = once_more(&bounds::SNP_VERIFY, given(&parts), || {
        teeproof_snp::verify(report, &endorsements, &again, &mut ())
    });
    // Certificates with matching names and wrong keys are checked first, repeatedly.
    let is_cheaper = work.signatures <= work_of(&bounds::SNP_VERIFY).signatures;
    assert!(verified.is_ok() && is_cheaper || !is_remembered(&parts), "{work:?}");
    true
}

/// `teeproof_nitro::verify` and `appraise`; then once more, with the chain remembered.
pub fn nitro(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let document = evidence(&parts);
    let Files { mut anchors, lists, .. } = files(&parts);
    anchors.extend(root(document).filter(|_| switches.trusting()));
    let crypto = switches.belief().table();
    let verification = teeproof_nitro::NitroVerification::new(
        nonce(&parts),
        if switches.archived() { Moment::OfDocument } else { Moment::At(switches.at()) },
        &crypto,
    )
    .anchors(Anchors::and(&anchors))
    .revocation(switches.revocation(&lists));
    let mut tally = Tally::default();
    let verified = match bounded(&bounds::NITRO_VERIFY, given(&parts), || {
        teeproof_nitro::verify(document, &verification, &mut tally)
    }) {
        Ok(verified) => verified,
        Err(error) => return refusal(error.check(), error.class(), &error),
    };
    assert_ne!(switches.belief(), Belief::None);
    assert_eq!(verified.age_secs().is_none(), switches.archived());
    for policy in POLICIES.iter().filter_map(|policy| policy.nitro.as_ref()) {
        let mut tally = Tally::default();
        let appraisal = bounded(&bounds::NITRO_APPRAISE, 0, || {
            teeproof_nitro::appraise(&verified, policy, &crypto, &mut tally)
        });
        assert_eq!(tally.holds(), appraisal == teeproof_nitro::Appraisal::Accepted);
    }
    let cache = cache_of(verified.path().path().signatures());
    let cache = CachedSignatures::from_cache(&cache);
    // The lists are not cached.
    let revocation = Revocation::Unchecked("a fuzzer");
    let again = verification.cache(cache).revocation(revocation);
    let (verified, work) =
        once_more(&bounds::NITRO_VERIFY, given(&parts), || teeproof_nitro::verify(document, &again, &mut ()));
    // The document's own signature alone.
    assert!(verified.is_ok() && work.signatures == 1);
    true
}

/// `teeproof_nitro::nitrotpm::verify` and `appraise`; then once more, with the chain remembered.
pub fn nitrotpm(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let document = evidence(&parts);
    let Files { mut anchors, lists, .. } = files(&parts);
    anchors.extend(root(document).filter(|_| switches.trusting()));
    let crypto = switches.belief().table();
    let verification = teeproof_nitro::NitroVerification::new(
        nonce(&parts),
        if switches.archived() { Moment::OfDocument } else { Moment::At(switches.at()) },
        &crypto,
    )
    .anchors(Anchors::and(&anchors))
    .revocation(switches.revocation(&lists));
    let mut tally = Tally::default();
    let verified = match bounded(&bounds::NITROTPM_VERIFY, given(&parts), || {
        nitrotpm::verify(document, &verification, &mut tally)
    }) {
        Ok(verified) => verified,
        Err(error) => return refusal(error.check(), error.class(), &error),
    };
    assert_ne!(switches.belief(), Belief::None);
    assert_eq!(verified.age_secs().is_none(), switches.archived());
    // The same bytes are no enclave's, whatever the crypto table believes.
    assert!(teeproof_nitro::verify(document, &verification, &mut ()).is_err());
    for policy in POLICIES.iter().filter_map(|policy| policy.nitro_tpm.as_ref()) {
        let mut tally = Tally::default();
        let appraisal =
            bounded(&bounds::NITROTPM_APPRAISE, 0, || nitrotpm::appraise(&verified, policy, &mut tally));
        assert_eq!(tally.findings, nitrotpm::checks::APPRAISE.len() + tally_of_pcrs(policy));
        assert_eq!(tally.holds(), appraisal == teeproof_nitro::Appraisal::Accepted);
    }
    let cache = cache_of(verified.path().path().signatures());
    let again = verification
        .cache(CachedSignatures::from_cache(&cache))
        .revocation(Revocation::Unchecked("a fuzzer"));
    let (verified, work) =
        once_more(&bounds::NITROTPM_VERIFY, given(&parts), || nitrotpm::verify(document, &again, &mut ()));
    // The document's own signature alone.
    assert!(verified.is_ok() && work.signatures == 1);
    true
}

/// How many findings more than one the PCRs of a policy make.
fn tally_of_pcrs(policy: &nitrotpm::NitroTpmPolicy<'_>) -> usize {
    match &policy.pcrs {
        teeproof_core::Pcrs::Rules(rules) => rules.len() - 1,
        teeproof_core::Pcrs::Waived(_) => 0,
    }
}

/// The root certificate that a document brings along.
fn root(document: &[u8]) -> Option<&[u8]> {
    let envelope = Sign1::parse(document).ok()?;
    let signers = Signers::find(envelope.payload(), envelope.payload_offset()).ok()?;
    signers.cabundle.as_slice().first().copied()
}

/// `teeproof::verify` over files recognized by content, and the result as JSON.
pub fn front_door(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let mut inputs = Inputs::new();
    for part in &parts {
        let kind = match part {
            Part::Evidence(_) | Part::Certificate(_) | Part::List(_) | Part::Document(_) => None,
            Part::Message(_) => Some(InputKind::TpmQuote),
            Part::Signature(_) => Some(InputKind::TpmSignature),
            Part::Registers(_) => Some(InputKind::PcrValues),
            Part::Values(_) => Some(InputKind::PcrConcatenation),
            Part::Log(_) => Some(InputKind::EventLog),
            Part::TdQuote(_) => Some(InputKind::TdQuote),
            Part::Nonce(_) | Part::Anchor(_) | Part::UserData(_) | Part::Key(_) => continue,
        };
        let _ = inputs.add(part.bytes(), kind);
    }
    let bytes = given(&parts);
    let (Ok(evidence), endorsements, lists) = bounded(&bounds::EVIDENCE, bytes, || {
        (Evidence::from_inputs(&inputs), inputs.certificates(), inputs.revocation_lists())
    }) else {
        return false;
    };
    let (anchors, crypto) = (files(&parts).anchors, switches.belief().table());
    let policy = POLICIES.get(usize::from(switches.0 >> 6));
    let request = Request::new(
        Technology::ALL,
        nonce(&parts),
        if switches.archived() { Moment::OfDocument } else { Moment::At(switches.at()) },
        &crypto,
    )
    .endorsements(&endorsements)
    .revocation(switches.revocation(&lists))
    .anchors(Anchors::and(&anchors))
    .user_data(parts.iter().find(|part| matches!(part, Part::UserData(_))).map(|part| part.bytes()))
    .policy(policy);
    let bytes = Given { lists: lists.len(), ..bytes };
    let Ok(result) = bounded(&bounds::VERIFY, bytes, || teeproof::verify(&evidence, &request)) else {
        return false;
    };
    let accepted = result.verdict() == Verdict::Accepted;
    assert_eq!(accepted, result.class().is_none());
    assert_eq!(accepted, result.accepted().is_some());
    assert_eq!(result.authentic().is_some(), !result.claims().is_empty());
    assert!(!accepted || (policy.is_some() && switches.belief() != Belief::None));
    assert_eq!(result.verdict() == Verdict::Refused, result.failures().next().is_some());
    assert!(serde_json::to_string(&result).is_ok());
    let authentic = result.authentic().is_some();
    proposed(std::slice::from_ref(&result), bytes);
    many(&evidence, &request, &result, bytes);
    authentic
}

/// `verify_all_with_cache`: one piece twice is answered as it is alone.
fn many(evidence: &Evidence<'_>, request: &Request<'_>, alone: &AttestationResult<'_>, bytes: Given) {
    let mut cache = SignatureCache::new(16);
    for _ in 0..2 {
        let mut answers = 0;
        bounded(&bounds::VERIFY_MANY, bytes, || {
            verify_all_with_cache([(*evidence, *request)], &mut cache, |_, answer| {
                let class = answer.map(|result| (result.verdict(), result.class()));
                assert_eq!(class, Ok((alone.verdict(), alone.class())));
                answers += 1;
            });
        });
        assert_eq!(answers, 1);
    }
}

/// A policy proposed from evidence can be parsed; without authentic evidence there is no proposal.
fn proposed(results: &[AttestationResult<'_>], bytes: Given) {
    let choices = ProposalChoices::new("fuzz");
    match bounded(&bounds::PROPOSAL, bytes, || Proposal::from_results(results, &choices)) {
        Ok(proposal) => {
            let read = Policy::from_toml("fuzz", &proposal.toml);
            assert!(read.is_ok(), "{}\n{read:?}", proposal.toml);
        }
        Err(_) => assert!(results.iter().any(|result| Unsuitable::of(result, false).is_some())),
    }
}

/// Checks the invariants of a refusal: words, a check that can be explained and that names the class.
fn refusal(check: &Check, class: Class, error: &dyn std::fmt::Display) -> bool {
    assert!(says_something(error));
    assert!(
        check.classes.contains(&class),
        "{}: {} is not among its classes: {error}",
        check.id,
        class.as_str()
    );
    assert!(teeproof::find_check(check.id).is_some());
    false
}
