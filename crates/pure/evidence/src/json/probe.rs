//! Which shape JSON has, by the names of its members and its version.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonProblem, JsonShape, JsonValue};
use crate::InputError;

/// The outermost members of a JSON object. Values are stepped over; of five it is kept where they
/// stand, so that a peer who puts something large there makes nobody keep it.
#[derive(Default)]
pub(super) struct Probe<'t> {
    names: Vec<&'static str>,
    version: Option<&'t RawValue>,
    platform: Option<&'t RawValue>,
    vcek: Option<&'t RawValue>,
    chain: Option<&'t RawValue>,
    schema: Option<&'t RawValue>,
}

/// What each shape demands of its outermost members.
const DEMANDED: &[(JsonShape, &[&str])] = &[
    (JsonShape::AzSnp(2), &["version", "tpm_quote", "hcl_report", "vcek"]),
    (JsonShape::AzTdx(2), &["version", "tpm_quote", "hcl_report", "td_quote"]),
    (JsonShape::AzSnp(0), &["quote", "report", "vcek"]),
    (JsonShape::EnvelopeAzSnp, &["platform", "evidence"]),
    (JsonShape::Quote, &["message", "signature", "pcrs"]),
    (JsonShape::SevSnpVm, &["report", "runtimeData"]),
    (JsonShape::Tdx, &["quote", "cc_eventlog"]),
    (JsonShape::Snp, &["attestation_report", "cert_chain"]),
    (JsonShape::AzureGuest, &["AttestationProtocolVersion", "TpmInfo", "IsolationInfo"]),
    (JsonShape::AttestedTls, &["tdx_quote_base64", "hcl_report_base64", "tpm_attestation"]),
];

/// The names that tell a shape; others are stepped over, however many there are.
const NAMES: &[&str] = &[
    "AttestationInfo",
    "AttestationProtocolVersion",
    "IsolationInfo",
    "TpmInfo",
    "__cmwc_t",
    "attestationInfo",
    "attestation_report",
    "cc_eventlog",
    "cert_chain",
    "certificateChain",
    "evidence",
    "hcl_report",
    "hcl_report_base64",
    "message",
    "pcrs",
    "platform",
    "quote",
    "report",
    "runtimeData",
    "signature",
    "td_quote",
    "tdx_quote_base64",
    "tpm_attestation",
    "tpm_quote",
    "vcek",
    "vcekCert",
    "version",
];

/// Whether text is YAML with the outermost members of evidence, as peers keep it among their test files.
///
/// The blocks of PEM in such a file are indented, and are not what the file is.
pub(crate) fn is_fixture(text: &str) -> bool {
    if text.lines().any(|line| line.starts_with("-----BEGIN ")) {
        return false;
    }
    let has = |name: &str| {
        text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
    };
    // Nobody else calls anything so; the other names are those of many files.
    DEMANDED.iter().any(|(shape, members)| match shape {
        JsonShape::AttestedTls => members.iter().any(|member| has(member)),
        _ => members.iter().filter(|member| **member != "version").all(|member| has(member)),
    })
}

impl<'t> Probe<'t> {
    pub(super) fn of(text: &'t str) -> Result<Self, InputError> {
        serde_json::from_str(text)
            .map_err(|error| InputError::Json { line: error.line(), column: error.column() })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// Whether it is a key to seal to.
    pub(super) fn is_sealing_key(&self) -> bool {
        let schema = self.schema.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        schema.as_deref() == Some(super::sealing::SCHEMA)
    }

    /// The shape, if it is one of evidence.
    pub(super) fn shape(&self) -> Result<Option<JsonShape>, InputError> {
        if self.has_all(&["platform", "evidence"]) {
            return self.envelope().map(Some);
        }
        if self.has("tpm_attestation") || self.has("tdx_quote_base64") {
            return Ok(Some(JsonShape::AttestedTls));
        }
        if self.has_all(&["message", "signature", "pcrs"]) {
            return Ok(Some(JsonShape::Quote));
        }
        if let Some(shape) = self.request() {
            return Ok(Some(shape));
        }
        if self.has("attestation_report") {
            return Ok(Some(JsonShape::Snp));
        }
        if self.has_all(&["quote", "cc_eventlog"]) {
            return Ok(Some(JsonShape::Tdx));
        }
        let is_azure = self.has_all(&["quote", "report"]) || self.has_all(&["tpm_quote", "hcl_report"]);
        if !is_azure {
            return Ok(None);
        }
        let version = self.version()?;
        let shape = if self.has("td_quote") { JsonShape::AzTdx } else { JsonShape::AzSnp };
        // What version 0 of az-snp calls its members, nothing else does.
        if version == 0 && self.has("hcl_report") && !self.has("td_quote") {
            return Err(JsonProblem::VersionMissing.of(JsonShape::AzSnp(0)));
        }
        Ok(Some(shape(version)))
    }

    /// The shape, if it is one of a request to Azure Attestation.
    fn request(&self) -> Option<JsonShape> {
        if self.has("AttestationProtocolVersion") {
            return Some(JsonShape::AzureGuest);
        }
        if self.has("AttestationInfo") || self.has("attestationInfo") {
            return Some(JsonShape::AttestationInfo);
        }
        match (self.has("runtimeData"), self.has("report"), self.has("quote")) {
            (true, true, false) => Some(JsonShape::SevSnpVm),
            (true, false, true) => Some(JsonShape::TdxVm),
            _ => None,
        }
    }

    /// That the shape is none that is known, and which one it is closest to: the one of which most
    /// members are there.
    pub(super) fn unknown(&self) -> InputError {
        let score = |members: &[&str]| members.iter().filter(|member| self.has(member)).count();
        let best = DEMANDED.iter().map(|(shape, members)| (score(members), *shape, *members));
        // The first of the best: the list is in the order of how much the names say.
        let best = best.rev().max_by_key(|(score, ..)| *score).filter(|(score, ..)| *score > 0);
        let closest = best.and_then(|(_, shape, members)| {
            Some((shape, members.iter().copied().find(|member| !self.has(member))?))
        });
        InputError::UnknownJson { closest }
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
        match self.version.map(RawValue::get) {
            None => Ok(0),
            Some("1") => Ok(1),
            Some("2") => Ok(2),
            Some(found) => Err(InputError::Value {
                format: if self.has("td_quote") { "az-tdx evidence" } else { "az-snp evidence" },
                member: "version",
                found: JsonValue::of(found),
                known: "the numbers 1 and 2, and no `version` at all for version 0",
            }),
        }
    }

    fn envelope(&self) -> Result<JsonShape, InputError> {
        let platform = self.platform.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        match platform.as_deref() {
            Some("az-snp") => Ok(JsonShape::EnvelopeAzSnp),
            Some("az-tdx") => Ok(JsonShape::EnvelopeAzTdx),
            Some("snp") => Ok(JsonShape::EnvelopeSnp),
            Some("tdx") => Ok(JsonShape::EnvelopeTdx),
            _ => Err(InputError::Value {
                format: "attestation-rs evidence",
                member: "platform",
                found: JsonValue::of(self.platform.map_or("null", RawValue::get)),
                known: r#""az-snp", "az-tdx", "snp" and "tdx""#,
            }),
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
                        "schema" => probe.schema = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                    if let Some(name) = NAMES.iter().find(|known| **known == name)
                        && !probe.has(name)
                    {
                        probe.names.push(name);
                    }
                }
                Ok(probe)
            }
        }

        deserializer.deserialize_map(Members)
    }
}
