//! A key to seal to, as `teeproof seal key` writes it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::checked;
use super::fields::{AnyBase64, Encoded};
use crate::{InputError, InputKind, Part};

/// What the file says of itself.
pub(super) const SCHEMA: &str = "teeproof/sealing-key/1";

const TPM: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealingKey {
    #[serde(rename = "schema")]
    _schema: String,
    #[serde(rename = "registers")]
    _registers: String,
    public: Encoded<AnyBase64<TPM>>,
    message: Encoded<AnyBase64<TPM>>,
    signature: Encoded<AnyBase64<TPM>>,
}

/// The key, its certification, and the signature over that.
pub(super) fn read(text: &str) -> Result<Vec<Part>, InputError> {
    let key: SealingKey = serde_json::from_str(text)
        .map_err(|error| InputError::SealingKey { line: error.line(), column: error.column() })?;
    Ok(Vec::from([
        checked(InputKind::TpmPublic, key.public.bytes)?,
        checked(InputKind::TpmQuote, key.message.bytes)?,
        checked(InputKind::TpmSignature, key.signature.bytes)?,
    ]))
}
