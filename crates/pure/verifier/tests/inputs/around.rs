//! Bytes around the evidence: other text, a byte order mark, separators, buffers of fixed size.

use base64ct::{Base64, Encoding as _};
use serde_json::json;
use teeproof_evidence::{InputError, InputKind, sniff};
use teeproof_wire::{DescribedField, Visitor};

use crate::support::{SNP, kinds_of, testdata};

fn pem(der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn quote_text() -> String {
    let hex = |bytes: &[u8]| teeproof_core::Hex(bytes).to_string();
    format!(
        "quoted: {}\nsignature:\n  alg: rsassa\n  sig: {}\npcrs:\n{}calcDigest: {}\n",
        hex(&SNP.quote_message),
        hex(&SNP.quote_signature),
        SNP.pcrs_yaml(),
        "ab".repeat(32)
    )
}

/// `openssl x509 -text`, `openssl s_client -showcerts` and bundles of authorities write text around the blocks.
#[test]
fn pem_blocks_are_read_inside_other_text() {
    let block = pem(&SNP.vek);
    for text in [
        format!("Certificate:\n    Data:\n        Version: 3 (0x2)\n{block}"),
        format!("Certificate:\n        Issuer: CN = Pr\u{fc}fung\n{block}"),
        format!("subject=CN = VEK\n\n{block}---\nServer certificate: none\n"),
        format!("\u{feff}{block}"),
        format!("\u{feff}Name: x\r\n{}", block.replace('\n', "\r\n")),
    ] {
        let sniffed = sniff(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text:.80}: {error}"));
        assert_eq!(sniffed.kind, InputKind::Certificate);
        assert_eq!(sniffed.parts[0].bytes(), SNP.vek);
    }
    let two = format!("# the chain\n{block}# its issuer\n{}", pem(&SNP.intermediate));
    assert_eq!(sniff(two.as_bytes(), None).unwrap().parts.len(), 2);
    let key = format!("Key:\n{}", "-----BEGIN EC PRIVATE KEY-----\nAAEC\n-----END EC PRIVATE KEY-----\n");
    assert_eq!(sniff(key.as_bytes(), None), Err(InputError::PrivateKey));
}

/// Only what has the members of a peer's evidence is called YAML.
#[test]
fn text_with_a_colon_is_no_yaml() {
    for text in [
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n",
        "00000000: 8444 a101 3822 a059  .D..8\".Y\n",
        "2026-01-01T00:00:00Z info: started\n",
        "error: could not open /dev/sev-guest\n",
        "name: x\n",
    ] {
        let error = sniff(text.as_bytes(), None).unwrap_err();
        assert_eq!(error, InputError::Text);
        assert!(error.to_string().starts_with("the file is text of no known kind"), "{error}");
    }
    for text in [
        "tdx_quote_base64: |-\n  AA\nhcl_report_base64: |-\n  AA\ntpm_attestation:\n  quote: 1\n",
        "tpm_attestation:\n  ak_certificate_pem: |-\n    -----BEGIN CERTIFICATE-----\n    AAEC\n",
        "---\nquote:\n  message: []\nreport: []\nvcek: |-\n  AA\n",
    ] {
        assert_eq!(sniff(text.as_bytes(), None), Err(InputError::Yaml), "{text}");
    }
}

#[test]
fn messages_may_stand_before_the_output_of_tpm2_quote() {
    let warning = "WARN:esys:src/tss2-esys/api/Esys_Quote.c:319:Esys_Quote_Finish() Received TPM Error\n";
    let plain = sniff(quote_text().as_bytes(), None).unwrap();
    for text in [
        format!("{warning}{}", quote_text()),
        format!("{warning}{warning}\n{}", quote_text()),
        format!("\u{feff}{}", quote_text()),
        format!("# aufgerufen f\u{fc}r die Pr\u{fc}fung\n{}", quote_text()),
    ] {
        let sniffed = sniff(text.as_bytes(), None).unwrap();
        assert_eq!((sniffed.kind, &sniffed.parts), (InputKind::TpmQuoteText, &plain.parts));
    }
    // From its first key on, each line is one that the tool prints, and its number is that of the file.
    let bent = format!("{warning}{}", quote_text().replace("  alg: rsassa", "  algorithm: rsassa"));
    let error = sniff(bent.as_bytes(), None).unwrap_err();
    assert_eq!(error.to_string(), "line 4: not a line of tpm2_quote output, or a duplicate");
}

#[test]
fn a_scheme_of_tpm2_quote_that_is_not_supported_is_named() {
    for scheme in ["ecdsa", "sm2", "ecdaa", "ecschnorr", "hmac"] {
        let text = quote_text().replace("rsassa", scheme);
        let error = sniff(text.as_bytes(), None).unwrap_err();
        assert!(error.to_string().contains(&format!("scheme {scheme} ")), "{error}");
        assert!(error.is_unsupported() && error.hint().contains("--scheme rsassa"));
    }
}

#[test]
fn a_byte_order_mark_changes_no_text() {
    let report = testdata("snp/milan-report.bin");
    let base64 = Base64::encode_string(&report);
    for text in [
        base64.clone(),
        teeproof_core::Hex(&report).to_string(),
        json!(base64).to_string(),
        json!(report).to_string(),
        json!([base64]).to_string(),
        pem(&SNP.vek),
        SNP.pcrs_yaml(),
        SNP.coco_json(1).unwrap(),
    ] {
        let marked = format!("\u{feff}{text}");
        let (plain, marked) =
            (sniff(text.as_bytes(), None).unwrap(), sniff(marked.as_bytes(), None).unwrap());
        assert_eq!(marked, plain, "{text:.40}");
    }
}

#[test]
fn hex_is_read_with_colons_and_as_a_list() {
    let report = testdata("snp/milan-report.bin");
    let all = |form: &dyn Fn(&u8) -> String, between: &str| {
        report.iter().map(form).collect::<Vec<_>>().join(between)
    };
    let colons = all(&|byte| format!("{byte:02X}"), ":");
    let wrapped: String =
        colons.as_bytes().chunks(45).map(|line| String::from_utf8_lossy(line) + "\n    ").collect();
    let list = all(&|byte| format!("0x{byte:02x}"), ", ");
    for text in [colons, wrapped, list.clone(), format!("[{list}]"), format!("[\n{list},\n]")] {
        let sniffed = sniff(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
        assert_eq!((sniffed.kind, sniffed.parts[0].bytes()), (InputKind::SnpReport, report.as_slice()));
    }
    for text in ["84:4", "84::44", "84:zz", "0x84, 44", "0x84, 0x4444"] {
        assert_eq!(sniff(text.as_bytes(), None), Err(InputError::Text), "{text}");
    }
    assert_eq!(sniff(b"[]", None).unwrap_err().to_string(), "the JSON list is empty");
    let document = testdata("nitro/production-us-east-2-2024-12.cose");
    let text = json!([Base64::encode_string(&document)]).to_string();
    assert_eq!(sniff(text.as_bytes(), None).unwrap().parts[0].bytes(), document);
}

/// A host without certificates, a page, and the response of SNP_GET_REPORT.
#[test]
fn a_report_is_read_out_of_the_buffer_around_it() {
    let report = testdata("snp/milan-report.bin");
    let padded = |bytes: &[u8], length: usize| {
        let mut bytes = bytes.to_vec();
        bytes.resize(length, 0);
        bytes
    };
    let head = [&[0; 4][..], &1184_u32.to_le_bytes(), &[0; 24]].concat();
    let response = [head, report.clone()].concat();
    for (bytes, note) in [
        (padded(&report, 1184 + 24), "zero bytes"),
        (padded(&report, 4000), "zero bytes"),
        (padded(&report, 4096), "zero bytes"),
        (response.clone(), "SNP_GET_REPORT"),
        (padded(&response, 4000), "SNP_GET_REPORT"),
        (padded(&response, 4096), "SNP_GET_REPORT"),
    ] {
        for said in [None, Some(InputKind::SnpReport)] {
            let sniffed = sniff(&bytes, said).unwrap();
            assert_eq!(
                (sniffed.kind, sniffed.parts[0].bytes()),
                (InputKind::SnpReport, report.as_slice()),
                "{}",
                bytes.len()
            );
            assert!(sniffed.note.unwrap().contains(note));
        }
    }
    // A status, another size, or anything but zeros behind it.
    let mut failed = response.clone();
    failed[0] = 0x16;
    let mut short = response;
    short[4] = 0;
    for bytes in [failed, short] {
        assert!(sniff(&bytes, None).is_err());
    }
    for extra in [1, 7] {
        let long = [&report[..], &vec![9; extra]].concat();
        let sniffed = sniff(&long, None).unwrap();
        let error = teeproof::inspect(&sniffed, &mut Blind).unwrap_err();
        let words = if extra == 1 { "(1 byte too many)" } else { "(7 bytes too many)" };
        assert!(
            error.to_string().contains(words) && error.hint().contains("longer"),
            "{error}: {}",
            error.hint()
        );
        assert!(!error.hint().contains("may be cut"));
    }
}

struct Blind;

impl Visitor for Blind {
    fn open(&mut self, _: &str) {}
    fn field(&mut self, _: DescribedField<'_>) {}
    fn close(&mut self) {}
}

#[test]
fn a_public_area_is_told_with_and_without_its_size() {
    let area = teeproof_wire::tpm::public_bytes(&testdata("tpm/certified-key.pub")).to_vec();
    let sized = [&u16::try_from(area.len()).unwrap().to_be_bytes()[..], &area].concat();
    for bytes in [&sized, &area] {
        assert_eq!(kinds_of(bytes), (InputKind::TpmPublic, vec![InputKind::TpmPublic]));
        assert_eq!(sniff(bytes, None).unwrap().parts[0].bytes(), area);
    }
}

/// Bytes that are as long as PCR values and as something else are said to be either.
#[test]
fn what_bytes_of_this_length_could_be_is_said() {
    for (length, other) in [(384, "RSA-3072"), (512, "RSA-4096"), (32, "a nonce")] {
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
        let sniffed = sniff(&bytes, None).unwrap();
        assert_eq!(sniffed.kind, InputKind::PcrConcatenation);
        assert!(sniffed.note.unwrap().contains(other), "{sniffed}");
    }
    // Values that no signature can be.
    assert_eq!(sniff(&[0; 384], None).unwrap().note, Some("without their bank and numbers"));
}
