//! What identifies in the certificates of chips, platforms and attestation keys.

use alloc::vec::Vec;
use core::ops::Range;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use teeproof_wire::certificate::{Attribute, Certificate, Name, PublicKey};
use teeproof_wire::der::{self, tag};
use teeproof_wire::{Error, ErrorKind, Reader};

use super::Identifier;
use super::identifiers::{List, fault, place_of, position};
use super::identity::{Identity, is_shared};
use super::text::Text;

impl<'a> List<'a> {
    /// What a certificate has, and whether it identifies a platform in full: by its PPID
    /// and its instance.
    pub(super) fn certificate(&mut self, der: &'a [u8]) -> Result<bool, Error> {
        let certificate = Certificate::parse(der)?;
        if let Some(extension) = certificate.extensions().find(HWID) {
            let id = match extension.value {
                [0x04, 0x40, id @ ..] if id.len() == 64 => id,
                [0x04, 0x08, id @ ..] if id.len() == 8 => id,
                id if matches!(id.len(), 8 | 64) => id,
                id => return Err(wrong(der, id, "certificate: hardware id", "8 or 64 bytes")),
            };
            self.chip(id);
        }
        let is_told = self.platform(&certificate)?;
        let is_authority = certificate.extensions().basic_constraints().is_some_and(|basic| basic.ca);
        self.attestation_key(&certificate, is_authority)?;
        if let Some(client) = certificate.extensions().find(CLIENT_INFO) {
            self.host(client.value, place_of(der, client.value).unwrap_or_default().start)?;
        }
        let is_vek = certificate.extensions().iter().any(|extension| extension.oid.starts_with(AMD));
        let is_of_platform = certificate.extensions().find(SGX).is_some();
        let is_of_collateral = !is_of_platform && certificate.subject().common_name() == Some(TCB_SIGNING);
        if !is_authority && !is_vek && !is_of_collateral {
            self.serial(&certificate);
        }
        Ok(is_told)
    }

    pub(super) fn serial(&mut self, certificate: &Certificate<'a>) {
        let magnitude = match certificate.serial() {
            [0, magnitude @ ..] => magnitude,
            magnitude => magnitude,
        };
        self.push(Identity::serial(magnitude), magnitude);
    }

    /// PPID and platform instance id in Intel's extension, and whether both are there: the
    /// certificate of a platform of one processor has the first alone.
    fn platform(&mut self, certificate: &Certificate<'a>) -> Result<bool, Error> {
        const WHAT: &str = "PCK certificate: SGX extension";
        let Some(extension) = certificate.extensions().find(SGX) else { return Ok(false) };
        let offset = place_of(certificate.der(), extension.value).unwrap_or_default().start;
        let members = members(extension.value, offset)?;
        let mut found = [false; 2];
        for (found, last) in found.iter_mut().zip([PPID, PLATFORM_INSTANCE]) {
            for (_, value) in members.iter().filter(|(oid, _)| *oid == last) {
                if value.tag != tag::OCTET_STRING || value.contents.len() != 16 {
                    return Err(fault(
                        ErrorKind::Value,
                        WHAT,
                        value.offset,
                        "OCTET STRINGs of 16 bytes as ids",
                    ));
                }
                self.push(Identity::bytes(Identifier::PlatformId, value.contents), value.contents);
                *found = true;
            }
        }
        let [has_ppid, has_instance] = found;
        if !has_ppid {
            return Err(fault(ErrorKind::Missing, WHAT, offset, "a PPID"));
        }
        Ok(has_instance)
    }

    /// The names of an attestation key: in each attribute what stands before the words that all of them
    /// have, or the whole of it where they do not stand.
    fn attestation_key(&mut self, certificate: &Certificate<'a>, is_authority: bool) -> Result<(), Error> {
        let der = certificate.der();
        let mut values = attributes(certificate.subject());
        if let Some(extension) = certificate.extensions().find(SUBJECT_ALT_NAME) {
            alternative(extension.value, &mut values)
                .map_err(|error| error.within(place_of(der, extension.value).unwrap_or_default().start))?;
        }
        let has_words = !places_of_words(der).is_empty();
        let is_ak = has_words || !is_authority && self.is_attestation_key(certificate);
        if !is_ak {
            return Ok(());
        }
        let mut read: Vec<Range<usize>> = Vec::new();
        for Attribute { oid, tag, contents } in values {
            read.extend(place_of(der, contents));
            self.name(der, oid, tag, contents)?;
        }
        for Attribute { oid, tag, contents } in attributes(certificate.issuer()) {
            if !places_of_words(contents).is_empty() {
                read.extend(place_of(der, contents));
                self.name(der, oid, tag, contents)?;
            }
        }
        let other = places_of_words(der).into_iter().find(|at| !read.iter().any(|place| place.contains(at)));
        other.map_or(Ok(()), |at| Err(fault(ErrorKind::Unsupported, NAME, at, "it in subject and SAN alone")))
    }

    /// Whether a certificate says that it is of an attestation key, or is of the one in the claims.
    fn is_attestation_key(&self, certificate: &Certificate<'a>) -> bool {
        let usage = certificate.extensions().find(EXTENDED_KEY_USAGE);
        let usage = usage.is_some_and(|usage| usage.value.windows(AIK.len()).any(|window| window == AIK));
        let is_claimed = match certificate.public_key() {
            PublicKey::Rsa { modulus, .. } => {
                position(self.claims, &Base64UrlUnpadded::encode_string(modulus)).is_some()
            }
            _ => false,
        };
        usage || is_claimed || certificate.extensions().find(CLIENT_INFO).is_some()
    }

    /// One name of an attestation key.
    fn name(&mut self, der: &[u8], oid: &[u8], tag: u8, contents: &'a [u8]) -> Result<(), Error> {
        let offset = place_of(der, contents).unwrap_or_default().start;
        let text = match Text::decode(tag, contents, offset) {
            Ok(Text(text)) => text,
            Err(error) if is_string(tag) => return Err(error),
            Err(_) if tag & CONSTRUCTED != 0 => {
                return Err(fault(ErrorKind::Value, NAME, offset, "text or bytes"));
            }
            Err(_) => {
                self.push(Identity::bytes(Identifier::AkId, contents), contents);
                return Ok(());
            }
        };
        let lower = text.to_ascii_lowercase();
        let found = |words: &&str| last_position(lower.as_bytes(), &words.to_ascii_lowercase());
        let last = AK_WORDS.iter().filter_map(|words| Some((found(words)?, words.len()))).max();
        let Some((at, words)) = last else {
            if !SHARED.contains(&oid) {
                self.push(Identity::text(Identifier::AkId, &text), contents);
            }
            return Ok(());
        };
        let behind = text.get(at.saturating_add(words)..).unwrap_or_default();
        if !behind.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'-')) {
            return Err(fault(ErrorKind::Value, NAME, offset, "a domain of letters behind it"));
        }
        let before = text.get(..at).unwrap_or_default();
        let place = contents.get(..Text::length(tag, before)).unwrap_or_default();
        self.push(Identity::text(Identifier::AkId, before), place);
        Ok(())
    }

    /// The client that requested a certificate (MS-WCCE, 2.2.2.7.4): a number, the machine, the user, the
    /// process.
    fn host(&mut self, info: &'a [u8], offset: usize) -> Result<(), Error> {
        let [machine, user] = client(info, offset)?;
        let Text(host) = Text::decode(machine.tag, machine.contents, machine.offset)?;
        let Text(account) = Text::decode(user.tag, user.contents, user.offset)?;
        self.push(Identity::text(Identifier::HostName, &host), machine.contents);
        self.push(Identity::text(Identifier::HostName, &account), user.contents);
        let mut pieces: Vec<&str> = host.split('.').take(1).collect();
        for mut pair in [account.splitn(2, '\\'), account.splitn(2, '@')] {
            if let (Some(one), Some(other)) = (pair.next(), pair.next()) {
                pieces.extend([one, other]);
            }
        }
        for piece in pieces {
            let piece = piece.strip_suffix('$').unwrap_or(piece);
            if piece != host && piece != account && !is_shared(piece) {
                self.push_piece(Identity::text(Identifier::HostName, piece));
            }
        }
        Ok(())
    }
}

/// Object identifiers below Intel's, by their last number, with their values.
fn members(extension: &[u8], offset: usize) -> Result<Vec<(u8, der::Element<'_>)>, Error> {
    const WHAT: &str = "PCK certificate: SGX extension";
    Reader::all(extension, offset, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            let mut members = Vec::new();
            while !reader.is_empty() {
                let (oid, value) = der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
                    let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?.contents;
                    Ok((oid, der::element(reader, WHAT)?))
                })?;
                if let Some([last]) = oid.strip_prefix(SGX) {
                    members.push((*last, value));
                }
            }
            Ok(members)
        })
    })
}

fn attributes(name: Name<'_>) -> Vec<Attribute<'_>> {
    name.attributes().collect()
}

/// The names of a subjectAltName as attributes (RFC 5280, section 4.2.1.6).
fn alternative<'a>(value: &'a [u8], values: &mut Vec<Attribute<'a>>) -> Result<(), Error> {
    const WHAT: &str = "certificate: subjectAltName";
    Reader::all(value, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            while !reader.is_empty() {
                let name = der::element(reader, WHAT)?;
                match name.tag {
                    OTHER_NAME => {
                        let (oid, value) = name.read(WHAT, |reader| {
                            let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, WHAT)?.contents;
                            let value = der::tagged(reader, tag::context(0), WHAT)?;
                            Ok((oid, value.read(WHAT, |reader| der::element(reader, WHAT))?))
                        })?;
                        values.push(Attribute { oid, tag: value.tag, contents: value.contents });
                    }
                    DIRECTORY_NAME => {
                        let name = name.read(WHAT, |reader| Name::parse(reader, WHAT))?;
                        values.extend(name.attributes());
                    }
                    RFC822_NAME | DNS_NAME | URI => {
                        values.push(Attribute { oid: &[], tag: tag::IA5_STRING, contents: name.contents });
                    }
                    tag => values.push(Attribute { oid: &[], tag, contents: name.contents }),
                }
            }
            Ok(())
        })
    })
}

/// Where the words begin that an attestation key's name has, in ASCII and in UTF-16.
fn places_of_words(bytes: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    for words in AK_WORDS {
        let wide: Vec<u8> = words.bytes().flat_map(|byte| [0, byte]).collect();
        for words in [words.as_bytes(), &wide] {
            let windows = (0..=usize::MAX).zip(bytes.windows(words.len().max(1)));
            places.extend(windows.filter(|(_, window)| window.eq_ignore_ascii_case(words)).map(|(at, _)| at));
        }
    }
    places
}

/// Where a text stands last in bytes.
fn last_position(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len().max(1)).rposition(|window| window == text.as_bytes())
}

/// The machine and the user of a client's information.
fn client(info: &[u8], offset: usize) -> Result<[der::Element<'_>; 2], Error> {
    const WHAT: &str = "certificate: szOID_REQUEST_CLIENT_INFO";
    Reader::all(info, offset, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            der::tagged(reader, tag::INTEGER, WHAT)?;
            let machine = der::element(reader, WHAT)?;
            let user = der::element(reader, WHAT)?;
            let process = der::element(reader, WHAT)?;
            Text::decode(process.tag, process.contents, process.offset)?;
            Ok([machine, user])
        })
    })
}

/// An error about a slice of a certificate.
fn wrong(der: &[u8], part: &[u8], what: &'static str, expected: &'static str) -> Error {
    fault(ErrorKind::Value, what, place_of(der, part).unwrap_or_default().start, expected)
}

/// Whether a value of this tag is text, whose contents have to be of its alphabet.
const fn is_string(tag: u8) -> bool {
    matches!(tag, tag::UTF8_STRING | 0x12..=0x16 | 0x19..=0x1e)
}

const NAME: &str = "certificate: name of the attestation key";
/// 1.3.6.1.4.1.3704.1, AMD's: VCEKs and VLEKs, whose serial number is 0.
const AMD: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01];
/// 1.3.6.1.4.1.3704.1.4: the hardware id of a VCEK.
const HWID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x04];
/// 1.3.6.1.4.1.311.21.20, szOID_REQUEST_CLIENT_INFO.
const CLIENT_INFO: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x15, 0x14];
/// 1.2.840.113741.1.13.1, Intel's: what a PCK certificate tells of its platform.
const SGX: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
/// The common name of the certificate that signs collateral, which is the same for every platform.
const TCB_SIGNING: &str = "Intel SGX TCB Signing";
const PPID: u8 = 1;
const PLATFORM_INSTANCE: u8 = 6;
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// tcg-kp-AIKCertificate, 2.23.133.8.3, as it stands in an extended key usage.
const AIK: &[u8] = &[0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x03];
const AK_WORDS: [&str; 2] = [".ConfidentialVM.Azure.", ".TrustedVM.Azure."];
/// Country, place, state and organization, and the maker, the model and the version of a TPM
/// (2.23.133.2.1 to .3), which many machines share.
const SHARED: [&[u8]; 7] = [
    &[0x55, 0x04, 0x06],
    &[0x55, 0x04, 0x07],
    &[0x55, 0x04, 0x08],
    &[0x55, 0x04, 0x0a],
    &[0x67, 0x81, 0x05, 0x02, 0x01],
    &[0x67, 0x81, 0x05, 0x02, 0x02],
    &[0x67, 0x81, 0x05, 0x02, 0x03],
];
const CONSTRUCTED: u8 = 0x20;
const OTHER_NAME: u8 = 0xa0;
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const DIRECTORY_NAME: u8 = 0xa4;
const URI: u8 = 0x86;
