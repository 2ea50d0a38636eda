//! Answers: bytes that were compared with their question, and how long they are valid. Nothing is verified.

pub(crate) mod amd;
pub(crate) mod intel;
pub(crate) mod issuers;
pub(crate) mod names;

use base64ct::{Base64, Encoding};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use teeproof_core::{Time, Validity};
use teeproof_wire::Reader;
use teeproof_wire::certificate::{Certificate, without_padding};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::der::{self, tag};

use self::names::{Vendor, named};
use crate::Error;
use crate::question::Issuer;

/// The answer to a question: it has the right form and names, and nobody verified its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The body as received.
    body: Vec<u8>,
    issuer_chain: Option<String>,
    /// The certificates of that header, DER.
    issuers: Vec<Vec<u8>>,
    validity: Validity,
}

impl Answer {
    const fn new(body: Vec<u8>, validity: Validity) -> Self {
        Self { body, issuer_chain: None, issuers: Vec::new(), validity }
    }

    /// The same with the certificates above its signer: the header, and the certificates in it.
    pub(crate) fn with_issuers(self, header: String, certificates: Vec<Vec<u8>>) -> Self {
        Self { issuer_chain: Some(header), issuers: certificates, ..self }
    }

    /// The body as received: DER of a certificate or revocation list, PEM of a chain, or signed JSON. Of an issuer's
    /// certificate in PEM, and of a revocation list in hex, it is the DER.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The certificates above the signer of TCB info, of an enclave identity or of a PCK revocation list, as the
    /// header of the response has them: PEM in URL encoding.
    #[must_use]
    pub fn issuer_chain(&self) -> Option<&str> {
        self.issuer_chain.as_deref()
    }

    /// The certificates of [`Answer::issuer_chain`], DER: at most eight. Empty without that header.
    #[must_use]
    pub fn issuers(&self) -> &[Vec<u8>] {
        &self.issuers
    }

    /// The same certificates as PEM; `None` without that header.
    #[must_use]
    pub fn issuers_pem(&self) -> Option<String> {
        let certificates = self.issuers.iter().map(|der| to_pem("CERTIFICATE", der));
        self.issuer_chain.as_ref().map(|_| certificates.collect())
    }

    /// The time for which the object itself says that it is valid: that of every certificate of a chain, thisUpdate
    /// to nextUpdate, or issueDate to nextUpdate.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// The certificates of the body, DER: one, or those of a PEM chain. Empty for other objects.
    #[must_use]
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        if Certificate::parse(&self.body).is_ok() {
            return vec![self.body.clone()];
        }
        pem(&self.body).unwrap_or_default()
    }
}

/// Why a body is not the answer.
#[derive(Debug)]
pub(crate) enum Unfit {
    Malformed(String),
    Mismatch(String),
}

impl Unfit {
    /// The error, with no more than a few hundred characters of what the response says.
    pub(crate) fn at(self, url: &str) -> Error {
        const MAX_TEXT: usize = 400;
        let url = url.to_owned();
        match self {
            Self::Malformed(what) => Error::Malformed { url, what: what.chars().take(MAX_TEXT).collect() },
            Self::Mismatch(what) => Error::Mismatch { url, what: what.chars().take(MAX_TEXT).collect() },
        }
    }
}

impl From<teeproof_wire::Error> for Unfit {
    fn from(error: teeproof_wire::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

fn validity(certificate: &Certificate<'_>) -> Validity {
    Validity { not_before: Time(certificate.not_before()), not_after: Time(certificate.not_after()) }
}

/// The certificates of a PEM text, at most eight; `None` if one is malformed.
fn pem(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let certificates = CertificateDer::pem_slice_iter(text).take(MAX_CERTIFICATES);
    certificates.map(|found| found.ok().map(|certificate| certificate.to_vec())).collect()
}

/// DER as PEM, in lines of 64 characters (RFC 7468).
pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let body: String = lines.flat_map(|line| [line, "\n".into()]).collect();
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

const MAX_CERTIFICATES: usize = 8;

/// A revocation list of the vendor's CA of this common name.
pub(crate) fn crl(vendor: Vendor, issuer: &str, body: Vec<u8>) -> Result<Answer, Unfit> {
    let list = RevocationList::parse(&body)?;
    named("issuer of the revocation list", list.issuer(), vendor, issuer)?;
    let validity = Validity { not_before: Time(list.this_update()), not_after: Time(list.next_update()) };
    Ok(Answer::new(body, validity))
}

/// A certificate whose subject is the issuer that was looked for, byte for byte; a CA certificate, if only its URL was
/// given.
pub(crate) fn issuer(wanted: &Issuer, body: Vec<u8>) -> Result<Answer, Unfit> {
    let der = match pem(&body).and_then(|mut found| found.pop().filter(|_| found.is_empty())) {
        Some(der) => der,
        None => without_padding(&body).to_vec(),
    };
    let certificate = Certificate::parse(&der)?;
    let fits = match &wanted.name {
        Some(name) => certificate.subject().der() == name,
        None => certificate.extensions().basic_constraints().is_some_and(|constraints| constraints.ca),
    };
    if !fits {
        let expected =
            if wanted.name.is_some() { "the issuer of the certificate" } else { "a CA certificate" };
        let found = certificate.subject().to_string();
        return Err(Unfit::Mismatch(format!("subject: expected {expected}, got {found}")));
    }
    let validity = validity(&certificate);
    Ok(Answer::new(der, validity))
}

/// The URLs of CA certificates in authorityInfoAccess, at most eight.
pub(crate) fn issuer_urls(certificate: &Certificate<'_>) -> Vec<String> {
    /// 1.3.6.1.5.5.7.1.1, id-pe-authorityInfoAccess.
    const ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    /// 1.3.6.1.5.5.7.48.2, id-ad-caIssuers.
    const CA_ISSUERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    /// GeneralName: uniformResourceIdentifier.
    const URI: u8 = 0x86;
    const WHAT: &str = "certificate: authorityInfoAccess";
    let Some(extension) = certificate.extensions().find(ACCESS) else { return Vec::new() };
    let mut urls = Vec::new();
    let read = Reader::all(extension.value, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            while !reader.is_empty() {
                der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
                    let method = der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?;
                    let location = der::element(reader, WHAT)?;
                    if method.contents == CA_ISSUERS && location.tag == URI && urls.len() < MAX_CERTIFICATES {
                        urls.extend(core::str::from_utf8(location.contents).map(str::to_owned));
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })
    });
    if read.is_ok() { urls } else { Vec::new() }
}
