//! The collateral of a quote in one JSON object, as dcap-qvl, attested-tls and Intel's libraries keep it.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use teeproof_core::Hex;
use teeproof_evidence::{
    Encoding, InputError, InputKind, InputWarning, Inputs, JsonProblem, JsonShape, sniff,
};

use crate::support::{
    PKI, QE_IDENTITY, SIGNATURE, TCB_INFO, chain, of_kind, qe_identity, quote_collateral, tcb_info,
};

/// The same with one member changed.
fn with(member: &str, value: Value) -> String {
    let mut all = quote_collateral();
    all[member] = value;
    all.to_string()
}

fn without(member: &str) -> Value {
    let mut all = quote_collateral();
    all.as_object_mut().unwrap().remove(member).unwrap();
    all
}

fn problem(text: &str) -> (JsonProblem, &'static str) {
    match sniff(text.as_bytes(), None) {
        Err(InputError::Evidence { shape: JsonShape::QuoteCollateral, problem, member, .. }) => {
            (problem, member.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_member_becomes_its_parts() {
    let text = quote_collateral().to_string();
    let sniffed = sniff(text.as_bytes(), None).unwrap();
    assert_eq!((sniffed.kind, sniffed.encoding), (InputKind::CollateralJson, Encoding::Json));
    assert!(sniffed.kind.is_container() && !sniffed.kind.is_evidence() && sniffed.warnings.is_empty());
    assert_eq!(
        sniffed.to_string(),
        "collateral-json with 8 parts (JSON; collateral of a quote (QuoteCollateralV3))"
    );
    // Each certificate once, in the order of the chains.
    let [root, authority, signer, pck] = &PKI.certificates;
    assert_eq!(of_kind(&sniffed, InputKind::Certificate), [authority, root, signer, pck]);
    assert_eq!(of_kind(&sniffed, InputKind::RevocationList), [&PKI.lists[0], &PKI.lists[1]]);
    assert_eq!(of_kind(&sniffed, InputKind::TcbInfo), [tcb_info().as_bytes()]);
    assert_eq!(of_kind(&sniffed, InputKind::QeIdentity), [qe_identity().as_bytes()]);
    let mut inputs = Inputs::new();
    inputs.add_sniffed(sniffed).unwrap();
    assert_eq!(inputs.collateral(), [tcb_info(), qe_identity()]);
    assert_eq!((inputs.certificates().len(), inputs.revocation_lists().len()), (4, 2));
}

/// Versions before 0.7 have no PCK chain, and null stands for none.
#[test]
fn the_pck_chain_is_optional() {
    for text in [without("pck_certificate_chain").to_string(), with("pck_certificate_chain", Value::Null)] {
        assert_eq!(sniff(text.as_bytes(), None).unwrap().parts.len(), 7);
    }
    for member in [
        "pck_crl_issuer_chain",
        "root_ca_crl",
        "pck_crl",
        "tcb_info_issuer_chain",
        "tcb_info_signature",
        "qe_identity_issuer_chain",
        "qe_identity_signature",
    ] {
        assert_eq!(problem(&without(member).to_string()), (JsonProblem::Missing, member));
    }
    for member in ["tcb_info", "qe_identity"] {
        let text = without(member).to_string();
        let error = sniff(text.as_bytes(), None).unwrap_err();
        let closest = Some((JsonShape::QuoteCollateral, member));
        assert_eq!(error, InputError::UnknownJson { closest });
    }
}

#[test]
fn lists_and_signatures_in_every_form() {
    let whole = sniff(quote_collateral().to_string().as_bytes(), None).unwrap().parts;
    let der = &PKI.lists[1][..];
    let digits = Hex(der).to_string();
    let body = Base64::encode_string(der);
    let pem = format!("-----BEGIN X509 CRL-----\n{body}\n-----END X509 CRL-----\n");
    for value in [
        json!(digits.to_uppercase()),
        json!(format!("{digits}\n")),
        json!(format!("{digits}\0")),
        json!(body),
        json!(pem),
        json!(format!("{pem}\0")),
        json!(der),
        // The bytes of the text that a PCCS sends.
        json!(digits.as_bytes()),
        json!(Hex(digits.as_bytes()).to_string()),
        json!(pem.as_bytes()),
    ] {
        let sniffed = sniff(with("pck_crl", value.clone()).as_bytes(), None);
        assert_eq!(sniffed.unwrap().parts, whole, "{value}");
    }
    for member in ["tcb_info_signature", "qe_identity_signature"] {
        for value in [json!(&SIGNATURE[..]), json!(Hex(&SIGNATURE).to_string().to_uppercase())] {
            assert_eq!(sniff(with(member, value).as_bytes(), None).unwrap().parts, whole);
        }
    }
    for member in ["pck_crl_issuer_chain", "qe_identity_issuer_chain"] {
        let of = if member.starts_with("pck") { chain(&[1, 0]) } else { chain(&[2, 0]) };
        assert_eq!(sniff(with(member, json!(format!("{of}\0"))).as_bytes(), None).unwrap().parts, whole);
    }
}

/// Intel's libraries keep the whole response where dcap-qvl keeps the signed member.
#[test]
fn whole_responses_in_the_place_of_signed_members() {
    let whole = sniff(quote_collateral().to_string().as_bytes(), None).unwrap().parts;
    let mut all = quote_collateral();
    for (member, text) in [("tcb_info", tcb_info()), ("qe_identity", qe_identity())] {
        all[member] = json!(format!("{text}\0"));
        all.as_object_mut().unwrap().remove(&format!("{member}_signature")).unwrap();
    }
    assert_eq!(sniff(all.to_string().as_bytes(), None).unwrap().parts, whole);
    // A signature next to it says that the text is the signed member, which a NUL would change.
    all["tcb_info_signature"] = json!(Hex(&SIGNATURE).to_string());
    assert_eq!(problem(&all.to_string()), (JsonProblem::Signed, "tcb_info"));
    all["tcb_info"] = json!(format!("{TCB_INFO}\n"));
    assert_eq!(problem(&all.to_string()), (JsonProblem::Signed, "tcb_info"));
}

#[test]
fn a_member_that_could_not_stay_as_it_is_is_refused() {
    for body in ["", " {}", "{}\n", "{} ", "{}{}", "{}},\"signature\":\"", "[]", "null", "{\"a\":}"] {
        let found = problem(&with("tcb_info", json!(body)));
        assert_eq!(found, (JsonProblem::Signed, "tcb_info"), "{body}");
    }
    let large = format!("{{\"\":\"{}\"}}", "x".repeat(128 * 1024));
    let error = sniff(with("qe_identity", json!(large)).as_bytes(), None).unwrap_err();
    assert_eq!(error, InputError::TooLarge { kind: InputKind::QeIdentity, limit: 128 * 1024 });
    for (member, value, problem_of) in [
        ("tcb_info", json!({"id": "TDX"}), JsonProblem::Type),
        ("tcb_info_signature", json!("a5a5"), JsonProblem::Hex),
        ("tcb_info_signature", json!("a5".repeat(65)), JsonProblem::TooLarge),
        ("qe_identity_signature", json!(vec![1; 63]), JsonProblem::Hex),
        ("qe_identity_signature", json!(vec![1; 65]), JsonProblem::TooLarge),
        ("qe_identity_signature", json!([300]), JsonProblem::Type),
        ("root_ca_crl", json!("no list"), JsonProblem::List),
        ("root_ca_crl", json!([1, 2]), JsonProblem::List),
        ("tcb_info_issuer_chain", json!(""), JsonProblem::Pem),
        ("tcb_info_issuer_chain", json!("-----BEGIN CERTIFICATE-----\n"), JsonProblem::Pem),
        ("tcb_info_issuer_chain", json!(chain(&[0; 9])), JsonProblem::TooLarge),
        ("tcb_info_issuer_chain", json!([]), JsonProblem::Type),
    ] {
        assert_eq!(problem(&with(member, value.clone())), (problem_of, member), "{value}");
    }
    // A certificate where a list belongs.
    let der = Hex(&PKI.certificates[0]).to_string();
    let error = sniff(with("pck_crl", json!(der)).as_bytes(), None).unwrap_err();
    assert!(matches!(error, InputError::Wire(InputKind::RevocationList, _)), "{error:?}");
}

#[test]
fn unknown_members_are_named() {
    let sniffed = sniff(with("tee_type", json!(0x81)).as_bytes(), None).unwrap();
    let [InputWarning::UnknownMember { shape: JsonShape::QuoteCollateral, member }] = &sniffed.warnings[..]
    else {
        panic!("{:?}", sniffed.warnings)
    };
    assert_eq!(member, "`tee_type`");
    assert_eq!(sniffed.parts.len(), 8);
    let error = sniff(with("tcb_info", json!(QE_IDENTITY)).as_bytes(), Some(InputKind::EvidenceJson));
    let (said, found) = (InputKind::EvidenceJson, InputKind::CollateralJson);
    assert_eq!(error, Err(InputError::NotOfKind { said, found }));
    assert_eq!(sniff(b"text", Some(InputKind::CollateralJson)), Err(InputError::NotJson));
}

/// A peer's YAML is named for what it is, with what to do about it.
#[test]
fn yaml_is_refused_by_name() {
    let yaml = "tcb_info: |-\n  {}\ntcb_info_issuer_chain: |-\n  -----BEGIN CERTIFICATE-----\nqe_identity: |-\n  {}\npck_crl: |-\n  30\nroot_ca_crl: |-\n  30\n";
    assert_eq!(sniff(yaml.as_bytes(), None), Err(InputError::Yaml));
}
