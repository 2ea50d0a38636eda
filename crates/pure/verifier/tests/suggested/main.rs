//! A proposed policy accepts the evidence that it was made from, and refuses evidence that differs from all of it
//! in a pinned value, field by field, and any older TCB of each product line. What is not pinned has a reason, and a
//! value that one machine lacks is reported.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, reason = "levels and counts of a test")]
#![cfg(feature = "policy-file")]

mod fields;
mod fleet;
mod tdx;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::test_runner::{FileFailurePersistence, RngSeed, TestRunner};
use teeproof::Evidence;
use teeproof::{NoProposal, Policy, PolicyKey, Proposal, ProposalChoices, Verdict, verify};
use teeproof_core::Technology;

use fields::{OTHER, Row};
use fleet::{AzureVm, Carried, Guest, Unlogged, request};

/// The rule of a policy for one check of a section: expected value or reason of the waiver.
struct FieldDemand {
    technology: Technology,
    check: &'static str,
    key: &'static str,
    expected: Option<String>,
    waived: Option<String>,
}

fn field_demands(policy: &Policy) -> Vec<FieldDemand> {
    let mut all = Vec::new();
    policy.field_rules(&mut |technology, demand| {
        let waived = demand.waived.map(ToString::to_string);
        let expected = demand.expected.map(ToString::to_string);
        assert_eq!(expected.is_none(), waived.is_some());
        all.push(FieldDemand { technology, check: demand.check.id, key: demand.key, expected, waived });
    });
    all
}

/// The proposal for these machines, with the PCR pinned if all of them have it.
fn proposal(fleet: &[Guest], pin: &[u8]) -> Result<Proposal, NoProposal> {
    let all: Vec<Carried> = fleet.iter().map(Guest::carried).collect();
    let choices = ProposalChoices::new("fleet").pin(pin).origin_accepted("a test");
    propose_from(&all, &choices)
}

/// Verifies all of it, the results side by side, and proposes.
fn propose_from(all: &[Carried], choices: &ProposalChoices<'_>) -> Result<Proposal, NoProposal> {
    let certificates: Vec<_> = all.iter().map(|one| one.inputs.certificates()).collect();
    let roots: Vec<&[u8]> = all.iter().flat_map(|one| one.anchors.iter().map(Vec::as_slice)).collect();
    let evidence: Vec<_> = all.iter().map(|one| Evidence::from_inputs(&one.inputs).unwrap()).collect();
    let results: Vec<_> = evidence
        .iter()
        .zip(&certificates)
        .map(|(one, certificates)| verify(one, &request(certificates, &roots, None)).unwrap())
        .collect();
    Proposal::from_results(&results, choices)
}

/// Refused under the policy; where it is authentic, by this check among others.
#[track_caller]
fn refused(guest: &Guest, policy: &Policy, check: &str, toml: &str) {
    guest.carried().ask(Some(policy), |result| {
        let failed: Vec<_> = result.failures().map(|finding| finding.check.id).collect();
        let said = format!("{check}: {failed:?}\n{guest:?}\n{toml}");
        assert_eq!(result.verdict(), Verdict::Refused, "{said}");
        assert!(result.authentic().is_none() || failed.contains(&check), "{said}");
    });
}

/// The machine with another value of a PCR.
fn other_pcr(guest: &Guest, index: u8) -> Guest {
    match guest.clone() {
        Guest::Azure(mut vm) => {
            vm.extended.push((index.into(), OTHER));
            Guest::Azure(vm)
        }
        Guest::Nitro(mut pcrs) => {
            pcrs.push((index.into(), OTHER));
            Guest::Nitro(pcrs)
        }
        Guest::Snp(_) => unreachable!("no PCRs"),
    }
}

/// The PCRs of an Azure VM that are never pinned unless the caller chooses so, and those that a firmware's log that
/// explains them has pinned.
const NEVER: [u8; 5] = [5, 6, 10, 16, 23];
const FIRMWARE: [u8; 2] = [4, 7];

/// Whether a PCR is pinned as it has to be.
fn pinned_as_it_should_be(fleet: &[Guest], technology: Technology, index: u8, pin: &[u8], is_pinned: bool) {
    if technology != Technology::AzureSnp {
        assert!(index > 2 || is_pinned, "PCR {index} of an enclave");
        return;
    }
    let vms = || fleet.iter().filter_map(|guest| if let Guest::Azure(vm) = guest { Some(vm) } else { None });
    let is_logged =
        |vm: &AzureVm| vm.secure_boot.is_some() && (index != 4 || vm.unlogged != Unlogged::Programs);
    let explained = vms().all(|vm| vm.is_quoted && is_logged(vm));
    let outside = vms().any(|vm| vm.extended.iter().any(|(one, _)| *one == usize::from(index)));
    let in_all = vms().all(|vm| vm.is_quoted && (!vm.has_few_pcrs || fleet::FEW.contains(&index)));
    if pin.contains(&index) {
        assert!(is_pinned, "PCR {index} is to be pinned");
    } else if NEVER.contains(&index) || !explained || outside || !in_all {
        assert!(!is_pinned, "PCR {index} varies, or no log explains it");
    } else if FIRMWARE.contains(&index) {
        assert!(is_pinned, "the log explains PCR {index}");
    }
}

/// Walks over every field of a section.
fn every_field(
    fleet: &[Guest],
    one: &Guest,
    policy: &Policy,
    toml: &str,
    pin: &[u8],
    exercised: &RefCell<BTreeSet<String>>,
) {
    let technology = one.technology();
    let demands = field_demands(policy);
    for PolicyKey { key, check, .. } in Policy::keys().iter().filter(|row| row.technology == technology) {
        let row = fields::row(technology, key).unwrap_or_else(|| panic!("{technology}.{key} has no row"));
        let of_field: Vec<_> =
            demands.iter().filter(|one| one.technology == technology && one.key == *key).collect();
        assert!(!of_field.is_empty(), "{technology}.{key} is in no demand\n{toml}");
        let waived = of_field.iter().all(|one| one.waived.as_ref().is_some_and(|why| !why.trim().is_empty()));
        match row {
            Row::Waived => assert!(waived, "{technology}.{key} is pinned\n{toml}"),
            Row::Pinned(_) if waived => panic!("{technology}.{key} is not pinned\n{toml}"),
            Row::Pinned(change) | Row::PinnedIfKnown(change) if !waived => {
                if let Some(changed) = change(one, fleet) {
                    refused(&changed, policy, check.id, toml);
                    exercised.borrow_mut().insert(format!("{technology}.{key}"));
                }
            }
            Row::PinnedIfKnown(_) if key == &"measurement" && technology == Technology::Snp => {
                panic!("{technology}.{key} is not pinned\n{toml}")
            }
            Row::Pinned(_) | Row::PinnedIfKnown(_) => (),
            Row::Pcrs => {
                for pcr in of_field {
                    let Some((_, index)) = pcr.check.split_once("pcr") else { continue };
                    let Ok(index) = index.parse::<u8>() else { continue };
                    pinned_as_it_should_be(fleet, technology, index, pin, pcr.waived.is_none());
                    if pcr.waived.is_none() {
                        refused(&other_pcr(one, index), policy, pcr.check, toml);
                        exercised.borrow_mut().insert(format!("{technology}.pcrs.{index}"));
                    }
                }
            }
        }
    }
}

/// The event log has to explain all of the firmware's PCRs or is waived: a machine that quotes only some of them is
/// refused, and where one of the fleet does, the head of the file names the PCRs that are not quoted.
fn event_log_as_it_should_be(fleet: &[Guest], policy: &Policy, toml: &str) {
    let vms: Vec<_> =
        fleet.iter().filter_map(|guest| if let Guest::Azure(vm) = guest { Some(vm) } else { None }).collect();
    let demands = field_demands(policy);
    let is_required = |check: &str| {
        let mut of_check =
            demands.iter().filter(|one| one.check == check && one.technology == Technology::AzureSnp);
        of_check.any(|one| one.waived.is_none())
    };
    // A missing quote does not become a rule.
    assert_eq!(is_required("hcl.quote"), !vms.is_empty() && vms.iter().all(|vm| vm.is_quoted), "{toml}");
    let is_required = is_required("log.explains");
    let few = vms.iter().any(|vm| vm.has_few_pcrs);
    let all_have_logs = vms.iter().all(|vm| vm.is_quoted && vm.secure_boot.is_some());
    assert_eq!(is_required, !vms.is_empty() && all_have_logs && !few, "{toml}");
    let is_noted = toml.contains("PCR 1, 3, 6 not quoted");
    assert_eq!(is_noted, !vms.is_empty() && all_have_logs && few, "{toml}");
    for vm in vms.into_iter().filter(|_| is_required) {
        let few = AzureVm { has_few_pcrs: true, ..vm.clone() };
        refused(&Guest::Azure(few), policy, "log.explains", toml);
    }
}

/// The facts that a policy pins, and what to: `azure-snp.pcrs.4`, `snp.measurement`.
fn pinned(proposal: &Proposal) -> BTreeMap<String, String> {
    let policy = Policy::from_toml("test", &proposal.toml).unwrap();
    let name = |one: &FieldDemand| match one.check.split_once("pcr") {
        Some((_, index)) if one.key == "pcrs" => format!("{}.pcrs.{index}", one.technology),
        _ => format!("{}.{}", one.technology, one.key),
    };
    let demands = field_demands(&policy).into_iter();
    demands.filter_map(|one| Some((name(&one), one.expected?))).collect()
}

/// No machine takes a fact away from the others in silence: what is pinned for one of them alone is pinned for all,
/// or listed as differing and warned of, or nothing is proposed and the fact is named.
fn no_fact_is_given_up_in_silence(fleet: &[Guest], pin: &[u8], all: &Result<Proposal, NoProposal>) {
    let has_pin = |guest: &Guest| proposal(std::slice::from_ref(guest), pin);
    let alone: Vec<Option<BTreeMap<String, String>>> =
        fleet.iter().map(|guest| has_pin(guest).ok().map(|proposal| pinned(&proposal))).collect();
    // Whose claims are not shown has no ground that a policy may pin: the head says so.
    let of_origin = |fact: &str| {
        ["measurement", "guest-svn", "origin"].iter().any(|field| fact == format!("azure-snp.{field}"))
    };
    match all {
        Err(NoProposal::Mixed(facts)) => {
            for fact in facts {
                let lacking = |index: usize| fact.lacking.contains(&index);
                let of = |index: usize| alone[index].as_ref().and_then(|facts| facts.get(&fact.field));
                let has = |index: usize| of(index).is_some_and(|expected| expected != "absent");
                assert!(!fact.lacking.is_empty() && !fact.because.is_empty(), "{fact:?}");
                assert!((0..fleet.len()).all(|index| !lacking(index) || !has(index)), "{fact:?}\n{fleet:?}");
                assert!((0..fleet.len()).any(has), "{fact:?} is pinned for none\n{fleet:?}");
            }
        }
        Err(error) => panic!("{error}"),
        Ok(proposal) => {
            let together = pinned(proposal);
            for fact in
                alone.iter().flatten().flat_map(BTreeMap::keys).filter(|fact| !together.contains_key(*fact))
            {
                let warned = proposal.warnings.iter().any(|warning| warning.path == *fact);
                let listed = proposal.differing.contains(fact);
                assert!(
                    (warned && listed) || of_origin(fact),
                    "{fact} is given up\n{fleet:?}\n{}",
                    proposal.toml
                );
            }
        }
    }
}

fn a_fleet(fleet: &[Guest], pin: u8, exercised: &RefCell<BTreeSet<String>>) {
    let (proposal, pin) = match proposal(fleet, &[pin]) {
        Err(NoProposal::PinMissing(_)) => (proposal(fleet, &[]), vec![]),
        other => (other, vec![pin]),
    };
    no_fact_is_given_up_in_silence(fleet, &pin, &proposal);
    let proposal = match proposal {
        // One policy for each, as the refusal says.
        Err(NoProposal::Mixed(_)) => {
            let mixed = format!("mixed {}", fleet[0].technology());
            exercised.borrow_mut().insert(mixed);
            let pin = pin.first().copied().unwrap_or(4);
            return fleet.iter().for_each(|guest| a_fleet(std::slice::from_ref(guest), pin, exercised));
        }
        other => other.unwrap(),
    };
    let toml = &proposal.toml;
    let policy = Policy::from_toml("test", toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    assert!(policy.warnings().iter().all(|warning| proposal.warnings.contains(warning)), "{toml}");
    assert!(policy.azure_tdx.is_none());
    for guest in fleet {
        guest.carried().ask(Some(&policy), |result| {
            let failed: Vec<_> = result.failures().collect();
            assert_eq!(result.class(), None, "{failed:#?}\n{guest:?}\n{toml}");
        });
        for older in fields::every_older(guest, fleet) {
            older.carried().ask(Some(&policy), |result| {
                let failed: Vec<_> = result.failures().map(|finding| finding.check.id).collect();
                let tcb = failed.iter().any(|id| id.starts_with("snp.tcb."));
                assert!(
                    result.class() == Some(teeproof_core::Class::Refused) && tcb,
                    "{failed:?}\n{older:?}\n{toml}"
                );
            });
        }
    }
    event_log_as_it_should_be(fleet, &policy, toml);
    for technology in [Technology::Snp, Technology::AzureSnp, Technology::Nitro] {
        if let Some(one) = fleet.iter().find(|guest| guest.technology() == technology) {
            every_field(fleet, one, &policy, toml, &pin, exercised);
        }
    }
}

#[test]
fn a_proposed_policy_refuses_what_differs_in_a_pinned_fact() {
    let exercised = RefCell::new(BTreeSet::new());
    let mut runner = TestRunner::new(proptest::test_runner::Config {
        cases: 48,
        rng_seed: RngSeed::Fixed(13),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/suggested/kept-failures.txt",
        ))),
        ..Default::default()
    });
    let pins = proptest::sample::select(vec![4_u8, 8, 10, 11, 12, 23]);
    runner
        .run(&(fleet::fleet(), pins), |(fleet, pin)| {
            a_fleet(&fleet, pin, &exercised);
            Ok(())
        })
        .unwrap();
    // Fleets were refused whose machines differ in what is known of them.
    for technology in [Technology::Snp, Technology::AzureSnp, Technology::Nitro] {
        assert!(
            exercised.borrow().contains(&format!("mixed {technology}")),
            "no mixed fleet of {technology}"
        );
    }
    // Each row that can be pinned was pinned in some fleet, and what differs in it was refused.
    for PolicyKey { technology, key, .. } in Policy::keys() {
        let is_tdx = [Technology::Tdx, Technology::AzureTdx].contains(&technology);
        let row = fields::row(technology, key).filter(|_| !is_tdx);
        let name = format!("{technology}.{key}");
        match row {
            Some(Row::Pinned(_) | Row::PinnedIfKnown(_)) => {
                assert!(exercised.borrow().contains(&name), "{name} was never exercised")
            }
            Some(Row::Pcrs) => {
                let begins = format!("{name}.");
                assert!(
                    exercised.borrow().iter().any(|one| one.starts_with(&begins)),
                    "{name} was never exercised"
                );
            }
            _ => (),
        }
    }
}
