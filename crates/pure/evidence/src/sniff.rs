//! The content of a file: its encodings undone, its kind recognised, its parts made.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::Time;
use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::cose::Sign1;
use teeproof_wire::eventlog::{CcelTable, Format};
use teeproof_wire::snp::{CertificateTable, REPORT_BYTES};
use teeproof_wire::tdx::TD_REPORT_BYTES;
use teeproof_wire::tpm::{AnyAttestation, Attested, MAGIC, RsaPublic, SHA256, TpmSignature, public_bytes};
use teeproof_wire::{OwnedRevocationList, sealed};

use crate::bundle::{Bundle, Collection, Redaction};
use crate::encoding::{MAX_LAYERS, Pem};
use crate::{
    Encoding, InputError, InputKind, InputWarning, NitroForm, Part, encoding, json, nitro, pcr_forms, pcrs,
    snp_report, tpm_quote,
};

/// The decoded content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sniffed {
    /// What the file is.
    pub kind: InputKind,
    /// How it was encoded.
    pub encoding: Encoding,
    /// The parts: one report or document, any number of certificates, or the content of a container.
    pub parts: Vec<Part>,
    /// The shape of a container, or content that was left out, in a few words.
    pub note: Option<&'static str>,
    /// Whether the relying party's nonce is also at the start of the user-data of an Azure report, as version 2 of
    /// the Confidential Containers attester's evidence says.
    pub nonce_in_user_data: bool,
    /// When and how a bundle was collected.
    pub collection: Option<Collection>,
    /// The identifiers that were replaced in a redacted bundle.
    pub redactions: Vec<Redaction>,
    /// Content that was ignored.
    pub warnings: Vec<InputWarning>,
}

impl Sniffed {
    pub(crate) const fn new(kind: InputKind, encoding: Encoding, parts: Vec<Part>) -> Self {
        Self {
            kind,
            encoding,
            parts,
            note: None,
            nonce_in_user_data: false,
            collection: None,
            redactions: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Checks that every part is of its kind, as [`Inputs::add`](crate::Inputs::add) does.
    ///
    /// # Errors
    /// The error of the first part that is not.
    pub fn check(&self) -> Result<(), InputError> {
        self.parts.iter().find_map(Part::error).map_or(Ok(()), |error| Err(error.into()))
    }

    /// Kind, encoding and kinds of parts, without their bytes.
    #[must_use]
    pub fn summary(&self) -> FileSummary {
        FileSummary {
            kind: self.kind,
            encoding: self.encoding,
            parts: self.parts.iter().map(Part::kind).collect(),
            note: self.note,
            collected_at: self.collection.as_ref().map(|collection| collection.at),
            warnings: self.warnings.clone(),
        }
    }
}

/// What a file is and contains, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSummary {
    /// What the file is.
    pub kind: InputKind,
    /// How it was encoded.
    pub encoding: Encoding,
    /// The kinds of its parts, in order.
    pub parts: Vec<InputKind>,
    /// The shape of a container, or what was left out.
    pub note: Option<&'static str>,
    /// When a bundle was collected.
    pub collected_at: Option<Time>,
    /// Content that was ignored.
    pub warnings: Vec<InputWarning>,
}

impl fmt::Display for Sniffed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary().fmt(f)
    }
}

/// `nitro-document (base64)`, `certificate × 3 (PEM)`,
/// `evidence-json with 5 parts (JSON; az-snp evidence, version 1)`,
/// `bundle with 10 parts (raw; collected 2026-01-15T12:00:00Z)`.
impl fmt::Display for FileSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match self.parts.len() {
            0 | 1 => {}
            count if self.parts.iter().all(|part| *part == self.kind) => write!(f, " × {count}")?,
            count => write!(f, " with {count} parts")?,
        }
        write!(f, " ({}", self.encoding.as_str())?;
        self.note.iter().try_for_each(|note| write!(f, "; {note}"))?;
        self.collected_at.iter().try_for_each(|at| write!(f, "; collected {at}"))?;
        f.write_str(")")
    }
}

/// Recognises the content of a file and takes it apart; `kind` overrides the recognised kind, once encodings are undone.
///
/// Up to four nested encodings are undone: base64, hexadecimal, a JSON string, a JSON list of integers or of one
/// string, PEM, also in URL encoding, and a member of a JSON answer.
///
/// # Errors
/// Empty or unknown content, or a container that cannot be taken apart. A part that is not of its kind is no error
/// here but a [`Part::Unreadable`]: see [`Sniffed::check`].
pub fn sniff(bytes: &[u8], kind: Option<InputKind>) -> Result<Sniffed, InputError> {
    sniff_within(bytes, kind, 0)
}

/// The same for bytes from within so many encodings.
pub(crate) fn sniff_within(
    bytes: &[u8],
    kind: Option<InputKind>,
    layers: usize,
) -> Result<Sniffed, InputError> {
    if bytes.is_empty() {
        return Err(InputError::Empty);
    }
    if let Some(object) = encoding::object_text(bytes) {
        return json::sniff_object(object, kind, layers);
    }
    match encoding::text(bytes) {
        Some(text) => of_text(text, kind, layers),
        None => binary(bytes.into(), Encoding::Raw, kind),
    }
}

fn of_text(text: &str, kind: Option<InputKind>, layers: usize) -> Result<Sniffed, InputError> {
    let quoted = text.starts_with('"');
    if json::is_fixture(text) {
        return Err(InputError::Yaml);
    }
    if text.starts_with("-----BEGIN ") || (!quoted && encoding::has_pem(text)) {
        return match encoding::pem(text)? {
            Pem::Certificates(ders) => certificates(ders, Encoding::Pem, kind),
            Pem::Other(bytes) => decoded(bytes, Encoding::Pem, kind, layers),
        };
    }
    if let Some(text) = encoding::url_encoded_pem(text) {
        return certificates(encoding::certificates(text?.as_bytes())?, Encoding::UrlEncodedPem, kind);
    }
    if quoted {
        return decoded(encoding::quoted(text)?.into_bytes(), Encoding::Quoted, kind, layers);
    }
    if text.starts_with('[') {
        if let Some(inner) = encoding::only_string(text) {
            return decoded(inner.into_bytes(), Encoding::Quoted, kind, layers);
        }
        return match encoding::integers(text) {
            Ok(bytes) => decoded(bytes, Encoding::Integers, kind, layers),
            // Not JSON, and yet a list: `[0x84, 0x44]`.
            Err(error) => match encoding::binary(text) {
                Some((bytes, encoding)) => decoded(bytes, encoding, kind, layers),
                None => Err(error),
            },
        };
    }
    if kind.is_none_or(|kind| kind == InputKind::TpmQuoteText) && tpm_quote::is_quote_text(text) {
        return quote_text(text);
    }
    if kind.is_none_or(|kind| kind == InputKind::PcrValues) && pcr_forms::looks_like_text(text) {
        return Ok(pcr_values(pcr_forms::of_text(text)?, Encoding::PcrRead));
    }
    match encoding::binary(text) {
        Some((bytes, encoding)) => decoded(bytes, encoding, kind, layers),
        None => Err(InputError::Text),
    }
}

/// The content of an encoding, which may be another encoding.
fn decoded(
    bytes: Vec<u8>,
    encoding: Encoding,
    kind: Option<InputKind>,
    layers: usize,
) -> Result<Sniffed, InputError> {
    if bytes.is_empty() {
        return Err(InputError::Empty);
    }
    let layers = layers.saturating_add(1);
    if let Some(object) = encoding::object_text(&bytes) {
        return json::sniff_object(object, kind, layers).map(|sniffed| within(sniffed, encoding));
    }
    let Some(text) = encoding::text(&bytes) else { return binary(bytes.into(), encoding, kind) };
    if layers >= MAX_LAYERS {
        return binary(bytes.into(), encoding, kind).map_err(|_| InputError::TooDeep);
    }
    let inner = sniff_within(text.as_bytes(), kind, layers).map(|sniffed| within(sniffed, encoding));
    let framed = text.starts_with(['[', '"']) || encoding::has_pem(text);
    match (inner, kind) {
        (inner, _) if framed || encoding == Encoding::Quoted => inner,
        (Ok(sniffed), None) => Ok(sniffed),
        // What was said is true of what the text encodes, or else of the text as it is.
        (Ok(sniffed), Some(said))
            if sniff_within(text.as_bytes(), None, layers).is_ok_and(|found| found.kind == said) =>
        {
            Ok(sniffed)
        }
        (Err(error), _) => binary(bytes.into(), encoding, kind).map_err(|_| error),
        (Ok(_), Some(_)) => binary(bytes.into(), encoding, kind),
    }
}

/// The content of an encoding, named after the encoding.
fn within(sniffed: Sniffed, encoding: Encoding) -> Sniffed {
    let note = sniffed.note.or(Some("encoded more than once"));
    Sniffed { encoding, note, ..sniffed }
}

/// Binary content.
fn binary(bytes: Cow<'_, [u8]>, encoding: Encoding, said: Option<InputKind>) -> Result<Sniffed, InputError> {
    let bytes = match said {
        Some(_) => bytes,
        None => match revocation_list(bytes) {
            Ok(list) => return Ok(Sniffed::new(InputKind::RevocationList, encoding, Vec::from([list]))),
            Err(bytes) => bytes,
        },
    };
    let kind = said.or_else(|| looks_like(&bytes)).ok_or_else(|| unknown(&bytes))?;
    match kind {
        InputKind::EvidenceJson | InputKind::SealingKey | InputKind::CollateralJson => {
            Err(InputError::NotJson)
        }
        InputKind::Bundle => {
            Bundle::from_cbor(&bytes).map(|bundle| bundled(bundle, encoding)).map_err(Into::into)
        }
        InputKind::BincodeQuote => {
            let parts = tpm_quote::parse_bincode(&bytes).ok_or(InputError::Bincode)?;
            Ok(Sniffed { note: Some("kinvolk's Quote"), ..Sniffed::new(kind, encoding, parts) })
        }
        InputKind::ExtendedReport => snp_report::sniff_extended(&bytes, encoding),
        InputKind::CertificateTable => snp_report::sniff_table(&bytes, encoding),
        InputKind::NitroDocument | InputKind::NitroTpmDocument => {
            let found = nitro::examine(&bytes, kind)?;
            match said {
                Some(said) if said != found => Err(InputError::NotOfKind { said, found }),
                _ => Ok(Sniffed::new(found, encoding, Vec::from([Part::found(found, bytes)?]))),
            }
        }
        InputKind::PcrValues => {
            if let Some(read) = pcr_forms::serialized(&bytes) {
                return Ok(pcr_values(read, Encoding::Serialized));
            }
            match pcr_forms::read(&bytes)?.into_part().0 {
                Part::Pcrs(values) => Ok(Sniffed::new(kind, encoding, Vec::from([Part::Pcrs(values)]))),
                other => Err(InputError::OtherBank(pcrs::first_bank(other.bytes()))),
            }
        }
        InputKind::TpmQuoteText => Err(InputError::QuoteText),
        kind => {
            let is_report = kind == InputKind::SnpReport;
            let around = snp_report::unframed(&bytes).filter(|_| is_report).map(|framed| framed.note);
            let part = Part::found(kind, bytes)?;
            Ok(Sniffed {
                note: around.or_else(|| note(&part)),
                ..Sniffed::new(kind, encoding, Vec::from([part]))
            })
        }
    }
}

/// More about a part than its kind.
fn note(part: &Part) -> Option<&'static str> {
    match part.kind() {
        InputKind::EventLog => match Format::peek(part.bytes())? {
            Format::Sha1 => Some("TCG 1.2, SHA-1 only; quotes are checked against SHA-256"),
            Format::AttestationAgent => Some("of the Confidential Containers attestation agent"),
            _ => None,
        },
        InputKind::CcEventLog => Some("extends a TD's RTMRs, not PCRs"),
        InputKind::CcelTable => Some("says where a CCEL lies; it is not the log"),
        InputKind::PcrConcatenation => Some(match part.bytes().len() {
            _ if pcrs::are_plainly_values(part.bytes()) => WITHOUT_BANK,
            32 => "one value without its bank and number, or any other 32 bytes: a nonce, a digest, a key",
            384 => "without their bank and numbers, or a signature of RSA-3072, if it is said to be one",
            512 => "without their bank and numbers, or a signature of RSA-4096, if it is said to be one",
            _ => WITHOUT_BANK,
        }),
        InputKind::TpmQuote => match AnyAttestation::parse(part.bytes()).ok()?.attested {
            Attested::Quote { selections, .. } => selections
                .iter()
                .any(|selection| selection.bank != SHA256)
                .then_some("of a bank other than SHA-256, which is not supported"),
            Attested::Certify { .. } => Some("a key's certification, no quote"),
            Attested::Time { .. } => Some("the TPM's time, no quote"),
            Attested::Creation { .. } => Some("a key's creation, no quote"),
            Attested::Nv { .. } | Attested::NvDigest { .. } => Some("an NV index, no quote"),
            _ => Some("an audit, no quote"),
        },
        InputKind::TpmSignature => TpmSignature::parse(part.bytes())
            .is_ok_and(|signature| !signature.is_supported())
            .then_some("of a scheme that is not supported"),
        _ => None,
    }
}

/// The version of an SGX quote: a version of 3 to 5, an attestation key type, TEE type 0, and Intel as the vendor of the
/// quoting enclave. Source: Intel document 348551, appendix A.3.1.
fn sgx_quote(bytes: &[u8]) -> Option<u16> {
    const INTEL: [u8; 16] = *b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07";
    match bytes {
        [version @ 3..=5, 0, 2 | 3, 0, 0, 0, 0, 0, _, _, _, _, rest @ ..] if rest.starts_with(&INTEL) => {
            Some(u16::from(*version))
        }
        _ => None,
    }
}

/// Why bytes are of no known kind, where their content shows it.
fn unknown(bytes: &[u8]) -> InputError {
    if let Some(version) = sgx_quote(bytes) {
        return InputError::SgxQuote { version };
    }
    if nitro::is_payload(bytes) {
        return InputError::NitroForm(NitroForm::PayloadOnly);
    }
    if bytes.starts_with(b".eif\0") {
        return InputError::EnclaveImage;
    }
    // A byte order mark, and a character of ASCII.
    if matches!(bytes, [0xff, 0xfe, 1..=0x7f, 0, ..] | [0xfe, 0xff, 0, 1..=0x7f, ..]) {
        return InputError::Utf16;
    }
    if nitro::is_mangled(bytes) { InputError::Mangled } else { InputError::Unknown }
}

/// The content of a bundle.
pub(crate) fn bundled(bundle: Bundle, encoding: Encoding) -> Sniffed {
    let (parts, collection, redactions) = bundle.into_inner();
    Sniffed {
        note: (!redactions.is_empty()).then_some("redacted"),
        nonce_in_user_data: collection.nonce_in_user_data,
        collection: Some(collection),
        redactions,
        ..Sniffed::new(InputKind::Bundle, encoding, parts)
    }
}

fn pcr_values(read: pcr_forms::Read, encoding: Encoding) -> Sniffed {
    let (part, left_out) = read.into_part();
    let note = match part.kind() {
        InputKind::OtherPcrValues => Some("no SHA-256 bank, which alone is supported"),
        _ => left_out.then_some(OTHER_BANKS),
    };
    Sniffed { note, ..Sniffed::new(part.kind(), encoding, Vec::from([part])) }
}

const WITHOUT_BANK: &str = "without their bank and numbers";
const OTHER_BANKS: &str = "banks other than sha256 are left out";

/// What `tpm2_quote` printed.
fn quote_text(text: &str) -> Result<Sniffed, InputError> {
    let read = tpm_quote::parse_quote_text(text)?;
    let note = read.other_banks.then_some(OTHER_BANKS);
    Ok(Sniffed { note, ..Sniffed::new(InputKind::TpmQuoteText, Encoding::QuoteText, read.parts) })
}

/// Certificates, revocation lists, or both.
pub(crate) fn certificates(
    ders: Vec<Vec<u8>>,
    encoding: Encoding,
    kind: Option<InputKind>,
) -> Result<Sniffed, InputError> {
    let part = |der: Vec<u8>| match kind {
        Some(kind) => Part::found(kind, der.into()),
        None => revocation_list(der.into()).or_else(|der| Part::found(InputKind::Certificate, der)),
    };
    let parts = ders.into_iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let first = parts.first().map_or(InputKind::Certificate, |part| part.kind());
    let kind = if parts.iter().all(|part| part.kind() == first) { first } else { InputKind::Mixed };
    Ok(Sniffed::new(kind, encoding, parts))
}

/// A revocation list, by parsing it; other bytes are returned.
fn revocation_list(bytes: Cow<'_, [u8]>) -> Result<Part, Cow<'_, [u8]>> {
    // A SEQUENCE of 128 bytes or more.
    if !matches!(*bytes, [0x30, 0x81 | 0x82, ..]) {
        return Err(bytes);
    }
    OwnedRevocationList::parse(bytes.into_owned()).map(Part::from).map_err(|(_, bytes)| bytes.into())
}

/// What raw bytes look like by their first bytes and their length; revocation lists are looked for before.
fn looks_like(bytes: &[u8]) -> Option<InputKind> {
    match bytes {
        // An array of four whose first entry is a byte string; or the same, tagged.
        [0x84, 0x40..=0x5b, ..] | [0xd2, 0x84, ..] if !is_bare_signature(bytes) => {
            Some(InputKind::NitroDocument)
        }
        [0x30, ..] if PublicKey::parse(bytes).is_ok_and(|key| key != PublicKey::Unknown) => {
            Some(InputKind::PublicKey)
        }
        [0x30, 0x81 | 0x82, ..] if !is_bare_signature(bytes) => Some(InputKind::Certificate),
        [b'H', b'C', b'L', b'A', ..] => Some(InputKind::HclReport),
        // Version 4 or 5, a type of attestation key, and the TEE type of TDX.
        [4 | 5, 0, _, _, 0x81, 0, 0, 0, ..] => Some(InputKind::TdQuote),
        // With and without the size in front.
        _ if bytes.starts_with(&MAGIC.to_be_bytes()) => Some(InputKind::TpmQuote),
        [_, _, rest @ ..] if rest.starts_with(&MAGIC.to_be_bytes()) => Some(InputKind::TpmQuote),
        // TPMT_SIGNATURE: RSASSA, SHA-256, 256 bytes.
        [0x00, 0x14, 0x00, 0x0b, 0x01, 0x00, ..] => Some(InputKind::TpmSignature),
        _ if TpmSignature::parse(bytes).is_ok() => Some(InputKind::TpmSignature),
        _ if CcelTable::looks_like(bytes) => Some(InputKind::CcelTable),
        _ if Format::peek(bytes).is_some() => Format::peek(bytes).map(InputKind::of_log),
        [0x81, 0, ..] if bytes.len() == TD_REPORT_BYTES => Some(InputKind::TdReport),
        _ if bytes.starts_with(sealed::MAGIC) => Some(InputKind::SealedFile),
        _ if snp_report::unframed(bytes).is_some() => Some(InputKind::SnpReport),
        _ if RsaPublic::parse(public_bytes(bytes)).is_ok() => Some(InputKind::TpmPublic),
        _ if CertificateTable::looks_like(bytes) => Some(InputKind::CertificateTable),
        _ if is_extended_report(bytes) => Some(InputKind::ExtendedReport),
        _ if Bundle::looks_like_cbor(bytes) => Some(InputKind::Bundle),
        // A vector of 256 bytes comes first.
        [0, 1, 0, 0, 0, 0, 0, 0, ..] => Some(InputKind::BincodeQuote),
        _ if bytes.len() == REPORT_BYTES => Some(InputKind::SnpReport),
        _ if pcr_forms::serialized(bytes).is_some() => Some(InputKind::PcrValues),
        _ if bytes.len() <= MAX_REPORT_GUESS && snp_report::begins(bytes) => Some(InputKind::SnpReport),
        // Eight PCR values are as long as a signature: a signature it is, unless it cannot be one, or
        // there is another one in the inputs.
        _ if bytes.len() == RSA_BYTES && !pcrs::are_plainly_values(bytes) => Some(InputKind::TpmSignature),
        _ if pcrs::is_concatenation(bytes) => Some(InputKind::PcrConcatenation),
        _ => None,
    }
}

/// Whether bytes are as long as a signature, of which any two may come first, and are no document and
/// no certificate to their end.
fn is_bare_signature(bytes: &[u8]) -> bool {
    bytes.len() == RSA_BYTES && Sign1::parse(bytes).is_err() && Certificate::parse(bytes).is_err()
}

/// Whether a report is followed by a host's certificate table.
fn is_extended_report(bytes: &[u8]) -> bool {
    let table = bytes.get(REPORT_BYTES..).is_some_and(CertificateTable::looks_like);
    table && snp_report::begins(bytes)
}

/// Up to this length, bytes that begin like a report are taken for one, so that the error is
/// about reports.
const MAX_REPORT_GUESS: usize = 4096;
/// A signature under a key of 2048 bits.
const RSA_BYTES: usize = 256;
