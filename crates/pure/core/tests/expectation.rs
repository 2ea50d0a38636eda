//! Expectations: what holds, what does not, and what is recorded of either.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use teeproof_core::{
    Absence, Bits, Check, CheckResult, Expectation, List, OrNone, Outcome, PolicyValue, Record, Remark, Rule,
    Text,
};

const CHECK: &Check = &Check {
    id: "test.value",
    title: "a value",
    proves: "nothing",
    hint: "none",
    source: "none",
    classes: &[teeproof_core::Class::Refused],
};

/// One finding, written out.
#[derive(Debug, PartialEq)]
struct Seen {
    outcome: Outcome,
    expected: Option<String>,
    actual: Option<String>,
    because: Option<String>,
    line: Option<u32>,
    waived: bool,
}

#[derive(Default)]
struct Log(Vec<Seen>);

impl Record for Log {
    fn record(&mut self, finding: CheckResult<'_>) {
        assert_eq!(finding.check, CHECK);
        self.0.push(Seen {
            outcome: finding.outcome,
            expected: finding.expected.map(ToString::to_string),
            actual: finding.actual.map(ToString::to_string),
            because: finding.because.map(ToString::to_string),
            line: finding.line,
            waived: finding.waived,
        });
    }
}

/// Whether a rule holds, and the one finding that it leaves.
#[track_caller]
fn appraise<T: PolicyValue>(rule: &Rule<'_, T>, actual: Option<&T::Seen>) -> (bool, Seen) {
    let mut log = Log::default();
    let holds = rule.appraise(CHECK, actual, &mut log);
    assert_eq!(log.0.len(), 1, "one finding for one rule");
    // A caller who wants no findings gets the same answer.
    assert_eq!(rule.appraise(CHECK, actual, &mut ()), holds);
    let seen = log.0.remove(0);
    let fitting = if seen.waived {
        Outcome::Skip
    } else if holds {
        Outcome::Pass
    } else {
        Outcome::Fail
    };
    assert_eq!(seen.outcome, fitting);
    (holds, seen)
}

#[track_caller]
fn holds<T: PolicyValue>(rule: &Rule<'_, T>, actual: Option<&T::Seen>) -> bool {
    appraise(rule, actual).0
}

fn texts(seen: &Seen) -> (&str, &str) {
    (seen.expected.as_deref().unwrap(), seen.actual.as_deref().unwrap())
}

#[test]
fn exactly_one_value() {
    let rule = Rule::exactly([1_u8, 0xab]);
    let (satisfied, seen) = appraise(&rule, Some(&[1, 0xab]));
    assert!(satisfied);
    assert_eq!(texts(&seen), ("01ab", "01ab"));
    let (satisfied, seen) = appraise(&rule, Some(&[1, 0xac]));
    assert!(!satisfied);
    assert_eq!(texts(&seen), ("01ab", "01ac"));
    assert!(seen.because.is_none() && seen.line.is_none() && !seen.waived);
}

#[test]
fn one_of_some_and_of_none() {
    let rule = Rule::one_of(&[7_u32, 9][..]);
    for (value, good) in [(7, true), (9, true), (8, false), (0, false)] {
        assert_eq!(holds(&rule, Some(&value)), good);
    }
    assert_eq!(texts(&appraise(&rule, Some(&8)).1), ("one of 7, 9", "8"));
    // Nothing is one of none.
    let none: Rule<'_, u32> = Rule::one_of(&[][..]);
    assert!(!holds(&none, Some(&0)));
    assert_eq!(texts(&appraise(&none, Some(&0)).1), ("one of", "0"));
}

#[test]
fn at_least() {
    let rule: Rule<'_, u32> = Rule::at_least(5);
    for (value, good) in [(0, false), (4, false), (5, true), (6, true), (u32::MAX, true)] {
        assert_eq!(holds(&rule, Some(&value)), good);
    }
    assert_eq!(texts(&appraise(&rule, Some(&4)).1), ("at least 5", "4"));
}

#[test]
fn bits_that_matter() {
    let rule: Rule<'_, u64> = Rule::mask(Bits { care: 0b1100, value: 0b0100 });
    for (value, good) in [(0b0100, true), (0b0111, true), (0b1100, false), (0, false), (!0b1000, true)] {
        assert_eq!(holds(&rule, Some(&value)), good, "{value:#b}");
    }
    assert_eq!(texts(&appraise(&rule, Some(&0)).1), ("0x4 in the bits 0xc", "0x0"));
    // A value outside of the bits that matter can never be met, and is not silently dropped.
    let impossible: Rule<'_, u64> = Rule::mask(Bits { care: 1, value: 2 });
    assert!([0, 1, 2, 3].iter().all(|value| !holds(&impossible, Some(value))));
    let careless: Rule<'_, u64> = Rule::mask(Bits { care: 0, value: 0 });
    assert!(holds(&careless, Some(&u64::MAX)));
}

#[test]
fn what_is_absent_fails_every_rule_but_a_waiver() {
    for rule in [Rule::exactly(0), Rule::one_of(&[0_u32][..]), Rule::at_least(0)] {
        let (satisfied, seen) = appraise(&rule, None);
        assert!(!satisfied);
        assert_eq!(seen.actual.as_deref(), Some("absent"));
    }
    assert!(!holds::<u64>(&Rule::mask(Bits { care: 0, value: 0 }), None));
    assert!(!holds::<List<'_, u8>>(&Rule::exactly(List::from(&[][..])), None), "empty is not absent");
    assert!(!holds::<Text<'_>>(&Rule::exactly(Text::from("")), None), "empty is not absent");
    assert!(holds::<u32>(&Rule::waived("no need"), None));
}

/// Whether a rule holds of a value that may be missing, and the one finding that it leaves.
#[track_caller]
fn appraise_missing(rule: &Rule<'_, u32>, actual: Option<u32>, absence: Absence) -> (bool, Seen) {
    let mut log = Log::default();
    let holds = rule.appraise_remarked(CHECK, actual, absence, Remark::None, &mut log);
    assert_eq!(log.0.len(), 1, "one finding for one rule");
    (holds, log.0.remove(0))
}

#[test]
fn absent_holds_only_where_the_absence_is_attested() {
    let rule = Rule::absent().at_line(4);
    let (satisfied, seen) = appraise_missing(&rule, None, Absence::Attested);
    assert!(satisfied);
    assert_eq!((texts(&seen), seen.outcome, seen.line), (("absent", "absent"), Outcome::Pass, Some(4)));
    assert!(seen.because.is_none() && !seen.waived);
    // Whoever strips a value gains nothing.
    let (satisfied, seen) = appraise_missing(&rule, None, Absence::NotAttested);
    assert!(!satisfied);
    let found = "absent, but nothing signed says so";
    assert_eq!((texts(&seen), seen.outcome), (("absent", found), Outcome::Fail));
    assert!(seen.because.unwrap().contains("no signature covers that it is absent"));
    let (satisfied, seen) = appraise(&rule, None);
    assert!(!satisfied && seen.because.is_some(), "what does not say is not attested");
    for absence in [Absence::Attested, Absence::NotAttested] {
        let (satisfied, seen) = appraise_missing(&rule, Some(0), absence);
        assert!(!satisfied);
        assert_eq!((texts(&seen), seen.because.as_ref()), (("absent", "0"), None));
    }
}

/// A number, often one of a few, so that equal ones are frequent.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![4 => select(&[0, 1, 2, 254, 255, 256, u32::MAX - 1, u32::MAX][..]), 1 => any::<u32>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    /// Of any value, and of none: each rule holds of exactly the values that it names, `absent` of none of
    /// them, and no other rule of a value that is missing.
    #[test]
    fn absent_and_a_value_never_both_hold(
        actual in proptest::option::weighted(0.75, number()),
        absence in select(&[Absence::Attested, Absence::NotAttested][..]),
        value in number(),
        others in proptest::collection::vec(number(), 0..4),
    ) {
        let holds = |rule: &Rule<'_, u32>| appraise_missing(rule, actual, absence).0;
        prop_assert_eq!(holds(&Rule::absent()), actual.is_none() && absence == Absence::Attested);
        prop_assert_eq!(holds(&Rule::exactly(value)), actual == Some(value));
        prop_assert_eq!(
            holds(&Rule::one_of(&others[..])),
            actual.is_some_and(|actual| others.contains(&actual))
        );
        prop_assert_eq!(holds(&Rule::at_least(value)), actual.is_some_and(|actual| actual >= value));
    }
}

#[test]
fn a_waiver_is_recorded_with_its_reason() {
    let rule: Rule<'_, bool> = Rule::waived("not of interest").at_line(12);
    let (satisfied, seen) = appraise(&rule, Some(&true));
    assert!(satisfied && seen.waived);
    assert_eq!(seen.because.as_deref(), Some("not of interest"));
    assert_eq!((seen.actual.as_deref(), seen.expected, seen.line), (Some("yes"), None, Some(12)));
    assert_eq!(appraise(&rule, None).1.actual, None);
}

#[test]
fn the_policys_line_comes_along() {
    for rule in [Rule::exactly(1), Rule::one_of(&[1_u32][..]), Rule::at_least(1), Rule::waived("x")] {
        assert_eq!(rule.line, None);
        assert_eq!(appraise(&rule.clone().at_line(3), Some(&1)).1.line, Some(3));
        assert_eq!(appraise(&rule.at_line(u32::MAX), Some(&0)).1.line, Some(u32::MAX));
    }
}

#[test]
fn values_as_people_read_them() {
    assert_eq!(exactly([0_u8; 2]), "0000");
    assert_eq!(exactly(List::from(&[0xde, 0xad][..])), "dead");
    assert_eq!(exactly(Text::from("i-1")), "i-1");
    assert_eq!(exactly(false), "no");
    assert_eq!(exactly(17_u32), "17");
    assert_eq!(exactly(17_u64), "0x11");
    assert_eq!(Expectation::<u32>::Waived(Text::from("why")).to_string(), "anything (why)");
    assert_eq!(Expectation::<u32>::Absent.to_string(), "absent");
    assert_eq!(OrNone(Some(3)).to_string(), "3");
    assert_eq!(OrNone::<u8>(None).to_string(), "absent");
}

/// The text of an expectation of exactly one value.
fn exactly<T: PolicyValue>(value: T) -> String {
    Expectation::Exactly(value).to_string()
}

#[test]
fn byte_strings_and_texts_are_compared_whole() {
    let rule = Rule::exactly(List::from(&b"abc"[..]));
    for (value, good) in
        [(&b"abc"[..], true), (b"ab", false), (b"abcd", false), (b"abd", false), (b"", false)]
    {
        assert_eq!(holds(&rule, Some(value)), good);
    }
    let rule = Rule::exactly(Text::from("abc"));
    for (value, good) in [("abc", true), ("ab", false), ("abc ", false), ("ABC", false)] {
        assert_eq!(holds(&rule, Some(value)), good);
    }
}
