//! What a policy demands and what it waives, rule by rule.

use serde::Serialize;
use teeproof::Policy;
use teeproof::core::{Check, Expectation, Pcrs, Rule, Technology, Value};
use teeproof::hcl::{Origin, checks as hcl_checks};
use teeproof::nitro::{MaxAge, checks as nitro_checks};
use teeproof::snp::checks as snp_checks;
use teeproof::tpm::checks as tpm_checks;

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Demand {
    /// The technology that it is about.
    pub(super) technology: &'static str,
    /// The check that it belongs to.
    pub(super) check: &'static str,
    /// What is demanded; `None` where it is waived.
    pub(super) expected: Option<String>,
    /// Why nothing is demanded.
    pub(super) waived: Option<String>,
    /// The line of the policy.
    pub(super) line: Option<u32>,
}

/// Every rule, in the order of the checks.
pub(super) fn of(policy: &Policy) -> Vec<Demand> {
    let mut demands = Vec::new();
    if let Some(policy) = &policy.snp {
        demands.extend(snp(Technology::Snp, policy));
    }
    if let Some(policy) = &policy.azure_snp {
        demands.extend(snp(Technology::AzureSnp, &policy.snp));
        demands.extend(vm(Technology::AzureSnp, &policy.vm));
    }
    if let Some(policy) = &policy.azure_tdx {
        demands.extend(vm(Technology::AzureTdx, policy));
    }
    if let Some(policy) = &policy.nitro {
        demands.extend(nitro(policy));
    }
    demands
}

fn snp(of: Technology, policy: &teeproof::snp::Policy<'_>) -> Vec<Demand> {
    // Taken apart, so that a new rule cannot be forgotten here.
    let teeproof::snp::Policy {
        debug,
        migration,
        policy,
        vmpl,
        masked_chip_id,
        chip_id,
        measurement,
        id_key_digest,
        author_key_digest,
        family_id,
        image_id,
        guest_svn,
        reported_tcb,
        committed_tcb,
        platform_info,
        host_data,
        report_data,
    } = policy;
    vec![
        rule(of, snp_checks::DEBUG, debug),
        rule(of, snp_checks::MIGRATION, migration),
        rule(of, snp_checks::POLICY, policy),
        rule(of, snp_checks::VMPL, vmpl),
        rule(of, snp_checks::MASKED_CHIP, masked_chip_id),
        rule(of, snp_checks::CHIP_ID, chip_id),
        rule(of, snp_checks::MEASUREMENT, measurement),
        rule(of, snp_checks::ID_KEY_DIGEST, id_key_digest),
        rule(of, snp_checks::AUTHOR_KEY_DIGEST, author_key_digest),
        rule(of, snp_checks::FAMILY_ID, family_id),
        rule(of, snp_checks::IMAGE_ID, image_id),
        rule(of, snp_checks::GUEST_SVN, guest_svn),
        rule(of, snp_checks::REPORTED_TCB, reported_tcb),
        rule(of, snp_checks::COMMITTED_TCB, committed_tcb),
        rule(of, snp_checks::PLATFORM_INFO, platform_info),
        rule(of, snp_checks::HOST_DATA, host_data),
        rule(of, snp_checks::REPORT_DATA, report_data),
    ]
}

fn nitro(policy: &teeproof::nitro::Policy<'_>) -> Vec<Demand> {
    let teeproof::nitro::Policy { debug, pcrs, signer, module_id, instance, user_data, public_key, max_age } =
        policy;
    let of = Technology::Nitro;
    let mut demands = vec![rule(of, nitro_checks::DEBUG, debug)];
    demands.extend(registers(of, nitro_checks::PCRS, &nitro_checks::PCR, pcrs));
    demands.extend([
        rule(of, nitro_checks::SIGNER, signer),
        rule(of, nitro_checks::MODULE_ID, module_id),
        rule(of, nitro_checks::INSTANCE, instance),
        rule(of, nitro_checks::USER_DATA, user_data),
        rule(of, nitro_checks::PUBLIC_KEY, public_key),
        age(max_age),
    ]);
    demands
}

fn vm(of: Technology, policy: &teeproof::hcl::Policy<'_>) -> Vec<Demand> {
    let teeproof::hcl::Policy {
        origin: grounds,
        ak_certificate,
        quote,
        vm_id,
        user_data,
        secure_boot_configured,
        tpm_enabled,
        tpm_persisted,
        console,
        interactive_console,
        tpm: teeproof::tpm::Policy { pcrs, secure_boot, event_log },
    } = policy;
    let mut demands = vec![
        origin(of, grounds),
        rule(of, hcl_checks::AK_CERTIFICATE, ak_certificate),
        rule(of, hcl_checks::QUOTE, quote),
        rule(of, hcl_checks::VM_ID, vm_id),
        rule(of, hcl_checks::USER_DATA_POLICY, user_data),
        rule(of, hcl_checks::SECURE_BOOT, secure_boot_configured),
        rule(of, hcl_checks::TPM_ENABLED, tpm_enabled),
        rule(of, hcl_checks::TPM_PERSISTED, tpm_persisted),
        rule(of, hcl_checks::CONSOLE, console),
        rule(of, hcl_checks::INTERACTIVE_CONSOLE, interactive_console),
    ];
    demands.extend(registers(of, tpm_checks::REGISTERS, &tpm_checks::PCR, pcrs));
    demands.push(rule(of, tpm_checks::SECURE_BOOT, secure_boot));
    demands.push(rule(of, tpm_checks::EXPLAINS, event_log));
    demands
}

fn origin(of: Technology, origin: &Origin<'_>) -> Demand {
    let (expected, waived, line) = match origin {
        Origin::AnyOf { grounds, line } => {
            let names: Vec<_> = grounds.iter().map(|ground| ground.as_str()).collect();
            (Some(format!("one of {}", names.join(", "))), None, *line)
        }
        Origin::Waived(waiver) => (None, Some(waiver.reason.to_string()), waiver.line),
        _ => (Some("none that is known to be another's".to_string()), None, None),
    };
    demand(of, hcl_checks::ORIGIN, expected, waived, line)
}

fn registers<const N: usize>(
    of: Technology,
    all: &Check,
    each: &[&Check],
    pcrs: &Pcrs<'_, N>,
) -> Vec<Demand> {
    match pcrs {
        Pcrs::Waived(waiver) => {
            let waived = Some(waiver.reason.to_string());
            vec![demand(of, all, None, waived, waiver.line)]
        }
        Pcrs::Rules(rules) => rules
            .iter()
            .filter_map(|one| Some(rule(of, each.get(usize::from(one.index))?, &one.rule)))
            .collect(),
    }
}

fn age(max_age: &MaxAge<'_>) -> Demand {
    let (expected, waived, line) = match max_age {
        MaxAge::AtMost { secs, line } => (Some(format!("at most {secs} s")), None, *line),
        MaxAge::Waived(waiver) => (None, Some(waiver.reason.to_string()), waiver.line),
    };
    demand(Technology::Nitro, nitro_checks::MAX_AGE, expected, waived, line)
}

fn rule<T: Value>(technology: Technology, check: &Check, rule: &Rule<'_, T>) -> Demand {
    let (expected, waived) = match &rule.expectation {
        Expectation::Waived(reason) => (None, Some(reason.to_string())),
        expectation => (Some(expectation.to_string()), None),
    };
    demand(technology, check, expected, waived, rule.line)
}

fn demand(
    technology: Technology,
    check: &Check,
    expected: Option<String>,
    waived: Option<String>,
    line: Option<u32>,
) -> Demand {
    Demand { technology: technology.as_str(), check: check.id, expected, waived, line }
}
