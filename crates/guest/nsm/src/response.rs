//! Answers of the Nitro security module, and their CBOR.
//!
//! Members may be in any order: QEMU's module has another one than Amazon's. Members that are unknown are skipped, so
//! that a newer module can be described; a success without parameters is a text.

use core::fmt;

use ciborium::Value;
use teeproof_core::Escaped;
use zeroize::Zeroizing;

use crate::cbor::{self, Members, MessageError};

/// The room for an answer in bytes: the kernel's driver has no more (`NSM_RESPONSE_MAX_SIZE`). An answer that fills it
/// may be cut, and is an error.
pub const MAX_ANSWER: usize = 0x3000;
/// The longest module id, in bytes; Amazon's have 39, those of QEMU any length.
const MAX_MODULE_ID: usize = 256;

/// An answer, in which the module did what was requested or says why not.
///
/// `Debug` prints the number of random bytes, and not the bytes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// The answer to DescribeNSM.
    DescribeNsm(ModuleDescription),
    /// The answer to GetRandom: random bytes, up to 256.
    Random(Zeroizing<Vec<u8>>),
    /// The answer to DescribePCR.
    DescribePcr(PcrState),
    /// The answer to ExtendPCR: the new value.
    ExtendPcr(Vec<u8>),
    /// The answer to LockPCR.
    LockPcr,
    /// The answer to LockPCRs.
    LockPcrs,
    /// The answer to Attestation: the document, as received.
    Attestation(Vec<u8>),
    /// The module refused the request.
    Error(ErrorCode),
}

/// The description of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleDescription {
    /// The version: major, minor, patch.
    pub version: [u16; 3],
    /// The module id, `i-<17 hex>-enc<16 hex>`; foreign text.
    pub module_id: String,
    /// The number of PCRs: 32.
    pub max_pcrs: u16,
    /// The locked PCRs, ascending: 0 to 15 at least, in an enclave.
    pub locked_pcrs: Vec<u16>,
    /// The hash of the PCRs: `SHA384`, or `SHA256` and `SHA512`, which no module has so far; foreign text.
    pub digest: String,
}

/// A PCR.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PcrState {
    /// Whether it is locked.
    pub is_locked: bool,
    /// Its value, 48 bytes with SHA-384.
    pub value: Vec<u8>,
}

/// An error of the module, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A parameter is malformed.
    InvalidArgument,
    /// The index is not that of a PCR, or the range is above 32.
    InvalidIndex,
    /// The request is unknown, or cannot be decoded.
    InvalidOperation,
    /// The PCR is locked.
    ReadOnlyIndex,
    /// The answer does not fit the room for it.
    BufferTooSmall,
    /// The request is too long, or one of its fields is.
    InputTooLarge,
    /// The module failed.
    InternalError,
    /// The module's own answer was not valid.
    InvalidResponse,
    /// A name that this version does not know; foreign text of at most 64 bytes.
    Unknown(String),
}

impl ErrorCode {
    fn of(name: String) -> Self {
        match name.as_str() {
            "InvalidArgument" => Self::InvalidArgument,
            "InvalidIndex" => Self::InvalidIndex,
            "InvalidOperation" => Self::InvalidOperation,
            "ReadOnlyIndex" => Self::ReadOnlyIndex,
            "BufferTooSmall" => Self::BufferTooSmall,
            "InputTooLarge" => Self::InputTooLarge,
            "InternalError" => Self::InternalError,
            "InvalidResponse" => Self::InvalidResponse,
            // `Success` too, which the library has a name for and no module sends.
            _ => Self::Unknown(name),
        }
    }

    /// The name as the module writes it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::InvalidIndex => "InvalidIndex",
            Self::InvalidOperation => "InvalidOperation",
            Self::ReadOnlyIndex => "ReadOnlyIndex",
            Self::BufferTooSmall => "BufferTooSmall",
            Self::InputTooLarge => "InputTooLarge",
            Self::InternalError => "InternalError",
            Self::InvalidResponse => "InvalidResponse",
            Self::Unknown(name) => name,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped(self.name()))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DescribeNsm(description) => f.debug_tuple("DescribeNsm").field(description).finish(),
            // They may become keys.
            Self::Random(bytes) => write!(f, "Random({} bytes)", bytes.len()),
            Self::DescribePcr(state) => f.debug_tuple("DescribePcr").field(state).finish(),
            Self::ExtendPcr(value) => f.debug_tuple("ExtendPcr").field(value).finish(),
            Self::LockPcr => f.write_str("LockPcr"),
            Self::LockPcrs => f.write_str("LockPcrs"),
            Self::Attestation(document) => f.debug_tuple("Attestation").field(document).finish(),
            Self::Error(code) => f.debug_tuple("Error").field(code).finish(),
        }
    }
}

impl Response {
    /// Parses an answer, which must fill `bytes`.
    ///
    /// # Errors
    /// An item outside of the supported subset of CBOR, or cut; an unknown answer; a member that is missing, given
    /// twice or of another type.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, MessageError> {
        const ANSWER: &str = "NSM answer";
        let value = match cbor::parse(bytes)? {
            Value::Text(text) => return Self::of_text(text),
            value => value,
        };
        let (name, value) = Members::of(value, ANSWER)?.only("a map of one entry")?;
        if name == "Error" {
            return cbor::name(value, "NSM answer: Error").map(ErrorCode::of).map(Self::Error);
        }
        let members = |place| Members::of(value, place);
        match name.as_str() {
            "DescribeNSM" => describe_nsm(members("DescribeNSM")?).map(Self::DescribeNsm),
            "GetRandom" => {
                let random = members("GetRandom")?.take("random", "GetRandom: random")?;
                cbor::bytes(random, "GetRandom: random").map(Zeroizing::new).map(Self::Random)
            }
            "DescribePCR" => {
                let mut members = members("DescribePCR")?;
                let is_locked =
                    cbor::boolean(&members.take("lock", "DescribePCR: lock")?, "DescribePCR: lock")?;
                let value = pcr_value(members.take("data", "DescribePCR: data")?, "DescribePCR: data")?;
                Ok(Self::DescribePcr(PcrState { is_locked, value }))
            }
            "ExtendPCR" => {
                let data = members("ExtendPCR")?.take("data", "ExtendPCR: data")?;
                pcr_value(data, "ExtendPCR: data").map(Self::ExtendPcr)
            }
            "Attestation" => {
                let document = members("Attestation")?.take("document", "Attestation: document")?;
                cbor::bytes(document, "Attestation: document").map(Self::Attestation)
            }
            _ => Err(cbor::unexpected(ANSWER, "the name of an answer", &Value::Text(name))),
        }
    }

    fn of_text(text: String) -> Result<Self, MessageError> {
        match text.as_str() {
            "LockPCR" => Ok(Self::LockPcr),
            "LockPCRs" => Ok(Self::LockPcrs),
            _ => Err(cbor::unexpected("NSM answer", "LockPCR, LockPCRs or a map", &Value::Text(text))),
        }
    }

    /// The name of the answer: that of its request, or `Error`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DescribeNsm(_) => "DescribeNSM",
            Self::Random(_) => "GetRandom",
            Self::DescribePcr(_) => "DescribePCR",
            Self::ExtendPcr(_) => "ExtendPCR",
            Self::LockPcr => "LockPCR",
            Self::LockPcrs => "LockPCRs",
            Self::Attestation(_) => "Attestation",
            Self::Error(_) => "Error",
        }
    }
}

/// The value of a PCR: a hash.
fn pcr_value(value: Value, place: &'static str) -> Result<Vec<u8>, MessageError> {
    match value {
        Value::Bytes(bytes) if matches!(bytes.len(), 32 | 48 | 64) => Ok(bytes),
        other => Err(cbor::unexpected(place, "a hash of 32, 48 or 64 bytes", &other)),
    }
}

fn describe_nsm(mut members: Members) -> Result<ModuleDescription, MessageError> {
    let mut number = |key, place| cbor::number(&members.take(key, place)?, place);
    let version = [
        number("version_major", "DescribeNSM: version_major")?,
        number("version_minor", "DescribeNSM: version_minor")?,
        number("version_patch", "DescribeNSM: version_patch")?,
    ];
    let max_pcrs = number("max_pcrs", "DescribeNSM: max_pcrs")?;
    let mut text =
        |key, place, limit, expected| cbor::text(members.take(key, place)?, limit, place, expected);
    let module_id = text("module_id", "DescribeNSM: module_id", MAX_MODULE_ID, "text of at most 256 bytes")?;
    let digest = text("digest", "DescribeNSM: digest", 16, "text of at most 16 bytes")?;
    let locked = members.take("locked_pcrs", "DescribeNSM: locked_pcrs")?;
    let mut locked_pcrs = cbor::numbers(&locked, "DescribeNSM: locked_pcrs")?;
    locked_pcrs.sort_unstable();
    locked_pcrs.dedup();
    Ok(ModuleDescription { version, module_id, max_pcrs, locked_pcrs, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_are_not_printed() {
        let random = Response::from_cbor(b"\xa1\x69GetRandom\xa1\x66random\x42\xab\xab");
        assert_eq!(format!("{random:?}"), "Ok(Random(2 bytes))");
        let state = PcrState { is_locked: true, value: vec![7] };
        let printed = format!("{:?}", Response::DescribePcr(state.clone()));
        assert_eq!(printed, format!("DescribePcr({state:?})"));
    }
}
