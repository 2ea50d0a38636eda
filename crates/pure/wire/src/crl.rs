//! X.509 certificate revocation lists, version 2 (RFC 5280, section 5). Nothing is verified here.

use crate::certificate::identifiers::{AUTHORITY_KEY_IDENTIFIER, key_identifier};
use crate::certificate::{Name, SignatureAlgorithm};
use crate::der::{self, tag};
use crate::describe::HexBytes;
use crate::envelope::{Envelope, Names};
use crate::owned::Place;
use crate::{Describe, DescribedField, Error, ErrorKind, Reader, Visitor};

/// A revocation list, unverified. It borrows its input.
///
/// Shape: DER of CertificateList, at most 64 KiB, version 2: tbsCertList (version, signature, issuer,
/// thisUpdate, nextUpdate, revokedCertificates, crlExtensions), signatureAlgorithm, signatureValue. Times
/// are seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug)]
pub struct RevocationList<'a> {
    tbs: &'a [u8],
    algorithm: SignatureAlgorithm,
    issuer: Name<'a>,
    this_update: i64,
    next_update: i64,
    revoked: &'a [u8],
    critical_extension: bool,
    authority_key_id: Option<&'a [u8]>,
    signature: &'a [u8],
}

/// The places of the fields in the list's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RevocationListLayout {
    tbs: Place,
    algorithm: SignatureAlgorithm,
    issuer: Place,
    this_update: i64,
    next_update: i64,
    revoked: Place,
    critical_extension: bool,
    authority_key_id: Option<Place>,
    signature: Place,
}

impl RevocationListLayout {
    /// The fields, from the bytes that the layout was made from.
    pub(crate) fn view(self, der: &[u8]) -> RevocationList<'_> {
        RevocationList {
            tbs: self.tbs.slice(der),
            algorithm: self.algorithm,
            issuer: Name::of_parsed(self.issuer.slice(der)),
            this_update: self.this_update,
            next_update: self.next_update,
            revoked: self.revoked.slice(der),
            critical_extension: self.critical_extension,
            authority_key_id: self.authority_key_id.map(|place| place.slice(der)),
            signature: self.signature.slice(der),
        }
    }
}

const NAMES: Names = Names {
    whole: "CRL",
    tbs: "CRL: tbsCertList",
    algorithm: "CRL: signatureAlgorithm",
    signature: "CRL: signatureValue",
};

impl<'a> RevocationList<'a> {
    /// Parses a revocation list, which must fill `der`.
    ///
    /// # Errors
    /// Bytes that are not strict DER of this shape; a missing nextUpdate; different inner and outer signature
    /// algorithms.
    pub fn parse(der: &'a [u8]) -> Result<Self, Error> {
        let envelope = Envelope::parse(der, &NAMES)?;
        envelope.tbs.read(NAMES.tbs, |reader| Self::body(&envelope, reader))
    }

    fn body(envelope: &Envelope<'a>, reader: &mut Reader<'a>) -> Result<Self, Error> {
        if der::tagged(reader, tag::INTEGER, "CRL: version")?.small("CRL: version")? != 1 {
            return Err(reader.error(ErrorKind::Unsupported, "CRL: version", "version 2"));
        }
        let algorithm = envelope.inner_algorithm(reader)?;
        let issuer = Name::parse(reader, "CRL: issuer")?;
        let this_update = der::element(reader, "CRL: thisUpdate")?.time("CRL: thisUpdate")?;
        let next_update = der::element(reader, "CRL: nextUpdate")?.time("CRL: nextUpdate")?;
        let revoked = der::optional(reader, tag::SEQUENCE, "CRL: revokedCertificates")?;
        if let Some(list) = revoked {
            list.read("CRL: revokedCertificates", |reader| {
                while !reader.is_empty() {
                    entry(reader)?;
                }
                Ok(())
            })?;
        }
        let Extensions { critical: critical_extension, authority_key_id } = extensions(reader)?;
        let (tbs, signature) = (envelope.tbs.whole, envelope.signature);
        let revoked = revoked.map_or(&[][..], |list| list.contents);
        Ok(Self {
            tbs,
            algorithm,
            issuer,
            this_update,
            next_update,
            revoked,
            critical_extension,
            authority_key_id,
            signature,
        })
    }

    /// The place of each field in the list's bytes.
    pub(crate) fn layout(&self, der: &[u8]) -> RevocationListLayout {
        let place = |part: &[u8]| Place::new(part, der);
        RevocationListLayout {
            tbs: place(self.tbs),
            algorithm: self.algorithm,
            issuer: place(self.issuer.der()),
            this_update: self.this_update,
            next_update: self.next_update,
            revoked: place(self.revoked),
            critical_extension: self.critical_extension,
            authority_key_id: self.authority_key_id.map(place),
            signature: place(self.signature),
        }
    }

    /// The signed bytes as received: tbsCertList with its header.
    #[must_use]
    pub const fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// The signature algorithm of the issuer (RFC 5280, section 5.1.1.2).
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The issuer's name (RFC 5280, section 5.1.2.3).
    #[must_use]
    pub const fn issuer(&self) -> Name<'a> {
        self.issuer
    }

    /// thisUpdate: the issue date, in seconds since 1970 (RFC 5280, section 5.1.2.4).
    #[must_use]
    pub const fn this_update(&self) -> i64 {
        self.this_update
    }

    /// nextUpdate: the date by which the next list is issued, in seconds since 1970 (RFC 5280, section
    /// 5.1.2.5).
    #[must_use]
    pub const fn next_update(&self) -> i64 {
        self.next_update
    }

    /// Whether crlExtensions has a critical extension, which can narrow the list's scope. Such a list must
    /// not be used.
    #[must_use]
    pub const fn has_critical_extension(&self) -> bool {
        self.critical_extension
    }

    /// The key identifier of the issuer (keyIdentifier of authorityKeyIdentifier), a hint for finding it.
    #[must_use]
    pub const fn authority_key_id(&self) -> Option<&'a [u8]> {
        self.authority_key_id
    }

    /// signatureValue: `r` and `s` in DER for ECDSA, the padded block for RSA.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Whether the list has an entry for this serial number: the contents octets of the INTEGER, compared
    /// byte for byte.
    #[must_use]
    pub fn revokes(&self, serial: &[u8]) -> bool {
        self.serials().any(|revoked| revoked == serial)
    }

    /// The serial numbers of the entries. They were parsed once with the list: here headers alone are read.
    fn serials(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut entries = self.revoked;
        core::iter::from_fn(move || {
            let entry;
            (_, entry, entries) = der::split(entries)?;
            der::split(entry).map(|(_, serial, _)| serial)
        })
    }
}

fn entry<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    const WHAT: &str = "CRL: revokedCertificates";
    der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
        let serial = der::tagged(reader, tag::INTEGER, WHAT)?.integer(WHAT)?;
        der::element(reader, WHAT)?.time(WHAT)?;
        der::optional(reader, tag::SEQUENCE, WHAT)?;
        Ok(serial)
    })
}

/// crlExtensions.
#[derive(Default)]
struct Extensions<'a> {
    /// Whether one of them is critical.
    critical: bool,
    authority_key_id: Option<&'a [u8]>,
}

fn extensions<'a>(reader: &mut Reader<'a>) -> Result<Extensions<'a>, Error> {
    const WHAT: &str = "CRL: crlExtensions";
    let mut found = Extensions::default();
    let Some(explicit) = der::optional(reader, tag::context(0), WHAT)? else {
        return Ok(found);
    };
    explicit.read(WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            while !reader.is_empty() {
                der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
                    let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?;
                    let critical = der::optional(reader, tag::BOOLEAN, WHAT)?
                        .map(|critical| critical.boolean(WHAT))
                        .transpose()?;
                    let value = der::tagged(reader, tag::OCTET_STRING, WHAT)?;
                    found.critical |= critical.unwrap_or(false);
                    if oid.contents == AUTHORITY_KEY_IDENTIFIER {
                        found.authority_key_id = key_identifier(value.contents);
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })
    })?;
    Ok(found)
}

impl Describe for RevocationList<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::new("version", &2_u8));
        visitor.field(DescribedField::new("signature", &self.algorithm));
        visitor.field(DescribedField::new("issuer", &self.issuer));
        visitor.field(DescribedField::new("thisUpdate", &self.this_update).note(&"seconds since 1970"));
        visitor.field(DescribedField::new("nextUpdate", &self.next_update).note(&"seconds since 1970"));
        visitor.open("revokedCertificates");
        for serial in self.serials() {
            visitor.field(DescribedField::new("userCertificate", &HexBytes(serial)));
        }
        visitor.close();
        visitor.field(DescribedField::new("signatureValue", &HexBytes(self.signature)));
    }
}
