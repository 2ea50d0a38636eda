//! One part of evidence or of its endorsements: decoded and parsed once, and passed on by value.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_wire::certificate::without_padding;
use teeproof_wire::hcl::ReportType;
use teeproof_wire::tpm::{attest_bytes, public_bytes};
use teeproof_wire::{
    Error as WireError, ErrorKind as Flaw, OwnedCertificate, OwnedRevocationList, eventlog, hcl, tdx,
};

use crate::encoding::pem_chain;
use crate::pcrs::{self, Sha256Pcrs};
use crate::{CollateralResponse, InputKind, collateral, encoding, snp_report};

/// One report, quote, certificate or other structure, in the canonical form of its kind.
///
/// Certificates, revocation lists and PCR values are parsed when the part is made, of a response of Intel's PCS its
/// outer form; the content of a report,
/// quote or log is parsed by its verifier, and here only its size is checked. Large payloads are on the heap, because
/// a file may have thousands of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A certificate, parsed; a clone shares it.
    Certificate(Arc<OwnedCertificate<Vec<u8>>>),
    /// A revocation list, parsed; a clone shares it.
    RevocationList(Arc<OwnedRevocationList<Vec<u8>>>),
    /// SHA-256 values of PCRs, by number.
    Pcrs(Box<Sha256Pcrs>),
    /// A TD quote, with the certificates in it.
    TdQuote(Box<TdQuotePart>),
    /// TCB info or a QE identity: the response of Intel's PCS as received; a clone shares it.
    Collateral(CollateralResponse),
    /// A report, quote, document or log: bytes for its verifier, within the size limit of its kind.
    Structure(Structure),
    /// Bytes that were given or recognised as a kind, and are not of it.
    Unreadable(Box<Unreadable>),
}

/// A TD quote that its verifier parses, and the certificates of its certification data, decoded from PEM once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdQuotePart {
    bytes: Vec<u8>,
    certificates: Vec<OwnedCertificate<Vec<u8>>>,
}

/// Bytes of a structure that its verifier parses, within the size limit of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    kind: InputKind,
    bytes: Vec<u8>,
}

/// Bytes that are not of the kind as which they were given or recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    kind: InputKind,
    bytes: Vec<u8>,
    error: PartError,
}

/// Why bytes are not a part of their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartError {
    /// A container, which has parts and is not a part.
    Container(InputKind),
    /// The structure cannot be parsed.
    Wire(InputKind, WireError),
    /// Bytes follow after the end of the structure.
    Trailing {
        /// The kind of the structure.
        kind: InputKind,
        /// The error of its parser.
        error: WireError,
        /// How many bytes follow.
        extra: usize,
    },
    /// More bytes than a part of its kind may have.
    TooLarge {
        /// The kind of the structure.
        kind: InputKind,
        /// The most bytes of that kind.
        limit: usize,
    },
    /// PCR values that are not 33 bytes each, or not by ascending index.
    Pcrs,
    /// Text that is not a response of Intel's PCS with the signed member of this kind.
    Response(InputKind),
}

impl PartError {
    /// The error of a parser about a structure of this many bytes.
    pub(crate) fn wire(kind: InputKind, error: WireError, bytes: usize) -> Self {
        match (error.kind, bytes.checked_sub(error.offset)) {
            (Flaw::Trailing, Some(extra)) if extra > 0 => Self::Trailing { kind, error, extra },
            _ => Self::Wire(kind, error),
        }
    }
}

impl Part {
    /// Parses a certificate, revocation list or PCR values, and checks the size of everything else.
    ///
    /// Framing around a structure is removed: zero bytes after the end of a certificate (an NV
    /// index is longer than its content) or a report, the head of the response with which firmware returns a
    /// report, the size in front of a TPM's quote, white space around a response of Intel's PCS. PCR values are 33 bytes each, the index and the value, by index;
    /// other forms of them are read by [`crate::sniff()`] and made by [`Sha256Pcrs`].
    ///
    /// # Errors
    /// A container; bytes that are not of this kind, or too many.
    pub fn new<'b>(kind: InputKind, bytes: impl Into<Cow<'b, [u8]>>) -> Result<Self, PartError> {
        let part = Self::found(kind, bytes.into())?;
        part.error().map_or(Ok(part), Err)
    }

    /// The same for bytes that may turn out not to be of this kind: such a part is [`Part::Unreadable`].
    pub(crate) fn found(kind: InputKind, bytes: Cow<'_, [u8]>) -> Result<Self, PartError> {
        let kept = match kind {
            InputKind::Certificate => without_padding(&bytes),
            InputKind::SnpReport => snp_report::unframed(&bytes).map_or(&*bytes, |framed| framed.report),
            InputKind::TpmQuote => attest_bytes(&bytes),
            InputKind::TpmPublic => public_bytes(&bytes),
            InputKind::TcbInfo | InputKind::QeIdentity => encoding::plain(&bytes),
            kind if kind.is_container() => return Err(PartError::Container(kind)),
            _ => &bytes,
        };
        let bytes = if kept.len() == bytes.len() { bytes.into_owned() } else { kept.to_vec() };
        Ok(Self::parse(kind, bytes))
    }

    /// A part of bytes in canonical form.
    pub(crate) fn parse(kind: InputKind, bytes: Vec<u8>) -> Self {
        let unreadable = |bytes, error| Self::Unreadable(Box::new(Unreadable { kind, bytes, error }));
        let wrong = |(error, bytes): (WireError, Vec<u8>)| {
            let error = PartError::wire(kind, error, bytes.len());
            unreadable(bytes, error)
        };
        let limit = max_bytes(kind);
        match kind {
            InputKind::Certificate => OwnedCertificate::parse(bytes).map_or_else(wrong, Self::from),
            InputKind::RevocationList => OwnedRevocationList::parse(bytes).map_or_else(wrong, Self::from),
            InputKind::PcrValues => match Sha256Pcrs::decode(&bytes) {
                Some(values) => Self::Pcrs(Box::new(values)),
                None => unreadable(bytes, PartError::Pcrs),
            },
            InputKind::PcrConcatenation if !pcrs::is_concatenation(&bytes) => {
                unreadable(bytes, PartError::Pcrs)
            }
            kind if bytes.len() > limit => unreadable(bytes, PartError::TooLarge { kind, limit }),
            InputKind::TdQuote => Self::TdQuote(Box::new(TdQuotePart::new(bytes))),
            InputKind::TcbInfo | InputKind::QeIdentity => match CollateralResponse::parse(kind, bytes) {
                Ok(response) => Self::Collateral(response),
                Err(bytes) => unreadable(bytes, PartError::Response(kind)),
            },
            kind => Self::Structure(Structure { kind, bytes }),
        }
    }

    /// The kind of the part, or the one as which it was given or recognised; never a container.
    #[must_use]
    pub fn kind(&self) -> InputKind {
        match self {
            Self::Certificate(_) => InputKind::Certificate,
            Self::RevocationList(_) => InputKind::RevocationList,
            Self::Pcrs(_) => InputKind::PcrValues,
            Self::TdQuote(_) => InputKind::TdQuote,
            Self::Collateral(response) => response.kind(),
            Self::Structure(structure) => structure.kind,
            Self::Unreadable(unreadable) => unreadable.kind,
        }
    }

    /// The bytes in the canonical form of the kind, as in a bundle.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Certificate(certificate) => certificate.der(),
            Self::RevocationList(list) => list.der(),
            Self::Pcrs(values) => values.encoded(),
            Self::TdQuote(quote) => &quote.bytes,
            Self::Collateral(response) => response.text().as_bytes(),
            Self::Structure(structure) => &structure.bytes,
            Self::Unreadable(unreadable) => &unreadable.bytes,
        }
    }

    /// The same bytes, without the part.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Certificate(certificate) => Arc::unwrap_or_clone(certificate).into_der(),
            Self::RevocationList(list) => Arc::unwrap_or_clone(list).into_der(),
            Self::Pcrs(values) => values.encoded().to_vec(),
            Self::TdQuote(quote) => quote.bytes,
            Self::Collateral(response) => response.text().as_bytes().to_vec(),
            Self::Structure(structure) => structure.bytes,
            Self::Unreadable(unreadable) => unreadable.bytes,
        }
    }

    /// Why the bytes are not of their kind, where they are not.
    #[must_use]
    pub fn error(&self) -> Option<PartError> {
        match self {
            Self::Unreadable(unreadable) => Some(unreadable.error),
            _ => None,
        }
    }

    /// The technology of which a report or document is evidence; `None` for every other part. A TD quote is evidence of
    /// TDX or a part of an Azure VM's, which depends on the other parts: see [`crate::Inputs::evidence`].
    #[must_use]
    pub fn technology(&self) -> Option<Technology> {
        match self.kind() {
            InputKind::SnpReport => Some(Technology::Snp),
            InputKind::NitroDocument => Some(Technology::Nitro),
            InputKind::NitroTpmDocument => Some(Technology::NitroTpm),
            InputKind::HclReport if ReportType::peek(self.bytes()) == Some(ReportType::TDX) => {
                Some(Technology::AzureTdx)
            }
            // Reports of other types too: their verifier says what they are.
            InputKind::HclReport => Some(Technology::AzureSnp),
            _ => None,
        }
    }

    /// The same bytes as PCR values without their numbers.
    pub(crate) fn into_concatenation(self) -> Self {
        Self::parse(InputKind::PcrConcatenation, self.into_bytes())
    }
}

impl TdQuotePart {
    /// Decodes the certificates of a quote. Bytes that are no quote, or whose certification data are not PEM, have
    /// none, and malformed certificates are left out: the quote's verifier says what is wrong or missing.
    fn new(bytes: Vec<u8>) -> Self {
        let pem = tdx::TdQuote::parse(&bytes).ok().and_then(|quote| quote.certification.pck_chain());
        let ders = pem.map(pem_chain).unwrap_or_default();
        let certificates = ders.into_iter().filter_map(|der| OwnedCertificate::parse(der).ok()).collect();
        Self { bytes, certificates }
    }

    /// The quote as received.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The certificates of its certification data, the PCK certificate first; unverified.
    #[must_use]
    pub fn certificates(&self) -> &[OwnedCertificate<Vec<u8>>] {
        &self.certificates
    }
}

impl From<Sha256Pcrs> for Part {
    fn from(values: Sha256Pcrs) -> Self {
        Self::Pcrs(Box::new(values))
    }
}

impl From<OwnedCertificate<Vec<u8>>> for Part {
    fn from(certificate: OwnedCertificate<Vec<u8>>) -> Self {
        Self::Certificate(Arc::new(certificate))
    }
}

impl From<OwnedRevocationList<Vec<u8>>> for Part {
    fn from(list: OwnedRevocationList<Vec<u8>>) -> Self {
        Self::RevocationList(Arc::new(list))
    }
}

/// The most bytes of one part. Reports and documents beyond these are refused by their parsers
/// too; here they are refused before anything is kept of them.
const fn max_bytes(kind: InputKind) -> usize {
    match kind {
        InputKind::SnpReport | InputKind::HclReport => hcl::MAX_BYTES,
        InputKind::TdQuote | InputKind::NitroDocument | InputKind::NitroTpmDocument => 16 * 1024,
        // An attested NV index is the longest that a TPM signs; 24 values of 64 bytes are the longest.
        InputKind::TpmQuote | InputKind::PcrConcatenation | InputKind::CcelTable => 4096,
        InputKind::EventLog | InputKind::CcEventLog => eventlog::MAX_BYTES,
        InputKind::TpmSignature | InputKind::PcrValues | InputKind::TpmPublic => 1024,
        InputKind::TdReport => tdx::TD_REPORT_BYTES,
        InputKind::TcbInfo | InputKind::QeIdentity => collateral::MAX_BYTES,
        InputKind::PublicKey => 64 * 1024,
        InputKind::Certificate => 64 * 1024,
        _ => 1024 * 1024,
    }
}
