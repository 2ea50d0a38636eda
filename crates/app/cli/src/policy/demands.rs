//! What a policy demands and what it waives, rule by rule.

use serde::Serialize;
use teeproof::Policy;
use teeproof::core::{Check, Expectation, Rule, Technology, Value};
use teeproof::nitro::{MaxAge, Pcrs, checks as nitro_checks};
use teeproof::snp::checks as snp_checks;

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
    let mut demands = policy.snp.as_ref().map(snp).unwrap_or_default();
    demands.extend(policy.nitro.as_ref().map(nitro).unwrap_or_default());
    demands
}

fn snp(policy: &teeproof::snp::Policy<'_>) -> Vec<Demand> {
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
    let of = Technology::Snp;
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
    demands.extend(registers(pcrs));
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

fn registers(pcrs: &Pcrs<'_>) -> Vec<Demand> {
    let of = Technology::Nitro;
    match pcrs {
        Pcrs::Waived(waiver) => {
            let waived = Some(waiver.reason.to_string());
            vec![demand(of, nitro_checks::PCRS, None, waived, waiver.line)]
        }
        Pcrs::Rules(rules) => rules
            .iter()
            .filter_map(|one| {
                let check = nitro_checks::PCR.get(usize::from(one.index))?;
                Some(rule(of, check, &one.rule))
            })
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
