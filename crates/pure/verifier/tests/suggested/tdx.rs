//! Policies proposed from TD quotes: each field that is pinned refuses a machine that differs in it alone.

use teeproof::{AttestationResult, Evidence, Policy, Proposal, ProposalChoices, Request, Verdict, verify};
use teeproof_core::{Freshness, Technology, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::tdx::TdxMachine;
use teeproof_x509::Anchors;

/// A change of one fact, and the check that refuses it; `None` where the field is waived.
type Row = (&'static str, Option<(&'static str, fn(TdxMachine) -> TdxMachine)>);

const ROWS: &[Row] = &[
    ("debug", Some(("tdx.debug", |one| one.with_body(|body| body.attributes[0] |= 1)))),
    ("attributes", Some(("tdx.attributes", |one| one.with_body(|body| body.attributes[7] ^= 0x80)))),
    ("xfam", Some(("tdx.xfam", |one| one.with_body(|body| body.xfam[1] ^= 1)))),
    ("tcb-status", Some(("tdx.tcb.status", |one| status(one, "OutOfDate")))),
    ("days-behind", None),
    ("tcb-date", Some(("tdx.tcb.date", |one| dated(one, "2019-01-01T00:00:00Z")))),
    ("evaluation-data-number", Some(("tdx.tcb.evaluation-data-number", numbered))),
    ("advisories", None),
    ("exceptions", None),
    ("revocation-list", None),
    ("fmspc", Some(("tdx.fmspc", |one| one.fmspc([9; 6], [0, 0])))),
    ("mrseam", None),
    ("mrtd", Some(("tdx.mrtd", |one| one.with_body(|body| body.mr_td = [9; 48])))),
    ("mrconfigid", Some(("tdx.mrconfigid", |one| one.with_body(|body| body.mr_config_id = [9; 48])))),
    ("mrowner", Some(("tdx.mrowner", |one| one.with_body(|body| body.mr_owner = [9; 48])))),
    (
        "mrownerconfig",
        Some(("tdx.mrownerconfig", |one| one.with_body(|body| body.mr_owner_config = [9; 48]))),
    ),
    ("mrservicetd", None),
    ("rtmr0", Some(("tdx.rtmr0", |one| one.with_body(|body| body.rtmrs[0] = [9; 48])))),
    ("rtmr1", Some(("tdx.rtmr1", |one| one.with_body(|body| body.rtmrs[1] = [9; 48])))),
    ("rtmr2", Some(("tdx.rtmr2", |one| one.with_body(|body| body.rtmrs[2] = [9; 48])))),
    ("rtmr3", Some(("tdx.rtmr3", |one| one.with_body(|body| body.rtmrs[3] = [9; 48])))),
    ("report-data", None),
];

fn status(machine: TdxMachine, status: &str) -> TdxMachine {
    machine.with_tcb_info(|info| info.levels.iter_mut().for_each(|level| level.status = status.into()))
}

fn dated(machine: TdxMachine, date: &str) -> TdxMachine {
    machine.with_tcb_info(|info| info.levels.iter_mut().for_each(|level| level.date = date.into()))
}

fn numbered(machine: TdxMachine) -> TdxMachine {
    let number = machine.tcb_info.evaluation_data_number.min(machine.qe_identity.evaluation_data_number);
    machine.with_tcb_info(|info| info.evaluation_data_number = number - 1)
}

/// Verifies a machine's quote under a policy, or without one.
fn verified<T>(
    machine: &TdxMachine,
    policy: Option<&Policy>,
    then: impl FnOnce(AttestationResult<'_>) -> T,
) -> T {
    let minted = machine.mint().unwrap();
    let mut inputs = Inputs::new();
    inputs.add(&minted.quote, Some(InputKind::TdQuote)).unwrap();
    for file in [minted.tcb_info.as_bytes(), minted.qe_identity.as_bytes(), &minted.tcb_signing] {
        inputs.add(file, None).unwrap();
    }
    let (endorsements, anchors) = (inputs.endorsements(), [&minted.root[..]]);
    let at = Time(i64::try_from(DEFAULT_TIME).unwrap());
    let crypto = teeproof_aws_lc::TABLE;
    let request =
        Request::for_inputs(&endorsements, Technology::ALL, Freshness::Waived("a test"), at, &crypto)
            .anchors(Anchors::and(&anchors))
            .policy(policy);
    then(verify(&Evidence::from_inputs(&inputs).unwrap(), &request).unwrap())
}

#[test]
fn a_policy_proposed_from_quotes_refuses_what_differs() {
    let machine = TdxMachine::new();
    let proposal = verified(&machine, None, |result| {
        Proposal::from_results(&[result], &ProposalChoices::new("proposed")).unwrap()
    });
    let policy = Policy::from_toml("proposed", &proposal.toml).unwrap();
    verified(&machine, Some(&policy), |result| assert_eq!(result.verdict(), Verdict::Accepted));
    let keys = Policy::keys();
    let keys = keys.iter().filter(|key| key.technology == Technology::Tdx).map(|key| key.key);
    assert!(keys.eq(ROWS.iter().map(|(key, _)| *key)), "a row for each field");
    for (key, row) in ROWS {
        let line = proposal.toml.lines().find(|line| line.starts_with(&format!("{key} ="))).unwrap();
        let Some((check, change)) = row else {
            assert!(line.contains("waived"), "{line}");
            continue;
        };
        assert!(!line.contains("waived"), "{line}");
        verified(&change(machine.clone()), Some(&policy), |result| {
            assert_eq!(result.verdict(), Verdict::Refused, "{key}");
            assert!(result.failures().any(|finding| finding.check.id == *check), "{key}");
        });
    }
}

/// A debug guest and a revoked TCB are no source of reference values.
#[test]
fn nothing_is_proposed_from_what_must_not_be_accepted() {
    for (machine, because) in [
        (TdxMachine::new().with_body(|body| body.attributes[0] |= 1), "memory"),
        (status(TdxMachine::new(), "Revoked"), "revoked the platform's TCB"),
    ] {
        verified(&machine, None, |result| {
            let refused = Proposal::from_results(&[result], &ProposalChoices::new("proposed")).unwrap_err();
            assert!(refused.to_string().contains(because), "{refused}");
        });
    }
}
