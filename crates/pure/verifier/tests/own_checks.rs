//! Evidence never chooses its own checks: whatever format carries it, and whatever version or flag its
//! sender writes, no check is lost without a warning that a policy can turn into a refusal. And a
//! policy that is proposed from evidence accepts that evidence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(feature = "policy-file")]

#[path = "support/code.rs"]
mod code;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use teeproof::Evidence;
use teeproof::{
    AttestationResult, NoProposal, Policy, Proposal, ProposalChoices, Request, Unsuitable, Verdict, verify,
};
use teeproof_core::{Freshness, Outcome, Rule, Technology, Time};
use teeproof_evidence::Inputs;
use teeproof_evidence::bundle::Collection;
use teeproof_mint::azure::{self, EventLog, Vm};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine, Product, Report, amd};
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

const AT: Time = Time(DEFAULT_TIME as i64);

/// Files and the roots that they end at.
struct Carried {
    shape: String,
    inputs: Inputs,
    anchors: Vec<Vec<u8>>,
}

impl Carried {
    fn ask<T>(
        &self,
        nonce: Option<&[u8]>,
        policy: Option<&Policy>,
        then: impl FnOnce(&AttestationResult<'_>) -> T,
    ) -> T {
        let certificates = self.inputs.certificates();
        let anchors: Vec<&[u8]> = self.anchors.iter().map(Vec::as_slice).collect();
        let freshness = match nonce {
            Some(nonce) => Freshness::nonce(nonce).unwrap(),
            None => Freshness::Waived("the test asks nothing"),
        };
        let request = request(freshness, &certificates, &anchors).policy(policy);
        let evidence = Evidence::from_inputs(&self.inputs).unwrap();
        then(&verify(&evidence, &request).unwrap())
    }
}

/// A request with these endorsements and no policy.
fn request<'r>(
    freshness: Freshness<'r>,
    certificates: &'r [Certificate<'r>],
    anchors: &'r [&'r [u8]],
) -> Request<'r> {
    Request::new(Technology::ALL, freshness, AT, &teeproof_aws_lc::TABLE)
        .endorsements(certificates)
        .revocation(Revocation::Unchecked("the test gives no list"))
        .anchors(Anchors::and(anchors))
}

/// The same cases in every run.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(12),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The checks that were made, and those that warn.
fn made(result: &AttestationResult<'_>) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let of = |wanted: &[Outcome]| {
        let findings = result.findings().iter().filter(|finding| wanted.contains(&finding.outcome));
        findings.map(|finding| finding.check.id).collect()
    };
    (of(&[Outcome::Pass, Outcome::Fail]), of(&[Outcome::Warn]))
}

/// The same machine's evidence in every shape, as each version and with each mark that its sender
/// may write.
fn every_shape(minted: &azure::Evidence) -> Vec<Carried> {
    let roots = vec![minted.ark.clone(), minted.ak_root.clone()];
    let mut endorsements =
        vec![minted.vek.clone(), minted.intermediate.clone(), minted.ak_certificate.clone()];
    endorsements.extend(minted.ak_intermediates.iter().cloned());
    endorsements.extend(minted.event_log.clone());
    let carried = |shape: String, files: Vec<Vec<u8>>| {
        let mut inputs = Inputs::new();
        for file in files.iter().chain(&endorsements) {
            inputs.add(file, None).unwrap();
        }
        Carried { shape, inputs, anchors: roots.clone() }
    };
    let mut quote = vec![minted.quote_message.clone(), minted.quote_signature.clone()];
    quote.push(minted.pcrs_yaml().into_bytes());
    let loose = [vec![minted.hcl_report.clone()], quote].concat();
    let mut all = vec![carried("files".into(), loose)];
    for honest in 0..=2_u8 {
        for claimed in 0..=2_u8 {
            let mut json: serde_json::Value =
                serde_json::from_str(&minted.coco_json(honest).unwrap()).unwrap();
            if (honest == 0) != (claimed == 0) {
                // Version 0 is another shape, with members of its own.
                continue;
            }
            if let Some(version) = json.get_mut("version") {
                *version = claimed.into();
            }
            all.push(carried(format!("version {honest} as {claimed}"), vec![json.to_string().into_bytes()]));
        }
    }
    all.push(carried("attestation-rs".into(), vec![minted.attestation_rs_json().unwrap().into_bytes()]));
    for mark in [false, true] {
        let mut collection = Collection::at(AT);
        collection.nonce_in_user_data = mark;
        let bundle = all[0].inputs.clone().into_bundle(collection).unwrap();
        for (name, bytes) in [("CBOR", bundle.to_cbor()), ("JSON", bundle.to_json().into_bytes())] {
            let mut inputs = Inputs::new();
            inputs.add(&bytes, None).unwrap();
            all.push(Carried {
                shape: format!("{name} bundle, mark {mark}"),
                inputs,
                anchors: roots.clone(),
            });
        }
    }
    all
}

/// User-data for a nonce: the nonce, something that begins like it, or anything else.
fn user_data() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
    let nonce = proptest::collection::vec(any::<u8>(), 1..=32);
    nonce.prop_flat_map(|nonce| {
        let longer = [&nonce[..], &[1]].concat();
        let shorter = nonce[..nonce.len() - 1].to_vec();
        let data = prop_oneof![
            3 => Just(Some(nonce.clone())),
            1 => Just(Some(longer)),
            1 => Just(Some(shorter)),
            1 => Just(None),
            3 => proptest::collection::vec(any::<u8>(), 0..=64).prop_map(Some),
        ];
        (Just(nonce), data)
    })
}

fn small(vm: Vm) -> Vm {
    vm.with_machine(|machine| *machine = machine.clone().authority_keys(Kind::Rsa2048))
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn no_shape_and_no_version_loses_a_check_without_a_warning((nonce, data) in user_data()) {
        let vm = small(Vm::snp(Product::Milan)).nonce(&nonce);
        let vm = vm.with_claims(|claims| match &data {
            Some(data) => claims.set_user_data(data),
            None => claims.user_data = None,
        });
        let extended = |bytes: &[u8]| { let mut all = [0; 64]; all[..bytes.len()].copy_from_slice(bytes); all };
        let fresh = data.as_deref().map(extended) == Some(extended(&nonce));
        let mut demanding = Policy::genuine();
        demanding.azure_snp.as_mut().unwrap().vm.fresh_report = Rule::exactly(true);
        let all = every_shape(&vm.evidence().unwrap());
        let results: Vec<_> = all.iter().map(|one| {
            one.ask(Some(&nonce), Some(&Policy::genuine()), |result| {
                let fresh = result.fresh().map(|fresh| (fresh.quote, fresh.report));
                (made(result), code::code(result.class()), fresh)
            })
        }).collect();
        for (one, ((_, warned), exit, freshness)) in all.iter().zip(&results) {
            // Whatever the shape says: another user-data is refused or warned of, and nothing else is.
            let warns = warned.contains("hcl.user-data");
            prop_assert_eq!(warns || *exit == 5, !fresh || nonce.len() < 16, "{}", one.shape);
            prop_assert!(matches!(exit, 0 | 5), "{}: {}", one.shape, exit);
            prop_assert_eq!(*freshness, (*exit == 0).then_some((true, fresh)), "{}", one.shape);
            // A policy turns the warning into a refusal.
            let accepted = one.ask(Some(&nonce), Some(&demanding), |result| result.verdict() == Verdict::Accepted);
            prop_assert_eq!(accepted, fresh, "{}", one.shape);
        }
        for (one, ((made, _), ..)) in all.iter().zip(&results) {
            for (other, ((fewer, warned), exit, _)) in all.iter().zip(&results) {
                let lost: BTreeSet<_> = made.difference(fewer).copied().collect();
                prop_assert!(
                    *exit != 0 || lost.is_subset(warned),
                    "{} loses {:?} of {}", other.shape, lost, one.shape
                );
            }
        }
    }
}

/// What a report may say, as far as it stays genuine.
fn report() -> impl Strategy<Value = Report> {
    let words =
        (any::<u32>(), any::<u64>(), prop_oneof![Just(u32::MAX), 0..4_u32], any::<bool>(), any::<u64>());
    let bytes = (any::<[u8; 16]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    (words, bytes).prop_map(|((svn, policy, vmpl, author, platform), (short, long, other))| {
        let mut report = Machine::vcek(Product::Genoa).report;
        report.guest_svn = svn;
        report.policy = (policy & 0x3ff_ffff) | 1 << 17;
        report.vmpl = vmpl;
        report.key_info = u32::from(author);
        report.platform_info = platform;
        (report.family_id, report.image_id) = (short, short);
        (report.host_data, report.measurement) = (long, [other, long].concat()[..48].try_into().unwrap());
        report.report_data = [long, other].concat().try_into().unwrap();
        report.id_key_digest = [long, other].concat()[16..].try_into().unwrap();
        report.author_key_digest = [long, long].concat()[16..].try_into().unwrap();
        report
    })
}

/// A machine with this report, signed by its chip's key or by that of a provider.
fn machine(report: &Report, masked: bool, provider: Option<&str>) -> Carried {
    let of = |machine: Machine| {
        machine.authority_keys(Kind::Rsa2048).with_report(|minted| {
            let (key_info, chip_id) = (minted.key_info | report.key_info, minted.chip_id);
            let tcbs = (minted.reported_tcb, minted.cpuid);
            *minted = report.clone();
            (minted.key_info, minted.reported_tcb, minted.cpuid) = (key_info, tcbs.0, tcbs.1);
            minted.chip_id = if masked { [0; 64] } else { chip_id };
        })
    };
    let minted = match provider {
        None => of(Machine::vcek(Product::Genoa)),
        Some(name) => of(Machine::vlek(Product::Genoa))
            .with_vek(|link| link.certificate.set_extension(amd::csp_id(name))),
    };
    let minted = minted.mint().unwrap();
    let mut inputs = Inputs::new();
    for file in [&minted.report, &minted.vek, &minted.intermediate] {
        inputs.add(file, None).unwrap();
    }
    Carried { shape: "SNP report".into(), inputs, anchors: vec![minted.ark] }
}

/// The proposal for those of these that are suitable accepts each of them, and the others have no proposal. Where
/// they are not alike, that holds for each alone.
#[track_caller]
fn comes_back(name: &str, all: &[Carried]) {
    let certificates: Vec<_> = all.iter().map(|one| one.inputs.certificates()).collect();
    let anchors: Vec<Vec<&[u8]>> =
        all.iter().map(|one| one.anchors.iter().map(Vec::as_slice).collect()).collect();
    let evidence: Vec<_> = all.iter().map(|one| Evidence::from_inputs(&one.inputs).unwrap()).collect();
    let requests: Vec<_> = certificates
        .iter()
        .zip(&anchors)
        .map(|(certificates, anchors)| {
            request(Freshness::Waived("the test asks nothing"), certificates, anchors)
        })
        .collect();
    let results = evidence.iter().zip(&requests).map(|(one, request)| verify(one, request).unwrap());
    let choices = ProposalChoices::new(name).origin_accepted("a test");
    let (refused, results): (Vec<_>, Vec<_>) =
        results.partition(|result| Unsuitable::of(result, true).is_some());
    for result in refused {
        assert!(result.authentic().is_some(), "{result:#?}");
        let refused = Proposal::from_results(&[result], &choices).unwrap_err();
        assert!(matches!(refused, NoProposal::Unsuitable { index: 0, .. }), "{refused}");
    }
    if results.is_empty() {
        assert_eq!(Proposal::from_results(&[], &choices), Err(NoProposal::NoEvidence));
        return;
    }
    let toml = match Proposal::from_results(&results, &choices) {
        Ok(proposal) => proposal.toml,
        // They are not alike in what runs or who signed it: one policy for each, as the error says.
        Err(NoProposal::Mixed(facts)) if results.len() > 1 => {
            assert!(facts.iter().all(|fact| !fact.lacking.is_empty() && fact.lacking.len() < results.len()));
            return all.chunks(1).for_each(|one| comes_back(name, one));
        }
        Err(error) => panic!("{error}"),
    };
    let policy = Policy::from_toml("proposed", &toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    assert_eq!(policy.name, name);
    for one in all {
        if one.ask(None, None, |result| Unsuitable::of(result, true).is_some()) {
            continue;
        }
        one.ask(None, Some(&policy), |result| {
            let failed: Vec<_> = result.failures().collect();
            assert_eq!(result.class(), None, "{}: {failed:#?}\n{toml}", one.shape);
        });
    }
}

/// A name that a policy may have.
fn name() -> impl Strategy<Value = String> {
    "\\PC{0,20}[a-z\"\\\\\t]\\PC{0,20}".prop_filter("kept for what is built in", |name| {
        !name.starts_with("builtin:") && !name.trim().is_empty()
    })
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn what_is_proposed_from_reports_accepts_them(
        name in name(),
        reports in proptest::collection::vec(
            (report(), any::<bool>(), proptest::option::of("[ -~]{1,30}")), 1..4
        ),
    ) {
        let all: Vec<_> = reports.iter()
            .map(|(report, masked, provider)| machine(report, *masked, provider.as_deref()))
            .collect();
        comes_back(&name, &all);
    }

    #[test]
    fn what_is_proposed_from_enclaves_accepts_them(
        enclaves in proptest::collection::vec((any::<[u8; 48]>(), 0..32_u64, any::<bool>()), 1..4),
    ) {
        let all: Vec<_> = enclaves.iter().map(|(pcr, index, debug)| {
            let enclave = Enclave::new().pcr(*index, pcr);
            let minted = if *debug { enclave.debug() } else { enclave }.mint().unwrap();
            let mut inputs = Inputs::new();
            inputs.add(&minted.document, None).unwrap();
            Carried { shape: "Nitro document".into(), inputs, anchors: vec![minted.root().to_vec()] }
        }).collect();
        comes_back("enclaves", &all);
    }
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn what_is_proposed_from_azure_vms_accepts_them(
        vms in proptest::collection::vec((user_data(), any::<bool>(), any::<u32>(), any::<bool>()), 1..4),
    ) {
        let all: Vec<_> = vms.iter().map(|((_, data), securely, svn, quoted)| {
            let log = if *securely { EventLog::booted_securely() } else { EventLog::booted_insecurely() };
            let vm = small(Vm::snp(Product::Genoa)).log(log);
            let vm = vm.with_machine(|machine| machine.report.guest_svn = *svn);
            let minted = vm.user_data(data.as_deref().unwrap_or_default()).evidence().unwrap();
            let carried = every_shape(&minted).swap_remove(0);
            if *quoted {
                return carried;
            }
            let mut inputs = Inputs::new();
            for file in [&minted.hcl_report, &minted.vek, &minted.intermediate] {
                inputs.add(file, None).unwrap();
            }
            Carried { inputs, ..carried }
        }).collect();
        comes_back("VMs", &all);
    }
}
