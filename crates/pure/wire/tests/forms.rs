//! Certificates and revocation lists in forms that are allowed but rare, and in forms that are not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use teeproof_mint::x509::{
    Algorithm, Attribute, Certificate, Content, Crl, Extension, Link, Name, Oid, Time, Validity, der,
    mint_chain,
};
use teeproof_mint::{Key, Kind as KeyKind};
use teeproof_wire::certificate::{Certificate as Parsed, PublicKey, SignatureAlgorithm};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::der::element;
use teeproof_wire::{Describe, DescribedField, Error, ErrorKind, OwnedRevocationList, Reader, Visitor};

fn template() -> Certificate {
    let mut certificate =
        Certificate::new(Name::common("subject"), Validity::new(1_000_000_000, 1_100_000_000));
    certificate.extensions = vec![Extension::basic_constraints(true, Some(3)), Extension::key_usage(0x86)];
    certificate
}

fn mint(change: impl FnOnce(&mut Certificate)) -> Vec<u8> {
    let mut certificate = template();
    change(&mut certificate);
    mint_chain(&[Link::new(certificate, Key::shared("forms", KeyKind::P384))]).unwrap().remove(0)
}

#[track_caller]
fn accepted(change: impl FnOnce(&mut Certificate)) -> Vec<u8> {
    let der = mint(change);
    Parsed::parse(&der).unwrap_or_else(|error| panic!("{error}"));
    der
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Certificate), kind: ErrorKind, what: &str) {
    let error = Parsed::parse(&mint(change)).expect_err("accepted");
    assert_eq!((error.kind, error.what), (kind, what), "{error}");
}

#[test]
fn der_lengths_have_one_form() {
    let read = |header: &[u8], length: usize| {
        let bytes = [&[0x04], header, &vec![7; length]].concat();
        Reader::all(&bytes, 0, "test", |reader| element(reader, "test").map(|found| found.contents.len()))
    };
    for (header, length) in [
        (&[0x00][..], 0),
        (&[0x7f], 127),
        (&[0x81, 0x80], 128),
        (&[0x81, 0xff], 255),
        (&[0x82, 0x01, 0x00], 256),
        (&[0x82, 0xff, 0xff], 65_535),
    ] {
        assert_eq!(read(header, length), Ok(length));
        assert!(read(header, length + 1).is_err());
        assert!(length == 0 || read(header, length - 1).is_err());
    }
    // Longer than needed, indefinite, larger than any certificate.
    for (header, length) in [
        (&[0x81, 0x00][..], 0),
        (&[0x81, 0x7f], 127),
        (&[0x82, 0x00, 0x01], 1),
        (&[0x82, 0x00, 0xff], 255),
        (&[0x83, 0x00, 0x01, 0x00], 256),
        (&[0x83, 0x01, 0x00, 0x00], 65_536),
        (&[0x80], 2),
        (&[0xff], 0),
    ] {
        assert_eq!(read(header, length).unwrap_err().kind, ErrorKind::Value, "{header:02x?}");
    }
}

#[test]
fn versions() {
    let what = "certificate: version";
    accepted(|_| {});
    refused(|certificate| certificate.version = None, ErrorKind::Unsupported, what);
    for version in [0, 1, 3, 255] {
        refused(|certificate| certificate.version = Some(version), ErrorKind::Unsupported, what);
    }
    refused(|certificate| certificate.version = Some(256), ErrorKind::Value, what);
}

#[test]
fn serial_numbers() {
    // Zero, negative, longer than RFC 5280 allows: all on certificates that must be read.
    for serial in [&[0][..], &[0x80], &[0x7f; 20], &[0x7f; 21], &[0, 0xff], &[0xff, 0x7f]] {
        let der = accepted(|certificate| certificate.serial = serial.to_vec());
        assert_eq!(Parsed::parse(&der).unwrap().serial(), serial);
    }
    for serial in [&[][..], &[0, 0x7f], &[0xff, 0x80], &[0, 0]] {
        refused(
            |certificate| certificate.serial = serial.to_vec(),
            ErrorKind::Value,
            "certificate: serialNumber",
        );
    }
}

#[test]
fn algorithms_inside_and_beside() {
    let what = "certificate: signatureAlgorithm";
    refused(
        |certificate| certificate.seal.outer_algorithm = Some(Algorithm::ecdsa_sha256()),
        ErrorKind::Value,
        what,
    );
    // Parameters that the algorithm must not have, or must have.
    let with = |oid: &Oid, parameters: Vec<u8>| Algorithm(der::sequence(&[oid.der(), parameters]));
    for (algorithm, expected) in [
        (Algorithm::ecdsa_sha384(), SignatureAlgorithm::EcdsaSha384),
        (with(&Oid::ECDSA_WITH_SHA384, der::null()), SignatureAlgorithm::Unknown),
        (Algorithm::pkcs1(&Oid::SHA256_WITH_RSA), SignatureAlgorithm::RsaPkcs1Sha256),
        (with(&Oid::SHA256_WITH_RSA, vec![]), SignatureAlgorithm::Unknown),
        (with(&Oid::new(&[1, 2, 3]), der::null()), SignatureAlgorithm::Unknown),
        (Algorithm::pss_sha384(), SignatureAlgorithm::RsaPssSha384),
        (Algorithm::pss_sha384_without_trailer(), SignatureAlgorithm::RsaPssSha384),
        (Algorithm::pss(&Oid::SHA384, 47, true), SignatureAlgorithm::Unknown),
        (Algorithm::pss(&Oid::SHA384, 32, true), SignatureAlgorithm::Unknown),
        (Algorithm::pss(&Oid::SHA256, 48, true), SignatureAlgorithm::Unknown),
        // All defaults: SHA-1 with a salt of 20.
        (with(&Oid::RSASSA_PSS, der::sequence(&[])), SignatureAlgorithm::Unknown),
        (with(&Oid::RSASSA_PSS, der::null()), SignatureAlgorithm::Unknown),
        (with(&Oid::RSASSA_PSS, vec![]), SignatureAlgorithm::Unknown),
    ] {
        let der = accepted(|certificate| certificate.seal.algorithm = Some(algorithm));
        assert_eq!(Parsed::parse(&der).unwrap().algorithm(), expected);
    }
}

#[test]
fn pss_parameters_that_mean_something_else() {
    let hash = |oid: &Oid| der::sequence(&[oid.der(), der::null()]);
    let mgf1 = |oid: &Oid| der::sequence(&[Oid::MGF1.der(), hash(oid)]);
    let pss = |mask: Vec<u8>, trailer: Option<u64>| {
        let mut parameters = vec![
            der::context(0, &hash(&Oid::SHA384)),
            der::context(1, &mask),
            der::context(2, &der::integer(48)),
        ];
        parameters.extend(trailer.map(|trailer| der::context(3, &der::integer(trailer))));
        Algorithm(der::sequence(&[Oid::RSASSA_PSS.der(), der::sequence(&parameters)]))
    };
    for (algorithm, good) in [
        (pss(mgf1(&Oid::SHA384), None), true),
        (pss(mgf1(&Oid::SHA384), Some(1)), true),
        (pss(mgf1(&Oid::SHA384), Some(2)), false),
        (pss(mgf1(&Oid::SHA256), None), false),
        (pss(der::sequence(&[Oid::MGF1.der()]), None), false),
        (pss(der::sequence(&[Oid::SHA384.der(), hash(&Oid::SHA384)]), None), false),
    ] {
        let der = accepted(|certificate| certificate.seal.algorithm = Some(algorithm));
        let is_pss = Parsed::parse(&der).unwrap().algorithm() == SignatureAlgorithm::RsaPssSha384;
        assert_eq!(is_pss, good);
    }
}

#[test]
fn times_in_their_two_forms() {
    for (time, seconds) in [
        (Time::Utc(0), 0),
        (Time::Generalized(0), 0),
        (Time::Utc(2_524_607_999), 2_524_607_999),
        (Time::Generalized(4_107_542_400), 4_107_542_400),
        // UTCTime counts from 1950.
        (Time::Raw(b"\x17\x0d500101000000Z".to_vec()), -631_152_000),
        (Time::Raw(b"\x18\x0f99991231235959Z".to_vec()), 253_402_300_799),
        (Time::Raw(b"\x18\x0f00000101000000Z".to_vec()), -62_167_219_200),
    ] {
        let der = accepted(|certificate| certificate.validity.not_after = time);
        assert_eq!(Parsed::parse(&der).unwrap().not_after(), seconds);
    }
    for raw in [
        &b"\x17\x0b2601151200Z"[..],
        b"\x17\x0d260115120000+",
        b"\x17\x11260115120000+0100",
        b"\x17\x0d260230120000Z",
        b"\x17\x0d250229120000Z",
        b"\x17\x0d260115240000Z",
        b"\x17\x0d260115126000Z",
        b"\x17\x0d260115120060Z",
        b"\x17\x0d260015120000Z",
        b"\x17\x0d2601151200 0Z",
        b"\x17\x0f20260115120000Z",
        b"\x18\x0d260115120000Z",
        b"\x18\x1120260115120000.5Z",
        b"\x18\x0e20260115120000",
        b"\x16\x0d260115120000Z",
    ] {
        refused(
            |certificate| certificate.validity.not_after = Time::Raw(raw.to_vec()),
            ErrorKind::Value,
            "certificate: notAfter",
        );
    }
}

#[test]
fn public_keys() {
    let info = |oid: &Oid, parameters: Vec<u8>, unused: u8, key: &[u8]| {
        der::sequence(&[der::sequence(&[oid.der(), parameters]), der::bit_string(unused, key)])
    };
    let point = |first: u8, length: usize| [&[first][..], &vec![7; length - 1]].concat();
    let ec = |curve: &Oid, key: &[u8]| info(&Oid::EC_PUBLIC_KEY, curve.der(), 0, key);
    let subject = "certificate: subjectPublicKey";
    // Compressed, too short, of the other curve's length.
    for key in [point(2, 49), point(3, 49), point(4, 96), point(4, 65), point(0, 97)] {
        let value = ec(&Oid::P384, &key);
        refused(|certificate| certificate.public_key_info = Some(value), ErrorKind::Value, subject);
    }
    let value = info(&Oid::EC_PUBLIC_KEY, Oid::P384.der(), 1, &point(4, 97));
    let what = "certificate: subjectPublicKeyInfo";
    refused(|certificate| certificate.public_key_info = Some(value), ErrorKind::Value, what);
    // Whether a point is on its curve is for the crypto table to say.
    for (value, known) in [
        (ec(&Oid::P384, &point(4, 97)), true),
        (ec(&Oid::P256, &point(4, 65)), true),
        (ec(&Oid::new(&[1, 3, 132, 0, 35]), &point(4, 133)), false),
        (info(&Oid::EC_PUBLIC_KEY, der::null(), 0, &point(4, 97)), false),
        (info(&Oid::RSA_ENCRYPTION, vec![], 0, &[]), false),
        (info(&Oid::new(&[1, 3, 101, 112]), vec![], 0, &[7; 32]), false),
    ] {
        let der = accepted(|certificate| certificate.public_key_info = Some(value));
        assert_eq!(Parsed::parse(&der).unwrap().public_key() != PublicKey::Unknown, known);
    }
    let rsa = |numbers: &[Vec<u8>]| info(&Oid::RSA_ENCRYPTION, der::null(), 0, &der::sequence(numbers));
    let good = rsa(&[der::unsigned(&[0x80; 256]), der::integer(65_537)]);
    accepted(|certificate| certificate.public_key_info = Some(good));
    for (numbers, kind) in [
        (vec![der::unsigned(&[0x80; 256])], ErrorKind::Truncated),
        (vec![der::integer(5), der::integer(3), der::integer(1)], ErrorKind::Trailing),
        (vec![der::element(2, &[0x80]), der::integer(3)], ErrorKind::Value),
        (vec![der::element(2, &[0, 5]), der::integer(3)], ErrorKind::Value),
    ] {
        let value = rsa(&numbers);
        refused(|certificate| certificate.public_key_info = Some(value), kind, "certificate: RSAPublicKey");
    }
}

/// The same extension with other bytes inside.
fn raw(mut extension: Extension, bytes: &[u8]) -> Extension {
    extension.content = Content::Bytes(bytes.to_vec());
    extension
}

#[test]
fn basic_constraints() {
    let what = "certificate: basicConstraints";
    let with = |bytes: &[u8]| raw(Extension::basic_constraints(true, None), bytes);
    for (bytes, ca, path_len) in [
        (&b"\x30\x00"[..], false, None),
        (b"\x30\x03\x01\x01\xff", true, None),
        // The default spelled out, which DER would leave out.
        (b"\x30\x03\x01\x01\x00", false, None),
        (b"\x30\x06\x01\x01\xff\x02\x01\x00", true, Some(0)),
        (b"\x30\x07\x01\x01\xff\x02\x02\x00\xff", true, Some(255)),
        (b"\x30\x03\x02\x01\x05", false, Some(5)),
    ] {
        let der = accepted(|certificate| certificate.set_extension(with(bytes)));
        let basic = Parsed::parse(&der).unwrap().extensions().basic_constraints().unwrap();
        assert_eq!((basic.ca, basic.path_len, basic.critical), (ca, path_len, true));
    }
    for (bytes, kind) in [
        (&b""[..], ErrorKind::Truncated),
        (b"\x30\x03\x01\x01\x01", ErrorKind::Value),
        (b"\x30\x04\x01\x02\xff\xff", ErrorKind::Value),
        (b"\x30\x06\x01\x01\xff\x02\x01\xff", ErrorKind::Value),
        (b"\x30\x07\x01\x01\xff\x02\x02\x01\x00", ErrorKind::Value),
        (b"\x30\x09\x01\x01\xff\x02\x01\x00\x02\x01\x00", ErrorKind::Trailing),
        (b"\x30\x00\x00", ErrorKind::Trailing),
        (b"\x31\x00", ErrorKind::Value),
    ] {
        refused(|certificate| certificate.set_extension(with(bytes)), kind, what);
    }
}

#[test]
fn key_usages() {
    let what = "certificate: keyUsage";
    let with = |bytes: &[u8]| raw(Extension::key_usage(0), bytes);
    for (bytes, digital_signature, cert_sign, crl_sign) in [
        (&b"\x03\x02\x07\x80"[..], true, false, false),
        (b"\x03\x02\x01\x86", true, true, true),
        (b"\x03\x02\x02\x04", false, true, false),
        // Trailing zero bits described, as AMD's intermediates do.
        (b"\x03\x02\x00\x06", false, true, true),
        (b"\x03\x03\x07\x04\x80", false, true, false),
        (b"\x03\x02\x00\x00", false, false, false),
    ] {
        let der = accepted(|certificate| certificate.set_extension(with(bytes)));
        let usage = Parsed::parse(&der).unwrap().extensions().key_usage().unwrap();
        let found = (usage.digital_signature(), usage.cert_sign(), usage.crl_sign());
        assert_eq!(found, (digital_signature, cert_sign, crl_sign), "{bytes:02x?}");
    }
    for (bytes, kind) in [
        // Unused bits that are not zero; eight of them; no bits at all; too many.
        (&b"\x03\x02\x03\x04"[..], ErrorKind::Value),
        (b"\x03\x02\x08\x00", ErrorKind::Value),
        (b"\x03\x01\x00", ErrorKind::Value),
        (b"\x03\x00", ErrorKind::Value),
        (b"\x03\x04\x00\x86\x00\x00", ErrorKind::Value),
        (b"\x04\x02\x01\x86", ErrorKind::Value),
        (b"\x03\x02\x01\x86\x00", ErrorKind::Trailing),
    ] {
        refused(|certificate| certificate.set_extension(with(bytes)), kind, what);
    }
}

#[test]
fn extensions_twice_and_too_many() {
    let what = "certificate: extensions";
    for at in 0..2 {
        refused(
            |certificate| {
                let mut again = certificate.extensions[at].clone();
                again.critical = false;
                certificate.extensions.push(again);
            },
            ErrorKind::Duplicate,
            what,
        );
    }
    let many = |count: u64| {
        move |certificate: &mut Certificate| {
            certificate.extensions =
                (0..count).map(|number| Extension::new(Oid::new(&[1, 2, number]), der::null())).collect();
        }
    };
    let der = accepted(many(32));
    assert_eq!(Parsed::parse(&der).unwrap().extensions().iter().count(), 32);
    refused(many(33), ErrorKind::TooLarge, what);
    let der = accepted(|certificate| certificate.extensions.clear());
    assert_eq!(Parsed::parse(&der).unwrap().extensions().iter().count(), 0);
}

#[test]
fn names() {
    let attribute = |oid: Oid, tag, text: &str| Attribute { oid, tag, text: text.to_owned() };
    let common = |tag, text| Name(vec![attribute(Oid::COMMON_NAME, tag, text)]);
    for (name, expected) in [
        (common(0x0c, "Grüße"), Some("Grüße")),
        (common(0x13, "printable"), Some("printable")),
        (common(0x16, "ia5"), Some("ia5")),
        // BMPString and others are not text here; two common names are none.
        (common(0x1e, "\0a"), None),
        (Name::common("one").with(Oid::COMMON_NAME, "two"), None),
        (Name::default(), None),
        (Name::default().with(Oid::ORGANIZATION, "no common name"), None),
    ] {
        let der = accepted(|certificate| certificate.subject = name);
        assert_eq!(Parsed::parse(&der).unwrap().subject().common_name(), expected);
    }
    let der = accepted(|certificate| certificate.subject = Name::amd("a\u{1b}[31m\nb"));
    let shown = Parsed::parse(&der).unwrap().subject().to_string();
    assert!(shown.is_ascii() && !shown.contains(['\u{1b}', '\n']), "{shown}");
}

/// Counts the fields of whatever describes itself.
struct Count(usize);

impl Visitor for Count {
    fn open(&mut self, _: &str) {}
    fn field(&mut self, field: DescribedField<'_>) {
        assert!(!field.name.is_empty());
        let _ = format!("{} {}", field.value, field.note.map(ToString::to_string).unwrap_or_default());
        self.0 += 1;
    }
    fn close(&mut self) {}
}

fn list(change: impl FnOnce(&mut Crl)) -> Vec<u8> {
    let mut list = Crl::new(1_000_000_000, 1_100_000_000).revoke(&[1, 2, 3]).revoke(&[0]);
    change(&mut list);
    list.sign(&Link::new(template(), Key::shared("forms", KeyKind::P384))).unwrap()
}

fn parse(change: impl FnOnce(&mut Crl)) -> Result<(), Error> {
    RevocationList::parse(&list(change)).map(drop)
}

#[test]
fn revocation_lists() {
    let der = list(|_| {});
    let parsed = RevocationList::parse(&der).unwrap();
    let owned = OwnedRevocationList::parse(der.as_slice()).unwrap();
    assert_eq!(format!("{:?}", owned.view()), format!("{parsed:?}"));
    assert!(parsed.revokes(&[1, 2, 3]) && parsed.revokes(&[0]));
    assert!(!parsed.revokes(&[1, 2]) && !parsed.revokes(&[1, 2, 3, 0]) && !parsed.revokes(&[]));
    assert_eq!((parsed.this_update(), parsed.next_update()), (1_000_000_000, 1_100_000_000));
    assert!(!parsed.has_critical_extension());
    let mut count = Count(0);
    parsed.describe(&mut count);
    assert_eq!(count.0, 8);

    let error = |change: &dyn Fn(&mut Crl)| parse(change).unwrap_err();
    let kinds = [
        (error(&|list| list.version = None), ErrorKind::Value, "CRL: version"),
        (error(&|list| list.version = Some(0)), ErrorKind::Unsupported, "CRL: version"),
        (error(&|list| list.version = Some(2)), ErrorKind::Unsupported, "CRL: version"),
        // Without the next update, nobody could tell a stale list.
        (error(&|list| list.next_update = None), ErrorKind::Value, "CRL: nextUpdate"),
        (
            error(&|list| list.seal.outer_algorithm = Some(Algorithm::ecdsa_sha256())),
            ErrorKind::Value,
            "CRL: signatureAlgorithm",
        ),
        (error(&|list| list.revoked[1].serial = vec![0, 1]), ErrorKind::Value, "CRL: revokedCertificates"),
        (
            error(&|list| list.revoked[1].date = Time::Raw(b"\x17\x01Z".to_vec())),
            ErrorKind::Value,
            "CRL: revokedCertificates",
        ),
    ];
    for (error, kind, what) in kinds {
        assert_eq!((error.kind, error.what), (kind, what), "{error}");
    }
    parse(|list| list.revoked.clear()).unwrap();
    parse(|list| list.extensions.clear()).unwrap();
    // Why and since when a certificate is revoked does not change that it is.
    parse(|list| {
        list.revoked[0].extensions.push(Extension::new(Oid::new(&[2, 5, 29, 21]), b"\x0a\x01\x01".to_vec()))
    })
    .unwrap();
    // Wherever the critical one stands.
    for at in 0..=2 {
        let narrow = list(|list| list.extensions.insert(at, Extension::unknown_critical()));
        assert!(RevocationList::parse(&narrow).unwrap().has_critical_extension());
    }
}

#[test]
fn revocation_lists_cut_or_extended() {
    let der = list(|_| {});
    for length in 0..der.len() {
        assert!(RevocationList::parse(&der[..length]).is_err(), "cut to {length}");
    }
    assert!(RevocationList::parse(&[&der[..], &[0]].concat()).is_err());
}

#[test]
fn certificates_describe_themselves() {
    let der = accepted(|certificate| certificate.extensions.push(Extension::unknown_critical()));
    let mut count = Count(0);
    Parsed::parse(&der).unwrap().describe(&mut count);
    // Eight of its own, two of the key, three extensions.
    assert_eq!(count.0, 13);
}
