//! JSON members of an unexpected type or size: named in the error where they matter, skipped where they do not.

use teeproof_evidence::{Encoding, InputError, InputKind, sniff};

use crate::support::{SNP, testdata};

/// Something large where a word is due.
fn large() -> [String; 3] {
    let entries = |entry: &str| format!("[{}{entry}]", format!("{entry},").repeat(100_000));
    [entries("7"), entries("[0]"), entries("{\"\":0}")]
}

/// The member that is said to have a value that is not supported.
fn wrong_member(text: &str) -> &'static str {
    match sniff(text.as_bytes(), None) {
        Err(InputError::Value { member, .. }) => member,
        other => panic!("{text:.60}: {other:?}"),
    }
}

/// The evidence of version 1 with this as its version.
fn of_version(version: &str) -> String {
    let text = SNP.coco_json(1).unwrap();
    assert_eq!(text.matches("\"version\":1").count(), 1, "{text:.200}");
    text.replace("\"version\":1", &format!("\"version\":{version}"))
}

#[test]
fn a_version_is_a_whole_number() {
    assert!(sniff(of_version("1").as_bytes(), None).is_ok());
    assert!(sniff(of_version(" 1 ").as_bytes(), None).is_ok());
    for other in ["3", "256", "18446744073709551615"] {
        assert_eq!(wrong_member(&of_version(other)), "version", "{other}");
    }
    for other in ["-1", "1.0", "1e0", "\"1\"", "null", "true", "[1]", "{\"1\":1}", "18446744073709551616"] {
        assert_eq!(wrong_member(&of_version(other)), "version", "{other}");
    }
    for large in large() {
        assert_eq!(wrong_member(&of_version(&large)), "version");
    }
}

#[test]
fn a_platform_is_a_text() {
    let text = SNP.attestation_rs_json().unwrap();
    let of = |platform: &str| text.replace("\"az-snp\"", platform);
    assert_ne!(of("1"), text);
    for same in ["\"az-snp\"", "\"az\\u002dsnp\""] {
        let sniffed = sniff(of(same).as_bytes(), None).unwrap();
        assert_eq!(sniffed.note, Some("attestation-rs evidence of az-snp"));
    }
    let large = large();
    let others = ["\"az-sgx\"", "\"\"", "1", "null", "[\"az-snp\"]", "{\"az-snp\":1}"];
    for other in others.into_iter().chain(large.iter().map(String::as_str)) {
        assert_eq!(wrong_member(&of(other)), "platform", "{other:.20}");
    }
}

#[test]
fn an_answer_of_thim_has_two_texts_and_anything_else() {
    let vcek = pem(&testdata("snp/milan-vcek.der"));
    let chain = pem(&testdata("snp/turin-vcek.der"));
    let answer = |more: &str| format!("{{{more}\"vcekCert\":{vcek:?},\"certificateChain\":{chain:?}}}");
    let plain = sniff(answer("").as_bytes(), None).unwrap();
    assert_eq!((plain.kind, plain.encoding, plain.parts.len()), (InputKind::Certificate, Encoding::Thim, 2));
    assert_eq!(plain.parts[0].bytes(), testdata("snp/milan-vcek.der"));
    assert_eq!(plain.parts[1].bytes(), testdata("snp/turin-vcek.der"));
    for more in large() {
        for name in ["tcbm", "cacheControl", "version", "platform"] {
            let text = answer(&format!("\"{name}\":{more},"));
            let found = sniff(text.as_bytes(), None).unwrap();
            assert_eq!((&found.parts, found.kind), (&plain.parts, plain.kind), "{name}");
            // The first two are THIM's own.
            assert_eq!(found.warnings.len(), usize::from(["version", "platform"].contains(&name)), "{name}");
        }
        for wrong in [
            format!("{{\"vcekCert\":{more},\"certificateChain\":{chain:?}}}"),
            format!("{{\"vcekCert\":{vcek:?},\"certificateChain\":{more}}}"),
        ] {
            assert_eq!(sniff(wrong.as_bytes(), None), Err(InputError::NotThim));
        }
    }
    for (wrong, error) in [
        (format!("{{\"vcekCert\":{vcek:?}}}"), InputError::NotThim),
        (format!("{{\"vcekCert\":{vcek:?},\"certificateChain\":null}}"), InputError::NotThim),
        (format!("{{\"certificateChain\":{chain:?}}}"), InputError::NotThim),
        (format!("{{\"vcekCert\":{vcek:?},\"certificateChain\":\"\"}}"), InputError::PemSection),
    ] {
        assert_eq!(sniff(wrong.as_bytes(), None), Err(error));
    }
}

fn pem(der: &[u8]) -> String {
    let text = <base64ct::Base64 as base64ct::Encoding>::encode_string(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
