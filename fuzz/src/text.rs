//! Text that comes from people: files of any kind, and policies.

use teeproof::input::{self, Inputs, Kind, Part, Sniffed};
use teeproof::{Policy, inspect};
use teeproof_core::Technology;

use crate::bundle;
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
        assert!(sniffed.parts.iter().map(|part| part.bytes.len()).sum::<usize>() <= input.len());
        stable(&sniffed);
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

/// A part that was decoded is in the form that is kept of its kind: it is itself when it is read
/// again.
fn stable(sniffed: &Sniffed) {
    for part in &sniffed.parts {
        assert_eq!(Part::new(part.kind, &part.bytes).as_ref(), Ok(part));
    }
}

/// `Inputs`: one file and what it is evidence of; as a bundle it says the same.
pub fn inputs(input: &[u8]) -> bool {
    let mut inputs = Inputs::new();
    let Ok(sniffed) = inputs.add(input, None) else {
        return false;
    };
    assert_eq!(inputs.parts(), sniffed.parts);
    assert!(inputs.certificates().is_ok() && inputs.revocation_lists().is_ok());
    let evidence = inputs.evidence();
    if let Err(error) = &evidence {
        assert_eq!(error.exit(), 2, "{error}");
        assert!(!error.hint().is_empty());
    }
    // The parts one by one, each under its own name, are the same evidence.
    let mut again = Inputs::new();
    for part in &sniffed.parts {
        assert_eq!(again.add_part(part.clone()), Ok(()));
    }
    assert_eq!(again.parts(), inputs.parts());
    if sniffed.redactions.is_empty() && !sniffed.nonce_in_user_data {
        assert_eq!(again.evidence(), evidence);
    }
    bundle::made(&inputs);
    evidence.is_ok()
}

/// `Policy::from_toml`.
pub fn policy(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let error = match Policy::from_toml("fuzz", &text) {
        Ok(policy) => {
            assert!(Technology::ALL.iter().any(|technology| policy.speaks_of(*technology)));
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
