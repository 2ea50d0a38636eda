//! Attestations and signatures of every kind that a TPM makes, to be described.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod described;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use teeproof_wire::eventlog::CcelTable;
use teeproof_wire::tpm::{
    AnyAttestation, Attest, Attested, Certification, SignatureValue, TpmSignature, rsassa_sha256,
};
use teeproof_wire::{Describe, ErrorKind};

use described::Described;

/// A TPM2B.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// An attestation of this type with this body.
fn attest(kind: u16, body: &[u8]) -> Vec<u8> {
    let name = [&[0x00, 0x0b][..], &[0xa5; 32]].concat();
    let clock = [&7_u64.to_be_bytes()[..], &[0, 0, 0, 1, 0, 0, 0, 2, 1], &[9; 8]].concat();
    [&b"\xffTCG"[..], &kind.to_be_bytes(), &sized(&name), &sized(b"nonce"), &clock, body].concat()
}

/// One of each kind: its name, and a line of its description.
fn kinds() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let digest = [0x5a; 32];
    let word = 0x0102_0304_0506_0708_u64.to_be_bytes();
    let name = sized(&[&[0x00, 0x0b][..], &[0xb6; 32]].concat());
    let time = [&word[..], &word, &[0, 0, 0, 3, 0, 0, 0, 4, 0], &word].concat();
    let audit = [&word[..], &[0x00, 0x0b], &sized(&digest), &sized(&digest)].concat();
    let quote = [&[0, 0, 0, 1, 0x00, 0x0c, 3, 7, 0, 0x80][..], &sized(&[1; 48])].concat();
    vec![
        (
            attest(0x8014, &[&name[..], &[0, 4], &sized(b"data")].concat()),
            "TPM_ST_ATTEST_NV",
            "nvContents: 64617461",
        ),
        (attest(0x8015, &audit), "TPM_ST_ATTEST_COMMAND_AUDIT", "digestAlg: SHA-256"),
        (
            attest(0x8016, &[&[1][..], &sized(&digest)].concat()),
            "TPM_ST_ATTEST_SESSION_AUDIT",
            "exclusiveSession: true",
        ),
        (
            attest(0x8017, &[&name[..], &name].concat()),
            "TPM_ST_ATTEST_CERTIFY",
            "extraData: 6e6f6e6365 (the nonce)",
        ),
        (attest(0x8018, &quote), "TPM_ST_ATTEST_QUOTE", "SHA-384: 0 1 2 23"),
        (attest(0x8019, &time), "TPM_ST_ATTEST_TIME", "time.clockInfo.resetCount: 3"),
        (
            attest(0x801a, &[&name[..], &sized(&digest)].concat()),
            "TPM_ST_ATTEST_CREATION",
            "clockInfo.safe: true",
        ),
        (
            attest(0x801c, &[&name[..], &sized(&digest)].concat()),
            "TPM_ST_ATTEST_NV_DIGEST",
            "type: 801c (TPM_ST_ATTEST_NV_DIGEST)",
        ),
    ]
}

#[test]
fn each_kind_of_attestation_is_read_to_its_last_byte() {
    for (bytes, name, line) in kinds() {
        let attestation = AnyAttestation::parse(&bytes).unwrap();
        assert_eq!(attestation.attested.kind().1, name);
        let lines = Described::of(&attestation).lines;
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:#?}");
        for length in 0..bytes.len() {
            assert_eq!(
                AnyAttestation::parse(&bytes[..length]).unwrap_err().kind,
                ErrorKind::Truncated,
                "{name}"
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(AnyAttestation::parse(&longer).unwrap_err().kind, ErrorKind::Trailing);
    }
    let error = AnyAttestation::parse(&attest(0x801b, &[])).unwrap_err();
    assert_eq!((error.kind, error.what), (ErrorKind::Value, "TPMS_ATTEST: type"));
}

#[test]
fn quotes_and_certifications_tell_the_same_by_either_reader() {
    for (bytes, ..) in kinds() {
        let any = Described::of(&AnyAttestation::parse(&bytes).unwrap()).lines;
        match AnyAttestation::parse(&bytes).unwrap().attested {
            Attested::Quote { .. } => assert_eq!(Described::of(&Attest::parse(&bytes).unwrap()).lines, any),
            Attested::Certify { .. } => {
                assert_eq!(Described::of(&Certification::parse(&bytes).unwrap()).lines, any);
            }
            _ => assert!(Attest::parse(&bytes).unwrap_err().is_unsupported()),
        }
    }
}

#[test]
fn signatures_of_every_scheme_are_named() {
    let curve = |bytes: usize| [sized(&vec![1; bytes]), sized(&vec![2; bytes])].concat();
    for (scheme, hash, value, name, refused) in [
        (0x14_u8, 0x0b_u8, sized(&[3; 256]), "RSASSA", None),
        (0x14, 0x0c, sized(&[3; 256]), "RSASSA", Some("this is SHA-384 (000c)")),
        (0x14, 0x0b, sized(&[3; 384]), "RSASSA", Some("256 bytes (0100)")),
        (0x16, 0x0b, sized(&[3; 256]), "RSAPSS", Some("this is an RSAPSS signature (0016)")),
        (0x18, 0x0b, curve(32), "ECDSA P-256", Some("this is an ECDSA signature (0018)")),
        (0x18, 0x0c, curve(48), "ECDSA P-384", Some("this is an ECDSA signature (0018)")),
        (0x18, 0x0d, curve(66), "ECDSA P-521", Some("this is an ECDSA signature (0018)")),
        (0x18, 0x0d, curve(20), "ECDSA", Some("this is an ECDSA signature (0018)")),
        (0x1a, 0x0b, curve(32), "ECDAA", Some("this is an ECDAA signature (001a)")),
        (0x1b, 0x12, curve(32), "SM2", Some("this is an SM2 signature (001b)")),
        (0x1c, 0x0b, curve(32), "EC-Schnorr", Some("this is an EC-Schnorr signature (001c)")),
        (0x05, 0x0b, vec![4; 32], "HMAC", Some("this is an HMAC (0005)")),
    ] {
        let bytes = [&[0x00, scheme, 0x00, hash][..], &value].concat();
        let signature = TpmSignature::parse(&bytes).unwrap();
        assert_eq!((signature.scheme_name(), signature.is_supported()), (name, refused.is_none()));
        let lines = Described::of(&signature).lines;
        assert!(lines[0].ends_with(&format!("({name})")), "{lines:?}");
        let supported = lines.iter().any(|line| line.starts_with("supported: no"));
        assert_eq!(supported, refused.is_some());
        match (rsassa_sha256(&bytes), refused) {
            (Ok(_), None) => {}
            (Err(error), Some(words)) => {
                assert!(error.is_unsupported() && error.to_string().contains(words), "{error}");
            }
            (other, _) => panic!("{name}: {other:?}"),
        }
        for length in 0..bytes.len() {
            assert!(TpmSignature::parse(&bytes[..length]).is_err());
        }
    }
    // No hash is known where the signature has none.
    let bytes = [&[0x00, 0x16, 0x00, 0x10][..], &sized(&[3; 256])].concat();
    let signature = TpmSignature::parse(&bytes).unwrap();
    assert!(matches!(signature.value, SignatureValue::Rsa(number) if number.len() == 256));
    assert_eq!(Described::of(&signature).lines[1], "hash: 0010 (not known)");
    for bytes in
        [&[0x00, 0x14, 0x00, 0x0b, 0, 0][..], &[0x00, 0x05, 0x00, 0x10], &[0x00, 0x17, 0x00, 0x0b, 0, 1, 1]]
    {
        assert!(TpmSignature::parse(bytes).is_err());
    }
}

#[test]
fn the_table_of_a_ccel_is_named() {
    let mut table = b"CCEL\x38\0\0\0\x01\0TWIN  TEEPROOF".to_vec();
    table.resize(56, 0);
    (table[36], table[42], table[51]) = (2, 4, 0xbe);
    let sum = table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    table[9] = sum.wrapping_neg();
    let parsed = CcelTable::parse(&table).unwrap();
    assert_eq!((parsed.cc_type, parsed.log_bytes, parsed.log_address), (2, 0x4_0000, 0xbe00_0000));
    assert!(parsed.sum_is_zero && CcelTable::looks_like(&table));
    let lines = Described::of(&parsed).lines;
    for line in [
        "CC Type: 2 (Intel TDX)",
        "Log Area Minimum Length: 262144 (bytes)",
        "Log Area Start Address: 0xbe000000",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:#?}");
    }
    for length in 0..56 {
        assert!(CcelTable::parse(&table[..length]).is_err());
    }
    assert_eq!(CcelTable::parse(&[&table[..], &[0]].concat()).unwrap_err().kind, ErrorKind::Trailing);
    table[4] = 57;
    assert!(!CcelTable::parse(&table).is_ok_and(|table| table.sum_is_zero));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        start in 0_usize..8,
        at in any::<prop::sample::Index>(),
    ) {
        let (mut whole, ..) = kinds().swap_remove(start);
        let at = at.index(whole.len());
        let end = whole.len().min(at + bytes.len());
        whole.splice(at..end, bytes.iter().copied());
        for bytes in [&bytes, &whole] {
            if let Ok(attestation) = AnyAttestation::parse(bytes) {
                attestation.describe(&mut Described::default());
            }
            if let Ok(signature) = TpmSignature::parse(bytes) {
                signature.describe(&mut Described::default());
            }
            let _ = CcelTable::parse(bytes).map(|table| table.describe(&mut Described::default()));
        }
    }
}
