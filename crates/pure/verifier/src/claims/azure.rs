//! Claims of an Azure confidential VM: SNP report, runtime claims, quote, PCRs, and the facts that the event log proves.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use teeproof_hcl::{Claims, UnknownMember, VerifiedTdVm, VerifiedVm, VerifiedVtpm};
use teeproof_tpm::{VerifiedLog, VerifiedQuote};

use super::{absent, bytes, claim, number, numbered, optional, snp, tdx, text, worded};
use crate::value::ClaimValue;
use crate::{Claim, UnknownClaim};

/// Every claim of a VM on SEV-SNP, from the report down to the log.
pub(super) fn of_snp(vm: &VerifiedVm<'_>) -> Vec<Claim> {
    let mut claims = snp(vm.report());
    add_vtpm(vm.vtpm(), &mut claims);
    claims
}

/// Every claim of a VM on TDX, from the TD quote down to the log.
pub(super) fn of_tdx(vm: &VerifiedTdVm<'_>) -> Vec<Claim> {
    let mut claims = tdx::of(vm.td_quote());
    add_vtpm(vm.vtpm(), &mut claims);
    claims
}

/// Adds the claims below the hardware's evidence.
fn add_vtpm(vm: &VerifiedVtpm<'_>, claims: &mut Vec<Claim>) {
    claims.extend(paravisor(vm.claims()));
    let ak = vm.ak_path().map(|ak| ak.path().leaf().subject().common_name());
    let no_ak =
        if ak.is_some() { "its subject has no common name" } else { "no AK certificate was verified" };
    claims.push(optional("ak_certificate", ak.flatten(), text, no_ak));
    if let Some(quote) = vm.quote() {
        claims.extend(quoted(quote));
    }
    let pcrs = vm.pcrs().into_iter().flat_map(|pcrs| pcrs.iter());
    claims.extend(pcrs.map(|(index, pcr)| numbered("pcr", index, bytes(pcr))));
    if let Some(log) = vm.log() {
        claims.extend(booted(log));
    }
}

fn paravisor(claims: &Claims) -> Vec<Claim> {
    let vm = claims.vm_configuration();
    let mut out = Vec::from([
        optional("vm_id", vm.vm_unique_id, text, "not in the runtime claims"),
        optional("user_data", claims.user_data(), |data| bytes(data), "not in the runtime claims"),
    ]);
    let yes_no = [
        ("secure_boot_configured", vm.secure_boot),
        ("tpm_enabled", vm.tpm_enabled),
        ("tpm_persisted", vm.tpm_persisted),
        ("console", vm.console_enabled),
        ("interactive_console", vm.interactive_console_enabled),
        ("filtered_vpci_devices_allowed", vm.filtered_vpci_devices_allowed),
    ];
    let known = yes_no.into_iter().filter_map(|(name, value)| Some((name, value?)));
    out.extend(known.map(|(name, value)| claim(name, ClaimValue::Bool(value))));
    out.extend(vm.root_cert_thumbprint.map(|hash| claim("root_cert_thumbprint", bytes(&hash))));
    out
}

/// The members that this version does not know, of each place together.
pub(super) fn unknown(claims: &Claims) -> Vec<UnknownClaim> {
    let configured = claims.vm_configuration();
    let of = |place: &str, members: &[UnknownMember]| -> Vec<UnknownClaim> {
        let member = |UnknownMember { name, json, .. }: &UnknownMember| UnknownClaim {
            place: place.to_string(),
            name: name.clone(),
            json: json.clone(),
        };
        members.iter().map(member).collect()
    };
    let mut all = of("claims", claims.unknown());
    all.extend(of("vm-configuration", &configured.unknown));
    let provisioner = configured.vmgs_provisioner.as_ref().map_or(&[][..], |known| &known.unknown);
    all.extend(of("vm-configuration.vmgs-provisioner", provisioner));
    for (at, key) in claims.keys().iter().enumerate() {
        all.extend(of(&format!("keys[{at}]"), &key.unknown));
    }
    all
}

fn quoted(quote: &VerifiedQuote<'_>) -> [Claim; 6] {
    let attest = quote.attest();
    [
        claim("quote_nonce", bytes(attest.head.extra_data)),
        claim("tpm_clock_ms", number(attest.head.clock)),
        claim("tpm_resets", number(attest.head.reset_count)),
        claim("tpm_restarts", number(attest.head.restart_count)),
        claim("tpm_clock_safe", ClaimValue::Bool(attest.head.safe)),
        claim("tpm_firmware", bytes(&attest.head.firmware_version.to_be_bytes())),
    ]
}

/// Only what explained PCRs prove.
fn booted(log: &VerifiedLog<'_>) -> Vec<Claim> {
    let mut out = Vec::new();
    out.push(match log.secure_boot() {
        Ok(secure_boot) if secure_boot.enabled => worded("secure_boot", ClaimValue::Bool(true), "enforced"),
        Ok(_) => worded("secure_boot", ClaimValue::Bool(false), "off"),
        Err(reason) => absent("secure_boot", format_args!("not shown: {reason}")),
    });
    if let Ok(secure_boot) = log.secure_boot() {
        let lists = [secure_boot.pk, secure_boot.kek, secure_boot.db, secure_boot.dbx];
        let counts = lists.map(|list| list.iter().count());
        let [pk, kek, db, dbx] = counts;
        let words = format!("PK {pk}, KEK {kek}, db {db}, dbx {dbx}");
        let counts = counts.map(|count| u64::try_from(count).ok());
        let counts = ["pk", "kek", "db", "dbx"].into_iter().zip(counts).collect();
        out.push(worded("secure_boot_keys", ClaimValue::Numbers(counts), words));
    }
    let applications = log.boot_applications().into_iter().flatten();
    out.extend(
        applications
            .enumerate()
            .map(|(at, application)| numbered("boot_application_", at, bytes(application.digest))),
    );
    out
}
