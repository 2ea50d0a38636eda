//! The file form of a [`SealingKey`]: JSON, its schema `teeproof/sealing-key/1` (docs/seal.md).

use serde::{Deserialize, Serialize};
use teeproof_evidence::bytes::{base64, to_base64url};

use super::{SealError, SealingKey};
use crate::{Registers, Signed};

const SCHEMA: &str = "teeproof/sealing-key/1";

/// A key for sealing, as it is written. Bytes are base64url without padding.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SealingKey"))]
pub struct KeyFile {
    /// The form: `teeproof/sealing-key/1`.
    schema: String,
    /// The PCRs that guard the key: `sha256:0,1,2`.
    registers: String,
    /// TPMT_PUBLIC.
    public: String,
    /// TPMS_ATTEST of TPM2_Certify.
    message: String,
    /// TPMT_SIGNATURE over it, under the attestation key.
    signature: String,
}

impl SealingKey {
    /// The key and its certification as JSON, one member a line.
    ///
    /// # Errors
    /// None that is known: texts in five members can be written.
    pub fn to_json(&self) -> Result<String, SealError> {
        let file = KeyFile {
            schema: SCHEMA.to_owned(),
            registers: Registers(self.registers).to_string(),
            public: to_base64url(&self.public),
            message: to_base64url(&self.certification.message),
            signature: to_base64url(&self.certification.signature),
        };
        serde_json::to_string_pretty(&file).map_err(|error| wrong(&error))
    }

    /// Reads what [`SealingKey::to_json`] writes. Nothing of it is verified.
    ///
    /// # Errors
    /// [`SealError::KeyFile`]: no JSON, another schema, a member that is missing, not known or not of its form.
    pub fn from_json(json: &[u8]) -> Result<Self, SealError> {
        let file: KeyFile = serde_json::from_slice(json).map_err(|error| wrong(&error))?;
        if file.schema != SCHEMA {
            return Err(wrong(&"its schema is another"));
        }
        let bytes =
            |text: &str, name| base64(text).ok_or_else(|| wrong(&format_args!("{name} is not base64")));
        let registers: Registers = file.registers.parse().map_err(|_| wrong(&"registers cannot be read"))?;
        Ok(Self {
            registers: registers.0,
            public: bytes(&file.public, "public")?,
            certification: Signed {
                message: bytes(&file.message, "message")?,
                signature: bytes(&file.signature, "signature")?,
            },
        })
    }
}

fn wrong(what: &dyn core::fmt::Display) -> SealError {
    SealError::KeyFile(what.to_string())
}

#[cfg(test)]
mod tests {
    use teeproof_wire::tpm::{SHA256, Selection};

    use super::*;

    fn key() -> SealingKey {
        SealingKey {
            registers: Selection { bank: SHA256, bitmap: 0x39f },
            public: vec![0xfb, 0xff],
            certification: Signed { message: vec![1, 2, 3], signature: vec![] },
        }
    }

    #[test]
    fn a_key_comes_back() -> Result<(), SealError> {
        let json = key().to_json()?;
        assert_eq!(SealingKey::from_json(json.as_bytes())?, key());
        assert!(json.starts_with("{\n  \"schema\": \"teeproof/sealing-key/1\",\n"), "{json}");
        assert!(
            json.contains(r#""registers": "sha256:0,1,2,3,4,7,8,9""#) && json.contains(r#""public": "-_8""#)
        );
        // With the other alphabet and padding too.
        assert_eq!(SealingKey::from_json(json.replace("-_8", "+/8=").as_bytes())?, key());
        Ok(())
    }

    #[test]
    fn another_file_is_refused_with_the_reason() -> Result<(), SealError> {
        let json = key().to_json()?;
        for (from, to, says) in [
            ("key/1", "key/2", "its schema is another"),
            ("sha256:", "md5:", "registers cannot be read"),
            ("-_8", "-_8?", "public is not base64"),
            ("AQID", "?", "message is not base64"),
            ("\"signature\": \"", "\"signature\": \"?", "signature is not base64"),
            ("\"message\"", "\"Message\"", "unknown field"),
            ("{", "", "at line 2"),
        ] {
            let changed = json.replacen(from, to, 1);
            assert_ne!(changed, json, "{from}");
            let error = SealingKey::from_json(changed.as_bytes()).err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(error.starts_with("this is no key for sealing: ") && error.contains(says), "{error}");
        }
        Ok(())
    }
}
