//! Rules that leave a PCR out: the log need not explain it, its value is waived, or the quote must not cover it.

use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::RngSeed;
use teeproof_core::{CheckResult, Outcome, PcrRule, Pcrs, Record, Rule, Waiver};
use teeproof_mint::azure::{Algorithm, Event, EventLog, Vm};
use teeproof_tpm::{EventLogRule, ExceptedPcr, TpmPolicy, appraise, checks};

use crate::support::*;

/// A finding: its check, its outcome, whether it was waived, its line, both sides and the reason.
type OneFinding = (&'static str, Outcome, bool, Option<u32>, [String; 3]);

#[derive(Default)]
struct Recorded(Vec<OneFinding>);

impl Record for Recorded {
    fn record(&mut self, finding: CheckResult<'_>) {
        let text =
            |side: Option<&dyn teeproof_core::Comparand>| side.map(ToString::to_string).unwrap_or_default();
        let because = finding.because.map(ToString::to_string).unwrap_or_default();
        let texts = [text(finding.expected), text(finding.actual), because];
        self.0.push((finding.check.id, finding.outcome, finding.waived, finding.line, texts));
    }
}

/// Verdict and findings for a machine under a policy.
#[track_caller]
fn under(vm: &Vm, policy: &TpmPolicy<'_>) -> (bool, Recorded) {
    let (bag, mut recorded) = (Bag::of(vm), Recorded::default());
    let verdict = match &bag.log {
        Some(_) => bag.with_log(|pcrs, log| appraise(Some(pcrs), Some(log), policy, &mut recorded)),
        None => bag.with_pcrs(|pcrs| appraise(Some(pcrs), None, policy, &mut recorded)),
    };
    (verdict, recorded)
}

/// A machine whose system extended these PCRs outside of the firmware's log.
fn extended(pcrs: &[u8]) -> Vm {
    let mut vm = vm();
    pcrs.iter().for_each(|index| vm.pcrs[usize::from(*index)] = [0xe0 | index; 32]);
    vm
}

/// The log explains every PCR but these.
fn all_but(pcrs: &[u8]) -> TpmPolicy<'static> {
    let excepted = |index: &u8| {
        let reason: &'static str = format!("reason {index}").leak();
        let waiver = Waiver::new(reason).at_line(u32::from(*index) + 20);
        ExceptedPcr::new(*index, waiver)
    };
    let excepted: &'static [_] = pcrs.iter().map(excepted).collect::<Vec<_>>().leak();
    let event_log = EventLogRule::ExplainsAllBut { excepted: excepted.into(), line: Some(7) };
    TpmPolicy::waived("the test is about the log").event_log(event_log)
}

#[test]
fn the_log_explains_all_but_what_is_excepted() {
    let without_log = |mut vm: Vm| {
        vm.log = None;
        vm
    };
    let silent = vm().log(EventLog::default());
    let altered = extended(&[9, 11]).with_log(|log| {
        let at = log.events.iter().rposition(|event| event.register == 4).unwrap();
        log.events.remove(at);
    });
    for (vm, pcrs, holds) in [
        (extended(&[9, 11]), &[9, 11][..], true),
        (extended(&[9, 11]), &[9, 10, 11, 12, 13], true),
        // Each of them has to be named.
        (extended(&[9, 11]), &[11], false),
        (extended(&[9, 11]), &[9], false),
        (extended(&[4, 9, 11]), &[9, 11], false),
        (altered.clone(), &[9, 11], false),
        (altered, &[4, 9, 11], true),
        // A PCR of the firmware's that holds something and has no event is not explained.
        (extended(&[11]).with_log(|log| log.events.retain(|event| event.register != 5)), &[11], false),
        (extended(&[11]).with_log(|log| log.events.retain(|event| event.register != 5)), &[5, 11], true),
        // What is explained may be excepted, and something has to be explained as well.
        (vm(), &[11], true),
        (vm(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14], false),
        // Also where the firmware's are all named, which is what the policy chose and not the quote.
        (vm(), &[0, 1, 2, 3, 4, 5, 6, 7, 11], true),
        (vm().pcr_selection(&[4, 11]), &[0, 1, 2, 3, 5, 6, 7, 11], true),
        (vm().pcr_selection(&[4, 11]), &[11], false),
        (vm().pcr_selection(&[4, 11]), &[4, 11], false),
        // A log that says nothing, and none.
        (silent, &[11], false),
        (without_log(vm()), &[11], false),
    ] {
        let (verdict, recorded) = under(&vm, &all_but(pcrs));
        assert_eq!(verdict, holds, "{pcrs:?}: {:#?}", recorded.0);
        let explains: Vec<_> =
            recorded.0.iter().filter(|recorded| recorded.0 == checks::EXPLAINS.id).collect();
        let [(_, outcome, waived, line, [expected, ..]), waivers @ ..] = &explains[..] else { panic!() };
        assert_eq!(*outcome, if holds { Outcome::Pass } else { Outcome::Fail });
        assert_eq!((*waived, *line), (false, Some(7)));
        assert!(expected.starts_with("yes, for all PCRs but "), "{expected}");
        // Each is recorded as a waiver with its reason and its line, whatever the outcome of the rule.
        let reasons: Vec<_> =
            waivers.iter().map(|(.., line, [.., because])| (*line, because.clone())).collect();
        let expected: Vec<_> = pcrs
            .iter()
            .map(|index| (Some(u32::from(*index) + 20), format!("PCR {index}: reason {index}")))
            .collect();
        assert_eq!(reasons, expected);
        assert!(waivers.iter().all(|recorded| recorded.1 == Outcome::Skip && recorded.2));
    }
}

/// The quote's selection and the log are the sender's: neither chooses what the log has to explain.
#[test]
fn what_a_sender_leaves_out_of_quote_or_log_is_not_left_out_of_the_rule() {
    let one_event = |index: u8| {
        // The system extended the PCRs, and the sender wrote a log of this one event.
        let mut vm = extended(&[4, 7, 11]).pcr_selection(&[index]);
        let log = EventLog::default().with(Event::new(index.into(), Event::IPL, b"any".to_vec()));
        vm.pcrs[usize::from(index)] = log.pcrs()[usize::from(index)];
        vm.log(log)
    };
    let without_events =
        |vm: Vm, index: u8| vm.with_log(|log| log.events.retain(|event| event.register != index.into()));
    let mut not_extended = vm();
    not_extended.pcrs[6] = [0; 32];
    let firmware = &[0, 1, 2, 3, 4, 5, 6, 7];
    for (vm, excepted, told_of) in [
        (extended(&[4, 7, 11]).pcr_selection(&[14]), &[][..], "not quoted: 0 1 2 3 4 5 6 7"),
        (extended(&[4, 7, 11]).pcr_selection(&[14]), &[11], "not quoted: 0 1 2 3 4 5 6 7"),
        (vm().pcr_selection(&[0, 1, 2, 3, 4, 5, 7]), &[], "not quoted: 6"),
        (vm().pcr_selection(&[4, 6, 7]), &[0, 1, 2, 3], "not quoted: 5"),
        (one_event(23), &[], "not quoted: 0 1 2 3 4 5 6 7"),
        (one_event(23), firmware, "not resettable by software"),
        (one_event(16), firmware, "not resettable by software"),
        (without_events(vm(), 6), &[], "differ: 6"),
        (without_events(not_extended, 6), &[], "PCRs 0 to 7, of which no events for: 6"),
    ] {
        let exactly = TpmPolicy::waived("a test").event_log(Rule::exactly(true));
        let policy = if excepted.is_empty() { exactly } else { all_but(excepted) };
        let (verdict, recorded) = under(&vm, &policy);
        let explains = |recorded: &OneFinding| recorded.0 == checks::EXPLAINS.id && !recorded.2;
        let (_, outcome, _, _, texts) = recorded.0.into_iter().find(explains).unwrap();
        assert_eq!((verdict, outcome), (false, Outcome::Fail), "{texts:?}");
        assert!(texts[2].contains(told_of), "{told_of}: {}", texts[2]);
    }
}

#[test]
fn what_was_excepted_and_explained_all_the_same_is_remarked() {
    let because = |vm: &Vm, pcrs: &[u8]| {
        let (_, recorded) = under(vm, &all_but(pcrs));
        let (.., [expected, actual, because]) = recorded.0.into_iter().nth(2).unwrap();
        (expected, actual, because)
    };
    // Where nothing else is left to be explained, that is what was found.
    let (_, actual, reason) = because(&vm(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14]);
    assert_eq!(actual, "no PCR but those");
    assert!(
        reason.ends_with("not excepted and not resettable by software: the log shows nothing"),
        "{reason}"
    );
    let (expected, actual, reason) = because(&extended(&[11]), &[9, 11]);
    assert_eq!((&*expected, &*actual), ("yes, for all PCRs but 9, 11", "yes"));
    assert_eq!(
        reason,
        "replayed values match: 0 1 2 3 4 5 6 7 8 9 14; differ: 11; \
         no events for: 10 12 13 15 16 17 18 19 20 21 22 23; excepted by the policy: 9 11 (the log explains 9 of them)"
    );
    // What else differs is still reported as such.
    let (_, actual, reason) = because(&extended(&[4, 11]), &[11]);
    assert_eq!(actual, "no");
    assert!(
        reason
            .ends_with("; excepted by the policy: 11; the log is of another boot or machine, or was altered"),
        "{reason}"
    );
    let (_, _, reason) = because(&extended(&[9, 11]), &[11]);
    assert!(reason.contains("excepted by the policy: 11; IMA extends PCR 10"), "{reason}");
}

/// Demands are those of the rule, and a waiver for each PCR.
#[test]
fn exceptions_are_demands() {
    let mut demands = Vec::new();
    all_but(&[9, 11]).field_rules(&mut |demand| {
        let expected = demand.expected.map(ToString::to_string);
        let waived = demand.waived.map(ToString::to_string);
        demands.push((demand.key, demand.check.id, expected, waived, demand.line));
    });
    let one = |expected: Option<&str>, waived: Option<&str>, line| {
        ("event-log", "log.explains", expected.map(str::to_owned), waived.map(str::to_owned), Some(line))
    };
    assert_eq!(
        demands[2..],
        [
            one(Some("yes, for all PCRs but 9, 11"), None, 7),
            one(None, Some("PCR 9: reason 9"), 29),
            one(None, Some("PCR 11: reason 11"), 31),
        ]
    );
}

fn of_pcrs<'p>(rules: &'p [PcrRule<'p, 32>]) -> TpmPolicy<'p> {
    TpmPolicy::waived("the test is about PCRs").pcrs(Pcrs::Rules(rules.into()))
}

#[test]
fn a_pcr_is_absent_where_the_signed_selection_leaves_it_out() {
    let rules: Vec<_> = (0..24).map(|index| PcrRule::new(index, Rule::absent())).collect();
    for index in 0..24 {
        let rules = &rules[usize::from(index)..=usize::from(index)];
        let others: Vec<_> = (0..24).filter(|other| *other != index).collect();
        let (verdict, recorded) = under(&vm().pcr_selection(&others), &of_pcrs(rules));
        assert!(verdict, "{index}: {:?}", recorded.0);
        assert_eq!(recorded.0[0].4, ["absent".to_owned(), "absent".to_owned(), String::new()]);
        // Quoted, it is there, also where it holds zeros.
        let (verdict, recorded) = under(&vm(), &of_pcrs(rules));
        assert!(!verdict);
        assert_eq!((recorded.0[0].0, recorded.0[0].1), (&*format!("quote.pcr{index}"), Outcome::Fail));
        // Whoever leaves out the quote, or the values, does not make it absent.
        let mut recorded = Recorded::default();
        assert!(!appraise(None, None, &of_pcrs(rules), &mut recorded));
        assert!(recorded.0[0].4[2].contains("can leave it out"), "{:?}", recorded.0[0]);
        assert_eq!(recorded.0[0].4[..2], ["absent", "absent, but nothing signed says so"]);
    }
}

/// That there is no log, and that a log proves nothing, satisfies no rule, also none that a program wrote.
#[test]
fn what_a_sender_can_leave_out_is_never_absent() {
    let mut without = vm();
    without.log = None;
    let secure_boot = TpmPolicy::waived("a test").secure_boot(Rule::absent());
    let event_log = TpmPolicy::waived("a test").event_log(Rule::absent());
    for policy in [&secure_boot, &event_log] {
        for vm in [&without, &vm(), &vm().pcr_selection(&[0])] {
            assert!(!under(vm, policy).0);
        }
        assert!(!appraise(None, None, policy, &mut ()));
    }
}

#[test]
fn single_pcrs_are_waived_with_a_reason_each() {
    let reasons: Vec<_> = (0..24).map(|index| format!("because of {index}")).collect();
    let rules: Vec<_> = (0..24)
        .zip(&reasons)
        .map(|(index, why)| PcrRule::new(index, Rule::waived(&**why).at_line(u32::from(index) + 1)))
        .collect();
    // All of them, also of a machine that quoted none of them.
    for vm in [vm(), vm().pcr_selection(&[3])] {
        let (verdict, recorded) = under(&vm, &of_pcrs(&rules));
        assert!(verdict);
        for ((index, why), (id, outcome, waived, line, texts)) in (0_u32..).zip(&reasons).zip(&recorded.0) {
            assert_eq!((*id, *outcome, *waived), (&*format!("quote.pcr{index}"), Outcome::Skip, true));
            assert_eq!((*line, &texts[2]), (Some(index + 1), why));
        }
    }
    // A waiver of one takes nothing from the rule for another.
    let mixed = [rules[5].clone(), PcrRule::new(4, Rule::exactly([0xee; 32]))];
    let (verdict, recorded) = under(&vm(), &of_pcrs(&mixed));
    assert!(!verdict);
    assert_eq!([recorded.0[0].1, recorded.0[1].1], [Outcome::Skip, Outcome::Fail]);
}

/// A rule of a program that excepts nothing is the rule for all PCRs, and shows as that.
#[test]
fn a_rule_that_excepts_nothing_is_for_all_pcrs() {
    for (vm, holds) in [(vm(), true), (extended(&[10]), true), (extended(&[11]), false)] {
        let (verdict, recorded) = under(&vm, &all_but(&[]));
        assert_eq!(verdict, holds);
        let all = TpmPolicy::waived("a test").event_log(Rule::exactly(true));
        assert_eq!(under(&vm, &all).0, holds);
        let (.., [expected, ..]) =
            recorded.0.into_iter().find(|recorded| recorded.0 == checks::EXPLAINS.id).unwrap();
        assert_eq!(expected, "yes");
    }
}

/// PCRs, each of them as often as not.
fn some_pcrs() -> impl Strategy<Value = Vec<u8>> {
    subsequence((0..24).collect::<Vec<u8>>(), 0..=24)
}

/// PCRs of which there are few.
fn few_pcrs() -> impl Strategy<Value = Vec<u8>> {
    subsequence((0..16).collect::<Vec<u8>>(), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    /// Of any machine, log and quote: the rule holds exactly where every PCR of the firmware's that is not excepted
    /// is quoted and has events, the mint's own replay makes of every PCR that is not excepted what was quoted, and
    /// there is one that no software can reset.
    #[test]
    fn the_rule_holds_exactly_where_all_others_are_explained(
        quoted in prop_oneof![
            subsequence((0..24).collect::<Vec<u8>>(), 1..=24),
            // All of the firmware's, as they rarely are by chance.
            subsequence((8..24).collect::<Vec<u8>>(), 0..=16).prop_map(|others| (0..8).chain(others).collect()),
        ],
        extended_by_the_system in few_pcrs(),
        without_events in few_pcrs(),
        without_last_event in few_pcrs(),
        excepted in prop_oneof![
            1 => some_pcrs().boxed(),
            // What the machine and the log leave unexplained is among them more often than chance would have it.
            2 => Just(vec![0, 1, 2, 3, 4, 5, 6, 7, 9, 11]).boxed(),
            1 => few_pcrs().boxed(),
        ],
    ) {
        let vm = extended(&extended_by_the_system).pcr_selection(&quoted).with_log(|log| {
            log.events.retain(|event| !without_events.iter().any(|index| event.register == u32::from(*index)));
            for index in &without_last_event {
                let last = log.events.iter().rposition(|event| event.register == u32::from(*index));
                last.into_iter().for_each(|at| drop(log.events.remove(at)));
            }
        });
        let log = vm.log.clone().unwrap();
        let (replayed, has_events) = (log.pcrs(), log.replay(Algorithm::SHA256));
        let counted = || (0..24).filter(|index| !excepted.contains(index));
        let measured = |index: &u8| quoted.contains(index) && has_events.contains_key(&u32::from(*index));
        let explained = |index: &u8| {
            measured(index) && replayed[usize::from(*index)] == vm.pcrs[usize::from(*index)]
        };
        let holds = counted().any(|index| explained(&index) && ![16, 23].contains(&index))
            && counted().filter(|index| *index < 8 || measured(index)).all(|index| explained(&index));
        let (verdict, recorded) = under(&vm, &all_but(&excepted));
        prop_assert_eq!(verdict, holds, "{:#?}", recorded.0);
        let waived: Vec<_> = recorded.0.iter().filter(|recorded| recorded.2 && recorded.0 == checks::EXPLAINS.id).collect();
        prop_assert_eq!(waived.len(), excepted.len());
    }
}
