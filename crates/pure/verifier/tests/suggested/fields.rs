//! For each field of a policy, evidence that differs in its value from all that was seen: a row for each key, so
//! that a field without a row fails the test.

use teeproof_core::Technology;
use teeproof_mint::snp::{Product, Tcb};

use crate::fleet::{AzureVm, Guest, Host};

/// What a proposal makes of a field.
#[derive(Clone, Copy)]
pub(crate) enum Row {
    /// It is pinned always: this makes a machine of the fleet another one in the field's fact, or nothing where
    /// every value was seen.
    Pinned(fn(&Guest, &[Guest]) -> Option<Guest>),
    /// It is pinned as well, but where some of the evidence has no value, or the value must not pass for a ground
    /// of the origin.
    PinnedIfKnown(fn(&Guest, &[Guest]) -> Option<Guest>),
    /// It is pinned PCR by PCR.
    Pcrs,
    /// It is waived always: it belongs to one machine, or is checked in another way.
    Waived,
}

use Row::{Pcrs, Pinned, PinnedIfKnown, Waived};

/// A value that no fleet has.
pub(crate) const OTHER: u8 = 0xee;

/// The row of a key.
pub(crate) fn row(technology: Technology, key: &str) -> Option<Row> {
    let common = if technology == Technology::Nitro { NITRO } else { SNP };
    let azure = if technology == Technology::AzureSnp { AZURE } else { &[] };
    common.iter().chain(azure).find(|(name, _)| *name == key).map(|(_, row)| *row)
}

const SNP: &[(&str, Row)] = &[
    ("debug", Pinned(|one, _| host(one, |host| host.policy |= 1 << 19))),
    ("migration", Pinned(|one, _| host(one, |host| host.policy |= 1 << 18))),
    ("policy", Pinned(|one, _| host(one, |host| host.policy |= 1 << 20))),
    ("vmpl", Pinned(|one, _| host(one, |host| host.vmpl = 3))),
    ("host-requested", Pinned(|one, _| host(one, |host| host.vmpl = u32::MAX))),
    ("product", Pinned(product)),
    ("signing-key", Pinned(signing_key)),
    (
        "vlek-provider",
        PinnedIfKnown(|one, _| host(one, |host| (host.provider, host.is_masked) = (Some("another"), false))),
    ),
    ("masked-chip-key", Pinned(|one, _| host(one, |host| (host.provider, host.key_info) = (None, 2)))),
    ("masked-chip-id", Pinned(masked_chip_id)),
    ("chip-id", Waived),
    ("measurement", PinnedIfKnown(|one, _| host(one, |host| host.measurement = OTHER))),
    ("id-key-digest", Pinned(|one, _| host(one, |host| host.id_key = [OTHER; 48]))),
    ("author-key-digest", PinnedIfKnown(|one, _| host(one, |host| host.author_key = Some(OTHER)))),
    ("family-id", Pinned(|one, _| host(one, |host| host.ids[0] = OTHER))),
    ("image-id", Pinned(|one, _| host(one, |host| host.ids[1] = OTHER))),
    (
        "guest-svn",
        PinnedIfKnown(|one, fleet| {
            let lowest = hosts(one, fleet).map(|host| host.svn).min()?;
            host(one, |host| host.svn = lowest - 1)
        }),
    ),
    ("reported-tcb", Pinned(|one, fleet| older(one, fleet, 0))),
    ("committed-tcb", Pinned(|one, fleet| older(one, fleet, 1))),
    ("current-tcb", Pinned(|one, fleet| older(one, fleet, 2))),
    ("launch-tcb", Pinned(|one, fleet| older(one, fleet, 3))),
    ("revocation-list", Waived),
    ("platform-info", Pinned(|one, _| host(one, |host| host.platform_info |= 1 << 3))),
    ("host-data", Pinned(|one, _| host(one, |host| host.ids[2] = OTHER))),
    ("report-data", Waived),
];

const AZURE: &[(&str, Row)] = &[
    (
        "origin",
        PinnedIfKnown(|one, _| {
            let bare = vm(one, |vm| vm.is_certified = false)?;
            host(&bare, |host| host.measurement = OTHER)
        }),
    ),
    ("ak-certificate", PinnedIfKnown(|one, _| vm(one, |vm| vm.is_certified = false))),
    ("ak-revocation-list", Waived),
    ("quote", PinnedIfKnown(|one, _| vm(one, |vm| vm.is_quoted = false))),
    ("vm-id", Waived),
    ("user-data", Waived),
    ("fresh-report", Waived),
    ("secure-boot-configured", PinnedIfKnown(|one, fleet| configured(one, fleet, "secure-boot"))),
    ("tpm-enabled", PinnedIfKnown(|one, fleet| configured(one, fleet, "tpm-enabled"))),
    ("tpm-persisted", PinnedIfKnown(|one, fleet| configured(one, fleet, "tpm-persisted"))),
    ("console", PinnedIfKnown(|one, fleet| configured(one, fleet, "console-enabled"))),
    (
        "interactive-console",
        PinnedIfKnown(|one, fleet| configured(one, fleet, "interactive-console-enabled")),
    ),
    ("pcrs", Pcrs),
    (
        "secure-boot",
        PinnedIfKnown(|one, fleet| {
            let seen = |value| {
                fleet.iter().any(|guest| matches!(guest, Guest::Azure(vm) if vm.secure_boot == Some(value)))
            };
            if seen(true) && seen(false) { None } else { vm(one, |vm| vm.secure_boot = Some(!seen(true))) }
        }),
    ),
    // A PCR of the firmware that is not as its log tells.
    ("event-log", PinnedIfKnown(|one, _| vm(one, |vm| vm.extended.push((2, OTHER))))),
];

const NITRO: &[(&str, Row)] = &[
    (
        "debug",
        Pinned(|one, _| {
            let Guest::Nitro(pcrs) = one else { return None };
            Some(Guest::Nitro([pcrs.clone(), vec![(0, 0), (1, 0), (2, 0)]].concat()))
        }),
    ),
    ("pcrs", Pcrs),
    ("role", Waived),
    ("signer", Waived),
    ("module-id", Waived),
    ("instance", Waived),
    ("user-data", Waived),
    ("public-key", Waived),
    ("max-age", Waived),
];

/// The machine with another host.
fn host(one: &Guest, change: impl FnOnce(&mut Host)) -> Option<Guest> {
    Some(one.with_host(change))
}

/// The machine as another VM.
fn vm(one: &Guest, change: impl FnOnce(&mut AzureVm)) -> Option<Guest> {
    let Guest::Azure(vm) = one else { return None };
    let mut vm = vm.clone();
    change(&mut vm);
    Some(Guest::Azure(vm))
}

/// The hosts of the fleet that are of the machine's technology.
fn hosts<'f>(one: &Guest, fleet: &'f [Guest]) -> impl Iterator<Item = &'f Host> {
    let technology = one.technology();
    fleet.iter().filter(move |guest| guest.technology() == technology).filter_map(Guest::host)
}

fn product(one: &Guest, fleet: &[Guest]) -> Option<Guest> {
    let all = [Product::Milan, Product::Genoa, Product::Turin];
    let other = all.into_iter().find(|line| hosts(one, fleet).all(|host| host.product != *line))?;
    host(one, |host| host.product = other)
}

fn signing_key(one: &Guest, fleet: &[Guest]) -> Option<Guest> {
    let seen = |is_vlek| hosts(one, fleet).any(|host| host.provider.is_some() == is_vlek);
    if seen(true) && seen(false) {
        return None;
    }
    host(one, |host| {
        host.provider = if host.provider.is_some() { None } else { Some("cloud") };
        host.is_masked = false;
    })
}

fn masked_chip_id(one: &Guest, fleet: &[Guest]) -> Option<Guest> {
    let seen = |is_masked| hosts(one, fleet).any(|host| host.is_masked == is_masked);
    if seen(true) && seen(false) {
        return None;
    }
    host(one, |host| (host.provider, host.is_masked) = (None, !host.is_masked))
}

/// The machine with an older microcode in one of its four TCBs than any of its product line in the fleet.
fn older(one: &Guest, fleet: &[Guest], which: usize) -> Option<Guest> {
    let line = one.host()?.product;
    let lowest = hosts(one, fleet).filter(|host| host.product == line).map(|host| host.tcbs[which].microcode);
    let lowest = lowest.min()?;
    host(one, |host| host.tcbs[which].microcode = lowest - 1)
}

/// Every machine of the machine's product line with one component of one TCB older than any of them has.
pub(crate) fn every_older(one: &Guest, fleet: &[Guest]) -> Vec<Guest> {
    let Some(line) = one.host().map(|host| host.product) else { return Vec::new() };
    let components: [fn(&mut Tcb) -> &mut u8; 5] = [
        |tcb| &mut tcb.fmc,
        |tcb| &mut tcb.bootloader,
        |tcb| &mut tcb.tee,
        |tcb| &mut tcb.snp,
        |tcb| &mut tcb.microcode,
    ];
    let skipped = usize::from(line != Product::Turin);
    let mut all = Vec::new();
    for component in components.into_iter().skip(skipped) {
        for which in 0..4 {
            let of_line = hosts(one, fleet).filter(|host| host.product == line);
            let lowest = of_line.map(|host| *component(&mut host.tcbs[which].clone())).min().unwrap();
            all.push(one.with_host(|host| *component(&mut host.tcbs[which]) = lowest - 1));
        }
    }
    all
}

/// The machine with the other value of a member of its configuration, where all of the fleet have one alone.
fn configured(one: &Guest, fleet: &[Guest], member: &'static str) -> Option<Guest> {
    let values = fleet.iter().filter(|guest| guest.technology() == Technology::AzureSnp).map(|guest| {
        guest.carried().ask(None, |result| {
            let Some(teeproof::Verified::AzureSnp(vm)) = result.authentic() else { unreachable!() };
            let configuration = vm.claims().vm_configuration();
            match member {
                "secure-boot" => configuration.secure_boot,
                "tpm-enabled" => configuration.tpm_enabled,
                "tpm-persisted" => configuration.tpm_persisted,
                "console-enabled" => configuration.console_enabled,
                _ => configuration.interactive_console_enabled,
            }
        })
    });
    let values: Vec<Option<bool>> = values.collect();
    let has = |value| values.contains(&Some(value));
    if has(true) && has(false) { None } else { vm(one, |vm| vm.configuration.push((member, !has(true)))) }
}
