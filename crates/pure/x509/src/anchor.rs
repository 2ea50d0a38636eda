//! Trust anchors: the pinned roots of each vendor, and roots that a relying party adds.

use core::fmt;

use teeproof_core::Crypto;
use teeproof_wire::certificate::{Certificate, Name};

use crate::PinnedPair;

/// One pinned trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor<'a> {
    /// The whole certificate, DER.
    Certificate(&'a [u8]),
    /// The SHA-256 of the whole certificate (DER); the evidence has to carry the certificate.
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

/// Who trusts the root of a path: teeproof or the relying party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnchorKind {
    /// The vendor's root, pinned by teeproof.
    Pinned,
    /// A root that the relying party added. It proves nothing about hardware.
    Added,
}

impl AnchorKind {
    /// Whether the root is one of the vendor's, pinned by teeproof.
    #[must_use]
    pub const fn is_pinned(self) -> bool {
        matches!(self, Self::Pinned)
    }

    /// The kind of two paths taken together: pinned only where both are.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pinned, Self::Pinned) => Self::Pinned,
            _ => Self::Added,
        }
    }

    /// The kind as results show it: `pinned`, `NON-PRODUCTION ANCHOR`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Added => "NON-PRODUCTION ANCHOR",
        }
    }
}

impl fmt::Display for AnchorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The anchors of one verification: the vendor's pinned roots, always, and roots that the relying party
/// adds.
///
/// A result that depends on an added anchor says so: such an anchor proves nothing about hardware.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anchors<'a> {
    /// The added roots: whole certificates, DER.
    pub added: &'a [&'a [u8]],
}

impl<'a> Anchors<'a> {
    /// The pinned anchors alone, for production.
    pub const PINNED: Self = Self { added: &[] };

    /// The pinned anchors and these added roots.
    #[must_use]
    pub const fn and(added: &'a [&'a [u8]]) -> Self {
        Self { added }
    }

    /// Whether this certificate is an added anchor, byte for byte.
    #[must_use]
    pub fn has_added(&self, certificate: &Certificate<'_>) -> bool {
        self.added.contains(&certificate.der())
    }

    /// Whether this root, where an earlier path ended, is still an anchor: pinned, or among those added.
    #[must_use]
    pub fn still_trusts(&self, root: &Certificate<'_>, kind: AnchorKind) -> bool {
        kind.is_pinned() || self.has_added(root)
    }

    /// The certificate's kind of anchor; `None` if it is not an anchor.
    pub(crate) fn kind_of(
        &self,
        certificate: &Certificate<'_>,
        pinned: &[Anchor<'_>],
        crypto: &Crypto,
    ) -> Option<AnchorKind> {
        if pinned.iter().any(|anchor| anchor.is(certificate, crypto)) {
            return Some(AnchorKind::Pinned);
        }
        self.has_added(certificate).then_some(AnchorKind::Added)
    }
}

/// A certificate that ships with teeproof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedCertificate<'a> {
    /// The common name of its subject; certificates of other names are never parsed.
    pub common_name: &'a str,
    /// The whole certificate, DER.
    pub der: &'a [u8],
}

impl<'a> PinnedCertificate<'a> {
    /// The certificate, if its subject is this whole name.
    pub(crate) fn named(&self, name: Name<'_>, common_name: Option<&str>) -> Option<Certificate<'a>> {
        if common_name != Some(self.common_name) {
            return None;
        }
        Certificate::parse(self.der).ok().filter(|certificate| certificate.subject() == name)
    }
}

/// The certificates of one vendor that ship with teeproof.
#[derive(Clone, Copy, Debug)]
pub struct PinnedCertificates<'a> {
    /// The trust anchors.
    pub roots: &'a [PinnedCertificate<'a>],
    /// Intermediates that the evidence may omit. They are verified like any other.
    pub intermediates: &'a [PinnedCertificate<'a>],
    /// Roots with an intermediate whose signature was verified before the two were pinned.
    pub pairs: &'a [PinnedPair<'a>],
}
