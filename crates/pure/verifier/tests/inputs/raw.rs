//! Raw files and their encodings as text: recognised by content.

use base64ct::{Base64, Encoding as _};
use teeproof::Evidence;
use teeproof_core::Hex;
use teeproof_evidence::{Encoding, InputClass, InputError, InputKind, Inputs, Part, sniff};
use teeproof_mint::azure::Algorithm;
use teeproof_tpm::PcrValues;

use crate::support::{SNP, TDX, kinds_of, td_quote, testdata};

#[test]
fn raw_files_are_recognised_by_their_first_bytes() {
    let sized = [&[0, u8::try_from(SNP.quote_message.len()).unwrap()][..], &SNP.quote_message].concat();
    let structure = [&[0x00, 0x14, 0x00, 0x0b, 0x01, 0x00][..], &SNP.quote_signature].concat();
    let log = SNP.event_log.clone().unwrap();
    let files: [(&[u8], InputKind); 13] = [
        (&SNP.hcl_report, InputKind::HclReport),
        (&TDX.hcl_report, InputKind::HclReport),
        (&td_quote(), InputKind::TdQuote),
        (&SNP.quote_message, InputKind::TpmQuote),
        (&sized, InputKind::TpmQuote),
        (&SNP.quote_signature, InputKind::TpmSignature),
        (&structure, InputKind::TpmSignature),
        (&log, InputKind::EventLog),
        (&SNP.pcr_concatenation(), InputKind::PcrConcatenation),
        (&SNP.vek, InputKind::Certificate),
        (&SNP.hcl_report[0x20..0x4c0], InputKind::SnpReport),
        (&testdata("nitro/production-us-east-2-2024-12.cose"), InputKind::NitroDocument),
        (&testdata("azure/hcl-report-tdx.bin"), InputKind::HclReport),
    ];
    for (file, kind) in files {
        let text = [Base64::encode_string(file), Hex(file).to_string()];
        assert_eq!(kinds_of(file), (kind, vec![kind]));
        for text in text {
            assert_eq!(kinds_of(text.as_bytes()), (kind, vec![kind]), "{text:.40}");
        }
    }
    // The size in front is not signed: what is kept is the same.
    assert_eq!(sniff(&sized, None).unwrap().parts[0].bytes(), SNP.quote_message);
}

/// Eight PCR values are as long as a signature, and are only taken for values where no signature can be
/// so: see `eight_values_are_distinguished_from_a_signature`.
#[test]
fn two_hundred_and_fifty_six_bytes_are_a_signature() {
    for count in 1..=24 {
        let distinct = |index: u8| Algorithm::SHA256.digest(&[index]);
        let values: Vec<u8> = (0..count).flat_map(distinct).collect();
        let expected = if count == 8 { InputKind::TpmSignature } else { InputKind::PcrConcatenation };
        assert_eq!(kinds_of(&values).0, expected, "{count}");
        let sniffed = sniff(&values, Some(InputKind::PcrConcatenation)).unwrap();
        sniffed.check().unwrap();
        assert_eq!(sniffed.kind, InputKind::PcrConcatenation);
    }
    for bytes in [&[7; 31][..], &[7; 33], &[7; 800]] {
        assert_eq!(sniff(bytes, None), Err(InputError::Unknown));
        assert_eq!(
            sniff(bytes, Some(InputKind::PcrConcatenation)).unwrap().check(),
            Err(InputError::PcrFormat)
        );
    }
    let mut inputs = Inputs::new();
    for file in [&SNP.hcl_report, &SNP.quote_message, &SNP.quote_signature] {
        inputs.add(file, None).unwrap();
    }
    let eight: Vec<u8> = (0..8).flat_map(|index| Algorithm::SHA256.digest(&[index])).collect();
    let error = inputs.add(&eight, None).unwrap_err();
    assert_eq!(error, InputError::TwoOfAKind(InputKind::TpmSignature));
    assert!(error.hint().contains("tpm2_pcrread") && error.class() == InputClass::WrongFiles);
}

/// PCR values that are all zero, as a fresh simulator has them, are not a truncated report.
#[test]
fn zero_pcrs_are_not_a_report() {
    assert_eq!(kinds_of(&[0; 64]).0, InputKind::PcrConcatenation);
    // A version alone is the beginning of many files; a truncated report has more than that.
    assert_eq!(sniff(&[2, 0, 0, 0, 9], None), Err(InputError::Unknown));
    for version in 1..=5 {
        assert_eq!(sniff(&[&[version, 0, 0, 0][..], &[7; 600]].concat(), None), Err(InputError::Unknown));
    }
    let report = testdata("snp/milan-report.bin");
    for length in [0x38, 600, 1183, 1184] {
        assert_eq!(kinds_of(&report[..length]).0, InputKind::SnpReport, "{length}");
    }
    assert_eq!(kinds_of(&[&report[..], &[0]].concat()).0, InputKind::SnpReport);
}

fn registers(file: &[u8], kind: Option<InputKind>) -> Result<[Option<[u8; 32]>; 24], InputError> {
    let mut inputs = Inputs::new();
    inputs.add(&SNP.hcl_report, None).unwrap();
    inputs.add(&SNP.quote_message, None).unwrap();
    inputs.add(&SNP.quote_signature, None).unwrap();
    inputs.add(file, kind)?;
    match Evidence::from_inputs(&inputs)? {
        Evidence::AzureSnp(evidence) => match evidence.pcrs {
            Some(PcrValues::Indexed(values)) => Ok(*values),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_tpm2_pcrread_prints() {
    let text = SNP.pcrs_yaml();
    assert_eq!(registers(text.as_bytes(), None).unwrap(), SNP.pcrs.map(Some));
    assert_eq!(
        registers(text.to_lowercase().as_bytes(), Some(InputKind::PcrValues)).unwrap(),
        SNP.pcrs.map(Some)
    );
    let sniffed = sniff(text.as_bytes(), None).unwrap();
    assert_eq!(sniffed.encoding, Encoding::PcrRead);
    assert_eq!(sniffed.to_string(), "pcr-values (tpm2_pcrread text)");
    // What is kept says the same when it is read again.
    let kept = &sniffed.parts[0];
    assert_eq!(kept.bytes().len(), 24 * 33);
    assert_eq!(Part::new(InputKind::PcrValues, kept.bytes()).unwrap(), *kept);

    let some = "sha256:\n  3 : 0x".to_owned() + &"ab".repeat(32) + "\n  17: 0x" + &"CD".repeat(32) + "\n";
    let found = registers(some.as_bytes(), None).unwrap();
    assert_eq!((found[3], found[17]), (Some([0xab; 32]), Some([0xcd; 32])));
    assert_eq!(found.iter().flatten().count(), 2);

    let sha1 = format!("  sha1:\n    0 : 0x{}\n", "11".repeat(20));
    for both in [format!("{sha1}{text}"), format!("{text}{sha1}")] {
        assert_eq!(registers(both.as_bytes(), None).unwrap(), SNP.pcrs.map(Some));
        let shown = sniff(both.as_bytes(), None).unwrap().to_string();
        assert_eq!(shown, "pcr-values (tpm2_pcrread text; banks other than sha256 are left out)");
    }
    assert_eq!(registers(sha1.as_bytes(), None), Err(InputError::OtherBank(4)));
}

#[test]
fn text_that_is_not_quite_registers() {
    let value = "ab".repeat(32);
    for (line, text) in [
        (2, format!("sha256:\n0 : {value}\n")),
        (2, format!("sha256:\n24 : 0x{value}\n")),
        (2, format!("sha256:\n-1 : 0x{value}\n")),
        (2, format!("sha256:\n+1 : 0x{value}\n")),
        (2, format!("sha256:\n001 : 0x{value}\n")),
        (2, format!("sha256:\n0 : 0x{value}ab\n")),
        (2, format!("sha256:\n0 : 0x{}\n", &value[2..])),
        (2, format!("sha384:\n0 : 0x{value}\n")),
        (3, format!("sha256:\n1 : 0x{value}\n1 : 0x{value}\n")),
        (4, format!("sha256:\n1 : 0x{value}\n\nsigned: yes\n")),
        (4, format!("sha256:\n1 : 0x{value}\nsha256:\n1 : 0x{value}\n")),
    ] {
        assert_eq!(registers(text.as_bytes(), None), Err(InputError::PcrLine { line }), "{text}");
    }
    for empty in ["sha256:", "sha256:\nsha1:\n"] {
        assert_eq!(registers(empty.as_bytes(), None), Err(InputError::PcrFormat));
    }
}

/// What tpm2-tools write with `--pcrs_format=serialized`, as its own structures lie in memory.
fn serialized(selections: &[(u16, u32)], lists: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut out = u32::try_from(selections.len()).unwrap().to_le_bytes().to_vec();
    for (bank, bits) in selections {
        out.extend_from_slice(&bank.to_le_bytes());
        out.push(3);
        out.extend_from_slice(&bits.to_le_bytes());
        out.push(0);
    }
    out.resize(132, 0);
    out.extend_from_slice(&u32::try_from(lists.len()).unwrap().to_le_bytes());
    for (list, before) in lists.iter().zip(0..) {
        out.extend_from_slice(&u32::try_from(list.len()).unwrap().to_le_bytes());
        for digest in list {
            out.extend_from_slice(&u16::try_from(digest.len()).unwrap().to_le_bytes());
            out.extend_from_slice(digest);
            out.resize(out.len() + 64 - digest.len(), 0);
        }
        out.resize(136 + 532 * (before + 1), 0);
    }
    out
}

#[test]
fn what_tpm2_tools_serialize() {
    let values: Vec<Vec<u8>> = SNP.pcrs.iter().map(|value| value.to_vec()).collect();
    let lists: Vec<Vec<Vec<u8>>> = values.chunks(8).map(<[_]>::to_vec).collect();
    let all = serialized(&[(0x0b, 0xff_ffff)], &lists);
    assert_eq!(all.len(), 1732);
    assert_eq!(registers(&all, None).unwrap(), SNP.pcrs.map(Some));
    assert_eq!(sniff(&all, None).unwrap().to_string(), "pcr-values (tpm2-tools serialized)");

    let two = serialized(&[(4, 1), (0x0b, 0x80_0001)], &[vec![vec![1; 20], vec![2; 32], vec![3; 32]]]);
    assert_eq!(two.len(), 668);
    let found = registers(&two, None).unwrap();
    assert_eq!((found[0], found[23]), (Some([2; 32]), Some([3; 32])));
    assert_eq!(found.iter().flatten().count(), 2);
    assert!(sniff(&two, None).unwrap().note.unwrap().contains("left out"));

    for wrong in [
        serialized(&[(0x0b, 3)], &[vec![vec![1; 32]]]),
        serialized(&[(0x0b, 1)], &[vec![vec![1; 32], vec![2; 32]]]),
        serialized(&[(0x0b, 1)], &[vec![vec![1; 20]]]),
        serialized(&[(0x0b, 1 << 24)], &[vec![vec![1; 32]]]),
        serialized(&[(0x0b, 1), (0x0b, 1)], &[vec![vec![1; 32], vec![2; 32]]]),
        all[..1731].to_vec(),
    ] {
        assert_eq!(registers(&wrong, Some(InputKind::PcrValues)), Err(InputError::PcrFormat));
    }
    let other = serialized(&[(4, 1)], &[vec![vec![1; 20]]]);
    assert_eq!(registers(&other, Some(InputKind::PcrValues)), Err(InputError::OtherBank(4)));
}

/// The form that a bundle keeps: it is read where somebody says that it is one.
#[test]
fn registers_with_their_indices() {
    let one = |index: u8| [&[index][..], &[index; 32]].concat();
    let found = registers(&[one(2), one(7)].concat(), Some(InputKind::PcrValues)).unwrap();
    assert_eq!((found[2], found[7]), (Some([2; 32]), Some([7; 32])));
    for wrong in [[one(7), one(2)].concat(), [one(2), one(2)].concat(), one(24), one(2)[..32].to_vec()] {
        assert_eq!(registers(&wrong, Some(InputKind::PcrValues)), Err(InputError::PcrFormat));
    }
}
