//! Trust anchors: the pinned ones of each maker, and those that a relying party adds.

use teeproof_core::Crypto;
use teeproof_wire::certificate::Certificate;

#[cfg(feature = "alloc")]
use crate::ChainCache;
use crate::Known;

/// One trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor<'a> {
    /// The whole certificate, DER.
    Certificate(&'a [u8]),
    /// The SHA-256 of the whole certificate, which then has to come with the evidence.
    Sha256([u8; 32]),
}

impl Anchor<'_> {
    /// Whether this certificate is the anchor, byte for byte.
    #[must_use]
    pub fn is(&self, certificate: &Certificate<'_>, crypto: &Crypto) -> bool {
        match self {
            Self::Certificate(der) => *der == certificate.der(),
            Self::Sha256(pin) => *pin == crypto.sha256.digest(&[certificate.der()]),
        }
    }
}

/// The anchors of one verification: always the pinned ones of the technology's maker, and those
/// that the relying party adds.
///
/// A result that rests on an added anchor says so: such an anchor proves nothing about hardware.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anchors<'a> {
    /// Whole certificates, DER.
    pub added: &'a [&'a [u8]],
    known: Known<'a>,
}

impl<'a> Anchors<'a> {
    /// The pinned anchors alone: what production wants.
    pub const PINNED: Self = Self { added: &[], known: Known::NOTHING };

    /// The pinned anchors and these.
    #[must_use]
    pub const fn and(added: &'a [&'a [u8]]) -> Self {
        Self { added, known: Known::NOTHING }
    }

    /// Whether this certificate is an added anchor, byte for byte.
    #[must_use]
    pub fn has_added(&self, certificate: &Certificate<'_>) -> bool {
        self.added.contains(&certificate.der())
    }

    /// The same anchors, and signatures below them that were verified before.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub const fn with(self, cache: &'a ChainCache) -> Self {
        Self { known: Known::of(cache), ..self }
    }

    /// The signatures that were verified before.
    #[must_use]
    pub const fn known(&self) -> Known<'a> {
        self.known
    }
}
