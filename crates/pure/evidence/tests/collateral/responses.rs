//! Responses of Intel's PCS as files: recognised by their content, and kept as received.

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use teeproof_core::Hex;
use teeproof_evidence::{
    Encoding, InputClass, InputError, InputKind, InputWarning, Inputs, JsonProblem, JsonShape, Part,
    PartError, sniff,
};

use crate::support::{QE_IDENTITY, TCB_INFO, qe_identity, response, tcb_info, td_quote};

const KINDS: [(InputKind, &str); 2] =
    [(InputKind::TcbInfo, "tcbInfo"), (InputKind::QeIdentity, "enclaveIdentity")];

#[test]
fn a_response_is_recognised_in_every_encoding() {
    for ((kind, _), text) in KINDS.into_iter().zip([tcb_info(), qe_identity()]) {
        let sniffed = sniff(text.as_bytes(), None).unwrap();
        assert_eq!((sniffed.kind, sniffed.encoding), (kind, Encoding::Json));
        assert_eq!(sniffed.to_string(), format!("{kind} (JSON)"));
        assert!(!kind.is_evidence() && kind.is_endorsement() && !kind.is_container());
        assert!(sniffed.warnings.is_empty() && sniffed.check().is_ok());
        let quoted = serde_json::to_string(&text).unwrap();
        for file in [
            text.clone(),
            format!("\u{feff}\r\n{text}\n"),
            format!("{text}\0"),
            quoted,
            Base64::encode_string(text.as_bytes()),
            Hex(text.as_bytes()).to_string(),
        ] {
            for said in [None, Some(kind)] {
                let found = sniff(file.as_bytes(), said).unwrap();
                assert_eq!(found.parts, sniffed.parts, "{file}");
                assert_eq!(found.parts[0].bytes(), text.as_bytes());
            }
        }
    }
}

/// The signature is over bytes: white space, escapes and numbers stay as they were.
#[test]
fn nothing_of_a_response_is_written_again() {
    let text = format!("{{ \"signature\" : \"{}\",\n \"tcbInfo\" :\t{TCB_INFO} }}", "0aF9".repeat(32));
    let mut inputs = Inputs::new();
    inputs.add(text.as_bytes(), None).unwrap();
    inputs.add(qe_identity().as_bytes(), None).unwrap();
    assert_eq!(inputs.collateral(), [&*text, &*qe_identity()]);
    assert_eq!(inputs.endorsements().collateral, inputs.collateral());
    assert_eq!(inputs.bytes_of(InputKind::TcbInfo), Some(text.as_bytes()));
}

#[test]
fn a_malformed_response_names_its_member() {
    for ((kind, member), other) in KINDS.into_iter().zip(["enclaveIdentity", "tcbInfo"]) {
        let good = response(member, "{}");
        for (text, expected) in [
            (good.replace(",\"signature\"", ",\"other\""), (JsonProblem::Missing, "signature")),
            (good.replace("a5a5", "a5a"), (JsonProblem::Hex, "signature")),
            (good.replacen("a5", "", 1), (JsonProblem::Hex, "signature")),
            (format!("{}00\"}}", &good[..good.len() - 2]), (JsonProblem::TooLarge, "signature")),
            (response(member, "\"{}\""), (JsonProblem::Type, member)),
            (response(member, "null"), (JsonProblem::Type, member)),
            (
                good.replace(",\"signature\"", &format!(",\"{member}\":{{}},\"signature\"")),
                (JsonProblem::Duplicate, member),
            ),
        ] {
            let error = sniff(text.as_bytes(), None).unwrap_err();
            let InputError::Evidence { problem, member, shape, .. } = error else {
                panic!("{text}: {error:?}")
            };
            assert_eq!((problem, member.unwrap()), expected, "{text}");
            assert!(matches!(shape, JsonShape::TcbInfo | JsonShape::QeIdentity));
            assert!(error.to_string().contains("of Intel's PCS") && !error.hint().is_empty());
        }
        let both = good.replace(",\"signature\"", &format!(",\"{other}\":{{}},\"signature\""));
        let error = sniff(both.as_bytes(), None).unwrap_err();
        assert!(matches!(error, InputError::Evidence { problem: JsonProblem::Unknown, .. }), "{error:?}");
        let unknown = good.replace(",\"signature\"", ",\"extra\":1,\"signature\"");
        let warnings = sniff(unknown.as_bytes(), None).unwrap().warnings;
        assert!(matches!(&warnings[..], [InputWarning::UnknownMember { member, .. }] if member == "`extra`"));
        // As another kind, and what is no JSON as this one.
        let said = InputKind::EvidenceJson;
        assert_eq!(sniff(good.as_bytes(), Some(said)), Err(InputError::NotOfKind { said, found: kind }));
        let error = sniff(&td_quote(900), Some(kind)).unwrap().check().unwrap_err();
        assert_eq!(error, InputError::NotResponse(kind));
        assert_eq!(
            (error.class(), error.to_string()),
            (
                InputClass::Malformed,
                format!("read as {kind}: expected a JSON object with `{member}` and its `signature`"),
            )
        );
        assert_eq!(Part::new(kind, b"{}".as_slice()), Err(PartError::Response(kind)));
    }
}

#[test]
fn responses_are_limited_in_size_and_number() {
    for (kind, member) in KINDS {
        let empty = response(member, "{\"\":\"\"}").len();
        let body = |bytes| format!("{{\"\":\"{}\"}}", "x".repeat(bytes - empty));
        let largest = response(member, &body(128 * 1024));
        assert_eq!(largest.len(), 128 * 1024);
        assert!(sniff(largest.as_bytes(), None).unwrap().check().is_ok());
        let larger = response(member, &body(128 * 1024 + 1));
        let limit = 128 * 1024;
        assert_eq!(
            sniff(larger.as_bytes(), None).unwrap().check(),
            Err(InputError::TooLarge { kind, limit })
        );
        let mut inputs = Inputs::new();
        for (other, name) in KINDS {
            for number in 0..16 {
                let text = response(name, &format!("{{\"n\":{number}}}"));
                inputs.add(text.as_bytes(), None).unwrap_or_else(|error| panic!("{other}: {error}"));
            }
        }
        let error = inputs.add(response(member, "{}").as_bytes(), None).unwrap_err();
        assert_eq!(error, InputError::TooMany { kind, limit: 16 });
        assert_eq!((error.class(), error.kind()), (InputClass::WrongFiles, Some(kind)));
        assert_eq!(inputs.collateral().len(), 32);
    }
}

/// A JSON value with white space where it may stand.
fn spaced() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "[ -!#-\\[\\]-~é☃]{0,12}".prop_map(|text| format!("\"{text}\"")),
        prop::sample::select(&["null", "true", "1.50e-7", "\"\\u00e9\\n\\/\"", "0.0"][..])
            .prop_map(str::to_owned),
    ];
    let space = prop::sample::select(&["", " ", "\n\t", "\r\n  "][..]);
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space.clone())
                .prop_map(|(values, space)| format!("[{space}{}{space}]", values.join(&format!("{space},")))),
            members(inner, space.clone()),
        ]
    })
}

fn members(
    inner: impl Strategy<Value = String>,
    space: impl Strategy<Value = &'static str>,
) -> impl Strategy<Value = String> {
    (prop::collection::vec(("[a-z]{1,9}", inner), 0..4), space).prop_map(|(members, space)| {
        let members: Vec<_> =
            members.iter().map(|(name, value)| format!("\"{name}\"{space}:{space}{value}")).collect();
        format!("{{{space}{}{space}}}", members.join(&format!(",{space}")))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// Whatever is signed, the response stays as it was, and its member has the signed bytes.
    #[test]
    fn any_signed_member_is_kept_byte_for_byte(
        body in members(spaced(), prop::sample::select(&["", " ", "\n\t"][..])),
    ) {
        for (kind, member) in KINDS {
            let text = response(member, &body);
            let sniffed = sniff(text.as_bytes(), None).unwrap();
            prop_assert_eq!(sniffed.kind, kind);
            prop_assert_eq!(sniffed.parts[0].bytes(), text.as_bytes());
            prop_assert!(sniffed.check().is_ok());
        }
    }
}

#[test]
fn several_responses_of_a_kind_stay_in_order() {
    let texts = [tcb_info(), response("tcbInfo", QE_IDENTITY), qe_identity(), response("tcbInfo", "{}")];
    let mut inputs = Inputs::new();
    for text in &texts {
        inputs.add(text.as_bytes(), None).unwrap();
    }
    assert_eq!(inputs.collateral(), texts);
    let mut other = Inputs::new();
    other.add_shared(&inputs).unwrap();
    assert_eq!(other.collateral(), texts);
}
