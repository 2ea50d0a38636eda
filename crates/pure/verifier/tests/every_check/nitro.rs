//! The checks of Nitro documents.

use teeproof_core::{PcrRule, Pcrs, Rule};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::x509::Crl;
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Value};
use teeproof_nitro::{MaxAge, NitroPolicy};

use crate::ask::{Ask, fails, holds, make_fail};

fn bent(bend: impl FnOnce(Enclave) -> Enclave) -> Ask {
    let minted = bend(Enclave::new()).mint().unwrap();
    Ask::of(&[&minted.document], &[minted.root()])
}

fn straight() -> Ask {
    bent(|enclave| enclave)
}

fn demanded(demand: impl FnOnce(&mut NitroPolicy<'static>)) -> Ask {
    straight().with(|ask| demand(ask.policy.nitro.as_mut().unwrap()))
}

fn register(index: u8) -> Ask {
    let rule = PcrRule::new(index, Rule::exactly([0xee; 48]));
    demanded(|policy| policy.pcrs = Pcrs::Rules(vec![rule].into()))
}

fn later(seconds: i64) -> Ask {
    straight().with(|ask| ask.at += seconds)
}

fn revoked() -> Ask {
    let chain = Enclave::new().chain;
    let list = Crl::new(0, 2 * DEFAULT_TIME).revoke(&chain[3].certificate.serial);
    let list = list.sign(&chain[2]).unwrap();
    straight().with(|ask| drop(ask.inputs.add(&list, None).unwrap()))
}

make_fail! {
    tagged: "nitro.format" = bent(|enclave| enclave.with_cose(|cose| cose.unprotected = Value::Null));
    another_root: "nitro.chain" = straight().with(|ask| ask.anchors.clear());
    another_signer: "nitro.signature" = bent(|mut enclave| {
        enclave.document_signer = Some(Key::fresh(Kind::P384));
        enclave
    });
    unknown_key: "nitro.fields" =
        bent(|enclave| enclave.with_document(|document| document.push("more", Value::Null)));
    hours_later: "nitro.validity" = later(86_400);
    on_the_list: "nitro.revocation" = revoked();
    another_module: "nitro.consistency" =
        bent(|enclave| enclave.with_entry("module_id", Value::from("i-0000000000000000f-enc0000000000000001")));
    from_the_future: "nitro.time" = later(-1000);
    another_nonce: "nitro.nonce" = straight().with(|ask| ask.nonce = Some(vec![9; 32]));
    debug: "nitro.debug" = demanded(|policy| policy.debug = Rule::exactly(true));
    no_register: "nitro.pcrs" = demanded(|policy| policy.pcrs = Pcrs::Rules(vec![].into()));
    role: "nitro.role" =
        demanded(|policy| policy.role = Rule::exactly("arn:aws:iam::123456789012:role/other".into()));
    signer: "nitro.signer" = demanded(|policy| policy.signer = Rule::exactly([0xee; 48].into()));
    module_id: "nitro.module-id" = demanded(|policy| policy.module_id = Rule::exactly("i-0".into()));
    instance: "nitro.instance" = demanded(|policy| policy.instance = Rule::exactly("i-0".into()));
    user_data: "nitro.user-data" = demanded(|policy| policy.user_data = Rule::exactly(vec![1].into()));
    public_key: "nitro.public-key" = demanded(|policy| policy.public_key = Rule::exactly(vec![1].into()));
    too_old: "nitro.max-age" =
        later(100).with(|ask| {
            ask.policy.nitro.as_mut().unwrap().max_age = MaxAge::AtMost { secs: 10, line: None };
        });
}

fn more() -> Vec<crate::Case> {
    let test = concat!(module_path!(), "::each_register");
    (0..32).map(|index| (format!("nitro.pcr{index}"), test.to_string())).collect()
}

#[test]
fn each_register() {
    for index in 0..32 {
        fails(&format!("nitro.pcr{index}"), &register(index));
    }
}

#[test]
fn the_straight_document_is_accepted() {
    holds(&straight());
}
