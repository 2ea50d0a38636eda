//! Verified registers and logs appraised under policies.

use teeproof_core::{CheckResult, Outcome, PcrRule, Pcrs, Record, Rule};
use teeproof_mint::azure::{Event, EventLog, Vm};
use teeproof_tpm::{TpmPolicy, appraise, checks};

use crate::support::*;

/// Every finding: its check, its outcome, whether it was waived, and the reason.
#[derive(Default)]
struct Findings(Vec<(&'static str, Outcome, bool, String)>);

impl Record for Findings {
    fn record(&mut self, finding: CheckResult<'_>) {
        let because = finding.because.map(ToString::to_string).unwrap_or_default();
        for side in [finding.expected, finding.actual].into_iter().flatten() {
            assert!(!side.to_string().is_empty());
        }
        self.0.push((finding.check.id, finding.outcome, finding.waived, because));
    }
}

/// Verdict and findings for a machine under a policy.
#[track_caller]
fn under(vm: &Vm, policy: &TpmPolicy<'_>) -> (bool, Findings) {
    let (bag, mut findings) = (Bag::of(vm), Findings::default());
    let verdict = match &bag.log {
        Some(_) => bag.with_log(|pcrs, log| appraise(Some(pcrs), Some(log), policy, &mut findings)),
        None => bag.with_pcrs(|pcrs| appraise(Some(pcrs), None, policy, &mut findings)),
    };
    (verdict, findings)
}

fn outcomes(findings: &Findings) -> Vec<(&'static str, Outcome)> {
    findings.0.iter().map(|(id, outcome, ..)| (*id, *outcome)).collect()
}

fn registers<'p>(rules: &'p [PcrRule<'p, 32>]) -> TpmPolicy<'p> {
    TpmPolicy::waived("the test is about registers").pcrs(Pcrs::Rules(rules.into()))
}

fn secure_boot(on: bool) -> TpmPolicy<'static> {
    TpmPolicy::waived("the test is about secure boot").secure_boot(Rule::exactly(on))
}

fn without_log() -> Vm {
    let mut vm = vm();
    vm.log = None;
    vm
}

fn explained() -> TpmPolicy<'static> {
    TpmPolicy::waived("the test is about the log").event_log(Rule::exactly(true))
}

#[test]
fn a_policy_that_waives_everything_says_so() {
    let (verdict, findings) = under(&vm(), &TpmPolicy::waived("nothing matters"));
    assert!(verdict);
    let expected: Vec<_> = checks::APPRAISE
        .iter()
        .map(|check| (check.id, Outcome::Skip, true, "nothing matters".to_owned()))
        .collect();
    assert_eq!(findings.0, expected);
    let mut nothing = Findings::default();
    assert!(appraise(None, None, &TpmPolicy::waived("nothing matters"), &mut nothing));
    assert_eq!(nothing.0, expected);
}

#[test]
fn every_register_has_a_check_that_can_fail() {
    let vm = vm();
    for index in 0..24 {
        let value = vm.pcrs[usize::from(index)];
        let (right, wrong) = (Rule::exactly(value), Rule::exactly([0xee; 32]));
        let id = format!("quote.pcr{index}");
        let (verdict, findings) = under(&vm, &registers(&[PcrRule::new(index, right.clone())]));
        assert!(verdict);
        assert_eq!((findings.0[0].0, findings.0[0].1), (id.as_str(), Outcome::Pass));
        let (verdict, findings) = under(&vm, &registers(&[PcrRule::new(index, wrong)]));
        assert!(!verdict);
        assert_eq!((findings.0[0].0, findings.0[0].1), (id.as_str(), Outcome::Fail));
        // The right value that nobody signed.
        let others: Vec<_> = (0..24).filter(|other| *other != index).collect();
        let unsigned = vm.clone().pcr_selection(&others);
        let (verdict, findings) = under(&unsigned, &registers(&[PcrRule::new(index, right)]));
        assert!(!verdict);
        assert_eq!((findings.0[0].0, findings.0[0].1), (id.as_str(), Outcome::Fail));
    }
}

#[test]
fn no_finding_is_left_out_because_another_one_failed() {
    let vm = vm();
    let either = [[0; 32], vm.pcrs[7]];
    let rules = [
        PcrRule::new(4, Rule::exactly([0; 32])),
        PcrRule::new(7, Rule::one_of(&either[..])),
        PcrRule::new(0, Rule::waived("firmware of the host's")),
    ];
    let policy = registers(&rules).secure_boot(Rule::exactly(false)).event_log(Rule::exactly(true));
    let (verdict, findings) = under(&vm, &policy);
    assert!(!verdict);
    assert_eq!(
        outcomes(&findings),
        [
            ("quote.pcr4", Outcome::Fail),
            ("quote.pcr7", Outcome::Pass),
            ("quote.pcr0", Outcome::Skip),
            ("log.secure-boot", Outcome::Fail),
            ("log.explains", Outcome::Pass),
        ]
    );
}

#[test]
fn policies_that_name_no_register_or_a_wrong_one_fail() {
    for rules in [&[][..], &[PcrRule::new(24, Rule::exactly([0; 32]))]] {
        let (verdict, findings) = under(&vm(), &registers(rules));
        assert!(!verdict);
        assert_eq!((findings.0[0].0, findings.0[0].1), (checks::REGISTERS.id, Outcome::Fail));
    }
}

#[test]
fn secure_boot_is_what_register_7_proves() {
    let off = vm().log(EventLog::booted_insecurely());
    let debug = vm().log(EventLog::booted_securely().with(Event::action(7, "UEFI Debug Mode")));
    let no_log = without_log();
    let unexplained = vm().with_log(|log| drop(log.events.pop())).with_log(|log| {
        log.events.retain(|event| (event.register, event.kind) != (7, Event::SEPARATOR));
    });
    let unquoted = vm().pcr_selection(&[0, 4]);
    let proof = "the events of the quoted PCR 7";
    for (vm, on, holds, because) in [
        (vm(), true, true, proof),
        (vm(), false, false, proof),
        (off.clone(), false, true, proof),
        (off, true, false, proof),
        (debug, true, false, "event 36 of the log (PCR 7, offset 0x18a4): the firmware ran in debug mode"),
        (no_log, true, false, "no event log was verified"),
        (unexplained.clone(), true, false, "PCR 7 is unexplained"),
        // Without a proof nothing is met, not even a demand that it be off.
        (unexplained, false, false, "PCR 7 is unexplained"),
        (unquoted, true, false, "PCR 7 is not quoted"),
    ] {
        let (verdict, findings) = under(&vm, &secure_boot(on));
        let (id, outcome, _, reason) = &findings.0[1];
        assert_eq!((verdict, *id), (holds, checks::SECURE_BOOT.id));
        assert_eq!(*outcome, if holds { Outcome::Pass } else { Outcome::Fail });
        assert!(reason.contains(because), "{reason}");
    }
}

#[test]
fn a_log_that_explains() {
    let empty = vm().with_log(|log| log.events.clear());
    let one_off = vm().with_log(|log| log.events.push(Event::separator(9)));
    for (vm, holds) in [(vm(), true), (empty, false), (one_off, false), (without_log(), false)] {
        let (verdict, findings) = under(&vm, &explained());
        assert_eq!(verdict, holds);
        let (id, outcome, _, reason) = &findings.0[2];
        assert_eq!((*id, *outcome == Outcome::Pass), (checks::EXPLAINS.id, holds));
        assert!(
            reason.starts_with("replayed values match:") || reason == "no event log was verified",
            "{reason}"
        );
    }
}

#[test]
fn ids_are_distinct_and_every_check_says_how_it_fails() {
    let all: Vec<_> = checks::VERIFY.iter().chain(checks::APPRAISE).chain(&checks::PCR).collect();
    let mut ids: Vec<_> = all.iter().map(|check| check.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), all.len()), (8 + 3 + 24, 8 + 3 + 24));
    assert!(all.iter().all(|check| !check.classes.is_empty()));
}
