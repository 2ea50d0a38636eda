//! Input that was ignored when files were read: a warning in the result, and no failure.

use teeproof_core::Outcome;
use teeproof_evidence::Inputs;
use teeproof_mint::azure::Vm;
use teeproof_mint::snp::Product;

use crate::ask::{Ask, holds};

pub(crate) fn cases() -> Vec<crate::Case> {
    vec![("input.ignored".to_owned(), concat!(module_path!(), "::an_unknown_member").to_owned())]
}

#[test]
fn an_unknown_member() {
    let minted = Vm::snp(Product::Milan).evidence().unwrap();
    let anchors = [&minted.ark[..]];
    let about = |text: &str| {
        let mut inputs = Inputs::new();
        inputs.add(text.as_bytes(), None).unwrap();
        inputs.add(&minted.intermediate, None).unwrap();
        Ask::about(inputs, &anchors)
    };
    let text = minted.coco_json(1).unwrap();
    let plain = about(&text);
    holds(&plain);
    assert_eq!(plain.findings("input.ignored"), []);
    let ask = about(&text.replacen('{', "{\"extra\":{\"a\":[1]},\"other\":null,", 1));
    holds(&ask);
    let found = ask.findings("input.ignored");
    assert_eq!(found.len(), 2);
    for ((outcome, because), member) in found.iter().zip(["extra", "other"]) {
        assert_eq!(*outcome, Outcome::Warn);
        assert!(because.contains(&format!("`{member}`")), "{because}");
    }
}
