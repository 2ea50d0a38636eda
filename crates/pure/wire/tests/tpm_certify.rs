//! Certifications, public areas and policies: every field where it stands, each value that is not
//! right, and a real TPM's own words for all three.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod described;

use teeproof_wire::tpm::{
    Attest, Certification, MAX_PUBLIC_BYTES, ObjectAttributes, POLICY_PCR_BYTES, RsaPublic, RsaScheme,
    SHA256, Selection, policy_pcr, public_bytes,
};
use teeproof_wire::{Error, ErrorKind};

use described::Described;

/// Of a software TPM: a key, its certification, and a key that stands behind its size.
const MESSAGE: &[u8] = include_bytes!("../../../../testdata/tpm/certified-key.msg");
const PUBLIC: &[u8] = include_bytes!("../../../../testdata/tpm/certified-key.pub");
const SIZED: &[u8] = include_bytes!("../../../../testdata/tpm/certified-oaep.pub");
const PASSWORD: &[u8] = include_bytes!("../../../../testdata/tpm/certified-password.pub");
const POLICY: &[u8] = include_bytes!("../../../../testdata/tpm/certified-policy.bin");
const QUOTE: &[u8] = include_bytes!("../../../../testdata/tpm/certified-quote.msg");
const AK: &[u8] = include_bytes!("../../../../testdata/tpm/certified-ak.der");

/// Where the fields of [`PUBLIC`] stand.
const TYPE: usize = 0;
const NAME_ALG: usize = 2;
const ATTRIBUTES: usize = 4;
const AUTH_POLICY: usize = 8;
const SYMMETRIC: usize = 42;
const SCHEME: usize = 44;
const KEY_BITS: usize = 46;
const EXPONENT: usize = 48;
const UNIQUE: usize = 52;

fn with(bytes: &[u8], at: usize, patch: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + patch.len()].copy_from_slice(patch);
    bytes
}

/// The scheme of [`PUBLIC`] replaced, which has two bytes.
fn with_scheme(scheme: &[u8]) -> Vec<u8> {
    [&PUBLIC[..SCHEME], scheme, &PUBLIC[KEY_BITS..]].concat()
}

#[track_caller]
fn refused<T: core::fmt::Debug>(
    read: Result<T, Error>,
    kind: ErrorKind,
    what: &'static str,
    offset: usize,
) -> &'static str {
    let error = read.expect_err("accepted");
    assert_eq!((error.kind, error.what, error.offset), (kind, what, offset), "{error}");
    error.expected
}

#[test]
fn a_certification_is_read_field_by_field() {
    let read = Certification::parse(MESSAGE).unwrap();
    assert_eq!(read.head.qualified_signer, &MESSAGE[8..42]);
    // It is the same key that quotes.
    assert_eq!(read.head.qualified_signer, Attest::parse(QUOTE).unwrap().head.qualified_signer);
    assert_eq!(read.head.extra_data, [0x00, 0xff, 0x55, 0xaa]);
    assert_eq!(read.head.clock, u64::from_be_bytes(MESSAGE[48..56].try_into().unwrap()));
    assert_eq!((read.head.reset_count, read.head.restart_count, read.head.safe), (1, 0, true));
    assert_eq!(read.head.firmware_version, 0x2019_1023_0016_3636);
    assert_eq!(read.name, &MESSAGE[75..109]);
    assert_eq!(read.qualified_name, &MESSAGE[111..]);
    let described = Described::of(&read);
    assert_eq!(described.fields.len(), 11);
    assert_eq!(described.value("type"), "8017");
    assert_eq!(described.value("extraData"), "00ff55aa");
    assert!(described.value("name").starts_with("000b4d8eb7b9"));
    assert!(described.lines.contains(&"type: 8017 (TPM_ST_ATTEST_CERTIFY)".to_owned()));
}

#[test]
fn one_attestation_is_not_taken_for_the_other() {
    const WHAT: &str = "TPMS_ATTEST: type";
    let expected = refused(Certification::parse(QUOTE), ErrorKind::Unsupported, WHAT, 4);
    assert_eq!(expected, "a certification (8017); this is a quote (8018)");
    let expected = refused(Attest::parse(MESSAGE), ErrorKind::Unsupported, WHAT, 4);
    assert_eq!(expected, "a quote (8018); this is a certification (8017)");
    // Under the other's type the fields after the head do not fit.
    assert!(Certification::parse(&with(QUOTE, 4, &[0x80, 0x17])).is_err());
    assert!(Attest::parse(&with(MESSAGE, 4, &[0x80, 0x18])).is_err());
    for kind in [0x8014_u16, 0x8015, 0x8016, 0x8019, 0x801a, 0x801c] {
        let other = with(MESSAGE, 4, &kind.to_be_bytes());
        let expected = refused(Certification::parse(&other), ErrorKind::Unsupported, WHAT, 4);
        assert_eq!(expected, "a certification (8017), no other attestation");
    }
    for kind in [0, 0x8013_u16, 0x801d, 0xffff] {
        let none = with(MESSAGE, 4, &kind.to_be_bytes());
        let expected = refused(Certification::parse(&none), ErrorKind::Value, WHAT, 4);
        assert_eq!(expected, "TPM_ST_ATTEST_CERTIFY (8017)");
    }
    let magic = with(MESSAGE, 3, &[0x46]);
    refused(Certification::parse(&magic), ErrorKind::Value, "TPMS_ATTEST: magic", 0);
}

#[test]
fn a_certification_has_its_bounds() {
    for length in 0..MESSAGE.len() {
        let error = Certification::parse(&MESSAGE[..length]).expect_err("accepted");
        assert_eq!(error.kind, ErrorKind::Truncated, "{length}: {error}");
        assert!(error.offset <= length);
    }
    let extended = [MESSAGE, &[0]].concat();
    refused(Certification::parse(&extended), ErrorKind::Trailing, "TPMS_ATTEST", MESSAGE.len());
    let long = [MESSAGE, &[0; 4096]].concat();
    refused(Certification::parse(&long), ErrorKind::TooLarge, "TPMS_ATTEST", 0);
    for (at, what) in [
        (6, "TPMS_ATTEST: qualifiedSigner"),
        (42, "TPMS_ATTEST: extraData"),
        (73, "TPMS_ATTEST: name"),
        (109, "TPMS_ATTEST: qualifiedName"),
    ] {
        for size in [67_u16, 0x7fff, 0xffff] {
            let bent = with(MESSAGE, at, &size.to_be_bytes());
            refused(Certification::parse(&bent), ErrorKind::TooLarge, what, at);
        }
    }
    for safe in [2, 0xff] {
        refused(Certification::parse(&with(MESSAGE, 64, &[safe])), ErrorKind::Value, "TPMS_ATTEST: safe", 64);
    }
}

#[test]
fn a_public_area_is_read_field_by_field() {
    let read = RsaPublic::parse(PUBLIC).unwrap();
    let guarded = ObjectAttributes::FIXED_TPM
        | ObjectAttributes::FIXED_PARENT
        | ObjectAttributes::SENSITIVE_DATA_ORIGIN
        | ObjectAttributes::NO_DA
        | ObjectAttributes::DECRYPT;
    assert_eq!(read.name_alg, SHA256);
    assert_eq!(read.attributes, guarded);
    assert_eq!(read.auth_policy, POLICY);
    assert_eq!((read.scheme, read.key_bits, read.exponent), (None, 2048, 65_537));
    assert_eq!(read.modulus, &PUBLIC[UNIQUE + 2..]);
    let described = Described::of(&read);
    assert_eq!(described.fields.len(), 9);
    assert_eq!(described.value("objectAttributes"), "fixedTPM fixedParent sensitiveDataOrigin noDA decrypt");
    assert_eq!(described.value("scheme"), "any");
    assert_eq!((described.value("nameAlg"), described.value("keyBits")), ("SHA-256", "2048"));

    let oaep = RsaPublic::parse(public_bytes(SIZED)).unwrap();
    assert_eq!((oaep.scheme, oaep.attributes), (Some(RsaScheme::Oaep(SHA256)), guarded));
    assert_eq!(Described::of(&oaep).value("scheme"), "OAEP with SHA-256");
    let password = RsaPublic::parse(PASSWORD).unwrap();
    assert_eq!(password.attributes, guarded | ObjectAttributes::USER_WITH_AUTH);
}

/// The attestation key's own public area: no policy, a scheme for signatures.
#[test]
fn the_attestation_keys_public_area_is_read_too() {
    let head = [0, 1, 0, 0x0b, 0, 5, 4, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0, 0x0b, 8, 0, 0, 0, 0, 0, 1, 0];
    let modulus = &AK[AK.len() - 261..AK.len() - 5];
    let area = [&head[..], modulus].concat();
    let read = RsaPublic::parse(&area).unwrap();
    assert_eq!((read.auth_policy, read.scheme), (&[][..], Some(RsaScheme::Rsassa(SHA256))));
    assert!(read.scheme.unwrap().signs() && read.attributes.contains(ObjectAttributes::RESTRICTED));
    assert!(Described::of(&read).lines.contains(&"authPolicy:  (no policy)".to_owned()));
}

#[test]
fn a_public_area_ends_where_it_ends() {
    for length in 0..PUBLIC.len() {
        let error = RsaPublic::parse(&PUBLIC[..length]).expect_err("accepted");
        assert_eq!(error.kind, ErrorKind::Truncated, "{length}: {error}");
        assert!(error.offset <= length);
    }
    refused(RsaPublic::parse(&[PUBLIC, &[0]].concat()), ErrorKind::Trailing, "TPMT_PUBLIC", PUBLIC.len());
    let long = [PUBLIC, &[0; MAX_PUBLIC_BYTES]].concat();
    refused(RsaPublic::parse(&long), ErrorKind::TooLarge, "TPMT_PUBLIC", 0);
}

#[test]
fn kinds_and_hashes_of_keys() {
    for (kind, found) in [
        (0x0008_u16, ErrorKind::Unsupported),
        (0x0023, ErrorKind::Unsupported),
        (0x0025, ErrorKind::Unsupported),
        (0x0000, ErrorKind::Value),
        (0x000b, ErrorKind::Value),
        (0xffff, ErrorKind::Value),
    ] {
        let other = with(PUBLIC, TYPE, &kind.to_be_bytes());
        refused(RsaPublic::parse(&other), found, "TPMT_PUBLIC: type", 0);
    }
    // A policy is a digest of the name's hash, or empty.
    for (hash, size) in
        [(0x04_u16, 20), (0x0b, 32), (0x0c, 48), (0x0d, 64), (0x12, 32), (0x27, 32), (0x28, 48), (0x29, 64)]
    {
        let area = |policy: usize| {
            let length = u16::try_from(policy).unwrap().to_be_bytes();
            let head = with(&PUBLIC[..AUTH_POLICY], NAME_ALG, &hash.to_be_bytes());
            [&head, &length[..], &vec![7; policy], &PUBLIC[SYMMETRIC..]].concat()
        };
        for policy in [0, size] {
            let area = area(policy);
            let read = RsaPublic::parse(&area).unwrap();
            assert_eq!((read.name_alg, read.auth_policy.len()), (hash, policy));
        }
        for policy in [1, size - 1, size + 1, 0xffff] {
            let area = area(policy);
            let error = RsaPublic::parse(&area).unwrap_err();
            let too_long = area.len() > MAX_PUBLIC_BYTES;
            assert_eq!(error.kind, if too_long { ErrorKind::TooLarge } else { ErrorKind::Value }, "{error}");
            assert!(too_long || error.offset == AUTH_POLICY);
        }
    }
    for hash in [0x0000_u16, 0x0001, 0x0010, 0x0011, 0x7fff] {
        let other = with(PUBLIC, NAME_ALG, &hash.to_be_bytes());
        refused(RsaPublic::parse(&other), ErrorKind::Unsupported, "TPMT_PUBLIC: nameAlg", NAME_ALG);
    }
}

#[test]
fn every_attribute_has_a_meaning() {
    let bits = u32::from_be_bytes(PUBLIC[ATTRIBUTES..AUTH_POLICY].try_into().unwrap());
    let mut reserved = Vec::new();
    for bit in 0..32 {
        let area = with(PUBLIC, ATTRIBUTES, &(bits | 1 << bit).to_be_bytes());
        match RsaPublic::parse(&area) {
            Ok(read) => assert_eq!(read.attributes.bits(), bits | 1 << bit),
            Err(error) => {
                assert_eq!((error.kind, error.offset), (ErrorKind::Value, ATTRIBUTES));
                assert_eq!(error.what, format!("TPMA_OBJECT: bit {bit}"));
                reserved.push(bit);
            }
        }
    }
    assert_eq!(reserved, [0, 3, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
    let text = RsaPublic::parse(&with(PUBLIC, ATTRIBUTES, &[0x80])).unwrap_err().to_string();
    assert_eq!(text, "TPMA_OBJECT: bit 31: unexpected value at offset 0x4, expected 0, for it is reserved");
}

#[test]
fn symmetric_algorithms_are_for_parents() {
    for algorithm in [0x0006_u16, 0x0000, 0x000a, 0x0043] {
        let area = with(PUBLIC, SYMMETRIC, &algorithm.to_be_bytes());
        refused(RsaPublic::parse(&area), ErrorKind::Unsupported, "TPMT_PUBLIC: symmetric", SYMMETRIC);
    }
}

#[test]
fn schemes() {
    for (scheme, expected, text) in [
        (&[0x00, 0x14, 0x00, 0x04][..], RsaScheme::Rsassa(4), "RSASSA with SHA-1"),
        (&[0x00, 0x15], RsaScheme::Rsaes, "RSAES"),
        (&[0x00, 0x16, 0x00, 0x0c], RsaScheme::Rsapss(0x0c), "RSAPSS with SHA-384"),
        (&[0x00, 0x17, 0x00, 0x0d], RsaScheme::Oaep(0x0d), "OAEP with SHA-512"),
    ] {
        let area = with_scheme(scheme);
        let read = RsaPublic::parse(&area).unwrap().scheme.unwrap();
        assert_eq!((read, read.to_string().as_str()), (expected, text));
        assert_eq!(read.signs(), text.starts_with("RSASSA") || text.starts_with("RSAPSS"));
    }
    for scheme in [0x0000_u16, 0x0005, 0x0018, 0x001a, 0xffff] {
        let area = with_scheme(&scheme.to_be_bytes());
        refused(RsaPublic::parse(&area), ErrorKind::Value, "TPMT_PUBLIC: scheme", SCHEME);
    }
    for scheme in [0x14, 0x16, 0x17] {
        for hash in [0x0000_u16, 0x0010, 0x7777] {
            let area = with_scheme(&[&[0, scheme], &hash.to_be_bytes()[..]].concat());
            let what = "TPMT_PUBLIC: scheme's hash";
            refused(RsaPublic::parse(&area), ErrorKind::Unsupported, what, SCHEME + 2);
        }
    }
}

#[test]
fn sizes_exponents_and_moduli() {
    let sized = |bits: u16, modulus: &[u8]| {
        let size = u16::try_from(modulus.len()).unwrap().to_be_bytes();
        [&PUBLIC[..KEY_BITS], &bits.to_be_bytes(), &[0; 4], &size, modulus].concat()
    };
    for bits in [1024_u16, 2048, 3072, 4096] {
        let modulus = vec![0x80; usize::from(bits) / 8];
        let area = sized(bits, &modulus);
        let read = RsaPublic::parse(&area).unwrap();
        assert_eq!((read.key_bits, read.modulus), (bits, &modulus[..]));
        for wrong in [&[][..], &modulus[1..], &[&modulus[..], &[1]].concat()] {
            let area = sized(bits, wrong);
            refused(RsaPublic::parse(&area), ErrorKind::Value, "TPMT_PUBLIC: unique", UNIQUE);
        }
        let area = sized(bits, &with(&modulus, 0, &[0x7f]));
        let expected = refused(RsaPublic::parse(&area), ErrorKind::Value, "TPMT_PUBLIC: unique", UNIQUE + 2);
        assert_eq!(expected, "a modulus whose highest bit is set");
    }
    for bits in [0, 1, 512, 2047, 2049, 8192, 0xffff] {
        let area = sized(bits, &[0x80; 256]);
        refused(RsaPublic::parse(&area), ErrorKind::Unsupported, "TPMT_PUBLIC: keyBits", KEY_BITS);
    }
    for (exponent, meant) in [(0_u32, 65_537), (65_537, 65_537), (3, 3), (17, 17), (u32::MAX, u32::MAX)] {
        let area = with(PUBLIC, EXPONENT, &exponent.to_be_bytes());
        assert_eq!(RsaPublic::parse(&area).unwrap().exponent, meant);
    }
    for exponent in [1_u32, 2, 4, 65_536, u32::MAX - 1] {
        let area = with(PUBLIC, EXPONENT, &exponent.to_be_bytes());
        refused(RsaPublic::parse(&area), ErrorKind::Value, "TPMT_PUBLIC: exponent", EXPONENT);
    }
}

#[test]
fn the_size_of_a_tpm2b_is_taken_off() {
    assert_eq!(public_bytes(SIZED), &SIZED[2..]);
    assert_eq!(public_bytes(PUBLIC), PUBLIC);
    let length = u16::try_from(PUBLIC.len()).unwrap();
    let sized = |size: u16| [&size.to_be_bytes()[..], PUBLIC].concat();
    assert_eq!(public_bytes(&sized(length)), PUBLIC);
    for wrong in [0, length - 1, length + 1, u16::MAX] {
        assert_eq!(public_bytes(&sized(wrong)), sized(wrong));
    }
    for short in [&[][..], &[0], &[0, 1], &[0, 1, 0, 0x0b]] {
        assert_eq!(public_bytes(short), short);
    }
    let long = [&0x0401_u16.to_be_bytes()[..], &[0; 0x401]].concat();
    assert_eq!(public_bytes(&long), long);
}

/// The fields of TPM2_PolicyPCR's digest, written out by hand.
#[test]
fn a_policy_is_what_its_specification_says() {
    let digest: [u8; 32] = core::array::from_fn(|at| 0x40 + at as u8);
    let selection = Selection { bank: SHA256, bitmap: 0x0081_0280 };
    let expected = [
        &[0; 32][..],
        &[0x00, 0x00, 0x01, 0x7f],
        &[0x00, 0x00, 0x00, 0x01, 0x00, 0x0b, 0x03, 0x80, 0x02, 0x81],
        &digest,
    ]
    .concat();
    assert_eq!(expected.len(), POLICY_PCR_BYTES);
    assert_eq!(policy_pcr(selection, &digest).as_slice(), expected);
    let sha384 = policy_pcr(Selection { bank: 0x000c, bitmap: 1 }, &digest);
    assert_eq!(sha384[36..46], [0, 0, 0, 1, 0, 0x0c, 3, 1, 0, 0]);
}

#[test]
fn no_bytes_make_it_panic() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    let mut accepted = [0, 0];
    for _ in 0..20_000 {
        for (which, whole) in [MESSAGE, PUBLIC].into_iter().enumerate() {
            let mut bytes = whole.to_vec();
            for _ in 0..1 + next() % 3 {
                let at = next() % bytes.len().min(150);
                bytes[at] = next() as u8;
            }
            bytes.truncate(bytes.len() - next() % 4 / 3 * (next() % 8));
            let described = match which {
                0 => Certification::parse(&bytes).ok().map(|read| Described::of(&read)),
                _ => RsaPublic::parse(&bytes).ok().map(|read| Described::of(&read)),
            };
            accepted[which] += usize::from(described.is_some_and(|described| !described.fields.is_empty()));
        }
    }
    assert!(accepted.iter().all(|count| *count > 1_000), "{accepted:?}");
}
