//! TPM quotes: every field where it stands, and each length that is not right.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod described;

use teeproof_wire::tpm::{Attest, MAX_BYTES, Selection, attest_bytes, rsassa_sha256};
use teeproof_wire::{Error, ErrorKind};

use described::Described;

/// Of a software TPM, over registers 16 and 23.
const MESSAGE: &[u8] = include_bytes!("../../../../testdata/tpm/quote-16-23.msg");
const TSS: &[u8] = include_bytes!("../../../../testdata/tpm/quote-16-23.tss");
const PLAIN: &[u8] = include_bytes!("../../../../testdata/tpm/quote-16-23.sig");

fn described(attest: &Attest<'_>) -> Vec<(String, String)> {
    let with_note =
        |value: String, note: String| if note.is_empty() { value } else { format!("{value} ({note})") };
    Described::of(attest)
        .fields
        .into_iter()
        .map(|(path, _, value, note)| (path, with_note(value, note)))
        .collect()
}

#[test]
fn a_quote_is_read_field_by_field() {
    let attest = Attest::parse(MESSAGE).unwrap();
    assert_eq!(attest.head.qualified_signer, &MESSAGE[8..42]);
    assert_eq!(attest.head.extra_data, b"relabel me never");
    assert_eq!(attest.head.clock, u64::from_be_bytes(MESSAGE[60..68].try_into().unwrap()));
    assert_eq!((attest.head.reset_count, attest.head.restart_count, attest.head.safe), (1, 0, true));
    assert_eq!(attest.head.firmware_version, 0x2019_1023_0016_3636);
    assert_eq!(attest.pcr_digest, &MESSAGE[MESSAGE.len() - 32..]);
    let selections: Vec<_> = attest.selections.iter().collect();
    assert_eq!(selections, [Selection { bank: 0x000b, bitmap: 0x0081_0000 }]);
    let selection = selections[0];
    assert_eq!(selection.indices().collect::<Vec<_>>(), [16, 23]);
    assert_eq!(selection.count(), 2);
    for index in 0..=255 {
        assert_eq!(selection.contains(index), [16, 23].contains(&index));
    }
}

#[test]
fn a_quote_tells_its_fields() {
    let fields = described(&Attest::parse(MESSAGE).unwrap());
    let get = |name: &str| {
        &fields.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name} is missing")).1
    };
    assert_eq!(get("type"), "8018 (TPM_ST_ATTEST_QUOTE)");
    assert_eq!(get("extraData"), "72656c6162656c206d65206e65766572 (the nonce)");
    assert_eq!(get("firmwareVersion"), "2019102300163636");
    assert_eq!(get("clockInfo.safe"), "true");
    assert_eq!(get("pcrSelect/SHA-256"), "16 23");
    assert_eq!(fields.len(), 11);
    // Selections that no policy would take are described all the same.
    let at = 69 + 16;
    let selections: Vec<u8> = [4_u16, 0x0b, 0x0c, 0x0d, 0x12, 0x27, 0x7777, 0x29]
        .into_iter()
        .flat_map(|bank| [&bank.to_be_bytes()[..], &[3, 0, 0, 0]].concat())
        .collect();
    let many = [&MESSAGE[..at], &8_u32.to_be_bytes(), &selections, &MESSAGE[MESSAGE.len() - 34..]].concat();
    let fields = described(&Attest::parse(&many).unwrap());
    assert_eq!(fields.iter().filter(|(_, value)| value == "none").count(), 8);
    assert!(fields.iter().any(|(name, _)| name == "pcrSelect/another hash"));
}

#[test]
fn every_cut_is_named() {
    for length in 0..MESSAGE.len() {
        let error = Attest::parse(&MESSAGE[..length]).expect_err("accepted");
        assert_eq!(error.kind, ErrorKind::Truncated, "{length}: {error}");
        assert!(error.offset <= length);
    }
    let error = Attest::parse(&[MESSAGE, &[0]].concat()).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::Trailing, MESSAGE.len()));
}

#[test]
fn every_size_has_its_bound() {
    let with_size = |at: usize, size: u16| {
        let mut message = MESSAGE.to_vec();
        message[at..at + 2].copy_from_slice(&size.to_be_bytes());
        Attest::parse(&message).map(|_| ()).unwrap_err()
    };
    for (at, most, what) in [
        (6, 66, "TPMS_ATTEST: qualifiedSigner"),
        (42, 66, "TPMS_ATTEST: extraData"),
        (MESSAGE.len() - 34, 64, "TPMS_ATTEST: pcrDigest"),
    ] {
        for size in [most + 1, 0x7fff, 0xffff] {
            let error = with_size(at, size);
            assert_eq!((error.kind, error.what, error.offset), (ErrorKind::TooLarge, what, at));
        }
        let allowed = with_size(at, most);
        assert_ne!((allowed.kind, allowed.what), (ErrorKind::TooLarge, what));
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut message = MESSAGE.to_vec();
        for _ in 0..1 + next() % 3 {
            let at = next() % message.len();
            message[at] = next() as u8;
        }
        message.truncate(message.len() - next() % 4 / 3 * (next() % 8));
        if let Ok(attest) = Attest::parse(&message) {
            assert!(!described(&attest).is_empty());
            accepted += 1;
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}

#[test]
fn the_size_of_a_tpm2b_is_taken_off() {
    let length = u16::try_from(MESSAGE.len()).unwrap();
    let sized = |size: u16| [&size.to_be_bytes()[..], MESSAGE].concat();
    assert_eq!(attest_bytes(&sized(length)), MESSAGE);
    assert_eq!(attest_bytes(MESSAGE), MESSAGE);
    for wrong in [0, length - 1, length + 1, u16::MAX] {
        assert_eq!(attest_bytes(&sized(wrong)), sized(wrong));
    }
    // It is taken off once.
    let twice = [&(length + 2).to_be_bytes()[..], &sized(length)].concat();
    assert_eq!(attest_bytes(&twice), sized(length));
    for short in [&[][..], &[0], &[0, 1]] {
        assert_eq!(attest_bytes(short), short);
    }
    assert_eq!(attest_bytes(&[0, 0]), &[] as &[u8]);
    // Bytes that begin like an attestation are not one of these.
    let long = [&MESSAGE[..2], &vec![0; 0xff54]].concat();
    assert_eq!(attest_bytes(&long), long);
    assert!(long.len() > MAX_BYTES);
}

#[test]
fn signatures_come_in_two_forms() {
    assert_eq!(rsassa_sha256(PLAIN).unwrap().as_slice(), PLAIN);
    assert_eq!(rsassa_sha256(TSS).unwrap().as_slice(), &TSS[6..]);
    let refused = |bytes: &[u8], kind: ErrorKind, what: &'static str, offset: usize| {
        let Error { kind: found, what: structure, offset: at, .. } =
            rsassa_sha256(bytes).expect_err("accepted");
        assert_eq!((found, structure, at), (kind, what, offset));
    };
    refused(&[TSS, &[0]].concat(), ErrorKind::Trailing, "TPMT_SIGNATURE", 262);
    refused(&TSS[..261], ErrorKind::Truncated, "TPMT_SIGNATURE: sig", 6);
    refused(&TSS[..3], ErrorKind::Truncated, "TPMT_SIGNATURE: hash", 2);
    refused(&TSS[..1], ErrorKind::Truncated, "TPMT_SIGNATURE: sigAlg", 0);
    refused(&[], ErrorKind::Truncated, "TPMT_SIGNATURE: sigAlg", 0);
    // A head of six bytes and 250 more are 256 bytes, which are taken as they are: the key decides.
    assert_eq!(rsassa_sha256(&TSS[..256]).unwrap().as_slice(), &TSS[..256]);
}
