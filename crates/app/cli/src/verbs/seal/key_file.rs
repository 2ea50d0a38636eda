//! The file that a key for sealing travels in: JSON.

use serde::{Deserialize, Serialize};
use teeproof_evidence::bytes::base64;
use teeproof_vtpm::seal::SealingKey;
use teeproof_vtpm::{Registers, Signed};

use crate::output::fault::Fault;

const SCHEMA: &str = "teeproof/sealing-key/1";

/// A key for sealing, as it is written. Bytes are base64url without padding.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SealingKey"))]
pub(crate) struct KeyFile {
    /// The form: `teeproof/sealing-key/1`.
    schema: String,
    /// The registers that guard the key: `sha256:0,1,2`.
    registers: String,
    /// TPMT_PUBLIC.
    public: String,
    /// TPMS_ATTEST of TPM2_Certify.
    message: String,
    /// TPMT_SIGNATURE over it, under the attestation key.
    signature: String,
}

impl KeyFile {
    /// The file of a key.
    pub(super) fn of(key: &SealingKey) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            registers: Registers(key.registers).to_string(),
            public: teeproof_evidence::bytes::to_base64url(&key.public),
            message: teeproof_evidence::bytes::to_base64url(&key.certification.message),
            signature: teeproof_evidence::bytes::to_base64url(&key.certification.signature),
        }
    }

    /// Reads a file.
    pub(super) fn read(bytes: &[u8]) -> Result<SealingKey, Fault> {
        let file: Self = serde_json::from_slice(bytes).map_err(|error| wrong(&error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(wrong("its schema is another"));
        }
        let bytes =
            |text: &str, name: &str| base64(text).ok_or_else(|| wrong(&format!("{name} is not base64")));
        let registers: Registers = file.registers.parse().map_err(|_| wrong("registers cannot be read"))?;
        Ok(SealingKey {
            registers: registers.0,
            public: bytes(&file.public, "public")?,
            certification: Signed {
                message: bytes(&file.message, "message")?,
                signature: bytes(&file.signature, "signature")?,
            },
        })
    }
}

fn wrong(what: &str) -> Fault {
    Fault::malformed(
        format!("this is no key for sealing: {what}"),
        "teeproof seal key makes one inside of the machine",
    )
}
