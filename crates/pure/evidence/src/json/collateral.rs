//! Collateral of TDX and SGX platforms as JSON: the responses of Intel's PCS, and the object in which dcap-qvl and
//! attested-tls keep them with their certificates and revocation lists (`QuoteCollateralV3`).

use alloc::vec::Vec;

use super::fields::{Fields, Form};
use super::object::Object;
use super::shape::unknown_members;
use super::{JsonProblem, JsonShape, Read, chain, checked, expect};
use crate::collateral::{self, CollateralResponse, SIGNATURE_BYTES};
use crate::{Encoding, InputError, InputKind, Part, Sniffed, bytes, encoding};

const LIST: usize = 1024 * 1024;
/// At most this many certificates of a chain, which has two or three.
const CHAIN: usize = 8;

/// A response of Intel's PCS, by the name of its signed member. The text is kept as it is.
pub(super) fn response(
    object: &Object<'_>,
    shape: JsonShape,
    said: Option<InputKind>,
) -> Result<Sniffed, InputError> {
    let (kind, other) = match shape {
        JsonShape::TcbInfo => (InputKind::TcbInfo, "enclaveIdentity"),
        _ => (InputKind::QeIdentity, "tcbInfo"),
    };
    expect(said, kind)?;
    let fields = Fields::of(object, shape);
    if fields.has(other)? {
        return Err(fields.error(other, JsonProblem::Unknown));
    }
    let member = collateral::member(kind).unwrap_or_default();
    if !fields.raw(member)?.starts_with('{') {
        return Err(fields.error(member, JsonProblem::Type));
    }
    if fields.bytes("signature", Form::Hex, SIGNATURE_BYTES)?.len() != SIGNATURE_BYTES {
        return Err(fields.error("signature", JsonProblem::Hex));
    }
    let part = Part::found(kind, object.text().as_bytes().into())?;
    let warnings = unknown_members(object, shape);
    Ok(Sniffed { warnings, ..Sniffed::new(kind, Encoding::Json, Vec::from([part])) })
}

/// Collateral in one object: each chain as PEM, each list as DER or PEM, each signed member as a string, and its
/// signature. A certificate of several chains becomes one part.
pub(super) fn quote_collateral(object: &Object<'_>, said: Option<InputKind>) -> Result<Sniffed, InputError> {
    expect(said, InputKind::CollateralJson)?;
    let shape = JsonShape::QuoteCollateral;
    let fields = Fields::of(object, shape);
    let mut read = Read::from(Vec::new());
    for member in CHAINS {
        certificates(fields, member, &mut read)?;
    }
    if fields.has(PCK_CHAIN)? {
        certificates(fields, PCK_CHAIN, &mut read)?;
    }
    for member in ["root_ca_crl", "pck_crl"] {
        for der in lists(fields, member)? {
            read.parts.push(checked(InputKind::RevocationList, der)?);
        }
    }
    for (kind, body, signature) in [
        (InputKind::TcbInfo, "tcb_info", "tcb_info_signature"),
        (InputKind::QeIdentity, "qe_identity", "qe_identity_signature"),
    ] {
        read.parts.push(signed(fields, kind, body, signature)?);
    }
    read.warnings.extend(unknown_members(object, shape));
    Ok(Sniffed {
        note: Some(shape.as_str()),
        warnings: read.warnings,
        ..Sniffed::new(InputKind::CollateralJson, Encoding::Json, read.parts)
    })
}

const CHAINS: [&str; 3] = ["pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"];
/// The chain of the PCK certificate itself, which later versions of dcap-qvl add.
const PCK_CHAIN: &str = "pck_certificate_chain";

/// The certificates of a chain that are not there yet: each chain ends at the same root.
fn certificates(fields: Fields<'_, '_>, member: &'static str, read: &mut Read) -> Result<(), InputError> {
    let text = fields.text(member)?;
    let chain = chain(without_nul(&text)).map_err(|_| fields.error(member, JsonProblem::Pem))?;
    if chain.len() > CHAIN {
        return Err(fields.error(member, JsonProblem::TooLarge));
    }
    for der in chain {
        let part = checked(InputKind::Certificate, der)?;
        if !read.parts.contains(&part) {
            read.parts.push(part);
        }
    }
    Ok(())
}

/// Revocation lists, DER: as hexadecimal, base64, PEM or a list of bytes. A PCCS sends the root's list as
/// hexadecimal digits, which some keep as the bytes of the list.
fn lists(fields: Fields<'_, '_>, member: &'static str) -> Result<Vec<Vec<u8>>, InputError> {
    let wrong = || fields.error(member, JsonProblem::List);
    let decode = |text: &str| {
        if encoding::has_pem(text) {
            return chain(text).ok();
        }
        bytes::hex(text).or_else(|| bytes::base64(text)).map(|der| Vec::from([der]))
    };
    let found = if fields.is_list(member)? {
        Vec::from([fields.numbers(member, LIST)?])
    } else {
        decode(without_nul(&fields.text(member)?).trim_ascii()).ok_or_else(wrong)?
    };
    match found.as_slice() {
        [text] if !text.starts_with(&[SEQUENCE]) || text.iter().all(u8::is_ascii_hexdigit) => {
            core::str::from_utf8(text)
                .ok()
                .and_then(|text| decode(without_nul(text).trim_ascii()))
                .ok_or_else(wrong)
        }
        _ => Ok(found),
    }
}

/// The first byte of a list, which is the digit 0 as text.
const SEQUENCE: u8 = 0x30;

/// A response around a signed member that is kept as text, with its signature next to it. Intel's libraries keep the
/// whole response in its place, and no signature.
fn signed(
    fields: Fields<'_, '_>,
    kind: InputKind,
    body: &'static str,
    signature: &'static str,
) -> Result<Part, InputError> {
    let text = fields.text(body)?;
    if !fields.has(signature)? {
        let part = Part::found(kind, text.as_bytes().into())?;
        return match part {
            Part::Collateral(_) => Ok(part),
            _ => Err(fields.error(signature, JsonProblem::Missing)),
        };
    }
    let found = if fields.is_list(signature)? {
        fields.numbers(signature, SIGNATURE_BYTES)?
    } else {
        fields.bytes(signature, Form::Hex, SIGNATURE_BYTES)?
    };
    let found: [u8; SIGNATURE_BYTES] =
        found.try_into().map_err(|_| fields.error(signature, JsonProblem::Hex))?;
    let response = CollateralResponse::around(kind, &text, &found);
    checked(kind, response.ok_or_else(|| fields.error(body, JsonProblem::Signed))?)
}

/// Text without the NUL of C's strings at its end.
fn without_nul(text: &str) -> &str {
    text.strip_suffix('\0').unwrap_or(text)
}
