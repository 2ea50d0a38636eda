//! JSON of other attesters and services, in one pass: the members are taken (`object`), their names and version say
//! which shape they are (`shape`), and its reader decodes them (`attesters`, `azure_guest`, `snp`).
//!
//! One shape alone is read: evidence without a version is of version 0, so that nobody can make a newer shape pass
//! as an older one, with fewer promises, by leaving its version out. Members that a shape does not have are named
//! in a warning and ignored, because formats grow (`shape`).

mod attesters;
mod azure_guest;
mod collateral;
mod documents;
mod fields;
mod object;
mod problem;
mod shape;
mod snp;

pub use documents::{DocumentMember, DocumentMembers};
pub use problem::{JsonProblem, JsonValue, PcrProblem};
pub use shape::JsonShape;
pub(crate) use shape::is_fixture;

use alloc::vec::Vec;

use crate::bundle::Bundle;
use crate::encoding::{self, Pem};
use crate::sniff::{bundled, certificates};
use crate::{Encoding, InputError, InputKind, InputWarning, Part, Sniffed};
use fields::{Fields, Form};
use object::{Name, Object, Value};

/// The most bytes of JSON that is no bundle; the largest that is known has 40 KiB.
const MAX_BYTES: usize = 1024 * 1024;

/// What a shape holds.
struct Read {
    parts: Vec<Part>,
    warnings: Vec<InputWarning>,
}

impl From<Vec<Part>> for Read {
    fn from(parts: Vec<Part>) -> Self {
        Self { parts, warnings: Vec::new() }
    }
}

/// Tells what a JSON object is, and takes it apart.
pub(crate) fn sniff_object(
    text: &str,
    kind: Option<InputKind>,
    layers: usize,
) -> Result<Sniffed, InputError> {
    // Before anything is read of it: only bundles are larger, and what only looks like one is
    // refused as a bundle.
    let large = text.len() > MAX_BYTES;
    if large && !text.contains("\"__cmwc_t\"") {
        return Err(InputError::TooLarge { kind: InputKind::EvidenceJson, limit: MAX_BYTES });
    }
    if large || begins_as_bundle(text) {
        return bundle(text, kind);
    }
    let object = Object::parse(text)?;
    if object.has("__cmwc_t") {
        return bundle(text, kind);
    }
    if object.has("vcekCert") || object.has("certificateChain") {
        return thim(&object, kind);
    }
    if object.string("schema").as_deref() == Some(SEALING_KEY) {
        expect(kind, InputKind::SealingKey)?;
        return Ok(Sniffed::new(InputKind::SealingKey, Encoding::Json, sealing_key(&object)?));
    }
    match object.collateral() {
        None => {}
        Some(JsonShape::QuoteCollateral) => return collateral::quote_collateral(&object, kind),
        Some(shape) => return collateral::response(&object, shape, kind),
    }
    match object.shape()? {
        Some(shape) => evidence(&object, shape, kind, layers),
        None => match documents::find(text, kind, layers)? {
            Some(sniffed) => Ok(sniffed),
            None => Err(object.unknown()),
        },
    }
}

/// Whether the first member is the type of a bundle, where ours are written.
fn begins_as_bundle(text: &str) -> bool {
    let members = text.strip_prefix('{').unwrap_or_default();
    members.trim_start().starts_with("\"__cmwc_t\"")
}

/// Evidence of this shape.
fn evidence(
    object: &Object<'_>,
    shape: JsonShape,
    kind: Option<InputKind>,
    layers: usize,
) -> Result<Sniffed, InputError> {
    expect(kind, InputKind::EvidenceJson)?;
    if shape == JsonShape::AttestationInfo {
        return azure_guest::outer(object, layers);
    }
    let mut read = attesters::parts_of(object, shape)?;
    read.warnings.extend(shape::unknown_members(object, shape));
    let nonce_in_user_data = matches!(shape, JsonShape::AzSnp(2) | JsonShape::AzTdx(2));
    Ok(Sniffed {
        note: Some(shape.as_str()),
        nonce_in_user_data,
        warnings: read.warnings,
        ..Sniffed::new(InputKind::EvidenceJson, Encoding::Json, read.parts)
    })
}

/// An answer of THIM: the VCEK, then the certificates above it, each as PEM.
fn thim(object: &Object<'_>, kind: Option<InputKind>) -> Result<Sniffed, InputError> {
    let kind = kind
        .filter(|kind| matches!(kind, InputKind::Certificate | InputKind::RevocationList))
        .map_or_else(|| expect(kind, InputKind::Certificate).map(|()| None), |kind| Ok(Some(kind)))?;
    let fields = Fields::of(object, JsonShape::Thim);
    let mut ders = Vec::new();
    for member in ["vcekCert", "certificateChain"] {
        let pem = fields.text(member).map_err(|_| InputError::NotThim)?;
        ders.extend(encoding::certificates(pem.as_bytes())?);
    }
    let warnings = shape::unknown_members(object, JsonShape::Thim);
    Ok(Sniffed { warnings, ..certificates(ders, Encoding::Thim, kind)? })
}

/// The schema of a key to seal to, which says what the file is.
const SEALING_KEY: &str = "teeproof/sealing-key/1";

/// A key to seal to, as this project writes it: the key, its certification, and the signature over that. It has
/// these members, each once, and no others.
fn sealing_key(object: &Object<'_>) -> Result<Vec<Part>, InputError> {
    const TPM: usize = 1024;
    const NAMES: [&str; 5] = ["schema", "registers", "public", "message", "signature"];
    let at = |member: Option<&object::Member<'_>>| {
        let raw = match member.map(|member| &member.value) {
            Some(Value::Raw(raw)) => raw,
            _ => object.text(),
        };
        let (line, column) = object.position(raw);
        InputError::SealingKey { line, column }
    };
    let is_other = |name: &Name| !matches!(name, Name::Known(name) if NAMES.contains(name));
    if let Some(other) = object.members().iter().find(|member| is_other(&member.name)) {
        return Err(at(Some(other)));
    }
    let fields = Fields::of(object, JsonShape::Quote);
    let text = |name| fields.text(name).map_err(|_| at(object.member(name)));
    let part = |name, kind| {
        let bytes = fields.bytes(name, Form::Base64, TPM).map_err(|_| at(object.member(name)))?;
        checked(kind, bytes)
    };
    text("schema")?;
    text("registers")?;
    Ok(Vec::from([
        part("public", InputKind::TpmPublic)?,
        part("message", InputKind::TpmQuote)?,
        part("signature", InputKind::TpmSignature)?,
    ]))
}

fn bundle(text: &str, kind: Option<InputKind>) -> Result<Sniffed, InputError> {
    expect(kind, InputKind::Bundle)?;
    Ok(bundled(Bundle::from_json(text)?, Encoding::Json))
}

/// What was found must be what it was said to be, where something was said.
fn expect(said: Option<InputKind>, found: InputKind) -> Result<(), InputError> {
    match said {
        Some(said) if said != found => Err(InputError::NotOfKind { said, found }),
        _ => Ok(()),
    }
}

/// A part of JSON, which has to be of its kind.
fn checked(kind: InputKind, bytes: Vec<u8>) -> Result<Part, InputError> {
    Ok(Part::new(kind, bytes)?)
}

/// The one certificate of a PEM text.
fn certificate(pem: &str) -> Result<Part, InputError> {
    let [der] = chain(pem)?.try_into().map_err(|_| InputError::PemSection)?;
    checked(InputKind::Certificate, der)
}

/// The certificates of a PEM text, DER.
fn chain(pem: &str) -> Result<Vec<Vec<u8>>, InputError> {
    match encoding::pem(pem)? {
        Pem::Certificates(ders) => Ok(ders),
        Pem::Other(_) => Err(InputError::PemSection),
    }
}
