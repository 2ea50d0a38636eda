//! The signature section: a certificate in PEM and a COSE_Sign1 over PCR0, read and written.
//!
//! ```text
//! [ { "signing_certificate": [PEM, byte by byte], "signature": [COSE_Sign1, byte by byte] } ]
//! COSE_Sign1 payload: { "register_index": 0, "register_value": [PCR0, byte by byte] }
//! ```
//!
//! Source: aws-nitro-enclaves-image-format, "EifSectionSignature"; RFC 9052, section 4.2; RFC 9053, section 2.1.

mod encode;
mod verify;

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::{Error, ErrorKind, Reader, cbor, der};

pub use encode::{signature_section, to_be_signed};
pub use verify::{SignatureError, VerifiedImageSignature};

/// The most bytes of a signature section, as AWS documents it.
pub const MAX_SIGNATURE_BYTES: u64 = 32_768;

/// The most entries of a signature section that are read. One is in use.
const MAX_ENTRIES: u64 = 32;

/// The signature algorithm of a COSE_Sign1 (RFC 9053, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CoseAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512. No table of operations has it: such a signature is not verified.
    Es512,
}

impl CoseAlgorithm {
    /// The protected header with this algorithm alone: `{1: -7}`, `{1: -35}`, `{1: -36}`.
    const fn protected(self) -> &'static [u8] {
        match self {
            Self::Es256 => &[0xa1, 0x01, 0x26],
            Self::Es384 => &[0xa1, 0x01, 0x38, 0x22],
            Self::Es512 => &[0xa1, 0x01, 0x38, 0x23],
        }
    }

    /// Bytes of a signature: r and s, each as long as the field.
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::Es256 => 64,
            Self::Es384 => 96,
            Self::Es512 => 132,
        }
    }

    /// The name: `ES256`, `ES384`, `ES512`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    /// The algorithm for this key; `None` of a key that cannot sign an image.
    #[must_use]
    pub const fn of_key(key: &PublicKey<'_>) -> Option<Self> {
        match key {
            PublicKey::P256(_) => Some(Self::Es256),
            PublicKey::P384(_) => Some(Self::Es384),
            _ => None,
        }
    }
}

impl fmt::Display for CoseAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The content of a signature section, unverified.
///
/// Of several entries, only the first is in use: AWS verifies no other, and PCR8 is the hash of its certificate. Of
/// several certificates in its PEM, the first is the signing certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureSection {
    certificate: Vec<u8>,
    cose: Vec<u8>,
    entries: usize,
    certificates: usize,
}

impl SignatureSection {
    /// Parses the content of a section, which must fill `content`. The signature itself is not read: PCR8 does not
    /// depend on it.
    ///
    /// # Errors
    /// Another structure than the module's; an array without entries; a first entry without a certificate in PEM, with
    /// one that is not one DER value, or with one under the older label `X509 CERTIFICATE`.
    pub fn parse(content: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "signature section";
        let (mut first, mut entries) = (None, 0_usize);
        Reader::all(content, 0, WHAT, |reader| {
            let start = reader.at();
            cbor::array(reader, MAX_ENTRIES, WHAT, |reader| {
                let entry = entry(reader)?;
                entries = entries.saturating_add(1);
                if first.is_none() {
                    first = Some(entry);
                }
                Ok(())
            })?;
            match first {
                Some((pem, cose)) => {
                    let (certificate, certificates) = certificate(&pem, start)?;
                    Ok(Self { certificate, cose, entries, certificates })
                }
                None => Err(start.error(ErrorKind::Missing, WHAT, "an array with at least one entry")),
            }
        })
    }

    /// The signing certificate in DER, which PCR8 is the hash of.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The signing certificate.
    ///
    /// # Errors
    /// DER that is not a certificate as this project reads it: version 3, of strict DER.
    pub fn certificate(&self) -> Result<Certificate<'_>, Error> {
        Certificate::parse(&self.certificate)
    }

    /// The COSE_Sign1, as received.
    #[must_use]
    pub fn cose(&self) -> &[u8] {
        &self.cose
    }

    /// The number of entries of the section, of which the first alone is in use.
    #[must_use]
    pub const fn entries(&self) -> usize {
        self.entries
    }

    /// The number of certificates in the PEM, of which the first is the signing certificate.
    #[must_use]
    pub const fn certificates(&self) -> usize {
        self.certificates
    }
}

/// A map of two members, in either order: the PEM and the COSE_Sign1.
fn entry(reader: &mut Reader<'_>) -> Result<(Vec<u8>, Vec<u8>), Error> {
    const WHAT: &str = "signature section: entry";
    let (mut pem, mut cose) = (None, None);
    let start = reader.at();
    cbor::map(reader, 2, WHAT, |reader| {
        let at = reader.at();
        let (slot, what) = match cbor::text(reader, "signature section: key")? {
            "signing_certificate" => (&mut pem, "signature section: signing_certificate"),
            "signature" => (&mut cose, "signature section: signature"),
            _ => return Err(at.error(ErrorKind::Value, WHAT, "signing_certificate or signature")),
        };
        let value = small_numbers(reader, what)?;
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(at.error(ErrorKind::Duplicate, what, "each key once")),
        }
    })?;
    match (pem, cose) {
        (Some(pem), Some(cose)) => Ok((pem, cose)),
        _ => Err(start.error(ErrorKind::Missing, WHAT, "signing_certificate and signature")),
    }
}

/// Bytes as an array of numbers up to 255.
fn small_numbers(reader: &mut Reader<'_>, what: &'static str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    cbor::array(reader, MAX_SIGNATURE_BYTES, what, |reader| {
        let wrong = reader.error(ErrorKind::Value, what, "numbers from 0 to 255");
        bytes.push(u8::try_from(cbor::unsigned(reader, what)?).map_err(|_| wrong)?);
        Ok(())
    })?;
    Ok(bytes)
}

/// The older label of certificates, which openssl reads as well and gnutls only where there is no other one: PCR8 would
/// be another one for each.
const OLDER_LABEL: &[u8] = b"-----BEGIN X509 CERTIFICATE-----";

/// The first certificate of a PEM text, in DER, and how many there are.
fn certificate(pem: &[u8], at: teeproof_wire::At) -> Result<(Vec<u8>, usize), Error> {
    const WHAT: &str = "signature section: signing_certificate";
    if pem.windows(OLDER_LABEL.len()).any(|label| label == OLDER_LABEL) {
        return Err(at.error(ErrorKind::Value, WHAT, "certificates under the label CERTIFICATE alone"));
    }
    let (mut first, mut count) = (None, 0_usize);
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| at.error(ErrorKind::Value, WHAT, "well-formed PEM"))?;
        count = count.saturating_add(1);
        first.get_or_insert(certificate);
    }
    let first = first.ok_or_else(|| at.error(ErrorKind::Missing, WHAT, "a certificate in PEM"))?;
    Reader::all(&first, 0, WHAT, |reader| der::tagged(reader, der::tag::SEQUENCE, WHAT).map(|_| ()))?;
    Ok((first.to_vec(), count))
}
