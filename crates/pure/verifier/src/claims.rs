//! Claims of verified evidence, by name.

mod azure;
#[cfg(feature = "schema")]
pub(crate) mod table;
mod tdx;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use teeproof_core::Time;
use teeproof_nitro::VerifiedDocument;
use teeproof_nitro::nitrotpm::VerifiedNitroTpm;
use teeproof_snp::{Chip, VerifiedReport};

use crate::value::ClaimValue;
use crate::{Claim, UnknownClaim, Verified};

/// Every claim, in the order of the technology's specification.
pub(crate) fn of(verified: &Verified<'_>) -> Vec<Claim> {
    match verified {
        Verified::Snp(report) => snp(report),
        Verified::Tdx(td) => tdx::of(td.quote()),
        Verified::AzureSnp(vm) => azure::of_snp(vm),
        Verified::AzureTdx(vm) => azure::of_tdx(vm),
        Verified::Nitro(document) => nitro(document),
        Verified::NitroTpm(document) => nitro_tpm(document),
    }
}

/// The members that this version does not know, of each place together.
pub(crate) fn unknown(verified: &Verified<'_>) -> Vec<UnknownClaim> {
    match verified {
        Verified::AzureSnp(vm) => azure::unknown(vm.claims()),
        Verified::AzureTdx(vm) => azure::unknown(vm.claims()),
        Verified::Snp(_) | Verified::Tdx(_) | Verified::Nitro(_) | Verified::NitroTpm(_) => Vec::new(),
    }
}

/// A claim. Its name is a constant: no text of evidence can be one.
fn claim(name: &'static str, value: ClaimValue) -> Claim {
    Claim { name: String::from(name), value, absent_because: None, words: None }
}

/// One claim of several: `pcr0`.
fn numbered(name: &'static str, number: impl Display, value: ClaimValue) -> Claim {
    Claim { name: format!("{name}{number}"), ..claim(name, value) }
}

/// A claim that a person reads in other words than its value's.
fn worded(name: &'static str, value: ClaimValue, words: impl Display) -> Claim {
    Claim { words: Some(words.to_string()), ..claim(name, value) }
}

/// A claim that the evidence may lack: its value, or the reason why it has none.
fn optional<T>(
    name: &'static str,
    value: Option<T>,
    of: impl FnOnce(T) -> ClaimValue,
    because: &'static str,
) -> Claim {
    match value {
        Some(value) => claim(name, of(value)),
        None => Claim { words: Some(String::from("absent")), ..absent(name, because) },
    }
}

/// A claim without a value, and the reason, which people read in its place.
fn absent(name: &'static str, because: impl Display) -> Claim {
    Claim { absent_because: Some(because.to_string()), ..claim(name, ClaimValue::Absent) }
}

fn number(value: impl Into<u64>) -> ClaimValue {
    ClaimValue::Number(value.into())
}

fn bytes(value: &[u8]) -> ClaimValue {
    ClaimValue::Bytes(value.to_vec())
}

fn text(value: impl Display) -> ClaimValue {
    ClaimValue::Text(value.to_string())
}

fn snp(verified: &VerifiedReport<'_>) -> Vec<Claim> {
    let report = verified.report();
    let chip = match verified.chip() {
        Chip::Bound => claim("chip_id", bytes(report.chip_id())),
        Chip::Masked => absent("chip_id", "masked by the host"),
        Chip::Shared => absent("chip_id", "not bound: a VLEK signed"),
    };
    let mut claims = Vec::from([
        worded("product", text(verified.product().id()), verified.product()),
        worded("signing_key", text(verified.vek().id()), verified.vek()),
        chip,
        claim("report_version", number(report.version())),
        claim("guest_svn", number(report.guest_svn())),
        claim("policy", ClaimValue::Flags(report.policy().bits())),
        claim("vmpl", number(report.vmpl())),
        claim("family_id", bytes(report.family_id())),
        claim("image_id", bytes(report.image_id())),
        claim("measurement", bytes(report.measurement())),
        claim("id_key_digest", bytes(report.id_key_digest())),
        claim("author_key_digest", bytes(report.author_key_digest())),
        claim("host_data", bytes(report.host_data())),
        claim("report_data", bytes(report.report_data())),
        claim("report_id", bytes(report.report_id())),
        claim("platform_info", ClaimValue::Flags(report.platform_info().bits())),
        claim("reported_tcb", verified.reported_tcb().into()),
        claim("committed_tcb", verified.committed_tcb().into()),
        claim("current_tcb", verified.current_tcb().into()),
        claim("launch_tcb", verified.launch_tcb().into()),
    ]);
    let known = teeproof_hcl::reference::id_key(report.id_key_digest());
    claims.extend(known.map(|known| claim("id_key_known_of", text(known.product))));
    claims.extend(verified.provider().map(|provider| claim("provider", text(provider))));
    claims.extend(report.mitigations().map(|(launch, current)| {
        let vectors = [("launch", launch), ("current", current)];
        claim("mitigation_vectors", ClaimValue::Words(Vec::from(vectors)))
    }));
    claims
}

fn nitro(verified: &VerifiedDocument<'_>) -> Vec<Claim> {
    let document = verified.document();
    let mut claims = Vec::from([
        claim("module_id", text(document.module_id)),
        claim("timestamp", text(Time::from_millis(document.timestamp))),
        claim("mode", text(if verified.is_debug() { "debug" } else { "production" })),
    ]);
    claims.extend(document.pcrs.iter().map(|(index, pcr)| numbered("pcr", index, bytes(pcr))));
    let chosen =
        [("public_key", document.public_key), ("user_data", document.user_data), ("nonce", document.nonce)];
    claims.extend(chosen.map(|(name, value)| optional(name, value, bytes, "the enclave did not set it")));
    claims
}

fn nitro_tpm(verified: &VerifiedNitroTpm<'_>) -> Vec<Claim> {
    let document = verified.document();
    let secure_boot = match verified.is_without_secure_boot() {
        true => claim("secure_boot", ClaimValue::Bool(false)),
        false => absent("secure_boot", "PCR7 names the keys; whether they were enforced, an event log shows"),
    };
    let mut claims = Vec::from([
        claim("module_id", text(document.module_id())),
        claim("timestamp", text(Time::from_millis(document.timestamp()))),
        claim("measured_boot", ClaimValue::Bool(verified.is_boot_measured())),
        secure_boot,
    ]);
    claims.extend(document.pcrs().iter().map(|(index, pcr)| numbered("pcr", index, bytes(pcr))));
    let chosen = [
        ("public_key", document.public_key()),
        ("user_data", document.user_data()),
        ("nonce", document.nonce()),
    ];
    claims.extend(chosen.map(|(name, value)| optional(name, value, bytes, "the instance did not set it")));
    claims
}
