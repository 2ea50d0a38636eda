//! What verified evidence says, by name.

mod azure;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use teeproof_core::{Hex, OrNone, Time};
use teeproof_nitro::VerifiedDocument;
use teeproof_snp::{Chip, VerifiedReport};

use crate::{Claim, UnknownClaim, Verified};

/// Every claim, in the order of the technology's specification.
pub(crate) fn of(verified: &Verified<'_>) -> Vec<Claim> {
    match verified {
        Verified::Snp(report) => snp(report),
        Verified::AzureSnp(vm) => azure::of(vm),
        Verified::Nitro(document) => nitro(document),
    }
}

/// The members that this version does not know, of each place together.
pub(crate) fn unknown(verified: &Verified<'_>) -> Vec<UnknownClaim> {
    match verified {
        Verified::AzureSnp(vm) => azure::unknown(vm),
        Verified::Snp(_) | Verified::Nitro(_) => Vec::new(),
    }
}

/// A claim. Its name is a constant: no text of evidence can be one.
fn claim(name: &'static str, value: &dyn Display) -> Claim {
    Claim { name: String::from(name), value: value.to_string() }
}

/// One claim of several: `pcr0`.
fn numbered(name: &'static str, number: impl Display, value: &dyn Display) -> Claim {
    Claim { name: format!("{name}{number}"), value: value.to_string() }
}

fn snp(verified: &VerifiedReport<'_>) -> Vec<Claim> {
    let report = verified.report();
    let chip = match verified.chip() {
        Chip::Bound => Hex(&report.chip_id).to_string(),
        Chip::Masked => "masked by the host".to_string(),
        Chip::Shared => "not bound: a VLEK signed".to_string(),
    };
    let mut claims = Vec::from([
        claim("product", &verified.product()),
        claim("signing-key", &verified.vek()),
        claim("chip-id", &chip),
        claim("report-version", &report.version),
        claim("guest-svn", &report.guest_svn),
        claim("policy", &format_args!("{:#x}", report.policy)),
        claim("vmpl", &report.vmpl),
        claim("family-id", &Hex(&report.family_id)),
        claim("image-id", &Hex(&report.image_id)),
        claim("measurement", &Hex(&report.measurement)),
        claim("id-key-digest", &Hex(&report.id_key_digest)),
        claim("author-key-digest", &Hex(&report.author_key_digest)),
        claim("host-data", &Hex(&report.host_data)),
        claim("report-data", &Hex(&report.report_data)),
        claim("report-id", &Hex(&report.report_id)),
        claim("platform-info", &format_args!("{:#x}", report.platform_info)),
        claim("reported-tcb", &verified.reported_tcb()),
        claim("committed-tcb", &verified.committed_tcb()),
        claim("current-tcb", &verified.current_tcb()),
        claim("launch-tcb", &verified.launch_tcb()),
    ]);
    let known = teeproof_hcl::reference::id_key(&report.id_key_digest);
    claims.extend(known.map(|known| claim("id-key-known-of", &known.product)));
    claims.extend(verified.provider().map(|provider| claim("provider", &provider)));
    claims.extend(report.mitigations().map(|(launch, current)| {
        claim("mitigation-vectors", &format_args!("launch {launch:#x}, current {current:#x}"))
    }));
    claims
}

fn nitro(verified: &VerifiedDocument<'_>) -> Vec<Claim> {
    let document = verified.document();
    let bytes = |value: Option<_>| OrNone(value.map(Hex)).to_string();
    let mut claims = Vec::from([
        claim("module-id", &document.module_id),
        claim("timestamp", &Time::from_millis(document.timestamp)),
        claim("mode", &if verified.is_debug() { "debug" } else { "production" }),
    ]);
    claims.extend(document.pcrs.iter().map(|(index, pcr)| numbered("pcr", index, &Hex(pcr))));
    claims.push(claim("public-key", &bytes(document.public_key)));
    claims.push(claim("user-data", &bytes(document.user_data)));
    claims.push(claim("nonce", &bytes(document.nonce)));
    claims
}
