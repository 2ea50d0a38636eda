//! Nitro documents of enclaves and of NitroTPMs, and the common ways in which one is damaged.

use core::fmt;

use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::NitroTpmDocument;
use teeproof_wire::{Error, ErrorKind as Flaw};

use crate::{InputError, InputKind};

/// How a Nitro document was damaged on its way, as the bytes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NitroForm {
    /// A CBOR tag stands in front.
    Tagged,
    /// Whitespace follows the document, where bytes are binary.
    LineBreak {
        /// Where the document ends.
        end: usize,
    },
    /// Something else follows the document.
    Trailing {
        /// Where the document ends.
        end: usize,
    },
    /// The document ends too early.
    Truncated {
        /// How many bytes there are.
        bytes: usize,
    },
    /// The payload without the COSE structure that signs it.
    PayloadOnly,
}

impl NitroForm {
    /// What a person can do.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Tagged => {
                "take the CBOR tag (first byte d2) off: the Nitro security module writes none, and a tag is not covered by the signature"
            }
            Self::LineBreak { .. } => {
                "a line break was added to binary data, as echo and some editors do; write the file without it, or send base64"
            }
            Self::Trailing { .. } => {
                "cut the file at that offset, or look where the bytes come from: a buffer may have been written out whole"
            }
            Self::Truncated { .. } => {
                "the file was cut: check the size of the buffer or field that it was passed through"
            }
            Self::PayloadOnly => {
                "this is the payload alone; give the whole COSE_Sign1 structure, which carries the signature over it"
            }
        }
    }
}

impl fmt::Display for NitroForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tagged => f.write_str("Nitro document behind a CBOR tag, expected an untagged COSE_Sign1"),
            Self::LineBreak { end } => {
                write!(f, "Nitro document: whitespace after its end at offset {end:#x}")
            }
            Self::Trailing { end } => write!(f, "Nitro document: bytes after its end at offset {end:#x}"),
            Self::Truncated { bytes } => {
                write!(f, "Nitro document: cut off after {bytes} bytes, its signature is not all there")
            }
            Self::PayloadOnly => f.write_str("payload of a Nitro document, without its signature"),
        }
    }
}

/// Whose document it is, or what was done to it; the kind `otherwise` where its envelope cannot be read. What else is
/// wrong with a document is left to its verifier.
pub(crate) fn examine(bytes: &[u8], otherwise: InputKind) -> Result<InputKind, InputError> {
    match Sign1::parse(bytes) {
        Ok(envelope) if NitroTpmDocument::looks_like(envelope.payload()) => Ok(InputKind::NitroTpmDocument),
        Ok(_) => Ok(InputKind::NitroDocument),
        Err(error) => form(bytes, error).map_or(Ok(otherwise), |form| Err(InputError::NitroForm(form))),
    }
}

fn form(bytes: &[u8], error: Error) -> Option<NitroForm> {
    let (end, len) = (error.offset, bytes.len());
    match error.kind {
        _ if matches!(bytes, [0xd2, 0x84, ..]) => Some(NitroForm::Tagged),
        Flaw::Trailing if bytes.get(end..)?.trim_ascii().is_empty() => Some(NitroForm::LineBreak { end }),
        Flaw::Trailing => Some(NitroForm::Trailing { end }),
        Flaw::Truncated => Some(NitroForm::Truncated { bytes: len }),
        _ => None,
    }
}

/// Whether bytes are the payload of a document: a map whose first key is the module id.
pub(crate) fn is_payload(bytes: &[u8]) -> bool {
    let keys = match bytes {
        [0xbf | 0xa1..=0xb7, keys @ ..] => keys,
        _ => return false,
    };
    keys.starts_with(b"\x69module_id")
}

/// Whether bytes went through a decoder of UTF-8 that replaced what it could not read.
pub(crate) fn is_mangled(bytes: &[u8]) -> bool {
    let replaced = bytes.windows(3).filter(|window| *window == "\u{fffd}".as_bytes()).count();
    replaced >= MANGLED && core::str::from_utf8(bytes).is_ok()
}

/// So many replacement characters do not stand in binary data by chance.
const MANGLED: usize = 4;
