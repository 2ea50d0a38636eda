//! What an Azure confidential VM says, by name: its report, the paravisor's claims, the quote, the
//! registers, and what the boot log proves.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Hex, OrNone};
use teeproof_hcl::{Claims, UnknownMember, VerifiedVm};
use teeproof_tpm::{VerifiedLog, VerifiedQuote};

use super::{claim, numbered, snp};
use crate::{Claim, UnknownClaim};

/// Every claim, from the report down to the log.
pub(super) fn of(vm: &VerifiedVm<'_>) -> Vec<Claim> {
    let mut claims = snp(vm.report());
    claims.extend(paravisor(vm.claims()));
    let ak = vm.ak_path().and_then(|ak| ak.path().leaf().subject().common_name());
    claims.push(claim("ak-certificate", &OrNone(ak)));
    if let Some(quote) = vm.quote() {
        claims.extend(quoted(quote));
    }
    let pcrs = vm.pcrs().into_iter().flat_map(|pcrs| pcrs.iter());
    claims.extend(pcrs.map(|(index, pcr)| numbered("pcr", index, &Hex(pcr))));
    if let Some(log) = vm.log() {
        claims.extend(booted(log));
    }
    claims
}

fn paravisor(claims: &Claims) -> Vec<Claim> {
    let vm = claims.vm_configuration();
    let mut told = Vec::from([
        claim("vm-id", &OrNone(vm.vm_unique_id)),
        claim("user-data", &OrNone(claims.user_data().map(|data| Hex(data)))),
    ]);
    let yes_no = [
        ("secure-boot-configured", vm.secure_boot),
        ("tpm-enabled", vm.tpm_enabled),
        ("tpm-persisted", vm.tpm_persisted),
        ("console", vm.console_enabled),
        ("interactive-console", vm.interactive_console_enabled),
        ("filtered-vpci-devices-allowed", vm.filtered_vpci_devices_allowed),
    ];
    let known = yes_no.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.extend(known.map(|(name, value)| claim(name, &if value { "yes" } else { "no" })));
    told.extend(vm.root_cert_thumbprint.map(|hash| claim("root-cert-thumbprint", &Hex(&hash))));
    told
}

/// The members that this version does not know, of each place together.
pub(super) fn unknown(vm: &VerifiedVm<'_>) -> Vec<UnknownClaim> {
    let claims = vm.claims();
    let configured = claims.vm_configuration();
    let of = |place: &str, members: &[UnknownMember]| -> Vec<UnknownClaim> {
        let member = |UnknownMember { name, json }: &UnknownMember| UnknownClaim {
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
        claim("quote-nonce", &Hex(attest.head.extra_data)),
        claim("tpm-clock", &format_args!("{} ms", attest.head.clock)),
        claim("tpm-resets", &attest.head.reset_count),
        claim("tpm-restarts", &attest.head.restart_count),
        claim("tpm-clock-safe", &if attest.head.safe { "yes" } else { "no" }),
        claim("tpm-firmware", &format_args!("{:016x}", attest.head.firmware_version)),
    ]
}

/// Only what an explained register proves.
fn booted(log: &VerifiedLog<'_>) -> Vec<Claim> {
    let mut told = Vec::new();
    let secure_boot = match log.secure_boot() {
        Ok(secure_boot) if secure_boot.enabled => "enforced".to_string(),
        Ok(_) => "off".to_string(),
        Err(reason) => format!("not shown: {reason}"),
    };
    told.push(claim("secure-boot", &secure_boot));
    if let Ok(secure_boot) = log.secure_boot() {
        let lists = [secure_boot.pk, secure_boot.kek, secure_boot.db, secure_boot.dbx];
        let counts: Vec<String> = ["PK", "KEK", "db", "dbx"]
            .iter()
            .zip(lists)
            .map(|(name, list)| format!("{name} {}", list.iter().count()))
            .collect();
        told.push(claim("secure-boot-keys", &counts.join(", ")));
    }
    let applications = log.boot_applications().into_iter().flatten();
    told.extend(
        applications
            .enumerate()
            .map(|(at, application)| numbered("boot-application-", at, &Hex(application.digest))),
    );
    told
}
