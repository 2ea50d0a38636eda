//! Policy files that are large, or have very many problems: refused with short errors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(feature = "policy-file")]

use std::fmt::Write;

use teeproof::{Policy, PolicyError};

const HEAD: &str = "version = 1\n[nitro]\nunlisted = { waived = \"w\" }\n";

fn refused(text: &str) -> PolicyError {
    Policy::from_toml("test", text).unwrap_err()
}

/// A policy with this many unknown keys, the last letters first.
fn unknown(keys: usize) -> String {
    let mut text = HEAD.to_string();
    for key in (0..keys).rev() {
        writeln!(text, "key-{key:06} = 1").unwrap();
    }
    text
}

#[test]
fn a_hundred_problems_are_kept_and_the_others_counted() {
    for (keys, kept, more) in [(1, 1, 0), (99, 99, 0), (100, 100, 0), (101, 100, 1), (10_000, 100, 9_900)] {
        let error = refused(&unknown(keys));
        assert_eq!((error.problems.len(), error.more), (kept, more), "{keys}");
        // Those that come first in the file, in its order.
        let lines = error.problems.iter().map(|problem| usize::try_from(problem.line).unwrap());
        assert!(lines.eq(4..4 + kept), "{keys}");
        let text = error.to_string();
        assert_eq!(text.ends_with(&format!("\nand {more} more")), more > 0, "{text}");
        assert_eq!(text.lines().count(), kept + usize::from(more > 0));
    }
}

#[test]
fn other_problems_are_counted_too() {
    let list = |entry: &str, count: usize| vec![entry; count].join(", ");
    let values = format!("{HEAD}module-id = {{ one-of = [{}] }}\n", list("1", 150));
    assert_eq!(refused(&values).more, 50);
    let registers: String =
        (100..350).fold(String::new(), |text, at| text + &format!("{at} = {{ exactly = \"00\" }}\n"));
    let error = refused(&format!("{HEAD}[nitro.pcrs]\n{registers}"));
    assert_eq!(error.problems.len(), 100);
    assert!(error.more >= 150, "{}", error.more);
    // A policy is as wrong as before when the last place of all is the wrong one.
    let late = format!("{}[snp]\nunlisted = {{ waived = \"w\" }}\nvmpl = 9\n", unknown(200));
    assert_eq!(refused(&late).more, 101);
}

#[test]
fn registers_are_plain_numbers() {
    let of = |name: &str| {
        let digest = "00".repeat(48);
        let text = format!("{HEAD}[nitro.pcrs]\n{name} = {{ exactly = \"{digest}\" }}\n");
        Policy::from_toml("test", &text)
    };
    for name in ["0", "1", "9", "10", "31"] {
        assert!(of(name).is_ok(), "{name}");
    }
    for name in ["00", "01", "-0", "32", "255", "256", "1000", "\"+1\"", "\"\"", "\" 1\"", "\"1.\"", "\"٣\""]
    {
        let error = of(name).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{name}");
        assert!(error.problems[0].message.contains("is not a PCR"), "{name}: {error}");
    }
}

#[test]
fn grounds_are_few() {
    let of = |count: usize| {
        let grounds = vec!["\"reference-value\""; count].join(", ");
        let text = format!(
            "version = 1\n[azure-snp]\nunlisted = {{ waived = \"w\" }}\norigin = {{ one-of = [{grounds}] }}\n"
        );
        Policy::from_toml("test", &text)
    };
    assert!(of(4).is_ok());
    assert!(of(4096).is_ok());
    assert!(of(4097).unwrap_err().to_string().contains("4096 are the limit"));
}

#[test]
fn a_file_that_is_too_long_is_not_read_at_all() {
    let policy = |bytes: usize| format!("{HEAD}{}", "\n".repeat(bytes - HEAD.len()));
    assert!(Policy::from_toml("test", &policy(256 * 1024)).is_ok());
    for text in [policy(256 * 1024 + 1), "\n".repeat(4 << 20), "[".repeat(4 << 20)] {
        let error = refused(&text);
        let message = format!("1:1: the file has {} bytes, 262144 are the limit", text.len());
        assert_eq!((error.to_string(), error.more), (message, 0));
    }
}

/// Tables that grew in this form count their problems as all others do.
#[test]
fn floors_and_exceptions_count_their_problems() {
    let head = "version = 1\n[azure-snp]\nunlisted = { waived = \"w\" }\n";
    let many = |line: &str| (0..250).map(|at| line.replace('N', &at.to_string())).collect::<String>();
    let floors = format!("{head}[azure-snp.launch-tcb.at-least]\n{}", many("line-N = {}\n"));
    let excepted = format!("{head}[azure-snp.event-log.explained-except]\n{}", many("pcr-N = \"w\"\n"));
    let absent = format!("{head}[azure-snp.pcrs]\n{}", many("N = { absent = false }\n"));
    for (text, least) in [(floors, 150), (excepted, 150), (absent, 150)] {
        let error = refused(&text);
        assert_eq!(error.problems.len(), 100);
        assert!(error.more >= least, "{}", error.more);
    }
}
