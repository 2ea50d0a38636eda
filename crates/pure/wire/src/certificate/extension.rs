//! Certificate extensions (RFC 5280, section 4.2).

use core::fmt;

use super::sgx::{self, SGX_EXTENSION};
use crate::der::{self, tag};
use crate::describe::{HexBytes, Oid};
use crate::owned::Place;
use crate::{DescribedField, Error, ErrorKind, Reader, Visitor};

/// An extension (RFC 5280, section 4.1.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// extnID: the contents octets of the object identifier.
    pub oid: &'a [u8],
    /// critical: whether a verifier that does not process the extension must refuse the certificate.
    pub critical: bool,
    /// extnValue: the contents octets of the OCTET STRING.
    pub value: &'a [u8],
}

/// The extensions of a certificate, at most 32, all well formed and each at most once.
#[derive(Clone, Copy, Debug)]
pub struct Extensions<'a> {
    list: &'a [u8],
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<KeyUsage>,
    /// Whether any other extension is critical.
    other_critical: bool,
}

/// The limit of extensions; real attestation certificates have at most 16.
const MAX_EXTENSIONS: usize = 32;
const WHAT: &str = "certificate: extensions";
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// The places of the extensions in a certificate, and the values of those that every path needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExtensionsLayout {
    list: Place,
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<KeyUsage>,
    other_critical: bool,
}

impl ExtensionsLayout {
    pub(super) fn view(self, whole: &[u8]) -> Extensions<'_> {
        let Self { list, basic_constraints, key_usage, other_critical } = self;
        Extensions { list: list.slice(whole), basic_constraints, key_usage, other_critical }
    }
}

impl Extensions<'_> {
    pub(super) fn layout(&self, whole: &[u8]) -> ExtensionsLayout {
        let Self { list, basic_constraints, key_usage, other_critical } = *self;
        ExtensionsLayout { list: Place::new(list, whole), basic_constraints, key_usage, other_critical }
    }
}

impl<'a> Extensions<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut extensions =
            Self { list: &[], basic_constraints: None, key_usage: None, other_critical: false };
        let Some(explicit) = der::optional(reader, tag::context(3), WHAT)? else {
            return Ok(extensions);
        };
        let list = explicit.read(WHAT, |reader| der::tagged(reader, tag::SEQUENCE, WHAT))?;
        extensions.list = list.contents;
        list.read(WHAT, |reader| {
            let mut oids: [&[u8]; MAX_EXTENSIONS] = [&[]; MAX_EXTENSIONS];
            let mut count = 0_usize;
            while !reader.is_empty() {
                let at = reader.at();
                let offset = reader.offset();
                let extension = next(reader)?;
                let Some((earlier, [slot, ..])) = oids.split_at_mut_checked(count) else {
                    return Err(reader.error(ErrorKind::TooLarge, WHAT, "at most 32 extensions"));
                };
                if earlier.contains(&extension.oid) {
                    return Err(at.error(ErrorKind::Duplicate, WHAT, "each extension once"));
                }
                *slot = extension.oid;
                count = count.saturating_add(1);
                extensions.take(extension, offset)?;
            }
            Ok(())
        })?;
        Ok(extensions)
    }

    /// Keeps the two extensions that every path needs, basicConstraints and keyUsage, and whether others are critical.
    fn take(&mut self, extension: Extension<'a>, offset: usize) -> Result<(), Error> {
        match extension.oid {
            BASIC_CONSTRAINTS => self.basic_constraints = Some(BasicConstraints::read(&extension, offset)?),
            KEY_USAGE => self.key_usage = Some(KeyUsage::read(&extension, offset)?),
            _ => self.other_critical |= extension.critical,
        }
        Ok(())
    }

    /// The extensions in the order of the certificate.
    pub fn iter(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        walk(self.list)
    }

    /// The extension with this object identifier (its contents octets).
    #[must_use]
    pub fn find(&self, oid: &[u8]) -> Option<Extension<'a>> {
        self.iter().find(|extension| extension.oid == oid)
    }

    /// basicConstraints (RFC 5280, section 4.2.1.9), if present.
    #[must_use]
    pub const fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.basic_constraints
    }

    /// keyUsage (RFC 5280, section 4.2.1.3), if present.
    #[must_use]
    pub const fn key_usage(&self) -> Option<KeyUsage> {
        self.key_usage
    }

    /// Whether a critical extension is neither basicConstraints nor keyUsage nor in `profile`, a list of object
    /// identifiers (their contents octets).
    #[must_use]
    pub fn unknown_critical(&self, profile: &[&[u8]]) -> bool {
        self.other_critical
            && self.iter().filter(|extension| extension.critical).any(|extension| {
                extension.oid != BASIC_CONSTRAINTS
                    && extension.oid != KEY_USAGE
                    && !profile.contains(&extension.oid)
            })
    }

    pub(super) fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.open("extensions");
        for extension in self.iter() {
            let critical: &'static str = if extension.critical { "critical" } else { "not critical" };
            if extension.oid == SGX_EXTENSION && sgx::is_well_formed(extension.value) {
                visitor.open(extension_name(extension.oid));
                let oid = Oid(extension.oid);
                visitor.field(DescribedField::new("extnID", &format_args!("{oid}")).note(&critical));
                sgx::describe(extension.value, visitor);
                visitor.close();
                continue;
            }
            visitor.field(DescribedField {
                name: extension_name(extension.oid),
                range: None,
                value: &HexBytes(extension.value),
                note: Some(&Note { oid: extension.oid, critical, extensions: self }),
            });
        }
        visitor.close();
    }
}

/// The extensions of a parsed list.
fn walk<'a>(mut list: &'a [u8]) -> impl Iterator<Item = Extension<'a>> {
    core::iter::from_fn(move || {
        let extension;
        (extension, list) = well_formed(list)?;
        Some(extension)
    })
}

/// The first extension and the bytes after it; `None` if it is malformed.
#[inline]
fn well_formed(list: &[u8]) -> Option<(Extension<'_>, &[u8])> {
    let (tag::SEQUENCE, contents, rest) = der::split(list)? else { return None };
    let (tag::OBJECT_IDENTIFIER, oid, contents) = der::split(contents)? else { return None };
    let (critical, contents) = match der::split(contents)? {
        (tag::BOOLEAN, [0xff], rest) => (true, rest),
        (tag::BOOLEAN, [0x00], rest) => (false, rest),
        _ => (false, contents),
    };
    let (tag::OCTET_STRING, value, []) = der::split(contents)? else { return None };
    Some((Extension { oid, critical, value }, rest))
}

fn next<'a>(reader: &mut Reader<'a>) -> Result<Extension<'a>, Error> {
    let Some((extension, rest)) = well_formed(reader.rest()) else { return Err(fault(reader)) };
    reader.take(reader.remaining().saturating_sub(rest.len()), WHAT)?;
    Ok(extension)
}

/// The error of a malformed extension, found value by value.
#[cold]
fn fault(reader: &mut Reader<'_>) -> Error {
    let at = reader.at();
    let read = der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
        der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?;
        if let Some(critical) = der::optional(reader, tag::BOOLEAN, WHAT)? {
            critical.boolean(WHAT)?;
        }
        der::tagged(reader, tag::OCTET_STRING, WHAT)
    });
    read.err().unwrap_or(at.error(ErrorKind::Value, WHAT, "an extension"))
}

/// BasicConstraints (RFC 5280, section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the extension is critical.
    pub critical: bool,
    /// cA: whether the subject is a certification authority.
    pub ca: bool,
    /// pathLenConstraint: the maximum number of intermediate certificates below this one; `None` if not
    /// limited.
    pub path_len: Option<u8>,
}

impl BasicConstraints {
    fn read(extension: &Extension<'_>, offset: usize) -> Result<Self, Error> {
        const WHAT: &str = "certificate: basicConstraints";
        Reader::all(extension.value, offset, WHAT, |reader| {
            der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
                let ca = der::optional(reader, tag::BOOLEAN, WHAT)?
                    .map(|ca| ca.boolean(WHAT))
                    .transpose()?
                    .unwrap_or(false);
                let path_len =
                    if reader.is_empty() { None } else { Some(der::element(reader, WHAT)?.small(WHAT)?) };
                Ok(Self { critical: extension.critical, ca, path_len })
            })
        })
    }
}

/// KeyUsage (RFC 5280, section 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// Whether the extension is critical.
    pub critical: bool,
    /// The named bits; bit 0 (digitalSignature) is the most significant.
    bits: u16,
}

impl KeyUsage {
    fn read(extension: &Extension<'_>, offset: usize) -> Result<Self, Error> {
        const WHAT: &str = "certificate: keyUsage";
        let bad = Error::new(ErrorKind::Value, WHAT, offset, "a BIT STRING of 1 to 9 named bits");
        let bits =
            Reader::all(extension.value, offset, WHAT, |reader| der::tagged(reader, tag::BIT_STRING, WHAT))?;
        let (unused, last, bits) = match bits.contents {
            [unused, first] => (*unused, *first, u16::from_be_bytes([*first, 0])),
            [unused, first, second] => (*unused, *second, u16::from_be_bytes([*first, *second])),
            _ => return Err(bad),
        };
        // DER requires the last bit in use to be a one (X.690, 11.2.2); AMD's intermediates
        // write trailing zero bits, so only the unused bits must be zero.
        if unused > 7 || u32::from(unused) > last.trailing_zeros() {
            return Err(bad);
        }
        Ok(Self { critical: extension.critical, bits })
    }

    /// digitalSignature: the key may sign data other than certificates and revocation lists.
    #[must_use]
    pub const fn digital_signature(&self) -> bool {
        self.bits & 0x8000 != 0
    }

    /// keyCertSign: the key may sign certificates.
    #[must_use]
    pub const fn cert_sign(&self) -> bool {
        self.bits & 0x0400 != 0
    }

    /// cRLSign: the key may sign revocation lists.
    #[must_use]
    pub const fn crl_sign(&self) -> bool {
        self.bits & 0x0200 != 0
    }
}

fn extension_name(oid: &[u8]) -> &'static str {
    match oid {
        BASIC_CONSTRAINTS => "basicConstraints",
        KEY_USAGE => "keyUsage",
        [0x55, 0x1d, 0x0e] => "subjectKeyIdentifier",
        [0x55, 0x1d, 0x23] => "authorityKeyIdentifier",
        [0x55, 0x1d, 0x25] => "extKeyUsage",
        [0x55, 0x1d, 0x1f] => "cRLDistributionPoints",
        [0x55, 0x1d, 0x11] => "subjectAltName",
        [0x55, 0x1d, 0x20] => "certificatePolicies",
        SGX_EXTENSION => "SGX Extensions",
        // 1.3.6.1.4.1.3704.1, AMD's arc (document 57230, table 4).
        [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, rest @ ..] => amd_name(rest),
        _ => "extension",
    }
}

fn amd_name(rest: &[u8]) -> &'static str {
    match rest {
        [1] => "structVersion",
        [2] => "productName1",
        [3, 1] => "blSPL",
        [3, 2] => "teeSPL",
        [3, 3] => "snpSPL",
        [3, 4] => "spl4",
        [3, 5] => "spl5",
        [3, 6] => "spl6",
        [3, 7] => "spl7",
        [3, 8] => "ucodeSPL",
        [3, 9] => "fmcSPL",
        [4] => "hwID",
        [5] => "cspID",
        _ => "AMD extension",
    }
}

/// The meaning of an extension, for display.
struct Note<'a> {
    oid: &'a [u8],
    critical: &'static str,
    extensions: &'a Extensions<'a>,
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.critical)?;
        match (self.oid, self.extensions.basic_constraints, self.extensions.key_usage) {
            (BASIC_CONSTRAINTS, Some(basic), _) => {
                f.write_str(if basic.ca { ", an authority" } else { ", not an authority" })?;
                basic.path_len.map_or(Ok(()), |below| write!(f, ", at most {below} authorities below"))
            }
            (KEY_USAGE, _, Some(usage)) => {
                for (set, name) in [
                    (usage.digital_signature(), ", digitalSignature"),
                    (usage.cert_sign(), ", keyCertSign"),
                    (usage.crl_sign(), ", cRLSign"),
                ] {
                    f.write_str(if set { name } else { "" })?;
                }
                Ok(())
            }
            _ => write!(f, ", {}", Oid(self.oid)),
        }
    }
}
