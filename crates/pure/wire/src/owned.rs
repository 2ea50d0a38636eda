//! Certificates and revocation lists with their bytes: parsed once, viewed any number of times.
//!
//! The fields of [`Certificate`] and [`RevocationList`] are slices of the parsed bytes. Here each is stored
//! as its place in the bytes, which are stored with it, so that a view is made without parsing again and cannot fail.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec::Vec};

use crate::Error;
use crate::certificate::{Certificate, CertificateLayout};
use crate::crl::{RevocationList, RevocationListLayout};

/// Bytes that are the same each time they are read: the places of fields are valid in them for as long as they exist.
///
/// Sealed: an implementation of [`AsRef`] may return other bytes the second time, so that a field of one certificate
/// would be combined with the signature of another.
pub trait StableBytes: sealed::Sealed {
    /// The bytes.
    fn bytes(&self) -> &[u8];
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for &[u8] {}
impl StableBytes for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

#[cfg(feature = "alloc")]
impl sealed::Sealed for Vec<u8> {}
#[cfg(feature = "alloc")]
impl StableBytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

#[cfg(feature = "alloc")]
impl sealed::Sealed for Box<[u8]> {}
#[cfg(feature = "alloc")]
impl StableBytes for Box<[u8]> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// Declares an owned structure: its bytes and the places of its fields in them.
macro_rules! owned {
    ($(
        $(#[$doc:meta])*
        $owned:ident of $view:ident in $layout:ident: $parsed:ident, $der:ident => $laid_out:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $owned<B> {
                der: B,
                layout: $layout,
            }

            impl<B: StableBytes> $owned<B> {
                /// Parses the structure, which must fill `der`.
                ///
                /// # Errors
                #[doc = concat!("Those of [`", stringify!($view), "::parse`], with the bytes.")]
                pub fn parse(der: B) -> Result<Self, (Error, B)> {
                    let $der = der.bytes();
                    match $view::parse($der).map(|$parsed| $laid_out) {
                        Ok(layout) => Ok(Self { der, layout }),
                        Err(error) => Err((error, der)),
                    }
                }

                #[doc = concat!("The fields, as [`", stringify!($view), "::parse`] returned them.")]
                #[must_use]
                pub fn view(&self) -> $view<'_> {
                    self.layout.view(self.der.bytes())
                }

                /// The whole structure, DER.
                #[must_use]
                pub fn der(&self) -> &[u8] {
                    self.der.bytes()
                }

                /// The whole structure, DER.
                #[must_use]
                pub fn into_der(self) -> B {
                    self.der
                }
            }

            /// Equal if the bytes are.
            impl<B: StableBytes> PartialEq for $owned<B> {
                fn eq(&self, other: &Self) -> bool {
                    self.der() == other.der()
                }
            }

            impl<B: StableBytes> Eq for $owned<B> {}
        )*
    };
}

owned! {
    /// A parsed certificate with its DER; unverified.
    OwnedCertificate of Certificate in CertificateLayout: certificate, der => certificate.layout();

    /// A parsed revocation list with its DER; unverified.
    OwnedRevocationList of RevocationList in RevocationListLayout: list, der => list.layout(der);
}

/// The place of a slice in the bytes that contain it.
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
