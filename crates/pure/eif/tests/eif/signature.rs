//! Signature sections: the bytes of nitro-cli, COSE made by another author's code, and every way to be wrong.

use ciborium::Value;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, iana};
use teeproof_core::{Class, Crypto};
use teeproof_eif::{
    Architecture, CoseAlgorithm, Eif, ImageSettings, MeasuredImage, NewImage, SignatureError,
    SignatureSection, build, signature_section, to_be_signed,
};
use teeproof_mint::x509::{Certificate, Link, Name, Validity, mint_chain, pem};
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Scheme};

use crate::support::*;

/// The signature section in the tests of aws-nitro-enclaves-image-format 0.8.1 (`src/utils/cbor.rs`, Apache-2.0), as
/// its encoder writes it: a PEM without a certificate in it, and ten bytes of COSE.
const OF_AWS: &str = "81a2737369676e696e675f6365727469666963617465983b182d182d182d182d182d1842184518471849184e18201843184518\
    5218541849184618491843184118541845182d182d182d182d182d0a184d1849184918420a182d182d182d182d182d1845184e1844182018431845\
    185218541849184618491843184118541845182d182d182d182d182d0a697369676e61747572658a18d21884184418a1011838182218a018401840";

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

fn certificate(key: &Key) -> Vec<u8> {
    let validity = Validity::new(DEFAULT_TIME, DEFAULT_TIME + 1000);
    let link = Link::new(Certificate::new(Name::common("a signer"), validity), key.clone());
    mint_chain(&[link]).unwrap().remove(0)
}

fn image(signature: Option<&[u8]>) -> Vec<u8> {
    let image = NewImage {
        settings: ImageSettings::new(Architecture::X86_64),
        kernel: b"KERNEL",
        command_line: "console=ttyS0",
        metadata: b"{}",
        ramdisks: &[b"INIT", b"APP"],
        signature,
    };
    build(&image).unwrap()
}

fn pcr0() -> [u8; 48] {
    measure(&image(None)).unwrap().pcr0
}

fn measured(section: &[u8]) -> MeasuredImage {
    measure_in(&image(Some(section)), 100).unwrap()
}

const ACCEPTS_ALL: Crypto<'static> =
    Crypto { ecdsa_p256_sha256: &Any, ecdsa_p384_sha384: &Any, ..teeproof_rustcrypto::TABLE };

struct Any;

impl teeproof_core::VerifyEcdsa for Any {
    fn verify(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> Result<(), teeproof_core::BadSignature> {
        Ok(())
    }
}

/// Why the signature of an image with this section is not valid, by each table.
#[track_caller]
fn fails(section: &[u8]) -> SignatureError {
    let image = measured(section);
    let tables = [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE];
    let [left, right] = tables.map(|table| image.verify_signature(table).unwrap().unwrap_err());
    assert_eq!(left, right);
    assert!(!left.hint().is_empty() && !left.to_string().is_empty());
    left
}

/// A COSE_Sign1 of another author's code over a payload.
fn cose(key: &Key, algorithm: iana::Algorithm, payload: Vec<u8>) -> CoseSign1 {
    CoseSign1Builder::new()
        .protected(HeaderBuilder::new().algorithm(algorithm).build())
        .payload(payload)
        .create_signature(&[], |message| key.sign(Scheme::Ecdsa, message).unwrap())
        .build()
}

/// The payload for a PCR, by another author's encoder.
fn payload(index: u8, pcr: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let numbers = pcr.iter().map(|byte| Value::from(*byte)).collect();
    let map = vec![("register_index".into(), index.into()), ("register_value".into(), Value::Array(numbers))];
    ciborium::into_writer(&Value::Map(map), &mut out).unwrap();
    out
}

/// A section by another author's encoder: certificates and signatures.
fn section(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let numbers = |bytes: &[u8]| Value::Array(bytes.iter().map(|byte| Value::from(*byte)).collect());
    let entry = |(pem, cose): &(&str, &[u8])| {
        Value::Map(vec![
            ("signing_certificate".into(), numbers(pem.as_bytes())),
            ("signature".into(), numbers(cose)),
        ])
    };
    let mut out = Vec::new();
    ciborium::into_writer(&Value::Array(entries.iter().map(entry).collect()), &mut out).unwrap();
    out
}

#[test]
fn a_section_of_nitro_cli() {
    // Everything is read but the certificate, which is none.
    let error = SignatureSection::parse(&from_hex(OF_AWS)).unwrap_err();
    assert_eq!(error.what, "signature section: signing_certificate");
    let text = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let cose = [0xd2, 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0, 0x40, 0x40];
    assert_eq!(section(&[(std::str::from_utf8(text).unwrap(), &cose)]), from_hex(OF_AWS));
}

#[test]
fn signatures_of_both_curves() {
    for (kind, algorithm, named) in [
        (Kind::P256, CoseAlgorithm::Es256, iana::Algorithm::ES256),
        (Kind::P384, CoseAlgorithm::Es384, iana::Algorithm::ES384),
    ] {
        let key = Key::fresh(kind);
        let der = certificate(&key);
        let signature = key.sign(Scheme::Ecdsa, &to_be_signed(&pcr0(), algorithm)).unwrap();
        let ours = signature_section(pem(&der).as_bytes(), &pcr0(), algorithm, &signature);
        let theirs = cose(&key, named, payload(0, &pcr0()));
        let tagged = section(&[(&pem(&der), &theirs.clone().to_tagged_vec().unwrap())]);
        let theirs = CoseSign1 { signature, ..theirs }.to_vec().unwrap();
        assert_eq!(section(&[(&pem(&der), &theirs)]), ours);
        for section in [ours, tagged] {
            let image = measured(&section);
            let fingerprint = CRYPTO.sha384.digest(&[&der]);
            let pcr8 = CRYPTO.sha384.digest(&[&[0; 48], &fingerprint]);
            assert_eq!(image.measurements().pcr8, Some(pcr8));
            assert_eq!(image.measurements().pcr0, pcr0());
            for table in [&teeproof_rustcrypto::TABLE, &teeproof_aws_lc::TABLE] {
                let verified = image.verify_signature(table).unwrap().unwrap();
                assert_eq!((verified.algorithm(), verified.certificate().der()), (algorithm, &der[..]));
            }
        }
    }
    assert!(measure_in(&image(None), 9).unwrap().verify_signature(CRYPTO).is_none());
}

#[test]
fn only_the_first_entry_and_certificate_are_in_use() {
    let (key, other) = (Key::fresh(Kind::P384), Key::fresh(Kind::P384));
    let (first, second) = (certificate(&key), certificate(&other));
    let chain = [pem(&first), pem(&second)].concat();
    let signed = cose(&key, iana::Algorithm::ES384, payload(0, &pcr0())).to_vec().unwrap();
    let image = measured(&section(&[(&chain, &signed), (&pem(&second), b"")]));
    let signature = image.signature().unwrap();
    assert_eq!((signature.entries(), signature.certificates()), (2, 2));
    assert_eq!(signature.certificate_der(), first);
    assert!(image.verify_signature(CRYPTO).unwrap().is_ok());
}

#[test]
fn signatures_that_are_not_valid() {
    let (key, other) = (Key::fresh(Kind::P384), Key::fresh(Kind::P384));
    let der = certificate(&key);
    let signed = |payload| cose(&key, iana::Algorithm::ES384, payload).to_vec().unwrap();
    let with = |cose: &[u8]| section(&[(&pem(&der), cose)]);
    let good = signed(payload(0, &pcr0()));
    assert!(measured(&with(&good)).verify_signature(CRYPTO).unwrap().is_ok());
    // Another key's certificate, and each byte of the signature.
    assert_eq!(fails(&section(&[(&pem(&certificate(&other)), &good)])), SignatureError::Invalid);
    for at in good.len() - 96..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_eq!(fails(&with(&changed)), SignatureError::Invalid);
    }
    // Another image's PCR0, another PCR, another payload.
    let error = fails(&with(&signed(payload(0, &[7; 48]))));
    assert_eq!(error, SignatureError::Payload { signed: Some((0, [7; 48])) });
    let error = fails(&with(&signed(payload(8, &pcr0()))));
    assert_eq!(error.to_string(), "expected a signature of PCR0, got one of PCR8");
    for other in [payload(0, &[7; 47]), b"\xa0".to_vec(), b"".to_vec()] {
        assert_eq!(fails(&with(&signed(other))), SignatureError::Payload { signed: None });
    }
    // A key of the other curve, and one that no table has.
    let small = Key::fresh(Kind::P256);
    let error = fails(&section(&[(&pem(&certificate(&small)), &good)]));
    assert_eq!(error, SignatureError::Key { algorithm: CoseAlgorithm::Es384 });
    assert_eq!(error.class(), Class::NotAuthentic);
    let mut es512 = cose(&key, iana::Algorithm::ES512, payload(0, &pcr0()));
    es512.signature.resize(132, 1);
    let error = fails(&with(&es512.to_vec().unwrap()));
    assert_eq!((error.class(), error), (Class::Unsupported, SignatureError::Algorithm(CoseAlgorithm::Es512)));
}

/// What is not a COSE_Sign1 changes no PCR: QEMU and AWS measure the certificate alone.
#[test]
fn structures_that_are_no_signature() {
    let key = Key::fresh(Kind::P384);
    let der = certificate(&key);
    let with = |cose: &[u8]| section(&[(&pem(&der), cose)]);
    let good = cose(&key, iana::Algorithm::ES384, payload(0, &pcr0())).to_vec().unwrap();
    let pcr8 = measured(&with(&good)).measurements().pcr8;
    let mut header = good.clone();
    header[4] = 0x37;
    let mut unprotected = good.clone();
    let at = 1 + 5;
    unprotected[at] = 0xa1;
    let protected = cose(&key, iana::Algorithm::PS384, payload(0, &pcr0())).to_vec().unwrap();
    for cose in [
        &[0; 8][..],
        &[],
        &good[..good.len() - 1],
        &[&good[..], b"\0"].concat(),
        &header,
        &unprotected,
        &protected,
    ] {
        let image = measured(&with(cose));
        assert_eq!(image.measurements().pcr8, pcr8);
        for table in [CRYPTO, &ACCEPTS_ALL] {
            let error = image.verify_signature(table).unwrap().unwrap_err();
            assert!(matches!(error, SignatureError::Cose(_)), "{error}");
        }
    }
    // DER that is no certificate of ours is measured, and verifies nothing.
    let garbage = pem(&[0x30, 3, 2, 1, 7]);
    let image = measured(&section(&[(&garbage, &good)]));
    assert!(image.measurements().pcr8.is_some());
    assert!(matches!(image.verify_signature(&ACCEPTS_ALL).unwrap(), Err(SignatureError::Certificate(_))));
}

#[test]
fn sections_that_are_refused() {
    let der = certificate(&Key::fresh(Kind::P256));
    let good = section(&[(&pem(&der), b"x")]);
    assert!(SignatureSection::parse(&good).is_ok());
    for end in 0..good.len() {
        assert!(SignatureSection::parse(&good[..end]).is_err(), "{end}");
    }
    let numbers = |count: usize| Value::Array(vec![Value::from(300); count]);
    let of = |value: Value| {
        let mut out = Vec::new();
        ciborium::into_writer(&value, &mut out).unwrap();
        SignatureSection::parse(&out).unwrap_err().to_string()
    };
    let entry = |members: Vec<(Value, Value)>| Value::Array(vec![Value::Map(members)]);
    let large = of(entry(vec![("signature".into(), numbers(1))]));
    assert!(large.contains("numbers from 0 to 255"), "{large}");
    let twice = of(entry(vec![
        ("signature".into(), Value::Array(vec![])),
        ("signature".into(), Value::Array(vec![])),
    ]));
    assert!(twice.contains("given twice"), "{twice}");
    of(entry(vec![("signature".into(), Value::Bytes(vec![1]))]));
    of(entry(vec![("other".into(), Value::Array(vec![]))]));
    of(Value::Array(vec![]));
    for text in
        ["", "no PEM", "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n", &pem(b"\x30\x01")]
    {
        assert!(SignatureSection::parse(&section(&[(text, b"x")])).is_err(), "{text}");
    }
    // A private key by its side is not read, and a certificate behind it is.
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let both = SignatureSection::parse(&section(&[(&[key, &pem(&der)].concat(), b"x")])).unwrap();
    assert_eq!((both.certificate_der(), both.certificates()), (&der[..], 1));
    // The older label: some readers take that certificate, and others the one behind it.
    let older = pem(&certificate(&Key::fresh(Kind::P256))).replace(" CERTIFICATE-", " X509 CERTIFICATE-");
    for text in [[&*older, &pem(&der)].concat(), [&*pem(&der), &older].concat(), older.clone()] {
        let error = SignatureSection::parse(&section(&[(&text, b"x")])).unwrap_err();
        assert!(error.expected.contains("under the label CERTIFICATE alone"), "{error}");
    }
    let whole = image(Some(&good));
    assert!(Eif::parse(&whole).unwrap().signature().unwrap().is_some());
}
