//! The small shared words: lists and texts, nonces, classes, time.

#![allow(clippy::unwrap_used, clippy::panic)]

use teeproof_core::{
    BadSignature, Check, CheckResult, Class, Freshness, Hex, List, Outcome, Record, Technology, Text, Time,
    Validity, equal, from_hex,
};

#[test]
fn lists_and_texts_are_what_they_hold() {
    let list = List::from(&[1, 2, 3][..]);
    assert_eq!((&list[..], list.len()), (&[1, 2, 3][..], 3));
    assert_eq!(list, List::from(&[1, 2, 3][..]));
    assert_ne!(list, List::from(&[1, 2][..]));
    assert_ne!(list, List::from(&[1, 2, 4][..]));
    let text = Text::from("abc");
    assert_eq!((&*text, text.to_string()), ("abc", "abc".to_owned()));
    assert_ne!(text, Text::from("ab"));
    assert_ne!(text, Text::from("abd"));
}

#[cfg(feature = "alloc")]
#[test]
fn owned_and_borrowed_are_equal() {
    assert_eq!(List::from(vec![1, 2]), List::from(&[1, 2][..]));
    assert_ne!(List::from(vec![1, 2]), List::from(&[2, 1][..]));
    assert_eq!(Text::from("abc".to_owned()), Text::from("abc"));
    assert_ne!(Text::from("abd".to_owned()), Text::from("abc"));
}

#[test]
fn nonces_are_compared_whole() {
    for (left, right, same) in [
        (&b""[..], &b""[..], true),
        (b"a", b"a", true),
        (b"a", b"b", false),
        (b"a", b"", false),
        (b"a", b"ab", false),
        (b"a", b"a\0", false),
        (&[0; 64], &[0; 64], true),
    ] {
        assert_eq!((equal(left, right), equal(right, left)), (same, same), "{left:?} {right:?}");
    }
    // A difference in any bit of any byte.
    let whole = [0x5a; 64];
    for at in 0..64 {
        for bit in 0..8 {
            let mut other = whole;
            *other.get_mut(at).unwrap() ^= 1 << bit;
            assert!(!equal(&whole, &other));
        }
    }
}

#[test]
fn what_is_asked_shows_itself() {
    assert_eq!(format!("{:?}", Freshness::nonce(&[0xab, 1]).unwrap()), "Nonce(ab01)");
    assert_eq!(format!("{:?}", Freshness::Waived("archived")), "Waived(\"archived\")");
    assert_ne!(Freshness::nonce(b"x").unwrap(), Freshness::Waived("x"));
    assert_eq!(Hex(&[0, 0x0f, 0xff]).to_string(), "000fff");
    assert_eq!(Hex(&[]).to_string(), "");
}

/// The words are a contract with programs.
#[test]
fn classes_have_their_words() {
    let words: Vec<_> = Class::ALL.iter().map(|class| class.as_str()).collect();
    let expected = [
        "malformed",
        "unsupported",
        "not authentic",
        "not bound",
        "incomplete",
        "refused",
        "not shown fresh",
        "unappraised",
    ];
    assert_eq!(words, expected);
}

#[test]
fn names_in_results() {
    let outcomes = [Outcome::Pass, Outcome::Fail, Outcome::Warn, Outcome::Skip].map(Outcome::as_str);
    assert_eq!(outcomes, ["pass", "fail", "warn", "skip"]);
    let technologies: Vec<_> = Technology::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(technologies, ["snp", "tdx", "azure-snp", "azure-tdx", "nitro", "nitro-tpm"]);
    assert_eq!(BadSignature.to_string(), "the signature does not hold");
}

#[test]
fn bytes_of_hex() {
    assert_eq!([*b"00", *b"fF", *b"7a"].map(from_hex), [Some(0), Some(0xff), Some(0x7a)]);
    assert_eq!([*b"0g", *b" 1", *b"+1", [0xff, b'0']].map(from_hex), [None; 4]);
}

#[test]
fn time_is_held_at_its_ends() {
    assert_eq!(Time::from_millis(0), Time(0));
    assert_eq!(Time::from_millis(999), Time(0));
    assert_eq!(Time::from_millis(1000), Time(1));
    assert_eq!(Time::from_millis(u64::MAX), Time(18_446_744_073_709_551));
    assert_eq!(Time(5).plus(-6), Time(-1));
    assert_eq!(Time(i64::MAX).plus(1), Time(i64::MAX));
    assert_eq!(Time(i64::MIN).plus(-1), Time(i64::MIN));
    assert_eq!((Time(7).since(Time(5)), Time(5).since(Time(7))), (2, -2));
    assert_eq!(Time(i64::MIN).since(Time(i64::MAX)), i64::MIN);
    assert_eq!(Time(i64::MAX).since(Time(i64::MIN)), i64::MAX);
}

#[test]
fn every_day_of_four_centuries_has_its_date() {
    let month_days = |year: u32, month| match month {
        2 if year.is_multiple_of(400) || (year.is_multiple_of(4) && !year.is_multiple_of(100)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let mut seconds = -11_676_096_000; // 1600-01-01
    for year in 1600..2001_u32 {
        for month in 1..=12 {
            for day in 1..=month_days(year, month) {
                assert_eq!(Time(seconds).to_string(), format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
                seconds += 86_400;
            }
        }
    }
    assert_eq!(seconds, 978_307_200);
    for (seconds, text) in [
        (-62_167_219_200, "0000-01-01T00:00:00Z"),
        (-62_167_219_201, "-62167219201 s since 1970"),
        (253_402_300_800, "253402300800 s since 1970"),
        (i64::MIN, "-9223372036854775808 s since 1970"),
    ] {
        assert_eq!(Time(seconds).to_string(), text);
    }
}

#[test]
fn validities_meet_or_do_not() {
    let span = |from, until| Validity { not_before: Time(from), not_after: Time(until) };
    assert_eq!(span(1, 9).and(span(5, 20)), span(5, 9));
    assert_eq!(span(5, 20).and(span(1, 9)), span(5, 9));
    assert_eq!(span(1, 20).and(span(5, 9)), span(5, 9));
    // What does not meet ends before it begins.
    assert_eq!(span(1, 4).and(span(6, 9)), span(6, 4));
}

const CHECK: &Check = &Check {
    id: "test.word",
    title: "a word",
    proves: "nothing",
    hint: "none",
    source: "none",
    classes: &[Class::Refused],
};

/// What was recorded, in short.
struct Log(Vec<(Outcome, String, bool)>);

impl Record for Log {
    fn record(&mut self, finding: CheckResult<'_>) {
        assert_eq!((finding.check, finding.line), (CHECK, None));
        self.0.push((finding.outcome, finding.because.unwrap().to_string(), finding.waived));
    }
}

#[test]
fn each_way_to_record() {
    let mut log = Log(Vec::new());
    let record: &mut dyn Record = &mut log;
    record.pass(CHECK, &"made");
    record.skip(CHECK, &"does not apply");
    record.waive(CHECK, &"not wanted");
    record.warn(CHECK, &"to be read");
    let texts = |outcome, text: &str, waived| (outcome, text.to_owned(), waived);
    assert_eq!(
        log.0,
        [
            texts(Outcome::Pass, "made", false),
            texts(Outcome::Skip, "does not apply", false),
            texts(Outcome::Skip, "not wanted", true),
            texts(Outcome::Warn, "to be read", false),
        ]
    );
    // The list of a stage holds its checks in order.
    assert_eq!(ALL, &[ONE, TWO]);
    assert_eq!((ONE.id, TWO.title, TWO.hint), ("test.one", "the second", "hint 2"));
}

teeproof_core::checks! { ALL:
    ONE [Refused] = "test.one", "the first", "proves 1", "hint 1", "source 1";
    TWO [Refused] = "test.two", "the second", "proves 2", "hint 2", "source 2";
}
