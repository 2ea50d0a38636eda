//! Extensions of certificates and revocation lists.

use super::{Oid, der};
use crate::{Error, Key};

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// What it is.
    pub oid: Oid,
    /// Whether a reader that does not know it must refuse.
    pub critical: bool,
    /// What is inside of the OCTET STRING.
    pub content: Content,
}

/// The value of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The identifier of the certified key, filled in when the certificate is signed.
    SubjectKeyIdentifier,
    /// The identifier of the signing key, filled in when the certificate is signed.
    AuthorityKeyIdentifier,
}

/// keyUsage bits, most significant first: digitalSignature.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
/// keyUsage: nonRepudiation.
pub(crate) const NON_REPUDIATION: u8 = 0x40;
/// keyUsage: keyCertSign.
pub(crate) const CERT_SIGN: u8 = 0x04;
/// keyUsage: cRLSign.
pub(crate) const CRL_SIGN: u8 = 0x02;

impl Extension {
    /// An extension that is not critical.
    #[must_use]
    pub fn new(oid: Oid, value: Vec<u8>) -> Self {
        Self { oid, critical: false, content: Content::Bytes(value) }
    }

    /// The same, critical.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// basicConstraints, critical: `CA` with a bound on the authorities below, or an end entity
    /// written as an empty sequence.
    #[must_use]
    pub fn basic_constraints(ca: bool, path_len: Option<u64>) -> Self {
        let mut fields = Vec::new();
        if ca {
            fields.push(der::boolean(true));
        }
        fields.extend(path_len.map(der::integer));
        Self::new(Oid::BASIC_CONSTRAINTS, der::sequence(&fields)).critical()
    }

    /// keyUsage, critical, from the bits of its first byte: 0x80 digitalSignature,
    /// 0x40 nonRepudiation, 0x04 keyCertSign, 0x02 cRLSign.
    #[must_use]
    pub fn key_usage(bits: u8) -> Self {
        let unused = bits.trailing_zeros().min(7).to_le_bytes()[0];
        Self::new(Oid::KEY_USAGE, der::bit_string(unused, &[bits])).critical()
    }

    /// extKeyUsage with these purposes.
    #[must_use]
    pub fn extended_key_usage(purposes: &[Oid]) -> Self {
        let purposes: Vec<_> = purposes.iter().map(Oid::der).collect();
        Self::new(Oid::EXTENDED_KEY_USAGE, der::sequence(&purposes))
    }

    /// certificatePolicies with these policies, without qualifiers.
    #[must_use]
    pub fn certificate_policies(policies: &[Oid]) -> Self {
        let policies: Vec<_> = policies.iter().map(|policy| der::sequence(&[policy.der()])).collect();
        Self::new(Oid::CERTIFICATE_POLICIES, der::sequence(&policies))
    }

    /// subjectKeyIdentifier of whatever key is certified.
    #[must_use]
    pub fn subject_key_identifier() -> Self {
        let content = Content::SubjectKeyIdentifier;
        Self { oid: Oid::SUBJECT_KEY_IDENTIFIER, critical: false, content }
    }

    /// authorityKeyIdentifier of whatever key signs.
    #[must_use]
    pub fn authority_key_identifier() -> Self {
        let content = Content::AuthorityKeyIdentifier;
        Self { oid: Oid::AUTHORITY_KEY_IDENTIFIER, critical: false, content }
    }

    /// cRLDistributionPoints with one URL.
    #[must_use]
    pub fn crl_distribution_point(url: &str) -> Self {
        let name = der::context_primitive(6, url.as_bytes());
        let point = der::context(0, &der::context(0, &name));
        Self::new(Oid::CRL_DISTRIBUTION_POINTS, der::sequence(&[der::sequence(&[point])]))
    }

    /// An extension that no reader knows, critical: a verifier must refuse the certificate.
    #[must_use]
    pub fn unknown_critical() -> Self {
        // The enterprise number that RFC 5612 keeps for examples.
        Self::new(Oid::new(&[1, 3, 6, 1, 4, 1, 32473, 1]), der::null()).critical()
    }

    /// The extension in DER, with the identifiers of these keys where it asks for them.
    pub(crate) fn der(&self, subject: &Key, authority: &Key) -> Result<Vec<u8>, Error> {
        let value = match &self.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::SubjectKeyIdentifier => der::octet_string(&subject.identifier()?),
            Content::AuthorityKeyIdentifier => {
                der::sequence(&[der::context_primitive(0, &authority.identifier()?)])
            }
        };
        let mut fields = vec![self.oid.der()];
        if self.critical {
            fields.push(der::boolean(true));
        }
        fields.push(der::octet_string(&value));
        Ok(der::sequence(&fields))
    }
}

/// Extensions as both certificates and revocation lists write them, under `[number]`; nothing
/// when there are none.
pub(crate) fn all(
    number: u8,
    extensions: &[Extension],
    subject: &Key,
    authority: &Key,
) -> Result<Vec<u8>, Error> {
    if extensions.is_empty() {
        return Ok(Vec::new());
    }
    let written: Result<Vec<_>, _> =
        extensions.iter().map(|extension| extension.der(subject, authority)).collect();
    Ok(der::context(number, &der::sequence(&written?)))
}
