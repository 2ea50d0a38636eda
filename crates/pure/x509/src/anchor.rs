//! Trust anchors: the pinned roots of each vendor, and roots that a relying party adds.

use core::fmt;

use teeproof_core::Crypto;
use teeproof_wire::certificate::{Certificate, Name};

use crate::PinnedPair;

/// One pinned trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

/// The kind of a trust anchor: pinned by teeproof, or added by the relying party.
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

    /// Whether this root of a verified path is still an anchor: pinned, or among those added.
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

/// A certificate that ships with teeproof. Path building parses it only where it is part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedCertificate<'a> {
    common_name: &'a str,
    /// The text of the subject's last attribute.
    last: &'a str,
    der: &'a [u8],
    subject_key_id: Option<&'a [u8; 20]>,
}

impl<'a> PinnedCertificate<'a> {
    /// A certificate (whole, DER) and the common name of its subject, which has to be the name's last
    /// attribute, unless [`PinnedCertificate::ending_with`] names another one. Its key identifier, if it has one, has to have 20 bytes.
    ///
    /// None of this is checked here; [`PinnedCertificate::is_consistent`] is for a test of each pinned
    /// certificate.
    #[must_use]
    pub const fn new(common_name: &'a str, der: &'a [u8]) -> Self {
        Self { common_name, last: common_name, der, subject_key_id: subject_key_id(der) }
    }

    /// The same, for a subject whose last attribute has this text: Intel's names begin with the common name and
    /// end with the country.
    #[must_use]
    pub const fn ending_with(mut self, last: &'a str) -> Self {
        self.last = last;
        self
    }

    /// The common name of its subject.
    #[must_use]
    pub const fn common_name(&self) -> &'a str {
        self.common_name
    }

    /// The whole certificate, DER.
    #[must_use]
    pub const fn der(&self) -> &'a [u8] {
        self.der
    }

    /// Whether the certificate parses, and common name and key identifier are those of its fields.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        Certificate::parse(self.der).is_ok_and(|certificate| {
            let subject = certificate.subject();
            subject.common_name() == Some(self.common_name)
                && self.has_subject(subject)
                && certificate.extensions().subject_key_id() == self.subject_key_id()
        })
    }

    /// Whether this is its subject. The last attribute is compared first, the whole name only if it matches.
    pub(crate) fn has_subject(&self, name: Name<'_>) -> bool {
        name.der().ends_with(self.last.as_bytes()) && Certificate::has_subject(self.der, name)
    }

    /// The certificate's subjectKeyIdentifier.
    pub(crate) fn subject_key_id(&self) -> Option<&'a [u8]> {
        self.subject_key_id.map(<[u8; 20]>::as_slice)
    }
}

/// The subjectKeyIdentifier of 20 bytes in a certificate, found by its object identifier, 2.5.29.14.
const fn subject_key_id(der: &[u8]) -> Option<&[u8; 20]> {
    let mut rest = der;
    while let Some((_, tail)) = rest.split_first() {
        if let Some(([0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14], value)) =
            rest.split_first_chunk::<9>()
        {
            return value.first_chunk::<20>();
        }
        rest = tail;
    }
    None
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
