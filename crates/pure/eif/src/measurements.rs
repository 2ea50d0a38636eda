//! The PCRs of an image, and how nitro-cli writes them.

use alloc::string::String;
use core::fmt;

use serde::Deserialize;
use teeproof_core::{Class, from_hex};

/// The PCRs that an enclave of an image has, unless it runs in debug mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measurements {
    /// PCR0: kernel, command line and all ramdisks.
    pub pcr0: [u8; 48],
    /// PCR1: kernel, command line and the first ramdisk.
    pub pcr1: [u8; 48],
    /// PCR2: all ramdisks but the first.
    pub pcr2: [u8; 48],
    /// PCR8: the signing certificate; `None` of an image that is not signed, whose PCR8 is zero.
    pub pcr8: Option<[u8; 48]>,
}

impl Measurements {
    /// The PCRs with their numbers, ascending; PCR8 of an image that is not signed is left out.
    pub fn pcrs(&self) -> impl Iterator<Item = (u8, &[u8; 48])> {
        let three = [(0, &self.pcr0), (1, &self.pcr1), (2, &self.pcr2)];
        three.into_iter().chain(self.pcr8.iter().map(|pcr8| (8, pcr8)))
    }

    /// Whether PCR0, PCR1 or PCR2 is zero, as those of an enclave in debug mode are. No image has such PCRs.
    #[must_use]
    pub fn is_debug(&self) -> bool {
        [&self.pcr0, &self.pcr1, &self.pcr2].iter().any(|pcr| pcr.iter().all(|byte| *byte == 0))
    }

    /// Reads the JSON that nitro-cli writes: the answer of `build-enclave` or `describe-eif`, or its member
    /// `Measurements` alone; or that of `teeproof eif measure`. Other members are ignored, but for those that say that the
    /// image is damaged or its signature not valid.
    ///
    /// # Errors
    /// JSON of another shape; a PCR that is missing or not 96 hexadecimal digits; the answer of `describe-enclaves`,
    /// which has the image's PCRs for enclaves in debug mode too; an image whose checksum or signature is not valid.
    pub fn from_nitro_cli(json: &str) -> Result<Self, MeasurementsError> {
        // A list is the answer of describe-enclaves; serde would read one as the members of an object in their order.
        if json.trim_start().starts_with('[') {
            return Err(MeasurementsError::Running);
        }
        let answer: Answer = serde_json::from_str(json)
            .map_err(|error| MeasurementsError::Json { line: error.line(), column: error.column() })?;
        if answer.enclave.is_some() {
            return Err(MeasurementsError::Running);
        }
        let Answer { measurements, pcr0, pcr1, pcr2, pcr8, checksum, signature_check, signature, .. } =
            answer;
        if checksum == Some(false) {
            return Err(MeasurementsError::InvalidChecksum);
        }
        match signature.as_ref().map_or("valid", |signature| &signature.status) {
            "valid" if signature_check != Some(false) => {}
            "valid" | "invalid" => return Err(MeasurementsError::InvalidSignature),
            _ => return Err(MeasurementsError::UnverifiedSignature),
        }
        let pcrs = measurements.unwrap_or(PcrTexts { pcr0, pcr1, pcr2, pcr8 });
        let pcr = |number, text: Option<String>| match text {
            Some(text) => digest(&text).ok_or(MeasurementsError::Value { pcr: number }),
            None => Err(MeasurementsError::Missing { pcr: number }),
        };
        Ok(Self {
            pcr0: pcr(0, pcrs.pcr0)?,
            pcr1: pcr(1, pcrs.pcr1)?,
            pcr2: pcr(2, pcrs.pcr2)?,
            pcr8: pcrs.pcr8.map(|text| pcr(8, Some(text))).transpose()?,
        })
    }
}

/// Bytes of 96 hexadecimal digits.
fn digest(text: &str) -> Option<[u8; 48]> {
    let mut bytes = [0; 48];
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    if digits.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(digits) {
        *byte = from_hex(*digits)?;
    }
    Some(bytes)
}

/// Why a text is not the PCRs of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeasurementsError {
    /// The text is not a JSON object of this shape.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The answer of `describe-enclaves`.
    Running,
    /// A PCR is missing.
    Missing {
        /// Its number.
        pcr: u8,
    },
    /// A PCR is not 96 hexadecimal digits.
    Value {
        /// Its number.
        pcr: u8,
    },
    /// The image's checksum does not match.
    InvalidChecksum,
    /// The image's signature is invalid.
    InvalidSignature,
    /// The image's signature was not verified.
    UnverifiedSignature,
}

impl MeasurementsError {
    /// The class of the error.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::InvalidSignature => Class::NotAuthentic,
            Self::UnverifiedSignature => Class::Unsupported,
            _ => Class::Malformed,
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InvalidChecksum => {
                "the image was damaged or changed after it was built: copy or build it again"
            }
            Self::InvalidSignature => {
                "AWS starts no enclave of this image: sign it again and measure the signed image"
            }
            Self::UnverifiedSignature => {
                "sign the image with a key on P-256 or P-384, whose signatures are verified, and measure it again"
            }
            Self::Running => {
                "it has the image's PCRs even for an enclave in debug mode; use the answer of build-enclave or \
                 describe-eif, or a document of the enclave"
            }
            Self::Json { .. } | Self::Missing { .. } | Self::Value { .. } => {
                "give what nitro-cli build-enclave or describe-eif prints on standard output, without its messages"
            }
        }
    }
}

impl fmt::Display for MeasurementsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { line, column } => {
                write!(f, "expected the JSON of nitro-cli, got other text at line {line}, column {column}")
            }
            Self::Running => f.write_str("expected PCRs of an image, got the answer of describe-enclaves"),
            Self::Missing { pcr } => write!(f, "Measurements: PCR{pcr} is missing"),
            Self::Value { pcr } => write!(f, "Measurements: PCR{pcr}: expected 96 hexadecimal digits"),
            Self::InvalidChecksum => f.write_str("the checksum of the measured image does not match"),
            Self::InvalidSignature => f.write_str("the signature of the measured image is invalid"),
            Self::UnverifiedSignature => f.write_str("the signature of the measured image was not verified"),
        }
    }
}

impl core::error::Error for MeasurementsError {}

/// Without `flatten`, which would keep every other member of the answer in memory.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Measurements")]
    measurements: Option<PcrTexts>,
    /// Of describe-enclaves alone.
    #[serde(rename = "EnclaveID")]
    enclave: Option<serde::de::IgnoredAny>,
    /// Of describe-eif.
    #[serde(rename = "CheckCRC")]
    checksum: Option<bool>,
    /// Of describe-eif, for a signed image.
    #[serde(rename = "SignatureCheck")]
    signature_check: Option<bool>,
    /// Of `teeproof eif measure`.
    signature: Option<Signature>,
    #[serde(rename = "PCR0")]
    pcr0: Option<String>,
    #[serde(rename = "PCR1")]
    pcr1: Option<String>,
    #[serde(rename = "PCR2")]
    pcr2: Option<String>,
    #[serde(rename = "PCR8")]
    pcr8: Option<String>,
}

#[derive(Deserialize)]
struct Signature {
    status: String,
}

#[derive(Deserialize)]
struct PcrTexts {
    #[serde(rename = "PCR0")]
    pcr0: Option<String>,
    #[serde(rename = "PCR1")]
    pcr1: Option<String>,
    #[serde(rename = "PCR2")]
    pcr2: Option<String>,
    #[serde(rename = "PCR8")]
    pcr8: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_forms_of_nitro_cli() {
        let pcrs = format!(
            r#""HashAlgorithm": "Sha384 {{ ... }}", "PCR0": "{}", "PCR1": "{}", "PCR2": "{}""#,
            "0a".repeat(48),
            "1B".repeat(48),
            "2c".repeat(48)
        );
        let expected = Measurements { pcr0: [0x0a; 48], pcr1: [0x1b; 48], pcr2: [0x2c; 48], pcr8: None };
        for text in [
            format!("{{{pcrs}}}"),
            format!(r#"{{"Measurements": {{{pcrs}}}}}"#),
            format!(r#"{{"EifVersion": 4, "Measurements": {{{pcrs}}}, "IsSigned": false}}"#),
        ] {
            assert_eq!(Measurements::from_nitro_cli(&text), Ok(expected), "{text}");
        }
        let signed = format!(r#"{{{pcrs}, "PCR8": "{}"}}"#, "80".repeat(48));
        assert_eq!(Measurements::from_nitro_cli(&signed).map(|pcrs| pcrs.pcr8), Ok(Some([0x80; 48])));
        for (text, error) in [
            (format!(r#"[{{"EnclaveID": "x", "Measurements": {{{pcrs}}}}}]"#), MeasurementsError::Running),
            (format!(r#"{{"EnclaveID": "x", "Measurements": {{{pcrs}}}}}"#), MeasurementsError::Running),
            (
                format!(r#"[null, null, "{0}", "{0}", "{0}", null]"#, "0a".repeat(48)),
                MeasurementsError::Running,
            ),
            ("[]".into(), MeasurementsError::Running),
            (r#"{"Measurements": {}}"#.into(), MeasurementsError::Missing { pcr: 0 }),
            (r#"{"PCR0": "0a"}"#.into(), MeasurementsError::Value { pcr: 0 }),
            ("PCR0".into(), MeasurementsError::Json { line: 1, column: 1 }),
        ] {
            assert_eq!(Measurements::from_nitro_cli(&text), Err(error), "{text}");
        }
    }

    #[test]
    fn an_image_that_is_not_valid_by_its_own_measurements() {
        let with = |members: &str| {
            let pcr = "0a".repeat(48);
            let pcrs = format!(r#"{{"PCR0": "{pcr}", "PCR1": "{pcr}", "PCR2": "{pcr}"}}"#);
            Measurements::from_nitro_cli(&format!(r#"{{"Measurements": {pcrs}, {members}}}"#)).err()
        };
        use MeasurementsError::{InvalidChecksum, InvalidSignature, UnverifiedSignature};
        for (members, error) in [
            (r#""signature": null"#, None),
            (r#""signature": {"status": "valid", "anchor": "none"}"#, None),
            (r#""signature": {"status": "invalid"}"#, Some(InvalidSignature)),
            (r#""signature": {"status": "unsupported"}"#, Some(UnverifiedSignature)),
            (r#""IsSigned": true, "CheckCRC": true, "SignatureCheck": true"#, None),
            (r#""CheckCRC": true, "SignatureCheck": false"#, Some(InvalidSignature)),
            (r#""CheckCRC": false, "SignatureCheck": true"#, Some(InvalidChecksum)),
        ] {
            assert_eq!(with(members), error, "{members}");
        }
        assert_eq!(InvalidSignature.class(), Class::NotAuthentic);
    }

    #[test]
    fn debug_is_any_of_the_three() {
        let pcrs = Measurements { pcr0: [1; 48], pcr1: [1; 48], pcr2: [1; 48], pcr8: None };
        assert!(!pcrs.is_debug());
        assert!(Measurements { pcr2: [0; 48], ..pcrs }.is_debug());
    }
}
