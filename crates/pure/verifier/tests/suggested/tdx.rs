//! Policies proposed from TD quotes: each field that is pinned refuses a machine that differs in it alone.

use teeproof::{
    AttestationResult, Evidence, NoProposal, Policy, Proposal, ProposalChoices, Request, Verdict, Verified,
    verify,
};
use teeproof_core::{Freshness, Technology, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::azure::EventLog;
use teeproof_mint::tdx::TdxMachine;
use teeproof_x509::Anchors;

/// A change of one fact, and the check that refuses it; `None` where the field is waived.
type Row = (&'static str, Option<(&'static str, fn(TdxMachine) -> TdxMachine)>);

const ROWS: &[Row] = &[
    ("debug", Some(("tdx.debug", |one| one.with_body(|body| body.attributes[0] |= 1)))),
    ("migration", Some(("tdx.migration", |one| one.with_body(|body| body.attributes[3] |= 0x20)))),
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
    ("rtmr3", None),
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
    verified_with(machine, None, policy, then)
}

/// The same with an event log.
fn verified_with<T>(
    machine: &TdxMachine,
    log: Option<&EventLog>,
    policy: Option<&Policy>,
    then: impl FnOnce(AttestationResult<'_>) -> T,
) -> T {
    let minted = machine.mint().unwrap();
    let mut inputs = Inputs::new();
    if let Some(log) = log {
        inputs.add(&log.bytes().unwrap(), Some(InputKind::CcEventLog)).unwrap();
    }
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
    let log = EventLog::ccel();
    let machine = TdxMachine::new().event_log(&log);
    let proposal = proposed(&machine, Some(&log));
    let policy = Policy::from_toml("proposed", &proposal.toml).unwrap();
    verified_with(&machine, Some(&log), Some(&policy), |result| {
        assert_eq!(result.verdict(), Verdict::Accepted);
    });
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
        verified_with(&change(machine.clone()), Some(&log), Some(&policy), |result| {
            assert_eq!(result.verdict(), Verdict::Refused, "{key}");
            assert!(result.failures().any(|finding| finding.check.id == *check), "{key}");
        });
    }
}

/// The proposal from the quote of a machine.
fn proposed(machine: &TdxMachine, log: Option<&EventLog>) -> Proposal {
    verified_with(machine, log, None, |result| {
        Proposal::from_results(&[result], &ProposalChoices::new("proposed")).unwrap()
    })
}

/// The line of a field.
fn line<'p>(proposal: &'p Proposal, field: &str) -> &'p str {
    proposal.toml.lines().find(|line| line.starts_with(&format!("{field} ="))).unwrap()
}

/// A machine whose platform lacks an update of 2025-06-01, and reaches a level with this status.
fn late(status: &str) -> TdxMachine {
    TdxMachine::new().with_tcb_info(|info| {
        let mut reached = info.levels[0].clone();
        reached.status = status.into();
        reached.advisories = vec!["INTEL-SA-00837".into()];
        info.levels[0].sgx = [255; 16];
        info.levels[0].date = "2025-06-01T00:00:00Z".into();
        info.levels.insert(1, reached);
    })
}

/// What is accepted of a late machine is accepted of it once it is updated, and not for any length of time.
#[test]
fn an_update_does_not_refuse_the_machine() {
    let one_of = |statuses: &[&str]| format!("tcb-status = {{ one-of = [\"{}\"] }}", statuses.join("\", \""));
    for (status, better, worse) in [
        ("OutOfDate", &["UpToDate", "SWHardeningNeeded", "OutOfDate"][..], "OutOfDateConfigurationNeeded"),
        ("SWHardeningNeeded", &["UpToDate", "SWHardeningNeeded"], "ConfigurationAndSWHardeningNeeded"),
        ("ConfigurationNeeded", &["UpToDate", "ConfigurationNeeded"], "OutOfDate"),
    ] {
        let machine = late(status);
        let proposal = proposed(&machine, None);
        assert_eq!(line(&proposal, "tcb-status"), one_of(better));
        let policy = Policy::from_toml("proposed", &proposal.toml).unwrap();
        let verdict = |machine: &TdxMachine| verified(machine, Some(&policy), |result| result.verdict());
        for status in better {
            assert_eq!(verdict(&late(status)), Verdict::Accepted, "{status}");
        }
        assert_eq!(verdict(&late(worse)), Verdict::Refused, "{worse}");
        let days = verified(&machine, None, |result| match result.authentic() {
            Some(Verified::Tdx(td)) => td.quote().tcb().days_behind().unwrap(),
            other => panic!("{other:?}"),
        });
        let expected = match days {
            0 => "days-behind = { waived = \"see tcb-status\" }".to_owned(),
            days => format!("days-behind = {{ at-most = {} }}", days + 30),
        };
        assert_eq!((line(&proposal, "days-behind"), days > 0), (&*expected, status == "OutOfDate"));
    }
    // Without a date there is no number of days to propose, which is warned of.
    let undated = TdxMachine::new().with_tcb_info(|info| info.levels[0].status = "OutOfDate".into());
    let proposal = proposed(&undated, None);
    assert!(line(&proposal, "days-behind").contains("waived = \"the collateral has no date"));
    assert!(proposal.warnings.iter().any(|warning| warning.path == "tdx.days-behind"));
}

#[test]
fn service_tds_are_proposed_where_the_quote_names_them() {
    let bound = TdxMachine::new().tdx_1_5().with_body(|body| body.mr_service_td = [7; 48]);
    let proposal = proposed(&bound, None);
    let digest = |byte: &str| format!("mrservicetd = {{ exactly = \"{}\" }}", byte.repeat(48));
    assert_eq!(line(&proposal, "mrservicetd"), digest("07"));
    let policy = Policy::from_toml("proposed", &proposal.toml).unwrap();
    let other = bound.clone().with_body(|body| body.mr_service_td = [8; 48]);
    for (machine, verdict) in [(&bound, Verdict::Accepted), (&other, Verdict::Refused)] {
        verified(machine, Some(&policy), |result| assert_eq!(result.verdict(), verdict));
    }
    assert_eq!(line(&proposed(&TdxMachine::new().tdx_1_5(), None), "mrservicetd"), digest("00"));
    assert!(line(&proposed(&TdxMachine::new(), None), "mrservicetd").contains("body of TDX 1.0"));
}

/// An RTMR is pinned where the event log explains it, as the PCRs of a TPM are.
#[test]
fn rtmrs_are_pinned_where_the_event_log_explains_them() {
    let log = EventLog::ccel();
    let machine = TdxMachine::new().event_log(&log);
    let of = |proposal: &Proposal| {
        ["rtmr0", "rtmr1", "rtmr2", "rtmr3"].map(|field| line(proposal, field).to_owned())
    };
    let is_pinned = |line: &String| line.contains("exactly");
    let [explained @ .., zero] = of(&proposed(&machine, Some(&log)));
    assert!(explained.iter().all(is_pinned), "{explained:?}");
    assert!(zero.contains("waived = \"not extended"), "{zero}");
    // Without a log nothing is pinned, which is warned of.
    let proposal = proposed(&machine, None);
    let [unlogged @ .., zero] = of(&proposal);
    assert!(unlogged.iter().all(|line| line.contains("waived = \"no event log (CCEL) explains it\"")));
    assert!(zero.contains("waived = \"not extended"), "{zero}");
    let warned: Vec<_> = proposal.warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(warned, ["tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2"]);
    // A log that explains two of three.
    let altered = machine.clone().with_body(|body| body.rtmrs[1][0] ^= 1);
    let [one, two, three, _] = of(&proposed(&altered, Some(&log)));
    assert!(is_pinned(&one) && is_pinned(&three), "{one} {three}");
    assert!(two.contains("waived = \"the event log does not explain it\""), "{two}");
    // What would be pinned for one guest, and not for the other, ends the proposal.
    let mixed = verified_with(&machine, Some(&log), None, |one| {
        verified(&machine.clone().nonce(&[1]), None, |other| {
            Proposal::from_results(&[one, other], &ProposalChoices::new("proposed")).unwrap_err()
        })
    });
    let NoProposal::Mixed(facts) = mixed else { panic!("{mixed}") };
    assert_eq!(
        facts.iter().map(|fact| &*fact.field).collect::<Vec<_>>(),
        ["tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2"]
    );
    assert!(facts.iter().all(|fact| fact.lacking == [1]));
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
