//! Key identifiers and the issuer's address: hints for building a path (RFC 5280, sections 4.2.1.1,
//! 4.2.1.2 and 4.2.2.1). They decide nothing: a hint that cannot be read is as if it were absent.

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
    /// The identifier of the certified key (subjectKeyIdentifier).
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&'a [u8]> {
        match der::split(self.find(SUBJECT_KEY_IDENTIFIER)?.value)? {
            (tag::OCTET_STRING, id, []) => Some(id),
            _ => None,
        }
    }

    /// The identifier of the key that signed (authorityKeyIdentifier, keyIdentifier).
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&'a [u8]> {
        key_identifier(self.find(AUTHORITY_KEY_IDENTIFIER)?.value)
    }

    /// Where the issuer's certificate can be had (authorityInfoAccess, caIssuers): the first
    /// `http:` or `https:` address of printable ASCII.
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

/// An address that can be printed as it is.
fn web_address(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let web = text.starts_with("http://") || text.starts_with("https://");
    (web && text.len() <= MAX_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}

/// Longer addresses are not passed on: real ones have about 100 characters.
const MAX_ADDRESS: usize = 256;
