//! Origin of a report: grounds, and known other origins.

use teeproof_core::{Outcome, Rule, Waiver};
use teeproof_hcl::reference::{Field, KNOWN, KnownOrigin};
use teeproof_hcl::{Ground, HclPolicy, Origin};
use teeproof_mint::azure::Vm;

use crate::support::{Bag, Findings, vm};

/// The id key of no known report.
fn stranger() -> Vm {
    vm().with_machine(|machine| machine.report.id_key_digest = [0x11; 48])
}

fn without_certificate(vm: &Vm) -> Bag {
    let mut bag = Bag::of(vm);
    bag.certificates.truncate(2);
    bag
}

fn hardware() -> teeproof_snp::SnpPolicy<'static> {
    teeproof_snp::SnpPolicy::genuine()
}

fn any_of(grounds: &[Ground]) -> HclPolicy<'_> {
    HclPolicy::genuine().origin(Origin::AnyOf { grounds: grounds.into(), line: Some(9) })
}

#[track_caller]
fn appraised(bag: &Bag, snp: &teeproof_snp::SnpPolicy<'_>, grounds: &[Ground]) -> (bool, Findings) {
    let (accepted, findings) = bag.appraise(snp, &any_of(grounds));
    let finding = findings.of("origin.paravisor");
    // An AK certificate alone is a weak ground, also where the policy accepts it.
    let expected = match accepted {
        false => Outcome::Fail,
        true if finding.actual == "ak-certificate" => Outcome::Warn,
        true => Outcome::Pass,
    };
    assert_eq!(finding.outcome, expected, "{finding:?}");
    assert_eq!(finding.line, Some(9));
    (accepted, findings)
}

/// Exactly these grounds hold.
#[track_caller]
fn grounds(bag: &Bag, snp: &teeproof_snp::SnpPolicy<'_>, expected: &[Ground]) {
    for ground in Ground::ALL {
        assert_eq!(appraised(bag, snp, &[*ground]).0, expected.contains(ground), "{ground}");
    }
    let (_, findings) = appraised(bag, snp, Ground::ALL);
    let names: Vec<_> = expected.iter().map(|ground| ground.as_str()).collect();
    let names = if names.is_empty() { "no ground".to_owned() } else { names.join(", ") };
    assert_eq!(findings.of("origin.paravisor").actual, names);
}

#[test]
fn each_ground_alone() {
    let nobody = without_certificate(&stranger());
    grounds(&nobody, &hardware(), &[]);
    let measurement = stranger().machine.report.measurement;
    let snp = hardware().measurement(Rule::exactly(measurement));
    grounds(&nobody, &snp, &[Ground::Measurement]);
    let snp = hardware().id_key_digest(Rule::exactly([0x11; 48])).guest_svn(Rule::at_least(10));
    grounds(&nobody, &snp, &[Ground::IdKeyDigest]);
    grounds(&without_certificate(&vm()), &hardware(), &[Ground::ReferenceValue]);
    grounds(&Bag::of(&stranger()), &hardware(), &[Ground::AkCertificate]);
    let incomplete = Bag::of(&stranger()).without_certificate("Global Virtual TPM CA - 01");
    grounds(&incomplete, &hardware(), &[]);
    grounds(&Bag::of(&vm()), &hardware(), &[Ground::ReferenceValue, Ground::AkCertificate]);
}

#[test]
fn a_rule_that_does_not_hold_is_no_ground() {
    let nobody = without_certificate(&stranger());
    let snp = hardware().measurement(Rule::exactly([0; 48]));
    assert!(!appraised(&nobody, &snp, Ground::ALL).0);
    // The id key without a guest SVN, and the other way round; an old paravisor.
    let snp = hardware().id_key_digest(Rule::exactly([0x11; 48]));
    assert!(!appraised(&nobody, &snp, Ground::ALL).0);
    let snp = hardware().guest_svn(Rule::exactly(10));
    assert!(!appraised(&nobody, &snp, Ground::ALL).0);
    let snp = hardware().id_key_digest(Rule::exactly([0x11; 48])).guest_svn(Rule::at_least(11));
    let (accepted, findings) = appraised(&nobody, &snp, Ground::ALL);
    assert!(!accepted);
    // The rules themselves are recorded once.
    assert_eq!(findings.of("snp.guest-svn").outcome, Outcome::Fail);
    assert_eq!(findings.of("snp.id-key-digest").outcome, Outcome::Pass);
}

#[test]
fn known_values_have_a_least_guest_svn() {
    for known in KNOWN.iter().filter(|known| known.field == Field::IdKeyDigest) {
        let paravisor = known.origin == KnownOrigin::Paravisor;
        let least = known.guest_svns[0];
        for svn in [0, least - 1, least, least + 1, u32::MAX] {
            let vm = vm().with_machine(|machine| {
                machine.report.id_key_digest = known.value;
                machine.report.guest_svn = svn;
            });
            let (accepted, _) = appraised(&without_certificate(&vm), &hardware(), &[Ground::ReferenceValue]);
            assert_eq!(accepted, paravisor && svn >= least, "{} {svn}", known.product);
        }
    }
}

#[test]
fn known_values_are_whole_and_have_a_source() {
    assert_eq!(KNOWN.iter().filter(|known| known.origin == KnownOrigin::ContainerInstances).count(), 3);
    for (at, known) in KNOWN.iter().enumerate() {
        assert!(known.value != [0; 48] && KNOWN[..at].iter().all(|earlier| earlier.value != known.value));
        assert!(known.source.contains("observed") && !known.product.is_empty() && !known.seen.is_empty());
        assert!(known.guest_svns.is_sorted());
        assert_eq!(known.guest_svns.is_empty(), known.field == Field::Mrtd);
        assert!(!known.field.as_str().is_empty() && !known.origin.as_str().is_empty());
    }
}

#[test]
fn container_instances_are_refused_whatever_the_grounds() {
    let aci: Vec<_> = KNOWN.iter().filter(|known| known.origin == KnownOrigin::ContainerInstances).collect();
    let by_key = |value| vm().with_machine(|machine| machine.report.id_key_digest = value);
    let by_host = vm().with_machine(|machine| machine.report.host_data[31] = 1);
    let machines = aci.iter().map(|known| by_key(known.value)).chain([by_host]);
    for vm in machines {
        let bag = Bag::of(&vm);
        let snp = hardware().measurement(Rule::exactly(vm.machine.report.measurement));
        let (accepted, findings) = appraised(&bag, &snp, Ground::ALL);
        assert!(!accepted);
        findings.assert_finding("origin.paravisor", Outcome::Fail, "Azure Container Instances");
        // Also where grounds are only finding.
        let (accepted, findings) = bag.appraise(&snp, &HclPolicy::genuine());
        assert!(!accepted);
        findings.assert_finding("origin.paravisor", Outcome::Fail, "Azure Container Instances");
        // And not where the relying party wrote that it does not look.
        let waiver = Waiver::new("we run these").at_line(4);
        let waived = HclPolicy::genuine().origin(Origin::Waived(waiver));
        let (accepted, findings) = bag.appraise(&snp, &waived);
        assert!(accepted);
        findings.assert_finding("origin.paravisor", Outcome::Skip, "we run these");
        let finding = findings.of("origin.paravisor");
        assert!(finding.waived && finding.line == Some(4));
    }
}

#[test]
fn grounds_are_told_where_none_is_demanded() {
    let (accepted, findings) = Bag::of(&vm()).appraise(&hardware(), &HclPolicy::genuine());
    assert!(accepted);
    findings.assert_finding("origin.paravisor", Outcome::Pass, "by reference-value, ak-certificate");
    let (accepted, findings) = Bag::of(&stranger()).appraise(&hardware(), &HclPolicy::genuine());
    assert!(accepted);
    findings.assert_finding("origin.paravisor", Outcome::Warn, "by ak-certificate alone");
    let (accepted, findings) = without_certificate(&stranger()).appraise(&hardware(), &HclPolicy::genuine());
    assert!(accepted);
    findings.assert_finding("origin.paravisor", Outcome::Warn, "any SNP guest could have made it");
}

#[test]
fn no_ground_accepted_is_no_waiver() {
    let (accepted, findings) = appraised(&Bag::of(&vm()), &hardware(), &[]);
    assert!(!accepted);
    findings.assert_finding("origin.paravisor", Outcome::Fail, "accepts no ground");
}
