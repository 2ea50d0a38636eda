//! Which shape JSON has, by the names of its members and its version.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonProblem, JsonShape};
use crate::input::InputError;

/// The outermost members of a JSON object. Values are stepped over; of four it is kept where they
/// stand, so that a peer who puts something large there makes nobody keep it.
#[derive(Default)]
pub(super) struct Probe<'t> {
    names: Vec<String>,
    version: Option<&'t RawValue>,
    platform: Option<&'t RawValue>,
    vcek: Option<&'t RawValue>,
    chain: Option<&'t RawValue>,
}

/// No known shape has more members; a bundle begins with the one that tells it.
const MAX_NAMES: usize = 64;

impl<'t> Probe<'t> {
    pub(super) fn of(text: &'t str) -> Result<Self, InputError> {
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

    /// The two texts of an answer of the THIM service: the VCEK, then what stands above it.
    pub(super) fn thim(&self) -> [Result<String, InputError>; 2] {
        let text = |value: Option<&RawValue>| {
            value.and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or(InputError::NotThim)
        };
        [text(self.vcek), text(self.chain)]
    }

    /// The version: 0 where there is none, and only there.
    fn version(&self) -> Result<u8, InputError> {
        let unknown = if self.has("td_quote") { JsonShape::AzTdx(0) } else { JsonShape::AzSnp(0) };
        match self.version.map(|raw| serde_json::from_str::<u64>(raw.get())) {
            None => Ok(0),
            Some(Ok(1)) => Ok(1),
            Some(Ok(2)) => Ok(2),
            Some(Ok(_)) => Err(JsonProblem::Version.of(unknown)),
            Some(Err(_)) => Err(JsonProblem::VersionType.of(unknown)),
        }
    }

    fn envelope(&self) -> Result<JsonShape, InputError> {
        let platform = self.platform.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        match platform.as_deref() {
            Some("az-snp") => Ok(JsonShape::EnvelopeSnp),
            Some("az-tdx") => Ok(JsonShape::EnvelopeTdx),
            _ => Err(JsonProblem::Platform.of(JsonShape::EnvelopeSnp)),
        }
    }
}

impl<'de> Deserialize<'de> for Probe<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Probe<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Probe<'de>, A::Error> {
                let mut probe = Probe::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "version" => probe.version = Some(map.next_value()?),
                        "platform" => probe.platform = Some(map.next_value()?),
                        "vcekCert" => probe.vcek = Some(map.next_value()?),
                        "certificateChain" => probe.chain = Some(map.next_value()?),
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
