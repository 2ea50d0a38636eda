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
    signature_data: &'a [u8],
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
    /// Everything behind the size of the outer certification data.
    whole: &'a [u8],
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
            let error = Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 16384 bytes");
            return Err(got_bytes(error, bytes.len()));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            let header = array(reader, "TD quote: header", "48 bytes")?;
            let version = check_header(header)?;
            let body_bytes = body_bytes(reader, version)?;
            let offset = reader.offset();
            let expected = if body_bytes == BODY_1_0 { "584 bytes" } else { "648 bytes" };
            let body = announced(reader, body_bytes, "TD quote: body", expected)?;
            let td = TdBody::of(body, offset)?;
            let signed = bytes.get(..reader.offset()).unwrap_or_default();
            let base = reader.offset().saturating_add(4);
            let data = sized(reader, "TD quote: signature data size", "TD quote: signature data")?;
            let (signature, attestation_key, certification) =
                Reader::all(data, base, "TD quote: signature data", |reader| {
                    let signature = array(reader, "TD quote: signature", "64 bytes")?;
                    let key = array(reader, "TD quote: attestation key", "64 bytes")?;
                    let certification = certification(reader)?;
                    at_end(reader, "TD quote: signature data", "the end of the certification data")?;
                    Ok((signature, key, certification))
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
                signature_data: data,
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

    /// The offset of the inner certification data, with which the quote ends.
    #[must_use]
    pub const fn certification_data_offset(&self) -> usize {
        self.trailing_offset.saturating_sub(self.certification.data.len())
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
                let got = self.trailing.get(at).copied().unwrap_or_default();
                let error = Error::new(ErrorKind::Trailing, "TD quote: rest of the buffer", offset, "zero");
                Err(error.with_got(u32::from(got)))
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
    let unsupported =
        |what, at, expected, got| Err(Error::new(ErrorKind::Unsupported, what, at, expected).with_got(got));
    let [v0, v1, k0, k1, t0, t1, t2, t3, ..] = header;
    let version = u16::from_le_bytes([*v0, *v1]);
    if !matches!(version, 4 | 5) {
        return unsupported("TD quote: version", 0, "version 4 or 5", u32::from(version));
    }
    let key = u16::from_le_bytes([*k0, *k1]);
    if key != ECDSA_P256 {
        return unsupported("TD quote: attestation key type", 2, "2, ECDSA over P-256", u32::from(key));
    }
    let tee = u32::from_le_bytes([*t0, *t1, *t2, *t3]);
    if tee != TDX {
        return unsupported("TD quote: TEE type", 4, "0x81, TDX", tee);
    }
    Ok(version)
}

/// The length of the body: fixed in version 4, announced in version 5.
fn body_bytes(reader: &mut Reader<'_>, version: u16) -> Result<usize, Error> {
    if version == 4 {
        return Ok(BODY_1_0);
    }
    const TYPE: &str = "TD quote: body type";
    const SIZE: &str = "TD quote: body size";
    let at = reader.at();
    let kind = half(reader, TYPE)?;
    let size_at = reader.at();
    let size = word(reader, SIZE)?;
    let wrong = |expected| Err(size_at.error(ErrorKind::Value, SIZE, expected).with_got(size));
    match (kind, usize::try_from(size)) {
        (2, Ok(BODY_1_0)) => Ok(BODY_1_0),
        (3, Ok(BODY_1_5)) => Ok(BODY_1_5),
        (2, _) => wrong("584 bytes, the size of type 2"),
        (3, _) => wrong("648 bytes, the size of type 3"),
        _ => {
            let expected = match kind {
                1 => "2 (TDX 1.0) or 3 (TDX 1.5), not the report of an SGX enclave",
                4 => "2 (TDX 1.0) or 3 (TDX 1.5), not the extended body of TDX 1.5",
                _ => "2 (TDX 1.0) or 3 (TDX 1.5)",
            };
            let error = at.error(ErrorKind::Unsupported, TYPE, expected);
            Err(error.with_got(u32::from(kind)))
        }
    }
}

fn certification<'a>(reader: &mut Reader<'a>) -> Result<Certification<'a>, Error> {
    const TYPE: &str = "TD quote: certification data type";
    const DATA: &str = "TD quote: certification data";
    const QE: &str = "TD quote: report of the quoting enclave";
    let at = reader.at();
    let kind = half(reader, TYPE)?;
    if kind != QE_REPORT {
        let error = at.error(ErrorKind::Unsupported, TYPE, "6, a report of the quoting enclave");
        return Err(error.with_got(u32::from(kind)));
    }
    let base = reader.offset().saturating_add(4);
    let whole = sized(reader, "TD quote: certification data size", DATA)?;
    Reader::all(whole, base, DATA, |reader| {
        let base = reader.offset();
        let qe_report: &[u8; QE_REPORT_BYTES] = array(reader, QE, "384 bytes")?;
        let qe = QeReport::of(qe_report, base)?;
        let qe_report_signature =
            array(reader, "TD quote: signature of the quoting enclave's report", "64 bytes")?;
        let length = usize::from(half(reader, "TD quote: authentication data size")?);
        let qe_authentication_data = announced(reader, length, "TD quote: authentication data", AS_SIZED)?;
        let kind = half(reader, "TD quote: inner certification data type")?;
        let data =
            sized(reader, "TD quote: inner certification data size", "TD quote: inner certification data")?;
        at_end(reader, DATA, "the end of the inner certification data")?;
        Ok(Certification { qe_report, qe_report_signature, qe_authentication_data, kind, data, qe, whole })
    })
}

/// Data behind their size (4 bytes).
fn sized<'a>(reader: &mut Reader<'a>, size: &'static str, data: &'static str) -> Result<&'a [u8], Error> {
    let size = usize::try_from(word(reader, size)?).unwrap_or(usize::MAX);
    announced(reader, size, data, AS_SIZED)
}

const AS_SIZED: &str = "as many bytes as its size says";

/// A number of bytes that the structure announces.
fn announced<'a>(
    reader: &mut Reader<'a>,
    count: usize,
    what: &'static str,
    expected: &'static str,
) -> Result<&'a [u8], Error> {
    let cut = got_bytes(reader.error(ErrorKind::Truncated, what, expected), reader.remaining());
    reader.take(count, what).map_err(|_| cut)
}

/// A number of bytes that the format fixes.
fn array<'a, const N: usize>(
    reader: &mut Reader<'a>,
    what: &'static str,
    expected: &'static str,
) -> Result<&'a [u8; N], Error> {
    let cut = got_bytes(reader.error(ErrorKind::Truncated, what, expected), reader.remaining());
    reader.array(what).map_err(|_| cut)
}

/// Checks that nothing is left of a structure whose size is announced.
fn at_end(reader: &Reader<'_>, what: &'static str, expected: &'static str) -> Result<(), Error> {
    let error = reader.error(ErrorKind::Trailing, what, expected);
    if reader.is_empty() { Ok(()) } else { Err(got_bytes(error, reader.remaining())) }
}

/// The error with the number of bytes that were found.
fn got_bytes(error: Error, got: usize) -> Error {
    error.with_got(u32::try_from(got).unwrap_or(u32::MAX))
}

fn half(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Error> {
    array(reader, what, "2 bytes").map(|bytes| u16::from_le_bytes(*bytes))
}

fn word(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Error> {
    array(reader, what, "4 bytes").map(|bytes| u32::from_le_bytes(*bytes))
}
