//! The SNP report of the evidence and its VMPL.

use teeproof_core::Class;
use teeproof_hcl::Error;

use crate::support::{Bag, refused, vm};

#[test]
fn only_the_paravisor_runs_at_level_0() {
    for vmpl in [1, 2, 3, u32::MAX] {
        let at_vmpl =
            move |vm: teeproof_mint::azure::Vm| vm.with_machine(|machine| machine.report.vmpl = vmpl);
        refused(at_vmpl, Error::Vmpl(vmpl), Class::NotAuthentic);
    }
}

#[test]
fn what_snp_refuses_is_refused() {
    refused(
        |vm| {
            vm.with_machine(|machine| {
                let key = teeproof_mint::Key::shared("no chip", teeproof_mint::Kind::P384);
                machine.report_signer = Some(key);
            })
        },
        Error::Snp(teeproof_snp::Error::Signature),
        Class::NotAuthentic,
    );
    let mut bag = Bag::of(&vm());
    bag.certificates.remove(0);
    let missing = bag.verify().unwrap_err();
    assert!(matches!(missing, Error::Snp(teeproof_snp::Error::MissingVek(_))), "{missing:?}");
    assert_eq!(missing.class(), Class::Incomplete);
    // An added root of Azure alone does not make the processor's chain authentic.
    let mut bag = Bag::of(&vm());
    bag.anchors.remove(0);
    assert_eq!(bag.verify().unwrap_err().check().id, "snp.chain");
}

#[test]
fn a_report_without_its_claims_is_not_one() {
    let mut bag = Bag::of(&vm());
    bag.report = bag.report[0x20..0x4c0].to_vec();
    let error = bag.verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Malformed, "hcl.format"));
}
