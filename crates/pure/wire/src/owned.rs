//! Certificates and revocation lists with their bytes: parsed once, viewed any number of times.
//!
//! The fields of [`Certificate`] and [`RevocationList`] are slices of the bytes that were parsed. Here each is kept
//! as its place in bytes that are stored along, so that a view is made without parsing again and cannot fail.

use crate::Error;
use crate::certificate::{Certificate, CertificateLayout};
use crate::crl::{RevocationList, RevocationListLayout};

/// A certificate that was parsed, with its DER; unverified.
#[derive(Clone, Debug)]
pub struct OwnedCertificate<B> {
    der: B,
    layout: CertificateLayout,
}

impl<B: AsRef<[u8]>> OwnedCertificate<B> {
    /// Parses a certificate, which must fill `der`.
    ///
    /// # Errors
    /// Those of [`Certificate::parse`], with the bytes.
    pub fn parse(der: B) -> Result<Self, (Error, B)> {
        match Certificate::parse(der.as_ref()).map(|certificate| certificate.layout()) {
            Ok(layout) => Ok(Self { der, layout }),
            Err(error) => Err((error, der)),
        }
    }

    /// The fields of the certificate.
    #[must_use]
    pub fn view(&self) -> Certificate<'_> {
        self.layout.view(self.der.as_ref())
    }

    /// The whole certificate, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.der.as_ref()
    }

    /// The whole certificate, DER.
    #[must_use]
    pub fn into_der(self) -> B {
        self.der
    }
}

/// Two certificates are equal if their bytes are.
impl<B: AsRef<[u8]>> PartialEq for OwnedCertificate<B> {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl<B: AsRef<[u8]>> Eq for OwnedCertificate<B> {}

/// A revocation list that was parsed, with its DER; unverified.
#[derive(Clone, Debug)]
pub struct OwnedRevocationList<B> {
    der: B,
    layout: RevocationListLayout,
}

impl<B: AsRef<[u8]>> OwnedRevocationList<B> {
    /// Parses a revocation list, which must fill `der`.
    ///
    /// # Errors
    /// Those of [`RevocationList::parse`], with the bytes.
    pub fn parse(der: B) -> Result<Self, (Error, B)> {
        match RevocationList::parse(der.as_ref()).map(|list| list.layout(der.as_ref())) {
            Ok(layout) => Ok(Self { der, layout }),
            Err(error) => Err((error, der)),
        }
    }

    /// The fields of the list.
    #[must_use]
    pub fn view(&self) -> RevocationList<'_> {
        self.layout.view(self.der.as_ref())
    }

    /// The whole list, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.der.as_ref()
    }

    /// The whole list, DER.
    #[must_use]
    pub fn into_der(self) -> B {
        self.der
    }
}

/// Two lists are equal if their bytes are.
impl<B: AsRef<[u8]>> PartialEq for OwnedRevocationList<B> {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl<B: AsRef<[u8]>> Eq for OwnedRevocationList<B> {}

/// Where a slice stands in the bytes that it is a part of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    start: usize,
    end: usize,
}

impl Place {
    /// The place of `part` in `whole`. A part without bytes has none, and need not be in `whole`.
    pub(crate) fn new(part: &[u8], whole: &[u8]) -> Self {
        if part.is_empty() {
            return Self { start: 0, end: 0 };
        }
        let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        Self { start, end: start.saturating_add(part.len()) }
    }

    /// The bytes at this place.
    pub(crate) fn slice(self, whole: &[u8]) -> &[u8] {
        whole.get(self.start..self.end).unwrap_or_default()
    }
}
