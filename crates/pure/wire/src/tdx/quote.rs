//! The TD quote, versions 4 and 5: a TD report body signed by the platform's quoting enclave.
//!
//! Nothing is verified here. Source: Intel document 348551 (TDX DCAP quoting library API), appendix A.

mod body;
mod describe;
mod qe_report;

pub use body::TdBody;
pub use qe_report::{QE_REPORT_BYTES, QeReport};

use core::mem::size_of;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::{Error, ErrorKind, Reader};

/// The size limit of a quote in bytes. Quotes of clouds have some 5,000, in a buffer of up to 8,000.
pub const MAX_BYTES: usize = 16 * 1024;

const WHAT: &str = "TD quote";
/// TEE type of TDX.
const TDX: u32 = 0x81;
/// ECDSA over P-256 with SHA-256.
const ECDSA_P256: u16 = 2;
/// Certification data: the quoting enclave's report, its signature, and further certification data.
const QE_REPORT: u16 = 6;
/// Certification data: the PCK certificate and its chain, PEM.
const PCK_CHAIN: u16 = 5;
const HEADER_BYTES: usize = 48;
const BODY_1_0: usize = 584;
const BODY_1_5: usize = 648;

/// A TD quote, unverified. It borrows its input.
///
/// Shape, little-endian: header (48 bytes), in version 5 type (2 bytes) and size (4 bytes) of the body, the
/// body of TDX module 1.0 (584 bytes) or 1.5 (648 bytes), the size of the signature data (4 bytes), the
/// signature data, unused bytes of the buffer.
#[derive(Clone, Copy, Debug)]
pub struct TdQuote<'a> {
    /// The version, 2 bytes at 0: 4 or 5.
    pub version: u16,
    /// The header, 48 bytes at 0.
    pub header: &'a [u8; HEADER_BYTES],
    /// The TD report body: 584 bytes, or 648 of TDX 1.5; at 48 in version 4, at 54 in version 5.
    pub body: &'a [u8],
    /// The signature of the attestation key over header and body: `r ‖ s`, 32 bytes each, big-endian.
    pub signature: &'a [u8; 64],
    /// The attestation key of the quoting enclave: a point on P-256, `x ‖ y`, 32 bytes each, big-endian.
    pub attestation_key: &'a [u8; 64],
    /// The certification data of the attestation key.
    pub certification: Certification<'a>,
    td: TdBody<'a>,
    signed: &'a [u8],
    body_offset: usize,
    trailing: &'a [u8],
    trailing_offset: usize,
}

/// The certification data of a quote's attestation key (type 6).
#[derive(Clone, Copy, Debug)]
pub struct Certification<'a> {
    /// The SGX report body of the quoting enclave, 384 bytes.
    pub qe_report: &'a [u8],
    /// The signature of the PCK over it: `r ‖ s`, 32 bytes each, big-endian.
    pub qe_report_signature: &'a [u8; 64],
    /// The QE authentication data, behind their size (2 bytes); hashed into the quoting enclave's report.
    pub qe_authentication_data: &'a [u8],
    /// The type of the inner certification data, 2 bytes: 5 is a PCK certificate chain, PEM.
    pub kind: u16,
    /// The inner certification data, behind their size (4 bytes).
    pub data: &'a [u8],
    qe: QeReport<'a>,
}

impl<'a> Certification<'a> {
    /// The report of the quoting enclave, by its fields.
    #[must_use]
    pub const fn qe(&self) -> QeReport<'a> {
        self.qe
    }

    /// The PCK certificate chain, PEM, if the inner certification data are of type 5. A closing NUL, which
    /// most quotes have, is not part of it.
    #[must_use]
    pub fn pck_chain(&self) -> Option<&'a [u8]> {
        let pem = self.data.strip_suffix(&[0]).unwrap_or(self.data);
        (self.kind == PCK_CHAIN).then_some(pem)
    }
}

impl<'a> TdQuote<'a> {
    /// Parses a quote of version 4 or 5; unused bytes of its buffer may follow.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`]; another version, TEE type, attestation key type, body type or certification
    /// data type; sizes that contradict each other.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 16384 bytes"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            let header = reader.array("TD quote: header")?;
            let version = check_header(header)?;
            let body_bytes = body_bytes(reader, version)?;
            let body_offset = reader.offset();
            let body = reader.take(body_bytes, "TD quote: body")?;
            let td = TdBody::of(body, body_offset)?;
            let signed = bytes.get(..reader.offset()).unwrap_or_default();
            let base = reader.offset().saturating_add(4);
            let data = sized(reader, "TD quote: signature data")?;
            let (signature, attestation_key, certification) =
                Reader::all(data, base, "TD quote: signature data", |reader| {
                    let signature = reader.array("TD quote: signature")?;
                    let key = reader.array("TD quote: attestation key")?;
                    Ok((signature, key, certification(reader)?))
                })?;
            let trailing_offset = reader.offset();
            let trailing = reader.take(reader.remaining(), WHAT)?;
            Ok(Self {
                version,
                header,
                body,
                signature,
                attestation_key,
                certification,
                td,
                signed,
                body_offset,
                trailing,
                trailing_offset,
            })
        })
    }

    /// The signed bytes as received: header, body type and size in version 5, and body.
    #[must_use]
    pub const fn signed(&self) -> &'a [u8] {
        self.signed
    }

    /// The body by its fields.
    #[must_use]
    pub const fn td(&self) -> TdBody<'a> {
        self.td
    }

    /// `QE_VENDOR_ID`, 16 bytes at 12: the vendor of the quoting enclave, a GUID in the order of its digits.
    #[must_use]
    pub fn qe_vendor_id(&self) -> &'a [u8; 16] {
        let header: &'a HeaderLayout = zerocopy::transmute_ref!(self.header);
        &header.qe_vendor_id
    }

    /// `USER_DATA`, 20 bytes at 28: the quoting enclave's own data, such as the identifier of its platform.
    #[must_use]
    pub fn user_data(&self) -> &'a [u8; 20] {
        let header: &'a HeaderLayout = zerocopy::transmute_ref!(self.header);
        &header.user_data
    }

    /// The number of bytes after the quote.
    #[must_use]
    pub const fn trailing_bytes(&self) -> usize {
        self.trailing.len()
    }

    /// Checks that all bytes after the quote are zero.
    ///
    /// # Errors
    /// A byte after the quote that is not zero.
    pub fn check_trailing(&self) -> Result<(), Error> {
        match self.trailing.iter().position(|byte| *byte != 0) {
            None => Ok(()),
            Some(at) => {
                let offset = self.trailing_offset.saturating_add(at);
                Err(Error::new(ErrorKind::Trailing, "TD quote: rest of the buffer", offset, "zero"))
            }
        }
    }
}

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct HeaderLayout {
    _version: [u8; 2],
    _attestation_key_type: [u8; 2],
    _tee_type: [u8; 4],
    _reserved: [u8; 4],
    qe_vendor_id: [u8; 16],
    user_data: [u8; 20],
}

const _: () = assert!(size_of::<HeaderLayout>() == HEADER_BYTES);

fn check_header(header: &[u8; HEADER_BYTES]) -> Result<u16, Error> {
    let unsupported = |what, at, expected| Err(Error::new(ErrorKind::Unsupported, what, at, expected));
    let [v0, v1, k0, k1, t0, t1, t2, t3, ..] = header;
    let version = u16::from_le_bytes([*v0, *v1]);
    if !matches!(version, 4 | 5) {
        return unsupported("TD quote: version", 0, "version 4 or 5");
    }
    if u16::from_le_bytes([*k0, *k1]) != ECDSA_P256 {
        return unsupported("TD quote: attestation key type", 2, "2, ECDSA over P-256");
    }
    if u32::from_le_bytes([*t0, *t1, *t2, *t3]) != TDX {
        return unsupported("TD quote: TEE type", 4, "0x81, TDX");
    }
    Ok(version)
}

/// The length of the body: fixed in version 4, announced in version 5.
fn body_bytes(reader: &mut Reader<'_>, version: u16) -> Result<usize, Error> {
    if version == 4 {
        return Ok(BODY_1_0);
    }
    let at = reader.at();
    let kind = half(reader, "TD quote: body type")?;
    let size = word(reader, "TD quote: body size")?;
    match (kind, usize::try_from(size)) {
        (2, Ok(BODY_1_0)) => Ok(BODY_1_0),
        (3, Ok(BODY_1_5)) => Ok(BODY_1_5),
        (2 | 3, _) => {
            Err(at.error(ErrorKind::Value, "TD quote: body size", "584 for type 2, 648 for type 3"))
        }
        _ => Err(at.error(ErrorKind::Unsupported, "TD quote: body type", "2 (TDX 1.0) or 3 (TDX 1.5)")),
    }
}

fn certification<'a>(reader: &mut Reader<'a>) -> Result<Certification<'a>, Error> {
    const DATA: &str = "TD quote: certification data";
    let at = reader.at();
    if half(reader, "TD quote: certification data type")? != QE_REPORT {
        return Err(at.error(
            ErrorKind::Unsupported,
            "TD quote: certification data type",
            "6, a report of the quoting enclave",
        ));
    }
    let base = reader.offset().saturating_add(4);
    let data = sized(reader, DATA)?;
    Reader::all(data, base, DATA, |reader| {
        let base = reader.offset();
        let qe_report = reader.take(QE_REPORT_BYTES, "TD quote: report of the quoting enclave")?;
        let qe = QeReport::of(qe_report, base)?;
        let qe_report_signature = reader.array("TD quote: signature of the quoting enclave's report")?;
        let length = usize::from(half(reader, "TD quote: authentication data")?);
        let qe_authentication_data = reader.take(length, "TD quote: authentication data")?;
        let kind = half(reader, "TD quote: inner certification data type")?;
        let data = sized(reader, "TD quote: inner certification data")?;
        Ok(Certification { qe_report, qe_report_signature, qe_authentication_data, kind, data, qe })
    })
}

fn sized<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], Error> {
    let size = usize::try_from(word(reader, what)?).unwrap_or(usize::MAX);
    reader.take(size, what)
}

fn half(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Error> {
    reader.array(what).map(|bytes| u16::from_le_bytes(*bytes))
}

fn word(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Error> {
    reader.array(what).map(|bytes| u32::from_le_bytes(*bytes))
}
