//! The chain of a Nitro document: root, regional, zonal, instance, leaf.

use super::Identity;
use crate::x509::{
    CERT_SIGN, CRL_SIGN, Certificate, DIGITAL_SIGNATURE, Extension, Link, NON_REPUDIATION, Name, Oid,
    Validity, der,
};
use crate::{Key, Kind};

const HOUR: u64 = 3600;
/// 2019-10-28T13:28:05Z to 2049-10-28T14:28:05Z, as the real commercial root.
const ROOT_VALIDITY: Validity = Validity::new(1_572_269_285, 2_519_044_085);
const AUTHORITY: u8 = DIGITAL_SIGNATURE | CERT_SIGN | CRL_SIGN;

/// The five certificates of real documents, root first, valid at this moment.
///
/// The three authorities have keys that the process shares; instance and leaf have their own.
#[must_use]
pub fn profile(identity: &Identity, at: u64) -> Vec<Link> {
    five(identity, at, leaf(identity, at))
}

/// The same at the moment when the security module gets its leaf, which real ones do not backdate: its first second is
/// this one.
#[must_use]
pub fn newly_issued(identity: &Identity, at: u64) -> Vec<Link> {
    five(identity, at, leaf_from(identity, at))
}

fn five(identity: &Identity, at: u64, leaf: Link) -> Vec<Link> {
    vec![root(), regional(&identity.region, at), zonal(&identity.region, at), instance(identity, at), leaf]
}

/// A chain of as many certificates, root and leaf included: authorities are left out from above,
/// or repeated below the root. Length bounds of path stay right throughout.
#[must_use]
pub fn of_length(length: usize, identity: &Identity, at: u64) -> Vec<Link> {
    let leaf = leaf(identity, at);
    let authorities = length.saturating_sub(2);
    let mut middle: Vec<Link> = (0..authorities.saturating_sub(3))
        .map(|number| regional(&format!("{number}.{}", identity.region), at))
        .collect();
    middle.extend([regional(&identity.region, at), zonal(&identity.region, at), instance(identity, at)]);
    let mut middle = middle.split_off(middle.len().saturating_sub(authorities));
    for (link, below) in middle.iter_mut().rev().zip(0..) {
        link.certificate.set_extension(Extension::basic_constraints(true, Some(below)));
    }
    let mut chain = if length > 1 { vec![root()] } else { Vec::new() };
    chain.extend(middle);
    chain.extend((length > 0).then_some(leaf));
    chain
}

fn root() -> Link {
    let mut certificate = Certificate::new(amazon("aws.nitro-enclaves"), ROOT_VALIDITY);
    // Sixteen octets of number, seventeen as written: the top bit is set.
    certificate.serial = [&[0, 0xf9], [0x31; 15].as_slice()].concat();
    certificate.extensions = vec![
        Extension::basic_constraints(true, None),
        Extension::subject_key_identifier(),
        Extension::key_usage(AUTHORITY),
    ];
    Link::new(certificate, Key::shared("aws.nitro-enclaves", Kind::P384))
}

fn regional(region: &str, at: u64) -> Link {
    let name = format!("4c2ecc4dee288943.{region}.aws.nitro-enclaves");
    let validity = lasting(at.saturating_sub(96 * HOUR), 481 * HOUR);
    let mut certificate = Certificate::new(amazon(&name), validity);
    certificate.serial = vec![0x4c; 16];
    certificate.extensions = authority(2);
    certificate.extensions.push(Extension::crl_distribution_point(
        "http://aws-nitro-enclaves-crl.s3.amazonaws.com/crl/\
         00000000-0000-4000-8000-000000000001.crl",
    ));
    Link::new(certificate, Key::shared(&name, Kind::P384))
}

fn zonal(region: &str, at: u64) -> Link {
    let name = format!("edbf01d65003f42f.zonal.{region}.aws.nitro-enclaves");
    let subject = Name::common(&name)
        .with(Oid::ORGANIZATIONAL_UNIT, "AWS")
        .with(Oid::ORGANIZATION, "Amazon")
        .with_printable(Oid::COUNTRY, "US")
        .with(Oid::STATE, "WA")
        .with(Oid::LOCALITY, "Seattle");
    let validity = lasting(at.saturating_sub(24 * HOUR), 135 * HOUR);
    let mut certificate = Certificate::new(subject, validity);
    certificate.serial = [&[0, 0xed], [0x01; 15].as_slice()].concat();
    certificate.extensions = authority(1);
    certificate.extensions.push(Extension::crl_distribution_point(&format!(
        "http://crl-{region}-aws-nitro-enclaves.s3.{region}.amazonaws.com/crl/\
         00000000-0000-4000-8000-000000000002.crl"
    )));
    Link::new(certificate, Key::shared(&name, Kind::P384))
}

fn instance(identity: &Identity, at: u64) -> Link {
    let name = format!("{}.{}.aws.nitro-enclaves", identity.instance, identity.region);
    let validity = lasting(at.saturating_sub(2 * HOUR), 24 * HOUR);
    let mut certificate = Certificate::new(washington(&name), validity);
    // Twenty-one octets as written: more than RFC 5280 allows, and half of the real ones.
    certificate.serial = [&[0, 0xb0], [0x0e; 19].as_slice()].concat();
    certificate.extensions = vec![
        Extension::basic_constraints(true, Some(0)),
        Extension::key_usage(CERT_SIGN),
        Extension::subject_key_identifier(),
        Extension::authority_key_identifier(),
    ];
    Link::new(certificate, Key::fresh(Kind::P384))
}

/// A leaf that is in use for a quarter of an hour.
fn leaf(identity: &Identity, at: u64) -> Link {
    leaf_from(identity, at.saturating_sub(HOUR / 4))
}

fn leaf_from(identity: &Identity, from: u64) -> Link {
    let name = format!("{}.{}.aws", identity.module_id(), identity.region);
    let mut certificate = Certificate::new(washington(&name), lasting(from, 3 * HOUR + 3));
    certificate.serial = leaf_serial(identity, from);
    let mut usage = Extension::key_usage(DIGITAL_SIGNATURE | NON_REPUDIATION);
    usage.critical = false;
    certificate.extensions = vec![Extension::basic_constraints(false, None), usage];
    Link::new(certificate, Key::fresh(Kind::P384))
}

/// Eight bytes of the enclave's number, eight of the time. Without an enclave, only the time is
/// left of it.
fn leaf_serial(identity: &Identity, not_before: u64) -> Vec<u8> {
    let time = not_before.saturating_add(3);
    der::unsigned_contents(&[identity.enclave.to_be_bytes(), time.to_be_bytes()].concat())
}

fn authority(path_len: u64) -> Vec<Extension> {
    vec![
        Extension::basic_constraints(true, Some(path_len)),
        Extension::authority_key_identifier(),
        Extension::subject_key_identifier(),
        Extension::key_usage(AUTHORITY),
    ]
}

fn lasting(from: u64, seconds: u64) -> Validity {
    Validity::new(from, from.saturating_add(seconds))
}

fn amazon(common_name: &str) -> Name {
    Name::default()
        .with_printable(Oid::COUNTRY, "US")
        .with(Oid::ORGANIZATION, "Amazon")
        .with(Oid::ORGANIZATIONAL_UNIT, "AWS")
        .with(Oid::COMMON_NAME, common_name)
}

fn washington(common_name: &str) -> Name {
    Name::default()
        .with_printable(Oid::COUNTRY, "US")
        .with(Oid::STATE, "Washington")
        .with(Oid::LOCALITY, "Seattle")
        .with(Oid::ORGANIZATION, "Amazon")
        .with(Oid::ORGANIZATIONAL_UNIT, "AWS")
        .with(Oid::COMMON_NAME, common_name)
}
