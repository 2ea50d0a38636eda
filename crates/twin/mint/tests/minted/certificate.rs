//! Certificates: every field is in its place.

use teeproof_mint::x509::{
    Algorithm, Certificate, Extension, Link, Name, Oid, Time, Validity, der, mint_chain,
};
use teeproof_mint::{Error, Key, Kind, Scheme};
use teeproof_wire::certificate::Certificate as WireCertificate;

use crate::{extension, parse, signed_by};

fn template(name: &str) -> Certificate {
    Certificate::new(Name::common(name), Validity::new(1_000_000_000, 1_100_000_000))
}

fn alone(certificate: Certificate) -> Vec<u8> {
    mint_chain(&[Link::new(certificate, Key::shared("alone", Kind::P384))]).unwrap().remove(0)
}

#[test]
fn every_kind_of_key_signs() {
    for kind in [Kind::P256, Kind::P384, Kind::Rsa2048, Kind::Rsa3072] {
        let root = Link::new(template("root"), Key::fresh(kind));
        let leaf = Link::new(template("leaf"), Key::fresh(Kind::P384));
        let chain = mint_chain(&[root, leaf]).unwrap();
        assert!(signed_by(&chain[1], &chain[0]), "{kind:?}");
        assert!(!signed_by(&chain[1], &chain[1]), "{kind:?}");
        assert_eq!(parse(&chain[1]).tbs_certificate().issuer(), parse(&chain[0]).tbs_certificate().subject());
    }
}

#[test]
fn a_key_signs_only_with_its_own_schemes() {
    let key = Key::fresh(Kind::P384);
    assert_eq!(key.sign(Scheme::PssSha384, b""), Err(Error::Signing(Kind::P384, Scheme::PssSha384)));
    assert_eq!(
        Key::shared("small", Kind::Rsa2048).sign(Scheme::Ecdsa, b""),
        Err(Error::Signing(Kind::Rsa2048, Scheme::Ecdsa))
    );
}

#[test]
fn shared_keys_are_one_and_fresh_ones_are_not() {
    let shared = |name, kind| Key::shared(name, kind).public_key().unwrap();
    assert_eq!(shared("a", Kind::P384), shared("a", Kind::P384));
    assert_ne!(shared("a", Kind::P384), shared("b", Kind::P384));
    assert_ne!(shared("a", Kind::P384), shared("a", Kind::P256));
    let fresh = Key::fresh(Kind::P384);
    assert_eq!(fresh.public_key(), fresh.clone().public_key());
    assert_ne!(fresh.public_key(), Key::fresh(Kind::P384).public_key());
}

#[test]
fn fields_are_written_as_asked() {
    let mut certificate = template("subject");
    certificate.serial = vec![0, 0, 7];
    certificate.version = None;
    certificate.issuer = Some(Name::common("nobody"));
    certificate.seal.signature = Some(vec![1, 2, 3]);
    certificate.seal.outer_algorithm = Some(Algorithm::ecdsa_sha256());
    certificate.validity.not_after = Time::Generalized(1_100_000_000);
    let der = alone(certificate);
    let found = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
    assert!(found(&[2, 3, 0, 0, 7]));
    assert!(!found(&[0xa0, 3, 2, 1, 2]));
    assert!(found(&Name::common("nobody").der()));
    assert!(found(b"\x17\x0d010909014640Z\x18\x0f20041109113320Z"));
    assert!(der.ends_with(&[3, 4, 0, 1, 2, 3]));
    assert!(found(&Algorithm::ecdsa_sha384().0) && found(&Algorithm::ecdsa_sha256().0));
    assert!(WireCertificate::parse(&der).is_err());
}

#[test]
fn extensions_are_the_bytes_of_real_ones() {
    let mut certificate = template("subject");
    certificate.extensions = vec![
        Extension::basic_constraints(true, Some(0)),
        Extension::key_usage(0x86),
        Extension::subject_key_identifier(),
        Extension::authority_key_identifier(),
        Extension::crl_distribution_point("https://kdsintf.amd.com/vcek/v1/Milan/crl"),
        Extension::new(Oid::new(&[1, 2, 3]), der::null()),
    ];
    let certificate = parse(&alone(certificate));
    let value = |oid: &str| extension(&certificate, oid).unwrap();
    assert_eq!(value("2.5.29.19"), (true, b"\x30\x06\x01\x01\xff\x02\x01\x00".to_vec()));
    assert_eq!(value("2.5.29.15"), (true, b"\x03\x02\x01\x86".to_vec()));
    assert_eq!(value("2.5.29.14").1[..2], [4, 20]);
    assert_eq!(value("2.5.29.35").1[..4], [0x30, 22, 0x80, 20]);
    assert_eq!(value("2.5.29.14").1[2..], value("2.5.29.35").1[4..]);
    assert_eq!(value("2.5.29.31").1[..10], *b"\x30\x31\x30\x2f\xa0\x2d\xa0\x2b\x86\x29");
    assert_eq!(value("1.2.3"), (false, vec![5, 0]));
    let usage = |bits| parse_usage(&Extension::key_usage(bits));
    assert_eq!(usage(0x04), [3, 2, 2, 4]);
    assert_eq!(usage(0xc0), [3, 2, 6, 0xc0]);
    assert_eq!(usage(0x06), [3, 2, 1, 6]);
}

fn parse_usage(usage: &Extension) -> Vec<u8> {
    let mut certificate = template("usage");
    certificate.extensions = vec![usage.clone()];
    extension(&parse(&alone(certificate)), "2.5.29.15").unwrap().1
}

/// An authority whose name is the same to a person, and other bytes to a verifier.
#[test]
fn names_can_differ_in_the_type_of_string_alone() {
    let root = Link::new(template("root"), Key::fresh(Kind::P384));
    let mut leaf = Link::new(template("leaf"), Key::fresh(Kind::P384));
    leaf.certificate.issuer = Some(Name::default().with_printable(Oid::COMMON_NAME, "root"));
    let chain = mint_chain(&[root, leaf]).unwrap();
    let (issuer, subject) = (parse(&chain[1]), parse(&chain[0]));
    let (issuer, subject) = (issuer.tbs_certificate().issuer(), subject.tbs_certificate().subject());
    assert_eq!(issuer.to_string(), subject.to_string());
    assert_ne!(issuer, subject);
}
