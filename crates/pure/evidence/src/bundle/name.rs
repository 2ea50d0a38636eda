//! What parts are called in a bundle: the label, the media type, and which role the record has.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use crate::InputKind;

/// A part of a bundle: its kind, and which one of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartName {
    /// What the part is.
    pub kind: InputKind,
    /// Which one of its kind, counted from 0.
    pub number: usize,
}

/// Roles of a CMW record: what `ind` says.
const ENDORSEMENTS: u8 = 1 << 1;
const EVIDENCE: u8 = 1 << 2;

/// Kinds of which there is one, with their media types.
const ONCE: &[(InputKind, &str)] = &[
    (InputKind::SnpReport, "application/vnd.teeproof.snp-report"),
    (InputKind::HclReport, "application/vnd.teeproof.hcl-report"),
    (InputKind::TdQuote, "application/vnd.teeproof.td-quote"),
    (InputKind::TpmQuote, "application/vnd.teeproof.tpm-quote"),
    (InputKind::TpmSignature, "application/vnd.teeproof.tpm-signature"),
    (InputKind::PcrValues, "application/vnd.teeproof.pcr-values"),
    (InputKind::PcrConcatenation, "application/vnd.teeproof.pcr-concatenation"),
    (InputKind::EventLog, "application/vnd.teeproof.event-log"),
    (InputKind::NitroDocument, "application/cose; cose-type=\"cose-sign1\""),
];

/// Whether bundles hold parts of this kind.
pub(super) fn has_label(kind: InputKind) -> bool {
    let many = matches!(kind, InputKind::Certificate | InputKind::RevocationList);
    many || ONCE.iter().any(|(once, _)| *once == kind)
}

impl PartName {
    /// Reads a label.
    pub(super) fn parse(label: &str) -> Option<Self> {
        if let Some((kind, _)) = ONCE.iter().find(|(kind, _)| kind.as_str() == label) {
            return Some(Self { kind: *kind, number: 0 });
        }
        let (stem, digits) = label.rsplit_once('-')?;
        let kind = match stem {
            "certificate" => InputKind::Certificate,
            "revocation-list" => InputKind::RevocationList,
            _ => return None,
        };
        let name = Self { kind, number: digits.parse().ok().filter(|number| *number < 100)? };
        // No other way to write the number.
        (name.to_string() == label).then_some(name)
    }

    /// The order of labels in a bundle: shorter ones first, then by their bytes.
    pub(super) fn order(self) -> (usize, String) {
        order(&self.to_string())
    }

    pub(super) fn media_type(self) -> &'static str {
        match self.kind {
            InputKind::Certificate => "application/pkix-cert",
            InputKind::RevocationList => "application/pkix-crl",
            kind => ONCE.iter().find(|(once, _)| *once == kind).map_or("", |(_, media_type)| media_type),
        }
    }

    pub(super) const fn indicator(self) -> u8 {
        if self.kind.is_evidence() { EVIDENCE } else { ENDORSEMENTS }
    }

    /// What the part's own file is called.
    pub(super) fn file(self) -> String {
        let extension = match self.kind {
            InputKind::Certificate => "der",
            InputKind::RevocationList => "crl",
            InputKind::PcrValues => "txt",
            InputKind::NitroDocument => "cose",
            _ => "bin",
        };
        format!("{self}.{extension}")
    }
}

/// The bytewise order of encoded text strings: the head comes first, and it is the length.
pub(super) fn order(label: &str) -> (usize, String) {
    (label.len(), label.to_string())
}

/// The label: `hcl-report`, `certificate-0`, `revocation-list-0`.
impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            InputKind::Certificate => write!(f, "certificate-{}", self.number),
            InputKind::RevocationList => write!(f, "revocation-list-{}", self.number),
            kind => f.write_str(kind.as_str()),
        }
    }
}
