//! Key identifiers and the issuer's URL: hints for path building (RFC 5280, sections 4.2.1.1, 4.2.1.2 and
//! 4.2.2.1). No check depends on them: a malformed hint counts as absent.

use super::Extensions;
use crate::der::{self, tag};

/// subjectKeyIdentifier, 2.5.29.14.
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
/// authorityKeyIdentifier, 2.5.29.35.
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// authorityInfoAccess, 1.3.6.1.5.5.7.1.1.
const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
/// id-ad-caIssuers, 1.3.6.1.5.5.7.48.2.
const CA_ISSUERS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
/// keyIdentifier, `[0]`, primitive.
const KEY_IDENTIFIER: u8 = 0x80;
/// uniformResourceIdentifier, `[6]`, primitive.
const URI: u8 = 0x86;

impl<'a> Extensions<'a> {
    /// The key identifier of the subject (subjectKeyIdentifier), if present and well formed.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&'a [u8]> {
        match der::split(self.find(SUBJECT_KEY_IDENTIFIER)?.value)? {
            (tag::OCTET_STRING, id, []) => Some(id),
            _ => None,
        }
    }

    /// The key identifier of the issuer (keyIdentifier of authorityKeyIdentifier), if present and well formed.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&'a [u8]> {
        key_identifier(self.find(AUTHORITY_KEY_IDENTIFIER)?.value)
    }

    /// The URL of the issuer's certificate (caIssuers of authorityInfoAccess): the first `http:` or `https:` URL
    /// of printable ASCII with at most 256 characters.
    #[must_use]
    pub fn issuer_url(&self) -> Option<&'a str> {
        let (tag::SEQUENCE, mut list, []) = der::split(self.find(AUTHORITY_INFO_ACCESS)?.value)? else {
            return None;
        };
        while !list.is_empty() {
            let (tag::SEQUENCE, description, rest) = der::split(list)? else { return None };
            list = rest;
            let (tag::OBJECT_IDENTIFIER, method, location) = der::split(description)? else { return None };
            if let (CA_ISSUERS, Some((URI, address, []))) = (method, der::split(location))
                && let Some(address) = web_address(address)
            {
                return Some(address);
            }
        }
        None
    }
}

/// keyIdentifier of an authorityKeyIdentifier extension's value.
pub(crate) fn key_identifier(value: &[u8]) -> Option<&[u8]> {
    let (tag::SEQUENCE, fields, []) = der::split(value)? else { return None };
    match der::split(fields)? {
        (KEY_IDENTIFIER, id, _) => Some(id),
        _ => None,
    }
}

/// A URL that can be displayed without escapes.
fn web_address(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let web = text.starts_with("http://") || text.starts_with("https://");
    (web && text.len() <= MAX_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}

/// The size limit of a URL in characters; real ones have about 100.
const MAX_ADDRESS: usize = 256;
