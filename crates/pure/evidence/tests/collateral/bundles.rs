//! Bundles with collateral, and of a TD quote with its CCEL.

use proptest::prelude::*;
use teeproof_core::Time;
use teeproof_evidence::bundle::{Bundle, BundleError, Collection, EntryProblem, MAX_COLLATERAL};
use teeproof_evidence::{InputKind, Inputs, Part, sniff};

use crate::support::{PKI, ccel, qe_identity, response, tcb_info, td_quote};

fn bundle(parts: &[(InputKind, &[u8])]) -> Result<Bundle, BundleError> {
    let mut inputs = Inputs::new();
    for (kind, bytes) in parts {
        inputs.add_part(Part::new(*kind, *bytes).unwrap()).unwrap();
    }
    inputs.into_bundle(Collection::at(Time(0)))
}

#[test]
fn labels_types_and_roles() {
    let (quote, log, tcb, qe) = (td_quote(700), ccel(&[]), tcb_info(), qe_identity());
    let bundle = bundle(&[
        (InputKind::QeIdentity, qe.as_bytes()),
        (InputKind::TcbInfo, tcb.as_bytes()),
        (InputKind::TdQuote, &quote),
        (InputKind::CcEventLog, &log),
        (InputKind::RevocationList, &PKI.lists[0]),
    ])
    .unwrap();
    let names: Vec<_> = bundle.export().map(|(name, _)| name).collect();
    let expected = [
        "td-quote.bin",
        "tcb-info-0.json",
        "cc-event-log.bin",
        "qe-identity-0.json",
        "revocation-list-0.crl",
    ];
    assert_eq!(names, expected);
    let json: serde_json::Value = serde_json::from_str(&bundle.to_json()).unwrap();
    for (label, media_type, role) in [
        ("td-quote", "application/vnd.teeproof.td-quote", 4),
        ("cc-event-log", "application/vnd.teeproof.cc-event-log", 4),
        ("tcb-info-0", "application/vnd.teeproof.tcb-info+json", 2),
        ("qe-identity-0", "application/vnd.teeproof.qe-identity+json", 2),
    ] {
        assert_eq!((&json[label][0], &json[label][2]), (&media_type.into(), &role.into()), "{label}");
    }
}

#[test]
fn collateral_alone_is_no_evidence_and_has_limits() {
    let quote = td_quote(700);
    let text = tcb_info();
    assert_eq!(bundle(&[(InputKind::TcbInfo, text.as_bytes())]), Err(BundleError::NoEvidence));
    for (kind, member) in [(InputKind::TcbInfo, "tcbInfo"), (InputKind::QeIdentity, "enclaveIdentity")] {
        let texts: Vec<_> =
            (0..=MAX_COLLATERAL).map(|number| response(member, &format!("{{\"n\":{number}}}"))).collect();
        let mut parts = vec![(InputKind::TdQuote, &quote[..])];
        parts.extend(texts.iter().map(|text| (kind, text.as_bytes())));
        assert_eq!(bundle(&parts), Err(BundleError::TooMany(kind)));
        parts.pop();
        let bundle = bundle(&parts).unwrap();
        assert_eq!(Bundle::from_cbor(&bundle.to_cbor()), Ok(bundle));
    }
}

/// What stands around a response in a file does not stand around it in a bundle.
#[test]
fn the_value_is_the_response_alone() {
    let text = tcb_info();
    let whole =
        bundle(&[(InputKind::TdQuote, &td_quote(700)), (InputKind::TcbInfo, text.as_bytes())]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&whole.to_json()).unwrap();
    for value in [format!("{text}\n"), text.replace("tcbInfo", "tcbinfo"), String::new(), qe_identity()] {
        let mut json = json.clone();
        json["tcb-info-0"][1] = teeproof_evidence::bytes::to_base64url(value.as_bytes()).into();
        let error = Bundle::from_json(&json.to_string()).unwrap_err();
        assert!(matches!(error, BundleError::Entry { problem: EntryProblem::Form, .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// A bundle of a quote in either form is read as what was written, part by part and byte by byte.
    #[test]
    fn a_bundle_of_a_quote_is_read_back(
        size in 700..16_384_usize,
        log in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
        numbers in prop::collection::vec((any::<bool>(), any::<u16>()), 0..MAX_COLLATERAL),
        spaces in prop::sample::select(&["", " ", "\n  "][..]),
    ) {
        let quote = td_quote(size);
        let log = log.map(|rest| ccel(&rest));
        let texts: Vec<_> = numbers
            .iter()
            .map(|(is_qe, number)| {
                let body = format!("{{{spaces}\"n\":{spaces}{number}}}");
                match is_qe {
                    true => (InputKind::QeIdentity, response("enclaveIdentity", &body)),
                    false => (InputKind::TcbInfo, response("tcbInfo", &body)),
                }
            })
            .collect();
        let mut parts = vec![(InputKind::TdQuote, &quote[..])];
        parts.extend(log.iter().map(|log| (InputKind::CcEventLog, &log[..])));
        parts.extend(texts.iter().map(|(kind, text)| (*kind, text.as_bytes())));
        let bundle = bundle(&parts).unwrap();
        for form in [bundle.to_cbor(), bundle.to_json().into_bytes()] {
            prop_assert_eq!(&Bundle::parse(&form).unwrap(), &bundle);
            let mut inputs = Inputs::new();
            inputs.add(&form, None).unwrap();
            let of = |kind| texts.iter().filter(move |(of, _)| *of == kind).map(|(_, text)| &**text);
            let expected: Vec<_> = of(InputKind::TcbInfo).chain(of(InputKind::QeIdentity)).collect();
            prop_assert_eq!(inputs.collateral(), expected);
            prop_assert_eq!(inputs.bytes_of(InputKind::CcEventLog), log.as_deref());
        }
        prop_assert_eq!(Bundle::from_cbor(&bundle.to_cbor()).unwrap().to_cbor(), bundle.to_cbor());
        for ((_, part), (name, file)) in bundle.named().zip(bundle.export()) {
            let alone = sniff(&file, None).unwrap();
            prop_assert_eq!(&alone.parts, std::slice::from_ref(part), "{}", name);
        }
    }
}
