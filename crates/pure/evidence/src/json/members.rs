//! The members that each shape has, so that others can be named.

use alloc::string::String;
use alloc::vec::Vec;

use super::JsonShape;
use super::object::{MAX_UNKNOWN, Name, Object, Value};
use crate::InputWarning;

/// The members of an object, and those of the objects within.
pub(super) struct Members(&'static [(&'static str, Option<&'static Members>)]);

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
pub(super) const SNP_CHAIN: Members =
    Members(&[("vcek", None), ("vlek", None), ("ask", None), ("ark", None)]);
/// Report and chain are read whole, whatever they are.
const SNP: Members = Members(&[("attestation_report", None), ("cert_chain", None)]);
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

const fn of_shape(shape: JsonShape) -> &'static Members {
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

/// Warnings about the members of evidence that its shape does not have.
pub(super) fn unknown(object: &Object<'_>, shape: JsonShape) -> Vec<InputWarning> {
    unknown_in(object, of_shape(shape), "", shape)
}

/// The same for an object with these members, which is the value of `path`.
pub(super) fn unknown_in(
    object: &Object<'_>,
    members: &'static Members,
    path: &str,
    shape: JsonShape,
) -> Vec<InputWarning> {
    let mut names = Vec::new();
    collect(object, members, path, &mut names);
    names.truncate(MAX_UNKNOWN);
    names.into_iter().map(|member| InputWarning::UnknownMember { shape, member }).collect()
}

fn collect(object: &Object<'_>, members: &'static Members, path: &str, names: &mut Vec<String>) {
    for member in object.members() {
        let known = match &member.name {
            Name::Known(name) => members.0.iter().find(|(known, _)| known == name),
            Name::Unknown(_) => None,
        };
        match (known, &member.value) {
            (Some((name, Some(inner))), Value::Object(object)) => collect(object, inner, name, names),
            (Some(_), _) => {}
            (None, _) => names.push(placed(path, &member.name)),
        }
    }
}

/// A name with the object that has it.
fn placed(path: &str, name: &Name) -> String {
    let name = match name {
        Name::Known(name) => alloc::format!("`{name}`"),
        Name::Unknown(shown) => shown.clone(),
    };
    if path.is_empty() { name } else { alloc::format!("{name} of `{path}`") }
}

#[cfg(test)]
mod tests {
    use super::super::object::{ENTERED, KNOWN};
    use super::*;

    fn check(members: &Members) {
        for (name, inner) in members.0 {
            assert!(KNOWN.contains(name), "{name} is a member of a shape");
            assert_eq!(inner.is_some(), inner.is_some() && ENTERED.contains(name), "{name} has members");
            inner.iter().for_each(|inner| check(inner));
        }
    }

    #[test]
    fn every_member_of_every_shape_is_kept_by_the_pass() {
        assert!(KNOWN.is_sorted() && ENTERED.iter().all(|name| KNOWN.contains(name)));
        for shape in JsonShape::ALL {
            check(of_shape(*shape));
        }
        check(&SNP_CHAIN);
    }
}
