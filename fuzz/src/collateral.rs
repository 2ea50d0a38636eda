//! Collateral of TDX platforms: signed members stay byte for byte, and a verifier can parse every response.

use serde_json::json;
use teeproof_core::Hex;
use teeproof_evidence::{self as input, InputKind, Inputs};
use teeproof_mint::x509::pem;
use teeproof_tdx::{CollateralKind, SignedJson};

use crate::bounds;
use crate::cost::bounded;
use crate::parts::{self, split};
use crate::quiet::says_something;
use crate::text;

/// Collateral in one JSON object whose members are the bytes of the input. What is read has the bytes of the signed
/// members between those of a response, or it is refused.
pub fn collateral_json(input: &[u8]) -> bool {
    let (mut tcb_info, mut qe_identity, mut signature) = (&[][..], &[][..], &[][..]);
    let (mut chain, mut list) = (String::new(), &[][..]);
    for part in split(input) {
        match part {
            parts::Part::Evidence(bytes) => tcb_info = bytes,
            parts::Part::Message(bytes) => qe_identity = bytes,
            parts::Part::Signature(bytes) => signature = bytes,
            parts::Part::Certificate(bytes) => chain.push_str(&pem(bytes)),
            parts::Part::List(bytes) => list = bytes,
            _ => {}
        }
    }
    let [tcb_info, qe_identity] = [tcb_info, qe_identity].map(String::from_utf8_lossy);
    let text = json!({
        "pck_crl_issuer_chain": chain,
        "root_ca_crl": Hex(list).to_string(),
        "pck_crl": list,
        "tcb_info_issuer_chain": chain,
        "tcb_info": tcb_info,
        "tcb_info_signature": Hex(signature).to_string(),
        "qe_identity_issuer_chain": chain,
        "qe_identity": qe_identity,
        "qe_identity_signature": signature,
    })
    .to_string();
    let sniffed = bounded(&bounds::SNIFF, text.len(), || input::sniff(text.as_bytes(), None));
    if let Err(error) = &sniffed {
        assert!(says_something(error) && !error.hint().is_empty());
        return false;
    }
    let mut inputs = Inputs::new();
    if inputs.add(text.as_bytes(), Some(InputKind::CollateralJson)).is_err() {
        return false;
    }
    let found = inputs.collateral();
    let expected = [("tcbInfo", &tcb_info), ("enclaveIdentity", &qe_identity)]
        .map(|(member, body)| format!("{{\"{member}\":{body},\"signature\":\"{}\"}}", Hex(signature)));
    assert_eq!(found, expected);
    for (text, body) in found.iter().zip([&tcb_info, &qe_identity]) {
        assert!(
            SignedJson::parse(text).is_ok_and(|json| json.body() == *body && json.signature() == signature)
        );
    }
    text::inputs(text.as_bytes());
    true
}

/// Every response among inputs is one that its verifier can parse, of the kind of its part.
pub(crate) fn responses(inputs: &Inputs) {
    let kinds = inputs.parts().iter().filter_map(|part| match part.kind() {
        InputKind::TcbInfo => Some(CollateralKind::TcbInfo),
        InputKind::QeIdentity => Some(CollateralKind::QeIdentity),
        _ => None,
    });
    let parsed = inputs.collateral().into_iter().map(|text| SignedJson::parse(text).map(|json| json.kind()));
    assert!(kinds.map(Ok).eq(parsed));
}
