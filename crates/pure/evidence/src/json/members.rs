//! The members that each shape has, so that others can be named.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::JsonShape;
use crate::InputWarning;
use crate::warning::shown;

/// The members of an object, and those of the objects within.
struct Members(&'static [(&'static str, Option<&'static Members>)]);

const QUOTE: Members = Members(&[("signature", None), ("message", None), ("pcrs", None)]);
const AZ_SNP_0: Members = Members(&[("quote", Some(&QUOTE)), ("report", None), ("vcek", None)]);
const AZ_SNP: Members = Members(&[
    ("version", None),
    ("tpm_quote", Some(&QUOTE)),
    ("hcl_report", None),
    ("vcek", None),
    ("cc_eventlog", None),
]);
const AZ_TDX: Members = Members(&[
    ("version", None),
    ("tpm_quote", Some(&QUOTE)),
    ("hcl_report", None),
    ("td_quote", None),
    ("cc_eventlog", None),
]);
const SNP_CHAIN: Members = Members(&[("vcek", None), ("vlek", None), ("ask", None), ("ark", None)]);
/// In the Confidential Containers' own shape the report is an object, and its members are read whole.
const SNP: Members = Members(&[("attestation_report", None), ("cert_chain", Some(&SNP_CHAIN))]);
const TDX: Members = Members(&[("quote", None), ("cc_eventlog", None)]);
const ENVELOPE_SNP: Members = Members(&[("platform", None), ("evidence", Some(&AZ_SNP))]);
const ENVELOPE_TDX: Members = Members(&[("platform", None), ("evidence", Some(&AZ_TDX))]);
const ENVELOPE_BARE_SNP: Members = Members(&[("platform", None), ("evidence", Some(&SNP))]);
const ENVELOPE_BARE_TDX: Members = Members(&[("platform", None), ("evidence", Some(&TDX))]);
const ATTESTED_TLS: Members = Members(&[
    ("tdx_quote_base64", None),
    ("hcl_report_base64", None),
    (
        "tpm_attestation",
        Some(&Members(&[
            ("ak_certificate_pem", None),
            ("ak_intermediate_certificates_pem", None),
            ("quote", Some(&QUOTE)),
            ("event_log", None),
            ("instance_info", None),
        ])),
    ),
]);
const AZURE_GUEST: Members = Members(&[
    ("AttestationProtocolVersion", None),
    ("OSType", None),
    ("OSDistro", None),
    ("OSVersionMajor", None),
    ("OSVersionMinor", None),
    ("OSBuild", None),
    ("TcgLogs", None),
    ("ClientPayload", None),
    (
        "TpmInfo",
        Some(&Members(&[
            ("AikCert", None),
            ("AikPub", None),
            ("PcrQuote", None),
            ("PcrSignature", None),
            ("PcrSet", None),
            ("PCRs", None),
            ("EncKeyPub", None),
            ("EncKeyCertifyInfo", None),
            ("EncKeyCertifyInfoSignature", None),
        ])),
    ),
    (
        "IsolationInfo",
        Some(&Members(&[
            ("Type", None),
            ("Evidence", Some(&Members(&[("Proof", None), ("RunTimeData", None)]))),
        ])),
    ),
]);
const RUNTIME_DATA: Members = Members(&[("data", None), ("dataType", None)]);
const SEV_SNP_VM: Members = Members(&[
    ("report", None),
    ("runtimeData", Some(&RUNTIME_DATA)),
    ("initTimeData", None),
    ("draftPolicyForAttestation", None),
    ("nonce", None),
]);
const TDX_VM: Members = Members(&[
    ("quote", None),
    ("runtimeData", Some(&RUNTIME_DATA)),
    ("initTimeData", None),
    ("draftPolicyForAttestation", None),
    ("nonce", None),
]);
/// What Azure's THIM answers to `/amd/certification`.
const THIM: Members =
    Members(&[("vcekCert", None), ("tcbm", None), ("certificateChain", None), ("cacheControl", None)]);
const ATTESTATION_INFO: Members = Members(&[("AttestationInfo", None), ("attestationInfo", None)]);

const fn of(shape: JsonShape) -> &'static Members {
    match shape {
        JsonShape::AzSnp(0) => &AZ_SNP_0,
        JsonShape::AzSnp(_) => &AZ_SNP,
        JsonShape::AzTdx(_) => &AZ_TDX,
        JsonShape::Snp => &SNP,
        JsonShape::Tdx => &TDX,
        JsonShape::EnvelopeAzSnp => &ENVELOPE_SNP,
        JsonShape::EnvelopeAzTdx => &ENVELOPE_TDX,
        JsonShape::EnvelopeSnp => &ENVELOPE_BARE_SNP,
        JsonShape::EnvelopeTdx => &ENVELOPE_BARE_TDX,
        JsonShape::Quote => &QUOTE,
        JsonShape::AttestedTls => &ATTESTED_TLS,
        JsonShape::AzureGuest => &AZURE_GUEST,
        JsonShape::AttestationInfo => &ATTESTATION_INFO,
        JsonShape::SevSnpVm => &SEV_SNP_VM,
        JsonShape::TdxVm => &TDX_VM,
        JsonShape::Thim => &THIM,
    }
}

/// The members of evidence that its shape does not have. The text was read as this shape before.
pub(super) fn unknown(text: &str, shape: JsonShape) -> Vec<InputWarning> {
    let mut paths = Vec::new();
    let walk = Walk { members: of(shape), path: "", unknown: &mut paths };
    // Whatever cannot be walked was refused by the shape's own reader.
    let _ = walk.deserialize(&mut serde_json::Deserializer::from_str(text));
    paths.into_iter().map(|member| InputWarning::UnknownMember { shape, member }).collect()
}

/// So many are named; evidence with more says enough with these.
const MAX_NAMED: usize = 16;

struct Walk<'w> {
    members: &'static Members,
    path: &'w str,
    unknown: &'w mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match self.members.0.iter().find(|(member, _)| *member == name) {
                Some((member, Some(inner))) => {
                    map.next_value_seed(Walk { members: inner, path: member, unknown: self.unknown })?;
                }
                Some((_, None)) => drop(map.next_value::<IgnoredAny>()?),
                None => {
                    if self.unknown.len() < MAX_NAMED {
                        self.unknown.push(path(self.path, &name));
                    }
                    let _: IgnoredAny = map.next_value()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

fn path(outer: &str, name: &str) -> String {
    let name = shown(name);
    if outer.is_empty() { name } else { alloc::format!("{name} of `{outer}`") }
}
