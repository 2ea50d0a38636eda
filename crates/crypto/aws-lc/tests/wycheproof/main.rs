//! Both tables against the signatures of Wycheproof: what is valid holds, what is not does not.
//!
//! Signatures in DER are read by the wire, on which a table may not stand: they are tried with the
//! reader in `fuzz/tests/wycheproof.rs`. Nothing is left out without a name and a count.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../agreement/both.rs"]
mod both;
mod ecdsa;
mod pkcs1;
mod pss;

use wycheproof::TestResult;

/// How many signatures of a set were tried, by what the set says of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tried {
    valid: usize,
    invalid: usize,
    /// Neither a fault if they hold nor if they do not: the tables refuse every one of them.
    acceptable: usize,
}

impl Tried {
    /// Counts an answer, and holds it against what the set says.
    #[track_caller]
    fn add(&mut self, expected: TestResult, held: bool, which: &str) {
        let (count, should_hold) = match expected {
            TestResult::Valid => (&mut self.valid, true),
            TestResult::Invalid => (&mut self.invalid, false),
            TestResult::Acceptable => (&mut self.acceptable, false),
        };
        assert_eq!(held, should_hold, "{expected:?}: {which}");
        *count += 1;
    }
}
