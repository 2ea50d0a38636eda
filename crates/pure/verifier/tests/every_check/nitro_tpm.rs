//! The checks of NitroTPM documents.

use teeproof_core::{Outcome, PcrRule, Pcrs, Rule};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::x509::Crl;
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Value};
use teeproof_nitro::MaxAge;
use teeproof_nitro::nitrotpm::NitroTpmPolicy;

use crate::ask::{Ask, fails, holds, make_fail};

fn bent(bend: impl FnOnce(Enclave) -> Enclave) -> Ask {
    let minted = bend(Enclave::nitrotpm()).mint().unwrap();
    Ask::of(&[&minted.document], &[minted.root()])
}

fn straight() -> Ask {
    bent(|enclave| enclave)
}

fn demanded(demand: impl FnOnce(&mut NitroTpmPolicy<'static>)) -> Ask {
    straight().with(|ask| demand(ask.policy.nitro_tpm.as_mut().unwrap()))
}

fn later(seconds: i64) -> Ask {
    straight().with(|ask| ask.at += seconds)
}

fn revoked() -> Ask {
    let chain = Enclave::nitrotpm().chain;
    let list = Crl::new(0, 2 * DEFAULT_TIME).revoke(&chain[3].certificate.serial);
    let list = list.sign(&chain[2]).unwrap();
    straight().with(|ask| drop(ask.inputs.add(&list, None).unwrap()))
}

/// A document whose envelope says that it is a NitroTPM's, and that the parser of envelopes refuses.
fn unprotected() -> Ask {
    let minted = Enclave::nitrotpm().with_cose(|cose| cose.unprotected = Value::Null).mint().unwrap();
    straight().with(|ask| {
        let mut inputs = teeproof_evidence::Inputs::new();
        let kind = teeproof_evidence::InputKind::NitroTpmDocument;
        inputs.add(&minted.document, Some(kind)).unwrap();
        ask.inputs = inputs;
    })
}

make_fail! {
    unprotected_header: "nitro-tpm.format" = unprotected();
    another_root: "nitro-tpm.chain" = straight().with(|ask| ask.anchors.clear());
    another_signer: "nitro-tpm.signature" = bent(|mut enclave| {
        enclave.document_signer = Some(Key::fresh(Kind::P384));
        enclave
    });
    a_pcr_less: "nitro-tpm.fields" =
        bent(|enclave| enclave.with_document(|document| document.remove_pcr(23)));
    hours_later: "nitro-tpm.validity" = later(86_400);
    on_the_list: "nitro-tpm.revocation" = revoked();
    another_module: "nitro-tpm.consistency" =
        bent(|enclave| enclave.with_entry("module_id", Value::from("i-0000000000000000f-tpm0000000000000000")));
    from_the_future: "nitro-tpm.time" = later(-1000);
    another_nonce: "nitro-tpm.nonce" = straight().with(|ask| ask.nonce = Some(vec![9; 32]));
    not_measured: "nitro-tpm.measured-boot" = bent(|enclave| enclave.pcr(4, &[0; 48]));
    no_pcr: "nitro-tpm.pcrs" = demanded(|policy| policy.pcrs = Pcrs::Rules(vec![].into()));
    module_id: "nitro-tpm.module-id" = demanded(|policy| policy.module_id = Rule::exactly("i-0".into()));
    instance: "nitro-tpm.instance" = demanded(|policy| policy.instance = Rule::exactly("i-0".into()));
    user_data: "nitro-tpm.user-data" = demanded(|policy| policy.user_data = Rule::exactly(vec![1].into()));
    public_key: "nitro-tpm.public-key" = demanded(|policy| policy.public_key = Rule::exactly(vec![1].into()));
    too_old: "nitro-tpm.max-age" =
        later(100).with(|ask| {
            ask.policy.nitro_tpm.as_mut().unwrap().max_age = MaxAge::AtMost { secs: 10, line: None };
        });
}

fn more() -> Vec<crate::Case> {
    let test = concat!(module_path!(), "::each_pcr");
    let warns = concat!(module_path!(), "::the_straight_document_is_accepted_with_a_warning");
    let pcrs = (0..24).map(|index| (format!("nitro-tpm.pcr{index}"), test.to_string()));
    pcrs.chain([("nitro-tpm.tcb-status".to_string(), warns.to_string())]).collect()
}

#[test]
fn each_pcr() {
    for index in 0..24 {
        let rule = PcrRule::new(index, Rule::exactly([0xee; 48]));
        fails(
            &format!("nitro-tpm.pcr{index}"),
            &demanded(|policy| policy.pcrs = Pcrs::Rules(vec![rule].into())),
        );
    }
}

#[test]
fn the_straight_document_is_accepted_with_a_warning() {
    holds(&straight());
    let found = straight().findings("nitro-tpm.tcb-status");
    let [(Outcome::Warn, because)] = &found[..] else { panic!("{found:?}") };
    assert!(because.contains("no TCB status"), "{because}");
}
