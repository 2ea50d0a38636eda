//! Appraisal of a machine on TDX: the rules of both policies, and the origin of its report.

use teeproof_core::{Outcome, Rule};
use teeproof_hcl::reference::{Field, KNOWN};
use teeproof_hcl::{Ground, HclPolicy, Origin, VmId};
use teeproof_mint::azure::{Generation, Vm};
use teeproof_mint::tdx::TdxMachine;
use teeproof_tdx::TdxPolicy;

use crate::support::{Bag, Findings, NONCE, Verified, td_vm};

const VM_ID: VmId =
    VmId([0x7e, 0xe7, 0x92, 0x00, 0xf0, 0x00, 0x40, 0x00, 0x80, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);

type Policies = (TdxPolicy<'static>, HclPolicy<'static>);

fn appraise(bag: &Bag, change: impl FnOnce(&mut Policies)) -> (bool, Findings) {
    let mut policies = (TdxPolicy::genuine(), HclPolicy::genuine());
    change(&mut policies);
    bag.appraise_td(&policies.0, &policies.1)
}

/// The evidence without anything about its attestation key.
fn without_certificate(vm: &Vm) -> Bag {
    let mut bag = Bag::of(vm);
    bag.certificates.truncate(1);
    bag
}

fn with_mrtd(mrtd: [u8; 48]) -> Vm {
    td_vm().with_td_report(|report| report.mr_td = mrtd)
}

fn known_mrtd() -> [u8; 48] {
    KNOWN.iter().find(|known| known.field == Field::Mrtd).unwrap().value
}

#[test]
fn rules_of_the_td_quote() {
    let bag = Bag::of(&td_vm());
    let (accepted, findings) = appraise(&bag, |_| {});
    assert!(accepted);
    assert_eq!(findings.of("tdx.debug").outcome, Outcome::Pass);
    let (accepted, findings) = appraise(&bag, |p| p.0.mrtd = Rule::exactly([0; 48]));
    assert!(!accepted);
    assert_eq!(findings.of("tdx.mrtd").outcome, Outcome::Fail);
    // Every rule is appraised, also where one before it failed.
    assert_eq!(findings.of("origin.paravisor").outcome, Outcome::Warn);
    assert!(findings.of("log.secure-boot").waived);
    let debug = td_vm().with_td_report(|report| report.attributes[0] |= 1);
    let (accepted, findings) = appraise(&Bag::of(&debug), |_| {});
    assert!(!accepted);
    assert_eq!(findings.of("tdx.debug").outcome, Outcome::Fail);
    let old = td_vm().with_td_machine(|machine| {
        machine.with_tcb_info(|info| info.levels.iter_mut().for_each(|one| one.status = "Revoked".to_owned()))
    });
    assert!(!appraise(&Bag::of(&old), |_| {}).0);
}

/// The rule holds for the newest machine, and fails otherwise set.
#[track_caller]
fn rule(id: &str, set: impl Fn(&mut HclPolicy<'static>, bool)) {
    let vm = td_vm().generation(Generation::OpenVmm).nonce(NONCE).user_data(NONCE);
    let bag = Bag { nonce: Some(NONCE.to_vec()), ..Bag::of(&vm) };
    for right in [true, false] {
        let (accepted, findings) = appraise(&bag, |policies| set(&mut policies.1, right));
        let finding = findings.of(id);
        assert_eq!(accepted, right, "{finding:?}");
        assert_eq!(finding.outcome, if right { Outcome::Pass } else { Outcome::Fail }, "{finding:?}");
    }
}

#[test]
fn rules_of_the_vm() {
    rule("ak.certificate", |policy, right| policy.ak_certificate = Rule::exactly(right));
    rule("hcl.quote", |policy, right| policy.quote = Rule::exactly(right));
    let other = VmId([0; 16]);
    rule("hcl.vm-id", |policy, right| policy.vm_id = Rule::exactly(if right { VM_ID } else { other }));
    rule("hcl.user-data.policy", |policy, right| {
        let mut data = [0; 64];
        data[..NONCE.len()].copy_from_slice(NONCE);
        data[63] = u8::from(!right);
        policy.user_data = Rule::exactly(data);
    });
    rule("hcl.fresh-report", |policy, right| policy.fresh_report = Rule::exactly(right));
    rule("hcl.secure-boot", |policy, right| policy.secure_boot_configured = Rule::exactly(right));
    rule("hcl.tpm-enabled", |policy, right| policy.tpm_enabled = Rule::exactly(right));
    rule("hcl.tpm-persisted", |policy, right| policy.tpm_persisted = Rule::exactly(!right));
    rule("hcl.console", |policy, right| policy.console = Rule::exactly(right));
    rule("hcl.interactive-console", |policy, right| policy.interactive_console = Rule::exactly(!right));
    rule("log.secure-boot", |policy, right| policy.tpm.secure_boot = Rule::exactly(right));
}

/// Exactly these grounds hold.
#[track_caller]
fn grounds(bag: &Bag, change: impl Fn(&mut TdxPolicy<'static>), expected: &[Ground]) {
    let accept = |grounds: Vec<Ground>| {
        appraise(bag, |(tdx, policy)| {
            change(tdx);
            policy.origin = Origin::any_of(grounds);
        })
    };
    for ground in Ground::ALL {
        let (_, findings) = accept(vec![*ground]);
        let met = findings.of("origin.paravisor").outcome != Outcome::Fail;
        assert_eq!(met, expected.contains(ground), "{ground}");
    }
    let (_, findings) = accept(Ground::ALL.to_vec());
    let names: Vec<_> = expected.iter().map(|ground| ground.as_str()).collect();
    let names = if names.is_empty() { "no ground".to_owned() } else { names.join(", ") };
    assert_eq!(findings.of("origin.paravisor").actual, names);
}

#[test]
fn each_ground_alone() {
    let nobody = without_certificate(&td_vm());
    let mrtd = td_vm().td_report.mr_td;
    grounds(&nobody, |_| {}, &[]);
    grounds(&nobody, |tdx| tdx.mrtd = Rule::exactly(mrtd), &[Ground::Measurement]);
    grounds(&nobody, |tdx| tdx.mrtd = Rule::exactly([0; 48]), &[]);
    grounds(&without_certificate(&with_mrtd(known_mrtd())), |_| {}, &[Ground::ReferenceValue]);
    grounds(&Bag::of(&td_vm()), |_| {}, &[Ground::AkCertificate]);
    let all = [Ground::Measurement, Ground::ReferenceValue, Ground::AkCertificate];
    let known = Bag::of(&with_mrtd(known_mrtd()));
    grounds(&known, |tdx| tdx.mrtd = Rule::exactly(known_mrtd()), &all);
}

#[test]
fn known_mrtds_are_grounds_in_all_bytes() {
    let mrtds: Vec<_> = KNOWN.iter().filter(|known| known.field == Field::Mrtd).collect();
    assert!(!mrtds.is_empty());
    for known in mrtds {
        grounds(&without_certificate(&with_mrtd(known.value)), |_| {}, &[Ground::ReferenceValue]);
        for at in [0, 8, 47] {
            let mut other = known.value;
            other[at] ^= 1;
            grounds(&without_certificate(&with_mrtd(other)), |_| {}, &[]);
        }
    }
    // An id key of a paravisor is no MRTD of one.
    let key = KNOWN.iter().find(|known| known.field == Field::IdKeyDigest).unwrap();
    grounds(&without_certificate(&with_mrtd(key.value)), |_| {}, &[]);
}

#[test]
fn the_origin_of_a_td_is_not_shown_by_its_quote() {
    // Whoever rents a TD can put the hash of their own claims into REPORTDATA.
    let stranger = td_vm().with_claims(|claims| claims.set_user_data(b"my own claims"));
    let bag = without_certificate(&stranger);
    let (accepted, findings) = appraise(&bag, |_| {});
    assert!(accepted);
    findings.assert_finding("origin.paravisor", Outcome::Warn, "any TD could have made it");
    let (accepted, findings) = appraise(&Bag::of(&stranger), |_| {});
    assert!(accepted);
    findings.assert_finding("origin.paravisor", Outcome::Warn, "by ak-certificate alone");
    let (accepted, findings) = appraise(&Bag::of(&with_mrtd(known_mrtd())), |_| {});
    assert!(accepted);
    findings.assert_finding("origin.paravisor", Outcome::Pass, "by reference-value, ak-certificate");
    let (accepted, findings) = appraise(&bag, |p| p.1.origin = Origin::waived("our own TD"));
    assert!(accepted && findings.of("origin.paravisor").waived);
    let origin = |bag: &Bag| {
        bag.with(&teeproof_aws_lc::TABLE, &mut (), |result| match result.unwrap() {
            Verified::Tdx(vm) => vm.origin(None),
            Verified::Snp(_) => panic!("not a TDX machine"),
        })
    };
    assert!(!origin(&bag).is_shown() && origin(&bag).other().is_none());
    assert!(origin(&Bag::of(&stranger)).is_shown() && !origin(&Bag::of(&stranger)).is_strong());
    assert!(origin(&Bag::of(&with_mrtd(known_mrtd()))).is_strong());
}

#[test]
fn signatures_and_anchors() {
    let bag = Bag::of(&td_vm());
    bag.with(&teeproof_aws_lc::TABLE, &mut (), |result| {
        let Ok(Verified::Tdx(vm)) = result else { panic!("not a TDX machine") };
        // PCK certificate and its authority, the quoting enclave's report, the TCB signing certificate, TCB info and
        // QE identity; AK certificate and its authority.
        assert_eq!(vm.signatures().count(), 8);
        assert!(!vm.is_production() && !vm.anchor().is_pinned());
        assert!(!vm.td_quote().is_debug() && vm.td_quote().td().mrtd() == &td_vm().td_report.mr_td);
    });
    let bare = without_certificate(&td_vm().with_td_machine(TdxMachine::tdx_1_5));
    bare.with(&teeproof_aws_lc::TABLE, &mut (), |result| {
        let Ok(Verified::Tdx(vm)) = result else { panic!("not a TDX machine") };
        assert_eq!(vm.signatures().count(), 6);
        assert!(vm.vtpm().ak_path().is_none());
    });
}
