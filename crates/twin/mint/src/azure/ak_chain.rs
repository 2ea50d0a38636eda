//! The certificate of the attestation key, and the CAs above it.

use crate::x509::{
    CERT_SIGN, CRL_SIGN, Certificate, DIGITAL_SIGNATURE, Extension, Link, Name, Oid, Validity, mint_chain,
};
use crate::{Error, Key, Kind, Scheme};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
/// The name of the root; the organisation says that it is not the genuine one.
const ROOT: &str = "Azure Virtual TPM Root Certificate Authority 2023";
const ORGANIZATION: &str = "teeproof twin";

/// The certificates of an attestation key: every one can be bent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AkChain {
    /// The trust anchor.
    pub root: Link,
    /// The authorities below it, from the root downward: one or two.
    pub intermediates: Vec<Link>,
    /// The certificate of the attestation key.
    pub leaf: Link,
}

/// A signed chain, each certificate in DER.
pub(super) struct Minted {
    pub(super) root: Vec<u8>,
    /// From the leaf upward, as evidence carries them.
    pub(super) intermediates: Vec<Vec<u8>>,
    pub(super) leaf: Vec<u8>,
}

impl AkChain {
    /// One intermediate, `Global Virtual TPM CA - 01`; the leaf is signed with SHA-256.
    #[must_use]
    pub fn global(ak: &Key, at: u64) -> Self {
        Self {
            root: root(at),
            intermediates: vec![authority("Global Virtual TPM CA - 01", 1, Scheme::Pkcs1Sha384, at)],
            leaf: leaf(ak, Scheme::Pkcs1Sha256, at),
        }
    }

    /// Two intermediates, `Azure Cloud Virtual TPM CA 2025` and `Azure Cloud Virtual TPM CA - 24`;
    /// all below the root is signed with SHA-512.
    #[must_use]
    pub fn cloud(ak: &Key, at: u64) -> Self {
        let sha512 = Scheme::Pkcs1Sha512;
        Self {
            root: root(at),
            intermediates: vec![
                authority("Azure Cloud Virtual TPM CA 2025", 2, sha512, at),
                authority("Azure Cloud Virtual TPM CA - 24", 3, sha512, at),
            ],
            leaf: leaf(ak, sha512, at),
        }
    }

    /// Moves the validity of all certificates to around this moment, in seconds since
    /// 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn at(mut self, seconds: u64) -> Self {
        self.root.certificate.validity = root_validity(seconds);
        for link in &mut self.intermediates {
            link.certificate.validity = authority_validity(seconds);
        }
        self.leaf.certificate.validity = leaf_validity(seconds);
        self
    }

    /// Signs all certificates in this way: PKCS #1 v1.5 with any hash, or something else.
    #[must_use]
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        for link in [&mut self.root, &mut self.leaf].into_iter().chain(&mut self.intermediates) {
            link.certificate.seal.scheme = Some(scheme);
        }
        self
    }

    /// Gives the authorities keys that no other chain has: another Azure of the same name.
    #[must_use]
    pub fn with_own_authorities(mut self) -> Self {
        for link in core::iter::once(&mut self.root).chain(&mut self.intermediates) {
            link.key = Key::fresh(link.key.kind());
        }
        self
    }

    /// Signs the chain.
    pub(super) fn mint(&self) -> Result<Minted, Error> {
        let mut links = vec![self.root.clone()];
        links.extend(self.intermediates.iter().cloned());
        links.push(self.leaf.clone());
        let mut signed = mint_chain(&links)?;
        let leaf = signed.pop().ok_or(Error::EmptyChain)?;
        signed.reverse();
        let root = signed.pop().ok_or(Error::EmptyChain)?;
        Ok(Minted { root, intermediates: signed, leaf })
    }
}

fn root(at: u64) -> Link {
    let mut certificate = Certificate::new(twin(ROOT), root_validity(at));
    certificate.serial = vec![0x51; 16];
    certificate.seal.scheme = Some(Scheme::Pkcs1Sha384);
    certificate.extensions = vec![
        Extension::key_usage(DIGITAL_SIGNATURE | CERT_SIGN | CRL_SIGN),
        Extension::basic_constraints(true, None),
        Extension::subject_key_identifier(),
    ];
    Link::new(certificate, Key::shared(ROOT, Kind::Rsa2048))
}

fn authority(name: &str, serial: u8, scheme: Scheme, at: u64) -> Link {
    let mut certificate = Certificate::new(twin(name), authority_validity(at));
    certificate.serial = [&[0x33], [serial; 15].as_slice()].concat();
    certificate.seal.scheme = Some(scheme);
    certificate.extensions = vec![
        Extension::key_usage(DIGITAL_SIGNATURE | CERT_SIGN | CRL_SIGN),
        Extension::basic_constraints(true, None),
        Extension::subject_key_identifier(),
        Extension::authority_key_identifier(),
    ];
    Link::new(certificate, Key::shared(name, Kind::Rsa2048))
}

fn leaf(ak: &Key, scheme: Scheme, at: u64) -> Link {
    let subject = Name::common("0123456789ab.ConfidentialVM.Azure.windows.net");
    let mut certificate = Certificate::new(subject, leaf_validity(at));
    certificate.serial = vec![0x64; 16];
    certificate.seal.scheme = Some(scheme);
    certificate.extensions = vec![
        Extension::key_usage(DIGITAL_SIGNATURE),
        Extension::certificate_policies(&[Oid::new(&[1, 3, 6, 1, 4, 1, 311, 108, 200, 1])]),
        Extension::extended_key_usage(&[
            Oid::new(&[1, 3, 6, 1, 4, 1, 311, 10, 3, 12]),
            Oid::new(&[2, 23, 133, 8, 3]),
        ]),
        Extension::subject_key_identifier(),
        Extension::authority_key_identifier(),
    ];
    Link::new(certificate, ak.clone())
}

fn twin(common_name: &str) -> Name {
    Name::default()
        .with_printable(Oid::COUNTRY, "US")
        .with(Oid::ORGANIZATION, ORGANIZATION)
        .with(Oid::COMMON_NAME, common_name)
}

const fn root_validity(at: u64) -> Validity {
    lasting(at.saturating_sub(2 * YEAR), 25 * YEAR)
}

const fn authority_validity(at: u64) -> Validity {
    lasting(at.saturating_sub(200 * DAY), 6 * YEAR)
}

const fn leaf_validity(at: u64) -> Validity {
    lasting(at.saturating_sub(45 * DAY), YEAR)
}

const fn lasting(from: u64, seconds: u64) -> Validity {
    Validity::new(from, from.saturating_add(seconds))
}
