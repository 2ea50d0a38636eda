//! The checks of Azure confidential VMs: report, claims, quote, log, origin.

use teeproof_core::{PcrRule, Pcrs, Rule, Time};
use teeproof_evidence::bundle::Collection;
use teeproof_evidence::{InputKind, Inputs};
use teeproof_hcl::{Ground, HclPolicy, Origin, VmId};
use teeproof_mint::azure::{Evidence, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::x509::Crl;
use teeproof_mint::{DEFAULT_TIME, Key, Kind as KeyKind};

use crate::ask::{Ask, fails, holds, make_fail};

fn vm() -> Vm {
    Vm::snp(Product::Genoa).with_machine(|machine| {
        *machine = machine.clone().authority_keys(KeyKind::Rsa3072);
    })
}

fn inputs(evidence: &Evidence) -> Inputs {
    let mut inputs = Inputs::new();
    let parts = [
        (InputKind::HclReport, evidence.hcl_report.clone()),
        (InputKind::TpmQuote, evidence.quote_message.clone()),
        (InputKind::TpmSignature, evidence.quote_signature.clone()),
        (InputKind::PcrConcatenation, evidence.pcr_concatenation()),
        (InputKind::EventLog, evidence.event_log.clone().unwrap()),
        (InputKind::Certificate, evidence.vek.clone()),
        (InputKind::Certificate, evidence.intermediate.clone()),
        (InputKind::Certificate, evidence.ak_certificate.clone()),
        (InputKind::Certificate, evidence.ak_root.clone()),
    ];
    for (kind, bytes) in parts {
        inputs.add(&bytes, Some(kind)).unwrap();
    }
    for der in &evidence.ak_intermediates {
        inputs.add(der, Some(InputKind::Certificate)).unwrap();
    }
    inputs
}

fn ask(evidence: &Evidence) -> Ask {
    Ask::about(inputs(evidence), &[&evidence.ark, &evidence.ak_root])
}

fn bent(bend: impl FnOnce(Vm) -> Vm) -> Ask {
    ask(&bend(vm()).evidence().unwrap())
}

fn straight() -> Ask {
    bent(|vm| vm)
}

/// A straight VM under a policy that demands one thing that is not so.
fn demanded(demand: impl FnOnce(&mut HclPolicy<'static>)) -> Ask {
    straight().with(|ask| demand(&mut ask.policy.azure_snp.as_mut().unwrap().vm))
}

fn register(index: u8) -> Ask {
    let rule = PcrRule::new(index, Rule::exactly([0xee; 32]));
    demanded(|policy| policy.tpm.pcrs = Pcrs::Rules(vec![rule].into()))
}

/// The certificate of a trusted-launch VM's key, under the same root.
fn trusted_launch() -> Ask {
    bent(|vm| {
        vm.with_ak_chain(|chain| {
            chain.leaf.certificate.subject.set_common_name("0123456789ab.TrustedVM.Azure.windows.net");
        })
    })
}

/// A log whose register 4 lacks an event.
fn unexplained() -> Ask {
    bent(|vm| {
        vm.with_log(|log| {
            let at = log.events.iter().rposition(|event| event.register == 4).unwrap();
            log.events.remove(at);
        })
    })
    .with(|ask| ask.policy.azure_snp.as_mut().unwrap().vm.tpm.event_log = Rule::exactly(true).into())
}

fn redacted() -> Ask {
    let evidence = vm().evidence().unwrap();
    let collection = Collection::at(Time(i64::try_from(DEFAULT_TIME).unwrap()));
    let bundle = inputs(&evidence).into_bundle(collection).unwrap();
    let redacted = bundle.redact(&[7; 32], &teeproof_aws_lc::TABLE).unwrap();
    Ask::of(&[&redacted.to_cbor()], &[&evidence.ark, &evidence.ak_root])
}

fn revoked() -> Ask {
    let chain = vm().ak_chain;
    let list = Crl::new(0, 2 * DEFAULT_TIME).revoke(&chain.leaf.certificate.serial);
    let list = list.sign(&chain.intermediates[0]).unwrap();
    straight().with(|ask| drop(ask.inputs.add(&list, None).unwrap()))
}

make_fail! {
    another_envelope: "hcl.format" = bent(|vm| vm.with_envelope(|envelope| envelope.request_type = 1));
    a_trusted_launch_key: "ak.chain" = trusted_launch();
    a_guest_above_the_paravisor: "hcl.vmpl" =
        bent(|vm| vm.with_machine(|machine| machine.report.vmpl = 2));
    other_claims: "hcl.binding" = bent(|mut vm| {
        vm.report_data = Some([9; 64]);
        vm
    });
    no_attestation_key: "hcl.claims" = bent(|vm| vm.with_claims(|claims| claims.keys.clear()));
    a_revoked_attestation_key: "ak.revocation" = revoked();
    another_signer: "quote.signature" = bent(|vm| {
        vm.with_quote(|quote| quote.signer = Some(Key::shared("another AK", KeyKind::Rsa2048)))
    });
    another_attestation: "quote.format" = bent(|vm| vm.with_quote(|quote| quote.kind = 0x8017));
    another_name: "quote.signer" =
        bent(|vm| vm.with_quote(|quote| quote.qualified_signer = Some(vec![0; 34])));
    another_nonce: "quote.nonce" = straight().with(|ask| ask.nonce = Some(vec![9; 32]));
    no_selection: "quote.selection" = bent(|vm| vm.with_quote(|quote| quote.selections.clear()));
    other_values: "quote.pcrs" =
        bent(|vm| vm.with_quote(|quote| quote.pcr_digest = Some(vec![0; 32])));
    no_log: "log.format" = bent(|vm| vm.with_log(|log| log.tamper(40, &[0xff; 8])));
    a_log_without_sha256: "log.replay" = bent(|vm| {
        use teeproof_mint::azure::Algorithm;
        vm.with_log(|log| *log = log.clone().algorithms(&[Algorithm::SHA1]))
    });
    other_user_data: "hcl.user-data" = straight().with(|ask| ask.user_data = Some(vec![9; 32]));
    a_container: "origin.paravisor" =
        bent(|vm| vm.with_machine(|machine| machine.report.host_data = [9; 32]));
    no_ground: "origin.paravisor" = demanded(|policy| {
        policy.origin = Origin::AnyOf { grounds: vec![Ground::Measurement].into(), line: None };
    });
    certified: "ak.certificate" = demanded(|policy| policy.ak_certificate = Rule::exactly(false));
    no_lists: "ak.revocation-list" = demanded(|policy| policy.ak_revocation_list = Rule::exactly(true));
    quoted: "hcl.quote" = demanded(|policy| policy.quote = Rule::exactly(false));
    another_vm: "hcl.vm-id" = demanded(|policy| policy.vm_id = Rule::exactly(VmId([0xee; 16])));
    user_data: "hcl.user-data.policy" = demanded(|policy| policy.user_data = Rule::exactly([0xee; 64]));
    old_report: "hcl.fresh-report" = demanded(|policy| policy.fresh_report = Rule::exactly(true));
    configured: "hcl.secure-boot" =
        demanded(|policy| policy.secure_boot_configured = Rule::exactly(false));
    tpm_enabled: "hcl.tpm-enabled" = demanded(|policy| policy.tpm_enabled = Rule::exactly(false));
    tpm_persisted: "hcl.tpm-persisted" = demanded(|policy| policy.tpm_persisted = Rule::exactly(true));
    console: "hcl.console" = demanded(|policy| policy.console = Rule::exactly(false));
    interactive_console: "hcl.interactive-console" =
        demanded(|policy| policy.interactive_console = Rule::exactly(true));
    no_register: "quote.registers" = demanded(|policy| policy.tpm.pcrs = Pcrs::Rules(vec![].into()));
    enforced: "log.secure-boot" = demanded(|policy| policy.tpm.secure_boot = Rule::exactly(false));
    a_register_without_its_event: "log.explains" = unexplained();
    identifiers_replaced: "bundle.redacted" = redacted();
}

fn more() -> Vec<crate::Case> {
    let test = concat!(module_path!(), "::each_register");
    (0..24).map(|index| (format!("quote.pcr{index}"), test.to_string())).collect()
}

#[test]
fn each_register() {
    for index in 0..24 {
        fails(&format!("quote.pcr{index}"), &register(index));
    }
}

#[test]
fn the_straight_vm_is_accepted() {
    holds(&straight());
}
