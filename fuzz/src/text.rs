//! Text that comes from people: files of any kind, and policies.

use teeproof::Policy;
use teeproof::input::{self, Kind};
use teeproof::inspect;

use crate::visitor::Printed;

/// `sniff`, and `inspect` of what it found; also under every kind that a person could say it is.
pub fn sniff(input: &[u8]) -> bool {
    let mut known = false;
    for kind in Kind::NAMED.iter().copied().map(Some).chain([None]) {
        let sniffed = match input::sniff(input, kind) {
            Ok(sniffed) => sniffed,
            Err(error) => {
                assert!(!error.to_string().is_empty() && !error.hint().is_empty());
                assert!(matches!(error.exit(), 2 | 3));
                continue;
            }
        };
        assert!(!sniffed.parts.is_empty() && !sniffed.to_string().is_empty());
        assert!(kind.is_none_or(|kind| sniffed.kind == kind));
        // No encoding makes bytes out of nothing.
        assert!(sniffed.parts.iter().map(Vec::len).sum::<usize>() <= input.len());
        let mut printed = Printed::default();
        match inspect(&sniffed, &mut printed) {
            Ok(inspected) => {
                printed.finish();
                known |= kind.is_none() && inspected.flaw.is_none();
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    known
}

/// `Policy::from_toml`.
pub fn policy(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let error = match Policy::from_toml("fuzz", &text) {
        Ok(policy) => {
            assert!(policy.snp.is_some() || policy.nitro.is_some());
            return true;
        }
        Err(error) => error,
    };
    assert!(!error.problems.is_empty());
    let lines = text.split('\n').count();
    for problem in &error.problems {
        let line = usize::try_from(problem.line).unwrap_or(usize::MAX);
        assert!((1..=lines).contains(&line) && problem.column > 0, "{problem}");
        assert!(!problem.message.is_empty());
        assert!(!problem.to_string().contains(|shown: char| shown.is_control()), "{problem:?}");
    }
    false
}
