//! What tpm2-tools write and print: quotes, signatures, PCR values of every bank, event logs.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use teeproof::Evidence;
use teeproof_core::Hex;
use teeproof_evidence::{Encoding, InputClass, InputError, InputKind, Inputs, sniff};
use teeproof_mint::azure::{Algorithm, Event, EventLog};
use teeproof_tpm::PcrValues;

use crate::support::{SNP, inputs, kinds_of, of_kind, refused};

/// What `tpm2_pcrread` prints of these banks.
fn pcrread(banks: &[(&str, Algorithm)]) -> String {
    let mut text = String::new();
    for (name, bank) in banks {
        writeln!(text, "  {name}:").unwrap();
        for index in 0..24 {
            let value = match bank.id {
                0x000b => SNP.pcrs[index].to_vec(),
                _ => bank.digest(&[u8::try_from(index).unwrap()]),
            };
            writeln!(text, "    {index:<2}: 0x{}", Hex(&value).to_string().to_uppercase()).unwrap();
        }
    }
    text
}

/// What `tpm2_quote` prints.
fn quote_text(scheme: &str, signature: &[u8], pcrs: &str) -> String {
    format!(
        "quoted: {}\nsignature:\n  alg: {scheme}\n  sig: {}\npcrs:\n{pcrs}calcDigest: {}\n",
        Hex(&SNP.quote_message),
        Hex(signature),
        "ab".repeat(32),
    )
}

/// What tpm2-tools write as `serialized` of one bank.
fn serialized(bank: Algorithm, values: &[Vec<u8>]) -> Vec<u8> {
    let mut out = 1_u32.to_le_bytes().to_vec();
    let bits = (1_u32 << values.len()) - 1;
    out.extend(bank.id.to_le_bytes());
    out.push(3);
    out.extend(bits.to_le_bytes());
    out.push(0);
    out.resize(132, 0);
    let lists: Vec<_> = values.chunks(8).collect();
    out.extend(u32::try_from(lists.len()).unwrap().to_le_bytes());
    for list in lists {
        let start = out.len();
        out.extend(u32::try_from(list.len()).unwrap().to_le_bytes());
        for value in list {
            let digest = out.len();
            out.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
            out.extend(value);
            out.resize(digest + 66, 0);
        }
        out.resize(start + 532, 0);
    }
    out
}

#[test]
fn what_tpm2_quote_prints_is_evidence() {
    let text = quote_text("rsassa", &SNP.quote_signature, &pcrread(&[("sha256", Algorithm::SHA256)]));
    let sniffed = sniff(text.as_bytes(), None).unwrap();
    assert_eq!(sniffed.to_string(), "tpm-quote-text with 3 parts (tpm2_quote text)");
    assert_eq!((sniffed.kind, sniffed.encoding), (InputKind::TpmQuoteText, Encoding::QuoteText));
    assert_eq!(of_kind(&sniffed, InputKind::TpmQuote), [SNP.quote_message.as_slice()]);
    assert_eq!(of_kind(&sniffed, InputKind::TpmSignature), [SNP.quote_signature.as_slice()]);
    let inputs = inputs(&[&SNP.hcl_report, text.as_bytes()]).unwrap();
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
    let quote = evidence.quote.unwrap();
    assert_eq!((quote.message, quote.signature), (&SNP.quote_message[..], &SNP.quote_signature[..]));
    assert_eq!(evidence.pcrs, Some(PcrValues::Indexed(&SNP.pcrs.map(Some))));
    // Windows line ends, no values, a second bank, and nothing at the end.
    for (text, parts) in [
        (text.replace('\n', "\r\n"), 3),
        (quote_text("rsassa", &SNP.quote_signature, ""), 2),
        (text.split("calcDigest").next().unwrap().to_owned(), 3),
    ] {
        assert_eq!(sniff(text.as_bytes(), None).unwrap().parts.len(), parts);
    }
    let both = pcrread(&[("sha1", Algorithm::SHA1), ("sha256", Algorithm::SHA256)]);
    let both = sniff(quote_text("rsassa", &SNP.quote_signature, &both).as_bytes(), None).unwrap();
    assert_eq!(both.note, Some("banks other than sha256 are left out"));
    assert_eq!(of_kind(&both, InputKind::PcrValues), of_kind(&sniffed, InputKind::PcrValues));
}

#[test]
fn a_line_that_tpm2_quote_does_not_print_is_named() {
    let text = quote_text("rsassa", &SNP.quote_signature, &pcrread(&[("sha256", Algorithm::SHA256)]));
    for (from, to, error) in [
        ("  alg: rsassa", "  algorithm: rsassa", InputError::QuoteTextLine { line: 3 }),
        ("signature:", "signature", InputError::QuoteTextLine { line: 2 }),
        ("  alg: rsassa\n", "  alg: rsassa\n  alg: rsassa\n", InputError::QuoteTextLine { line: 4 }),
        ("    1 : 0x", "    1 : 0xz", InputError::PcrLine { line: 8 }),
        ("    1 : 0x", "    0 : 0x", InputError::PcrLine { line: 8 }),
        ("  alg: rsassa\n", "", InputError::QuoteText),
        ("alg: rsassa", "alg: nonsense", InputError::QuoteTextScheme { scheme: None }),
    ] {
        let bent = text.replacen(from, to, 1);
        assert_ne!(bent, text, "{from}");
        assert_eq!(sniff(bent.as_bytes(), None), Err(error));
        assert!(!error.hint().is_empty() && error.class() != InputClass::WrongFiles);
    }
    assert_eq!(sniff(b"quoted:", None), Err(InputError::QuoteText));
    assert_eq!(sniff(b"quoted: xyz", None), Err(InputError::QuoteTextLine { line: 1 }));
    assert_eq!(sniff(&SNP.quote_message, Some(InputKind::TpmQuoteText)), Err(InputError::QuoteText));
}

#[test]
fn other_schemes_in_that_text_are_named() {
    // What tpm2_quote prints for a key on P-256: the numbers in DER.
    let der = "304502203efcfd9816fb5422e41c705c9c2fa027b926db4be91d1f48f1f7277bb64267be\
               022100e7e662bdcc192cb55e9bc05f2c3ef190cac23bae3c574f4083a8164791678bb5";
    let bytes: Vec<u8> =
        (0..der.len()).step_by(2).map(|at| u8::from_str_radix(&der[at..at + 2], 16).unwrap()).collect();
    for (scheme, signature, message) in [
        ("ecdsa", bytes, "this is an ECDSA signature"),
        ("rsapss", SNP.quote_signature.clone(), "this is an RSAPSS signature"),
        ("rsassa", vec![7; 384], "SHA-256"),
    ] {
        let text = quote_text(scheme, &signature, "");
        let inputs = inputs(&[&SNP.hcl_report, text.as_bytes()]).unwrap();
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
        let error = teeproof_wire::tpm::rsassa_sha256(evidence.quote.unwrap().signature).unwrap_err();
        assert!(error.is_unsupported() && error.to_string().contains(message), "{scheme}: {error}");
    }
}

#[test]
fn values_of_another_bank_are_named() {
    let values: Vec<_> = (0..8).map(|index| Algorithm::SHA384.digest(&[index])).collect();
    let text = pcrread(&[("sha384", Algorithm::SHA384), ("sm3_256", Algorithm::SM3)]);
    for file in [serialized(Algorithm::SHA384, &values), text.into_bytes()] {
        assert_eq!(kinds_of(&file), (InputKind::OtherPcrValues, vec![InputKind::OtherPcrValues]));
        let error = refused(&[&SNP.hcl_report, &SNP.quote_message, &SNP.quote_signature, &file]);
        assert_eq!(error, InputError::OtherBank(0x000c));
        assert_eq!(error.to_string(), "the PCR values are of the SHA-384 bank, expected SHA-256");
        assert!(error.hint().contains("tpm2_quote -l sha256:all"), "{}", error.hint());
        assert_eq!(
            sniff(&file, Some(InputKind::PcrValues)).map(|sniffed| sniffed.kind),
            Ok(InputKind::OtherPcrValues)
        );
    }
    // SM3 has the length of SHA-256, and is another bank.
    assert_eq!(kinds_of(pcrread(&[("sm3_256", Algorithm::SM3)]).as_bytes()).0, InputKind::OtherPcrValues);
    let eight: Vec<_> = SNP.pcrs[..8].iter().map(|value| value.to_vec()).collect();
    assert_eq!(kinds_of(&serialized(Algorithm::SHA256, &eight)).0, InputKind::PcrValues);
}

/// Concatenated PCR values give neither their bank nor their numbers: the PCR selection of the quote does.
#[test]
fn concatenated_values_need_a_quote() {
    let sha1: Vec<u8> = (0..24).flat_map(|index| Algorithm::SHA1.digest(&[index])).collect();
    assert_eq!(sha1.len(), 480);
    for length in [480, 768, 1152, 1536] {
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        assert_eq!(kinds_of(&bytes), (InputKind::PcrConcatenation, vec![InputKind::PcrConcatenation]));
    }
    let error = refused(&[&SNP.hcl_report, &sha1]);
    assert_eq!(error, InputError::WithoutQuote(InputKind::PcrConcatenation));
    assert!(error.hint().contains("of which bank") && error.hint().contains("tpm2_pcrread"));
}

#[test]
fn eight_values_are_distinguished_from_a_signature() {
    let eight = SNP.pcr_concatenation_of(&[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(eight.len(), 256);
    // PCRs 2 and 3 are equal on most machines, which no two halves of a signature are.
    assert_eq!(kinds_of(&eight).0, InputKind::PcrConcatenation);
    let distinct: Vec<u8> = (0..8).flat_map(|index| Algorithm::SHA256.digest(&[index])).collect();
    assert_eq!(kinds_of(&distinct).0, InputKind::TpmSignature);
    // Together with a TPMT_SIGNATURE they are values, in either order.
    let structure = [&[0x00, 0x14, 0x00, 0x0b, 0x01, 0x00][..], &SNP.quote_signature].concat();
    for files in [[&structure, &distinct], [&distinct, &structure]] {
        let inputs = inputs(&[&SNP.hcl_report, &SNP.quote_message, files[0], files[1]]).unwrap();
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
        assert_eq!(evidence.quote.unwrap().signature, structure);
        assert_eq!(evidence.pcrs, Some(PcrValues::InSelectionOrder(&distinct)));
    }
    // Without its structure the signature is as long as the values: ambiguous.
    let error = refused(&[&SNP.hcl_report, &SNP.quote_message, &SNP.quote_signature, &distinct]);
    assert_eq!(error, InputError::TwoOfAKind(InputKind::TpmSignature));
}

#[test]
fn logs_are_recognised_by_their_format() {
    let agent = EventLog::of_attestation_agent(23, &["coco.com start one"]);
    for (log, description) in [
        (EventLog::booted_securely(), "event-log (raw)"),
        (EventLog::ccel(), "cc-event-log (raw; extends a TD's RTMRs, not PCRs)"),
        (EventLog::of_tcg_1_2(), "event-log (raw; TCG 1.2, SHA-1 only; quotes are checked against SHA-256)"),
        (agent, "event-log (raw; of the Confidential Containers attestation agent)"),
    ] {
        assert_eq!(sniff(&log.bytes().unwrap(), None).unwrap().to_string(), description);
    }
}

#[test]
fn a_ccel_and_its_table_are_refused_with_tpm_evidence() {
    let mut table = b"CCEL\x38\0\0\0\x01\0TWIN  TEEPROOF".to_vec();
    table.resize(56, 0);
    table[36] = 2;
    for (file, kind) in
        [(EventLog::ccel().bytes().unwrap(), InputKind::CcEventLog), (table, InputKind::CcelTable)]
    {
        assert_eq!(kinds_of(&file).0, kind);
        let error = refused(&[&SNP.hcl_report, &SNP.quote_message, &SNP.quote_signature, &file]);
        assert_eq!((error, error.class()), (InputError::OfRtmrs(kind), InputClass::WrongFiles));
        assert!(error.to_string().contains("extends a TD's RTMRs, not PCRs"), "{error}");
        assert_eq!(refused(&[&file]), InputError::OfRtmrs(kind));
    }
}

#[test]
fn a_log_with_fewer_digests_is_taken() {
    let log = EventLog::booted_securely()
        .with(Event::new(12, Event::EVENT_TAG, b"loader".to_vec()).in_banks(&[Algorithm::SHA256]));
    let log = log.bytes().unwrap();
    let values = SNP.pcr_concatenation();
    let files: [&[u8]; 5] = [&SNP.hcl_report, &SNP.quote_message, &SNP.quote_signature, &values, &log];
    let mut inputs = Inputs::new();
    for file in files {
        inputs.add(file, None).unwrap();
    }
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
    assert_eq!(evidence.log, Some(&log[..]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    #[test]
    fn texts_of_any_kind_are_read_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                Just("quoted: ff544347".to_owned()),
                Just("signature:".to_owned()),
                Just("  alg: rsassa".to_owned()),
                "  sig: [0-9a-f]{0,40}",
                Just("pcrs:".to_owned()),
                "  (sha1|sha256|sha384|sm3_256|nothing):",
                " {0,4}[0-9]{1,3} ?: 0x[0-9a-fA-F]{0,66}",
                "[ -~]{0,40}",
            ],
            0..20,
        ),
        start in any::<bool>(),
    ) {
        let text = lines.join("\n");
        let text = if start { format!("quoted: 00\n{text}") } else { text };
        if let Ok(sniffed) = sniff(text.as_bytes(), None) {
            prop_assert!(!sniffed.parts.is_empty());
        }
    }

    #[test]
    fn serialized_values_of_any_bank_are_read(
        bank in prop::sample::select(vec![Algorithm::SHA1, Algorithm::SHA256, Algorithm::SHA384, Algorithm::SHA512]),
        count in 1_usize..=24,
        seed in any::<u8>(),
    ) {
        let values: Vec<_> =
            (0..count).map(|at| bank.digest(&[seed, u8::try_from(at).unwrap()])).collect();
        let sniffed = sniff(&serialized(bank, &values), None).unwrap();
        let kind = if bank == Algorithm::SHA256 { InputKind::PcrValues } else { InputKind::OtherPcrValues };
        prop_assert_eq!(sniffed.kind, kind);
        let head = if kind == InputKind::PcrValues { 1 } else { 4 };
        let expected: Vec<u8> = values
            .iter()
            .zip(0_u8..)
            .flat_map(|(value, index)| {
                let mut entry = match head {
                    1 => vec![index],
                    _ => [&bank.id.to_be_bytes()[..], &[index, u8::try_from(value.len()).unwrap()]].concat(),
                };
                entry.extend(value);
                entry
            })
            .collect();
        prop_assert_eq!(sniffed.parts[0].bytes(), &expected);
    }
}
