//! The checks of SNP reports.

use teeproof_core::{Outcome, Rule};
use teeproof_mint::snp::{Evidence, Machine, Product};
use teeproof_mint::{Key, Kind};
use teeproof_snp::{ProductLine, SnpPolicy, Tcb, TcbFloor, VekKind};

use crate::ask::{Ask, holds, make_fail};

fn machine() -> Machine {
    Machine::vcek(Product::Genoa).authority_keys(Kind::Rsa3072)
}

fn bent(bend: impl FnOnce(Machine) -> Machine) -> Ask {
    let Evidence { report, vek, intermediate, ark, .. } = bend(machine()).mint().unwrap();
    Ask::of(&[&report, &vek, &intermediate], &[&ark])
}

fn straight() -> Ask {
    bent(|machine| machine)
}

/// A straight report under a policy that demands one thing that is not so.
fn demanded(demand: impl FnOnce(&mut SnpPolicy<'static>)) -> Ask {
    straight().with(|ask| demand(ask.policy.snp.as_mut().unwrap()))
}

/// The chain of another authority of the same name.
fn strangers_anchor() -> Ask {
    let own = machine().with_own_authorities().mint().unwrap();
    straight().with(|ask| ask.anchors = vec![own.ark])
}

fn revoked() -> Ask {
    let machine = machine();
    let Evidence { report, vek, intermediate, ark, .. } = machine.mint().unwrap();
    let list = machine.mint_crl(&[&machine.intermediate.certificate.serial]).unwrap();
    Ask::of(&[&report, &vek, &intermediate, &list], &[&ark])
}

const HIGH: TcbFloor = TcbFloor::One(Tcb { fmc: None, bootloader: 255, tee: 255, snp: 255, microcode: 255 });

make_fail! {
    another_version: "snp.format" = bent(|machine| machine.patch(0x4c, &[1]));
    another_root: "snp.chain" = strangers_anchor();
    another_kind_of_key: "snp.vek.type" = bent(|one| one.with_report(|report| report.key_info = 4));
    another_processor: "snp.vek.product" =
        bent(|one| one.with_report(|report| report.cpuid = Product::Milan.cpuid()));
    another_tcb: "snp.vek.tcb" = bent(|one| one.with_report(|report| report.reported_tcb[7] ^= 1));
    another_chip: "snp.vek.chip" = bent(|one| one.with_report(|report| report.chip_id[63] ^= 1));
    another_signer: "snp.signature" = bent(|mut machine| {
        machine.report_signer = Some(Key::fresh(Kind::P384));
        machine
    });
    years_later: "snp.validity" = straight().with(|ask| ask.at += 3_000_000_000);
    on_the_list: "snp.revocation" = revoked();
    another_nonce: "snp.nonce" = straight().with(|ask| ask.nonce = Some(vec![9; 32]));
    debug: "snp.policy.debug" = demanded(|policy| policy.debug = Rule::exactly(true));
    migration: "snp.policy.migration" = demanded(|policy| policy.migration = Rule::exactly(true));
    policy_bits: "snp.policy.bits" = demanded(|policy| policy.policy = Rule::exactly(0));
    vmpl: "snp.vmpl" = demanded(|policy| policy.vmpl = Rule::exactly(teeproof_snp::Vmpl::new(3)));
    host_requested: "snp.host-requested" = bent(|one| one.with_report(|report| report.vmpl = u32::MAX));
    product: "snp.product" =
        demanded(|policy| policy.product = Rule::exactly(ProductLine::new(teeproof_snp::Product::Milan)));
    signing_key: "snp.signing-key" = demanded(|policy| policy.signing_key = Rule::exactly(VekKind::Vlek));
    vlek_provider: "snp.vlek.provider" = demanded(|policy| policy.vlek_provider = Rule::exactly("us".into()));
    masked_chip_key: "snp.chip-key.masked" = bent(|one| one.with_report(|report| report.key_info |= 2));
    masked_chip: "snp.chip.masked" = demanded(|policy| policy.masked_chip_id = Rule::exactly(true));
    chip_id: "snp.chip-id" = demanded(|policy| policy.chip_id = Rule::exactly([0xee; 64]));
    measurement: "snp.measurement" = demanded(|policy| policy.measurement = Rule::exactly([0xee; 48]));
    id_key: "snp.id-key-digest" = demanded(|policy| policy.id_key_digest = Rule::exactly([0xee; 48]));
    author_key: "snp.author-key-digest" =
        demanded(|policy| policy.author_key_digest = Rule::exactly([0xee; 48]));
    family: "snp.family-id" = demanded(|policy| policy.family_id = Rule::exactly([0xee; 16]));
    image: "snp.image-id" = demanded(|policy| policy.image_id = Rule::exactly([0xee; 16]));
    guest_svn: "snp.guest-svn" = demanded(|policy| policy.guest_svn = Rule::at_least(u32::MAX));
    reported_tcb: "snp.tcb.reported" = demanded(|policy| policy.reported_tcb = Rule::at_least(HIGH));
    committed_tcb: "snp.tcb.committed" = demanded(|policy| policy.committed_tcb = Rule::at_least(HIGH));
    current_tcb: "snp.tcb.current" = demanded(|policy| policy.current_tcb = Rule::at_least(HIGH));
    launch_tcb: "snp.tcb.launch" = demanded(|policy| policy.launch_tcb = Rule::at_least(HIGH));
    no_list: "snp.revocation-list" = demanded(|policy| policy.revocation_list = Rule::exactly(true));
    platform_info: "snp.platform-info" = demanded(|policy| policy.platform_info = Rule::exactly(u64::MAX));
    host_data: "snp.host-data" = demanded(|policy| policy.host_data = Rule::exactly([0xee; 32]));
    report_data: "snp.report-data" = demanded(|policy| policy.report_data = Rule::exactly([0xee; 64]));
}

fn more() -> Vec<crate::Case> {
    vec![("revocation.unused".to_owned(), concat!(module_path!(), "::a_list_of_another_line").to_owned())]
}

/// A list that no chain used is named, and ends no run.
#[test]
fn a_list_of_another_line() {
    let list = Machine::vcek(Product::Turin).authority_keys(Kind::Rsa3072).mint_crl(&[]).unwrap();
    let Evidence { report, vek, intermediate, ark, .. } = machine().mint().unwrap();
    let ask = Ask::of(&[&report, &vek, &intermediate, &list], &[&ark]);
    holds(&ask);
    let found = ask.findings("revocation.unused");
    assert!(matches!(&found[..], [(Outcome::Warn, because)] if because.contains("ARK-Turin")), "{found:?}");
}

#[test]
fn the_straight_report_is_accepted() {
    holds(&straight());
}
