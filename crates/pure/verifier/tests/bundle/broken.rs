//! Bundles that are truncated, altered, or not in deterministic CBOR.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ciborium::Value as Cbor;
use serde_json::{Value, json};
use teeproof_evidence::bundle::{Bundle, BundleError, EntryProblem};

use crate::support::{SNP, azure, small};

#[test]
fn every_truncation_and_extension_is_refused() {
    for bundle in [small(), azure(&SNP)] {
        let cbor = bundle.to_cbor();
        for end in 0..cbor.len() {
            assert!(Bundle::parse(&cbor[..end]).is_err(), "{end}");
        }
        for byte in 0..=u8::MAX {
            assert!(Bundle::parse(&[&cbor[..], &[byte]].concat()).is_err());
        }
    }
    let json = small().to_json();
    for end in 0..json.trim_end().len() {
        assert!(Bundle::parse(&json.as_bytes()[..end]).is_err(), "{end}");
    }
}

/// Whatever is still read says something else, and there is one way to write it.
#[test]
fn every_flipped_bit_is_refused_or_shows() {
    let bundle = small();
    let cbor = bundle.to_cbor();
    let mut read = 0;
    for bit in 0..cbor.len() * 8 {
        let mut altered = cbor.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Bundle::parse(&altered) {
            assert_eq!(other.to_cbor(), altered, "bit {bit}");
            assert!(other.parts() != bundle.parts() || other.collected() != bundle.collected());
            read += 1;
        }
    }
    // The 5 and 24 bytes without a form of their own, 32 of a register, and digits of the time.
    assert!(read >= (5 + 24 + 32) * 8, "{read}");
    let json = bundle.to_json();
    for bit in 0..json.len() * 8 {
        let mut altered = json.clone().into_bytes();
        altered[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Bundle::parse(&altered) {
            let only_space = json.as_bytes()[bit / 8].is_ascii_whitespace();
            assert!(only_space || other != bundle, "bit {bit}");
        }
    }
}

/// The records as another library holds them, to bend them.
fn bent(bend: impl FnOnce(&mut Vec<(Cbor, Cbor)>)) -> Result<Bundle, BundleError> {
    let mut value: Cbor = ciborium::from_reader(&azure(&SNP).to_cbor()[..]).unwrap();
    bend(value.as_map_mut().unwrap());
    let mut bytes = Vec::new();
    ciborium::into_writer(&value, &mut bytes).unwrap();
    Bundle::parse(&bytes)
}

fn at<'a>(map: &'a mut [(Cbor, Cbor)], label: &str) -> &'a mut Cbor {
    &mut map.iter_mut().find(|(key, _)| key.as_text() == Some(label)).unwrap().1
}

fn record<'a>(map: &'a mut [(Cbor, Cbor)], label: &str) -> &'a mut Vec<Cbor> {
    at(map, label).as_array_mut().unwrap()
}

#[test]
fn a_strict_reader() {
    assert!(bent(|_| ()).is_ok());
    let cbor = |result: Result<Bundle, BundleError>| matches!(result, Err(BundleError::Cbor(_)));
    assert!(cbor(bent(|map| map.swap(1, 2))));
    assert!(cbor(bent(|map| map.insert(2, map[1].clone()))));
    assert!(cbor(bent(|map| drop(map.remove(0)))));
    assert!(cbor(bent(|map| record(map, "hcl-report").push(Cbor::Null))));
    assert!(cbor(bent(|map| drop(record(map, "hcl-report").pop()))));
    assert!(cbor(bent(|map| record(map, "hcl-report")[1] = Cbor::Text("HCLA".to_owned()))));
    assert!(cbor(bent(|map| record(map, "hcl-report")[2] = Cbor::Integer((-4).into()))));
    assert!(cbor(bent(|map| *at(map, "hcl-report") = Cbor::Null)));
    assert_eq!(
        bent(|map| *at(map, "__cmwc_t") = Cbor::Text("urn:other".into())),
        Err(BundleError::OtherCollection)
    );
    assert_eq!(
        bent(|map| map.retain(|(key, _)| key.as_text() != Some("teeproof-collection"))),
        Err(BundleError::Collection)
    );
    let entry = |result| match result {
        Err(BundleError::Entry { problem, offset: Some(_), .. }) => problem,
        other => panic!("{other:?}"),
    };
    let rename = |from: &'static str, to: &'static str| {
        bent(|map| {
            let (key, _) = map.iter_mut().find(|(key, _)| key.as_text() == Some(from)).unwrap();
            *key = Cbor::Text(to.to_owned());
            map.sort_by_key(|(key, _)| (key.as_text().unwrap().len(), key.as_text().unwrap().to_owned()));
        })
    };
    assert_eq!(entry(rename("hcl-report", "hcl-reports")), EntryProblem::UnknownLabel);
    assert_eq!(entry(rename("certificate-2", "certificate-02")), EntryProblem::UnknownLabel);
    assert_eq!(entry(rename("certificate-0", "certificate-3")), EntryProblem::Number);
    assert_eq!(entry(rename("tpm-quote", "td-quote")), EntryProblem::MediaType);
    assert_eq!(
        entry(bent(|map| record(map, "hcl-report")[2] = Cbor::Integer(2.into()))),
        EntryProblem::Indicator
    );
    let too_large = |map: &mut Vec<(Cbor, Cbor)>| record(map, "hcl-report")[1] = Cbor::Bytes(vec![1; 4097]);
    assert_eq!(entry(bent(too_large)), EntryProblem::TooLarge);
    let padded = [&SNP.vek[..], &[0; 9]].concat();
    assert_eq!(entry(bent(|map| record(map, "certificate-0")[1] = Cbor::Bytes(padded))), EntryProblem::Form);
    let text = SNP.pcrs_yaml().into_bytes();
    assert_eq!(entry(bent(|map| record(map, "pcr-values")[1] = Cbor::Bytes(text))), EntryProblem::Form);
    let part = bent(|map| record(map, "certificate-0")[1] = Cbor::Bytes(vec![0x30, 0]));
    assert!(matches!(part, Err(BundleError::Part { .. })), "{part:?}");
}

/// CBOR that means the same and is not deterministic.
#[test]
fn no_other_way_to_write_it() {
    let cbor = small().to_cbor();
    assert_eq!(cbor[0], 0xa5);
    let mut indefinite = cbor.clone();
    indefinite[0] = 0xbf;
    indefinite.push(0xff);
    assert!(matches!(Bundle::parse(&indefinite), Err(BundleError::Cbor(_))));
    for longer in [&[0xb8, 5][..], &[0xb9, 0, 5], &[0xba, 0, 0, 0, 5], &[0xbb, 0, 0, 0, 0, 0, 0, 0, 5]] {
        let bytes = [longer, &cbor[1..]].concat();
        assert!(matches!(Bundle::parse(&bytes), Err(BundleError::Cbor(_))));
    }
    let many = [&[0xba, 0xff, 0xff, 0xff, 0xff][..], &cbor[1..]].concat();
    assert!(matches!(Bundle::parse(&many), Err(BundleError::Cbor(_))));
    assert!(Bundle::parse(b"").is_err());
}

fn bent_json(bend: impl FnOnce(&mut Value)) -> Result<Bundle, BundleError> {
    let mut value: Value = serde_json::from_str(&small().to_json()).unwrap();
    bend(&mut value);
    Bundle::parse(value.to_string().as_bytes())
}

#[test]
fn a_strict_reader_of_json() {
    assert!(bent_json(|_| ()).is_ok());
    let json = |result: Result<Bundle, BundleError>| matches!(result, Err(BundleError::Json { .. }));
    assert!(json(bent_json(|value| value["hcl-report"][1] = json!("SENMQQE="))));
    assert!(json(bent_json(|value| value["hcl-report"][1] = json!("SENMQQF"))));
    assert!(json(bent_json(|value| value["hcl-report"][1] = json!([1]))));
    assert!(json(bent_json(|value| value["hcl-report"] = json!(["a"]))));
    assert!(json(bent_json(|value| value["hcl-report"].as_array_mut().unwrap().push(json!(4)))));
    assert!(json(bent_json(|value| value["hcl-report"][2] = json!(-4))));
    assert!(bent_json(|value| value["unknown"] = json!(["a", "AAAA", 4])).is_err());
    assert!(bent_json(|value| value["hcl-report"][2] = json!(null)).is_err());
    assert!(bent_json(|value| drop(value.as_object_mut().unwrap().remove("__cmwc_t"))).is_err());
    let twice = small().to_json().replacen(
        "{",
        "{\"hcl-report\":[\"application/vnd.teeproof.hcl-report\",\"SENMQQE\",4],",
        1,
    );
    let error = Bundle::parse(twice.as_bytes()).unwrap_err();
    assert!(matches!(error, BundleError::Entry { problem: EntryProblem::Duplicate, .. }), "{error:?}");
    let typed_twice = small().to_json().replacen("{", "{\"__cmwc_t\":\"urn:other\",", 1);
    assert!(json(Bundle::parse(typed_twice.as_bytes())));
    let many: String = (0..100).map(|n| format!("\"l{n}\":[\"a\",\"\"],")).collect();
    assert!(json(Bundle::parse(small().to_json().replacen('{', &format!("{{{many}"), 1).as_bytes())));
    assert!(json(Bundle::parse("{\"a\":".repeat(20_000).as_bytes())));
}

/// The record about the collection has one form as well.
#[test]
fn a_strict_reader_of_the_collection() {
    let with = |text: &str| {
        bent_json(|value| {
            value["teeproof-collection"][1] = json!(Base64UrlUnpadded::encode_string(text.as_bytes()))
        })
    };
    let good = r#"{"version":1,"collected":"2026-01-15T12:00:00Z","tool":"x"}"#;
    assert!(with(good).is_ok());
    for (from, to) in [
        (":1,", ": 1,"),
        ("\"tool\":\"x\"", "\"tool\":\"\\u0078\""),
        ("\"tool\":\"x\"", "\"tool\":\"x\",\"extra\":1"),
        ("\"tool\":\"x\"", "\"tool\":\"x\",\"nonce_in_user_data\":false"),
        ("\"tool\":\"x\"", "\"tool\":\"x\",\"redactions\":[]"),
        ("\"tool\":\"x\"", "\"tool\":\"x\",\"tool\":\"x\""),
        (",\"tool\":\"x\"", ""),
        ("\"tool\":\"x\"", "\"report\":\"old\",\"tool\":\"x\""),
        (":1,", ":\"1\","),
    ] {
        assert_eq!(with(&good.replace(from, to)), Err(BundleError::Collection), "{to}");
    }
    assert_eq!(with(&good.replace(":1,", ":2,")), Err(BundleError::Version));
    for time in [
        "2026-01-15T12:00:00z",
        "2026-01-15 12:00:00Z",
        "2026-02-30T12:00:00Z",
        "20260115120000Z",
        "2026-01-15T12:00:00+00:00",
        "",
    ] {
        assert_eq!(with(&good.replace("2026-01-15T12:00:00Z", time)), Err(BundleError::Time), "{time}");
    }
    let redacted = |place: &str| {
        with(&good.replace("\"tool\":\"x\"", &format!("\"tool\":\"x\",\"redactions\":[{place}]")))
    };
    assert!(redacted(r#"{"what":"chip-id","part":"hcl-report","offset":0,"length":5}"#).is_ok());
    let past_every_size =
        format!(r#"{{"what":"chip-id","part":"hcl-report","offset":{},"length":4}}"#, usize::MAX);
    for place in [
        r#"{"what":"chip-id","part":"hcl-report","offset":1,"length":5}"#,
        &past_every_size,
        r#"{"what":"chip-id","part":"td-quote","offset":0,"length":4}"#,
    ] {
        assert_eq!(redacted(place), Err(BundleError::RedactionPlace), "{place}");
    }
    for place in [
        r#"{"what":"serial","part":"hcl-report","offset":0,"length":4}"#,
        r#"{"what":"chip-id","part":"hcl","offset":0,"length":4}"#,
    ] {
        assert_eq!(redacted(place), Err(BundleError::Collection), "{place}");
    }
}
