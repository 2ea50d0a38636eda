//! Minted TDX machines on Azure: what can be checked is checked, and none is accepted.

use teeproof_mint::azure::Vm;

use crate::machine::*;

/// The beginning of a TD's quote, as far as it is looked at.
pub(crate) const TD_QUOTE: &[u8] = &[4, 0, 2, 0, 0x81, 0, 0, 0];

pub(crate) fn tdx(td_quote: Option<&[u8]>) -> Vm {
    let mut vm = Vm::tdx().nonce(&CHALLENGE);
    vm.td_quote = td_quote.map(<[u8]>::to_vec);
    vm
}

#[test]
fn a_tdx_machine_is_not_accepted_yet_and_it_is_said_why() {
    let machine = Machine::new("azure-tdx", &tdx(None));
    let checked = ["✔ hcl.format", "✔ ak.chain", "✔ tdx.report", "✔ hcl.binding", "✘ tdx.quote"];
    let alone = machine.verify_all().exits(7).shows(&checked);
    assert!(alone.first_line().starts_with("REFUSED  azure-tdx"), "{alone:#?}");
    let alone = alone.shows(&["a TDREPORT alone is no evidence: the TD quote is missing"]);
    assert!(!alone.stdout.contains("collateral"), "{alone:#?}");
    let quote = machine.put("td-quote.bin", TD_QUOTE);
    let quoted = machine.verify_all().args([quote]).exits(7).shows(&checked);
    let quoted = quoted.shows(&["collateral", "revocation lists) is missing"]);
    assert!(!quoted.stdout.contains("TD quote is missing"), "{quoted:#?}");
    let with_quote = Machine::new("azure-tdx-json", &tdx(Some(TD_QUOTE)));
    let json = [
        with_quote.minted.coco_json(0),
        with_quote.minted.coco_json(1),
        with_quote.minted.coco_json(2),
        with_quote.minted.attestation_rs_json(),
        with_quote.minted.flashbots_json(),
    ];
    for json in json {
        let json = with_quote.put("evidence.json", json.unwrap());
        let run = with_quote.verify().args(nonce(&CHALLENGE)).args([json]);
        run.exits(7).shows(&["✔ tdx.report", "✘ tdx.quote", "collateral"]);
    }
}

#[test]
fn a_td_quote_does_not_belong_to_an_snp_machine() {
    let snp = Machine::new("azure-td-quote-of-snp", &genoa());
    let quote = snp.put("td-quote.bin", TD_QUOTE);
    let refused = ["does not belong to the HCL report of an SNP machine"];
    let run = || snp.verify().args(nonce(&CHALLENGE));
    run().args([&quote]).args(snp.files()).fails(2, &refused);
    run().args(snp.files()).args([&quote]).fails(2, &refused);
}
