//! X.509 certificates, version 3 (RFC 5280, section 4).
//!
//! All structure is parsed once, strictly; names, extensions and the signed bytes stay slices of the
//! input. Nothing is verified here.

mod algorithm;
mod extension;
pub(crate) mod identifiers;
mod name;
mod sgx;

pub use algorithm::{PublicKey, SignatureAlgorithm, ecdsa_fixed};
pub use extension::{BasicConstraints, Extension, Extensions, KeyUsage};
pub use name::{Attribute, Name};

use crate::der::{self, tag};
use crate::describe::HexBytes;
use crate::envelope::{Envelope, Names};
use crate::owned::Place;
use crate::{Describe, DescribedField, Error, ErrorKind, Reader, Visitor};

/// A certificate, unverified. It borrows its input.
///
/// Shape: DER of Certificate, at most 64 KiB, version 3: tbsCertificate (version, serialNumber,
/// signature, issuer, validity, subject, subjectPublicKeyInfo, extensions), signatureAlgorithm,
/// signatureValue. Times are seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    der: &'a [u8],
    tbs: &'a [u8],
    serial: &'a [u8],
    algorithm: SignatureAlgorithm,
    issuer: Name<'a>,
    not_before: i64,
    not_after: i64,
    subject: Name<'a>,
    public_key: PublicKey<'a>,
    extensions: Extensions<'a>,
    signature: &'a [u8],
}

/// The places of the fields in the certificate's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CertificateLayout {
    tbs: Place,
    serial: Place,
    algorithm: SignatureAlgorithm,
    issuer: Place,
    not_before: i64,
    not_after: i64,
    subject: Place,
    public_key: algorithm::PublicKeyLayout,
    extensions: extension::ExtensionsLayout,
    signature: Place,
}

impl CertificateLayout {
    /// The fields, from the bytes that the layout was made from.
    pub(crate) fn view(self, der: &[u8]) -> Certificate<'_> {
        Certificate {
            der,
            tbs: self.tbs.slice(der),
            serial: self.serial.slice(der),
            algorithm: self.algorithm,
            issuer: Name::of_parsed(self.issuer.slice(der)),
            not_before: self.not_before,
            not_after: self.not_after,
            subject: Name::of_parsed(self.subject.slice(der)),
            public_key: self.public_key.view(der),
            extensions: self.extensions.view(der),
            signature: self.signature.slice(der),
        }
    }
}

/// The certificate at the start of `bytes`, without padding of all 0x00 or all 0xFF: an NV index can be
/// larger than its content, and unwritten bytes are 0xFF. Without such padding, `bytes` unchanged.
#[must_use]
pub fn without_padding(bytes: &[u8]) -> &[u8] {
    const WHAT: &str = "certificate";
    let cut = Reader::all(bytes, 0, WHAT, |reader| {
        let certificate = der::element(reader, WHAT)?.whole;
        let rest = reader.take(reader.remaining(), WHAT)?;
        let padding = rest.iter().all(|byte| *byte == 0) || rest.iter().all(|byte| *byte == 0xff);
        Ok(if padding { certificate } else { bytes })
    });
    cut.unwrap_or(bytes)
}

const NAMES: Names = Names {
    whole: "certificate",
    tbs: "certificate: tbsCertificate",
    algorithm: "certificate: signatureAlgorithm",
    signature: "certificate: signatureValue",
};

impl<'a> Certificate<'a> {
    /// Parses a certificate, which must fill `der`.
    ///
    /// # Errors
    /// Bytes that are not strict DER of this shape; another version than 3; different inner and outer
    /// signature algorithms; a repeated extension.
    pub fn parse(der: &'a [u8]) -> Result<Self, Error> {
        let envelope = Envelope::parse(der, &NAMES)?;
        envelope.tbs.read(NAMES.tbs, |reader| Self::body(der, &envelope, reader))
    }

    /// Whether `der` is a certificate with this subject, compared byte for byte. Only tags and lengths of the
    /// fields up to the subject are read, so that of many certificates only those of one name are parsed.
    #[must_use]
    pub fn has_subject(der: &[u8], name: Name<'_>) -> bool {
        let subject = || {
            let (_, whole, _) = der::split(der)?;
            let (_, mut rest, _) = der::split(whole)?;
            // Version, serial number, algorithm, issuer and validity.
            for _ in 0..5 {
                (.., rest) = der::split(rest)?;
            }
            Some(rest)
        };
        subject().is_some_and(|rest| rest.starts_with(name.der()))
    }

    fn body(der: &'a [u8], envelope: &Envelope<'a>, reader: &mut Reader<'a>) -> Result<Self, Error> {
        version(reader)?;
        let serial = der::tagged(reader, tag::INTEGER, "certificate: serialNumber")?
            .integer("certificate: serialNumber")?;
        let algorithm = envelope.inner_algorithm(reader)?;
        let issuer = Name::parse(reader, "certificate: issuer")?;
        let (not_before, not_after) = validity(reader)?;
        let subject = Name::parse(reader, "certificate: subject")?;
        let public_key = PublicKey::read(reader)?;
        let extensions = Extensions::read(reader)?;
        let (tbs, signature) = (envelope.tbs.whole, envelope.signature);
        Ok(Self {
            der,
            tbs,
            serial,
            algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            extensions,
            signature,
        })
    }

    /// The place of each field in the certificate's bytes.
    pub(crate) fn layout(&self) -> CertificateLayout {
        let place = |part: &[u8]| Place::new(part, self.der);
        CertificateLayout {
            tbs: place(self.tbs),
            serial: place(self.serial),
            algorithm: self.algorithm,
            issuer: place(self.issuer.der()),
            not_before: self.not_before,
            not_after: self.not_after,
            subject: place(self.subject.der()),
            public_key: self.public_key.layout(self.der),
            extensions: self.extensions.layout(self.der),
            signature: place(self.signature),
        }
    }

    /// The whole certificate as received.
    #[must_use]
    pub const fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The signed bytes as received: tbsCertificate with its header.
    #[must_use]
    pub const fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// The serial number: the contents octets of the INTEGER, big-endian, of any length (RFC 5280, section
    /// 4.1.2.2).
    #[must_use]
    pub const fn serial(&self) -> &'a [u8] {
        self.serial
    }

    /// The signature algorithm of the issuer (RFC 5280, section 4.1.1.2).
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The issuer's name (RFC 5280, section 4.1.2.4).
    #[must_use]
    pub const fn issuer(&self) -> Name<'a> {
        self.issuer
    }

    /// The subject's name (RFC 5280, section 4.1.2.6).
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.subject
    }

    /// notBefore: the first second of validity, since 1970 (RFC 5280, section 4.1.2.5).
    #[must_use]
    pub const fn not_before(&self) -> i64 {
        self.not_before
    }

    /// notAfter: the last second of validity, since 1970 (RFC 5280, section 4.1.2.5).
    #[must_use]
    pub const fn not_after(&self) -> i64 {
        self.not_after
    }

    /// The subject's public key (RFC 5280, section 4.1.2.7).
    #[must_use]
    pub const fn public_key(&self) -> PublicKey<'a> {
        self.public_key
    }

    /// The extensions (RFC 5280, section 4.2).
    #[must_use]
    pub const fn extensions(&self) -> Extensions<'a> {
        self.extensions
    }

    /// signatureValue: `r` and `s` in DER for ECDSA, the padded block for RSA.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }
}

fn version(reader: &mut Reader<'_>) -> Result<(), Error> {
    const VERSION: &str = "certificate: version";
    let Some(explicit) = der::optional(reader, tag::context(0), VERSION)? else {
        return Err(reader.error(ErrorKind::Unsupported, VERSION, "version 3"));
    };
    let version =
        explicit.read(VERSION, |reader| der::tagged(reader, tag::INTEGER, VERSION)?.small(VERSION))?;
    if version == 2 { Ok(()) } else { Err(reader.error(ErrorKind::Unsupported, VERSION, "version 3")) }
}

fn validity(reader: &mut Reader<'_>) -> Result<(i64, i64), Error> {
    der::nested(reader, tag::SEQUENCE, "certificate: validity", |reader| {
        let not_before = der::element(reader, "certificate: notBefore")?.time("certificate: notBefore")?;
        let not_after = der::element(reader, "certificate: notAfter")?.time("certificate: notAfter")?;
        Ok((not_before, not_after))
    })
}

impl Describe for Certificate<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::new("version", &3_u8));
        visitor.field(DescribedField::new("serialNumber", &HexBytes(self.serial)));
        visitor.field(DescribedField::new("signature", &self.algorithm));
        visitor.field(DescribedField::new("issuer", &self.issuer));
        visitor.field(DescribedField::new("notBefore", &self.not_before).note(&"seconds since 1970"));
        visitor.field(DescribedField::new("notAfter", &self.not_after).note(&"seconds since 1970"));
        visitor.field(DescribedField::new("subject", &self.subject));
        self.public_key.describe_in_certificate(visitor);
        self.extensions.describe(visitor);
        visitor.field(DescribedField::new("signatureValue", &HexBytes(self.signature)));
    }
}
