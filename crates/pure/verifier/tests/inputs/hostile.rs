//! Hostile JSON: none of it becomes evidence, and none of it costs much time or memory.

use serde_json::{Value, json};
use teeproof_evidence::{InputError, InputKind, JsonProblem, JsonShape, sniff};

use crate::support::{SNP, TDX};

fn problem(text: &str) -> JsonProblem {
    match sniff(text.as_bytes(), None) {
        Err(InputError::Evidence { problem, .. }) => problem,
        other => panic!("{text:.60}: {other:?}"),
    }
}

/// The evidence with one change.
fn changed(version: u8, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(&SNP.coco_json(version).unwrap()).unwrap();
    change(&mut value);
    value.to_string()
}

/// The warnings about evidence that is taken.
fn warnings(text: &str) -> Vec<String> {
    let sniffed = sniff(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
    sniffed.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn every_member_once_and_others_named() {
    for version in 0..=2 {
        let members: Vec<String> = serde_json::from_str::<Value>(&SNP.coco_json(version).unwrap())
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        let plain = changed(version, |_| ());
        assert_eq!(warnings(&plain), [""; 0]);
        let shape = format!("az-snp evidence, version {version}");
        for value in [json!(1), json!(null), json!({"quote": 1}), json!([{}])] {
            let text = changed(version, |evidence| evidence["extra"] = value);
            assert_eq!(
                warnings(&text),
                [format!("{shape}: the member `extra` is not known and was ignored")]
            );
            let (found, plain) =
                (sniff(text.as_bytes(), None).unwrap(), sniff(plain.as_bytes(), None).unwrap());
            assert_eq!(found.parts, plain.parts);
        }
        let quote = if version == 0 { "quote" } else { "tpm_quote" };
        let text = changed(version, |value| value[quote]["extra"] = json!({}));
        let of = format!("{shape}: the member `extra` of `{quote}` is not known and was ignored");
        assert_eq!(warnings(&text), [of]);
        for member in ["signature", "message", "pcrs"] {
            let text = changed(version, |value| drop(value[quote].as_object_mut().unwrap().remove(member)));
            assert_eq!(problem(&text), JsonProblem::Missing, "{member}");
        }
        for member in members {
            let text = SNP.coco_json(version).unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            let twice = format!("{{\"{member}\":{},{}", value[&member], &text[1..]);
            assert_eq!(problem(&twice), JsonProblem::Duplicate, "{version} {member}");
        }
    }
    let inner = SNP.coco_json(1).unwrap().replace("\"signature\":", "\"signature\":\"00\",\"signature\":");
    assert_eq!(problem(&inner), JsonProblem::Duplicate);
}

#[test]
fn numbers_are_bytes() {
    for wrong in [json!(300), json!(256), json!(-1), json!(1.5), json!("1"), json!(null), json!([1])] {
        for member in ["signature", "message"] {
            assert_eq!(
                problem(&changed(0, |value| value["quote"][member][3] = wrong.clone())),
                JsonProblem::Type
            );
        }
        assert_eq!(problem(&changed(0, |value| value["report"][3] = wrong.clone())), JsonProblem::Type);
        assert_eq!(
            problem(&changed(0, |value| value["quote"]["pcrs"][23][31] = wrong.clone())),
            JsonProblem::Type
        );
    }
    assert_eq!(problem(&changed(0, |value| value["report"] = json!("AAAA"))), JsonProblem::Type);
    assert_eq!(problem(&changed(1, |value| value["hcl_report"] = json!([1, 2]))), JsonProblem::Type);
}

#[test]
fn registers_are_twenty_four_of_thirty_two_bytes() {
    for version in 0..=1 {
        let quote = if version == 0 { "quote" } else { "tpm_quote" };
        let resized = |count| {
            changed(version, |value| {
                let pcrs = value[quote]["pcrs"].as_array_mut().unwrap();
                let first = pcrs[0].clone();
                pcrs.resize(count, first);
            })
        };
        assert!(sniff(resized(24).as_bytes(), None).is_ok());
        // serde says of an array that is too long only where it ends.
        for count in [0, 23, 25] {
            assert!(sniff(resized(count).as_bytes(), None).is_err(), "{count}");
        }
    }
    let short = changed(1, |value| value["tpm_quote"]["pcrs"][0] = json!("ab"));
    assert_eq!(problem(&short), JsonProblem::Hex);
    let long = changed(1, |value| value["tpm_quote"]["pcrs"][0] = json!("ab".repeat(33)));
    assert_eq!(problem(&long), JsonProblem::TooLarge);
    let odd = changed(1, |value| value["tpm_quote"]["message"] = json!("abc"));
    assert_eq!(problem(&odd), JsonProblem::Hex);
}

#[test]
fn base64_is_whole() {
    for wrong in ["A", "AAAA=", "====", "AA A", "AA\n==", "AB==", "!!!!"] {
        let text = changed(1, |value| value["hcl_report"] = json!(wrong));
        assert_eq!(problem(&text), JsonProblem::Base64, "{wrong}");
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_decoded() {
    let text = "QUFB".repeat(4096 / 3 + 2);
    assert_eq!(problem(&changed(1, |value| value["hcl_report"] = json!(text))), JsonProblem::TooLarge);
    let numbers = vec![0; 4097];
    assert_eq!(problem(&changed(0, |value| value["report"] = json!(numbers))), JsonProblem::TooLarge);
    let mut value: Value = serde_json::from_str(&TDX.coco_json(1).unwrap()).unwrap();
    value["td_quote"] = json!("QUFB".repeat(16 * 1024 / 3 + 2));
    assert_eq!(problem(&value.to_string()), JsonProblem::TooLarge);
    let megabyte = changed(1, |value| value["hcl_report"] = json!("A".repeat(1024 * 1024)));
    let too_large = InputError::TooLarge { kind: InputKind::EvidenceJson, limit: 1024 * 1024 };
    assert_eq!(sniff(megabyte.as_bytes(), None), Err(too_large));
    // Under the bound as a whole, and still no report.
    let less = changed(1, |value| value["hcl_report"] = json!("A".repeat(900_000)));
    assert_eq!(problem(&less), JsonProblem::TooLarge);
}

#[test]
fn depth_and_names_without_end() {
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    for nested in [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(500_000), "{\"a\":".repeat(100_000)] {
        for member in ["version", "platform", "other", "hcl_report", "quote", "__cmwc_t", "vcekCert"] {
            let text = format!("{{\"tpm_quote\":1,\"hcl_report\":2,\"{member}\":{nested}}}");
            assert!(sniff(text.as_bytes(), None).is_err(), "{member}");
        }
        let text = SNP.coco_json(1).unwrap().replace("\"message\":", &format!("\"message\":{nested},\"m\":"));
        assert!(sniff(text.as_bytes(), None).is_err());
    }
    let names: String = (0..80_000).map(|name| format!("\"{name}\":0,")).collect();
    assert_eq!(
        sniff(format!("{{{names}\"z\":0}}").as_bytes(), None),
        Err(InputError::UnknownJson { closest: None })
    );
}

/// What nobody describes is not used, which is said.
#[test]
fn a_log_and_instance_facts_of_attested_tls_are_named() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&TDX.flashbots_json().unwrap()).unwrap();
        change(&mut value["tpm_attestation"]);
        value.to_string()
    };
    let plain = changed(&|_| ());
    assert_eq!(warnings(&plain), [""; 0]);
    let unused = |member: &str| {
        format!(
            "attested-tls evidence: the member `{member}` was not used: its form is not described anywhere"
        )
    };
    for log in [json!([1]), json!([{"pcr": 0}]), json!("AA==")] {
        let text = changed(&|value| value["event_log"] = log.clone());
        assert_eq!(warnings(&text), [unused("event_log")]);
    }
    let text = changed(&|value| value["instance_info"] = json!({"vmId": "x"}));
    assert_eq!(warnings(&text), [unused("instance_info")]);
    for member in ["event_log", "instance_info"] {
        let text = changed(&|value| drop(value.as_object_mut().unwrap().remove(member)));
        assert_eq!(warnings(&text), [""; 0]);
    }
    let pem = TDX.flashbots_json().unwrap().replace("BEGIN CERTIFICATE", "BEGIN PRIVATE KEY");
    assert!(sniff(pem.as_bytes(), None).is_err());
}

#[test]
fn other_json_is_nothing_known() {
    for (text, closest) in [
        ("{}", None),
        ("{\"a\":1}", None),
        ("{\"version\":1}", Some((JsonShape::AzSnp(2), "tpm_quote"))),
        ("{\"version\":1,\"hcl_report\":2,\"td_quote\":3}", Some((JsonShape::AzTdx(2), "tpm_quote"))),
        ("{\"report\":[1]}", Some((JsonShape::AzSnp(0), "quote"))),
        ("{\"evidence\":{}}", Some((JsonShape::EnvelopeAzSnp, "platform"))),
    ] {
        let error = sniff(text.as_bytes(), None).unwrap_err();
        assert_eq!(error, InputError::UnknownJson { closest });
        assert!(error.hint().contains("AzureGuest") && error.hint().contains("Confidential Containers"));
        if let Some((shape, member)) = closest {
            assert!(error.to_string().contains(shape.as_str()) && error.to_string().contains(member));
        }
    }
    let mut value: Value = serde_json::from_str(&SNP.coco_json(1).unwrap()).unwrap();
    value["tpm_quote"].as_object_mut().unwrap().remove("pcrs").unwrap();
    let error = sniff(value.to_string().as_bytes(), None).unwrap_err();
    assert!(error.to_string().contains("a member is missing: `pcrs`"), "{error}");
    for text in ["{", "{\"a\"}", "{\"a\":1} x", "{\"a\":1,}"] {
        assert!(matches!(sniff(text.as_bytes(), None), Err(InputError::Json { .. })), "{text}");
    }
    assert_eq!(sniff(b"{\"vcekCert\":\"x\"}", None), Err(InputError::PemSection));
}

#[test]
fn as_says_one_kind_and_the_content_another() {
    let text = SNP.coco_json(1).unwrap();
    assert!(sniff(text.as_bytes(), Some(InputKind::EvidenceJson)).is_ok());
    for said in InputKind::NAMED.iter().copied().filter(|kind| *kind != InputKind::EvidenceJson) {
        let error = sniff(text.as_bytes(), Some(said)).unwrap_err();
        assert_eq!(error, InputError::NotOfKind { said, found: InputKind::EvidenceJson });
    }
    for said in [InputKind::EvidenceJson, InputKind::Bundle, InputKind::BincodeQuote] {
        assert!(sniff(&SNP.hcl_report, Some(said)).is_err());
    }
}

/// Of what a peer wrote, only names are repeated, and those fit to be shown.
#[test]
fn names_of_peers_are_fit_to_be_shown() {
    for version in 0..=2 {
        for (name, shown) in [
            ("\u{1b}[2J", "`\\u{1b}[2J`"),
            ("a\u{202e}b", "`a\\u{202e}b`"),
            ("\n error: x", "`\\n error: x`"),
        ] {
            let text = changed(version, |value| value[name] = json!("<b>"));
            let warnings = warnings(&text);
            assert!(warnings.len() == 1 && warnings[0].contains(shown), "{warnings:?}");
        }
        let long = changed(version, |value| value["x".repeat(100_000)] = json!(1));
        assert!(warnings(&long)[0].len() < 200);
        // A thousand of them say no more than a few.
        let many = changed(version, |value| {
            for number in 0..1000 {
                value[format!("extra{number}")] = json!(1);
            }
        });
        assert_eq!(warnings(&many).len(), 16);
        let twice = SNP.coco_json(version).unwrap().replacen('{', "{\"<script>\":1,\"vcek\":\"\",", 1);
        let error = sniff(twice.as_bytes(), None).unwrap_err();
        assert!(!error.to_string().contains('<'), "{error}");
    }
}

#[test]
fn every_truncation_of_json_is_refused() {
    for text in [SNP.quote_json().unwrap(), SNP.coco_json(2).unwrap(), TDX.flashbots_json().unwrap()] {
        for end in (1..text.trim_end().len()).step_by(7) {
            assert!(sniff(&text.as_bytes()[..end], None).is_err(), "{end}");
        }
    }
}
