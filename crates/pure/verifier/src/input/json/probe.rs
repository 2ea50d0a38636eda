//! Which shape JSON has, by the names of its members and its version.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{JsonProblem, JsonShape};
use crate::input::InputError;

/// The outermost members of a JSON object; values are stepped over without being kept.
#[derive(Default)]
pub(super) struct Probe {
    names: Vec<String>,
    version: Option<Value>,
    platform: Option<Value>,
}

/// No known shape has more members; a bundle begins with the one that tells it.
const MAX_NAMES: usize = 64;

impl Probe {
    pub(super) fn of(text: &str) -> Result<Self, InputError> {
        serde_json::from_str(text)
            .map_err(|error| InputError::Json { line: error.line(), column: error.column() })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|member| member == name)
    }

    fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// The shape.
    pub(super) fn shape(&self) -> Result<JsonShape, InputError> {
        if self.has_all(&["platform", "evidence"]) {
            return self.envelope();
        }
        if self.has("tpm_attestation") || self.has("tdx_quote_base64") {
            return Ok(JsonShape::AttestedTls);
        }
        if self.has_all(&["message", "signature", "pcrs"]) {
            return Ok(JsonShape::Quote);
        }
        let is_azure = self.has_all(&["quote", "report"]) || self.has_all(&["tpm_quote", "hcl_report"]);
        if !is_azure {
            return Err(InputError::UnknownJson);
        }
        let version = self.version()?;
        let shape = if self.has("td_quote") { JsonShape::AzTdx } else { JsonShape::AzSnp };
        // What version 0 of az-snp calls its members, nothing else does.
        if version == 0 && self.has("hcl_report") && !self.has("td_quote") {
            return Err(JsonProblem::VersionMissing.of(JsonShape::AzSnp(0)));
        }
        Ok(shape(version))
    }

    /// The version: 0 where there is none, and only there.
    fn version(&self) -> Result<u8, InputError> {
        let unknown = if self.has("td_quote") { JsonShape::AzTdx(0) } else { JsonShape::AzSnp(0) };
        match self.version.as_ref().map(Value::as_u64) {
            None => Ok(0),
            Some(Some(1)) => Ok(1),
            Some(Some(2)) => Ok(2),
            Some(Some(_)) => Err(JsonProblem::Version.of(unknown)),
            Some(None) => Err(JsonProblem::VersionType.of(unknown)),
        }
    }

    fn envelope(&self) -> Result<JsonShape, InputError> {
        match self.platform.as_ref().and_then(Value::as_str) {
            Some("az-snp") => Ok(JsonShape::EnvelopeSnp),
            Some("az-tdx") => Ok(JsonShape::EnvelopeTdx),
            _ => Err(JsonProblem::Platform.of(JsonShape::EnvelopeSnp)),
        }
    }
}

impl<'de> Deserialize<'de> for Probe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Probe;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Probe, A::Error> {
                let mut probe = Probe::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "version" => probe.version = Some(map.next_value()?),
                        "platform" => probe.platform = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                    if probe.names.len() < MAX_NAMES {
                        probe.names.push(name);
                    }
                }
                Ok(probe)
            }
        }

        deserializer.deserialize_map(Members)
    }
}
