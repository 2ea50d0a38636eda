//! Verdict of one verifier, and the comparison of two.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::class::Class;

/// What a verifier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepts,
    Refuses(String),
    /// It ends in a panic instead of an answer.
    Panics(String),
}

impl Verdict {
    /// Asks, and survives whatever happens.
    pub(crate) fn of<E: Display>(ask: impl FnOnce() -> Result<(), E>) -> Self {
        match catch_unwind(AssertUnwindSafe(ask)) {
            Ok(Ok(())) => Self::Accepts,
            Ok(Err(error)) => Self::Refuses(error.to_string()),
            Err(panic) => Self::Panics(words(panic.as_ref())),
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepts => f.write_str("accepts"),
            Self::Refuses(reason) => write!(f, "refuses: {reason}"),
            Self::Panics(words) => write!(f, "panics: {words}"),
        }
    }
}

/// All answers, by class.
#[derive(Default)]
pub(crate) struct Tally {
    questions: usize,
    /// Questions to which both answered yes.
    accepted: usize,
    /// By class: how often, and the first case.
    seen: BTreeMap<&'static str, (usize, String)>,
    /// What fits no class, or more than one, by shape: how often, and the first case.
    strays: BTreeMap<String, (usize, String)>,
}

impl Tally {
    /// Compares two answers to the same question.
    pub(crate) fn compare(&mut self, peer: &str, case: &str, ours: &Verdict, theirs: &Verdict) {
        self.questions += 1;
        match (ours, theirs) {
            (Verdict::Accepts, Verdict::Accepts) => self.accepted += 1,
            (Verdict::Refuses(_), Verdict::Refuses(_)) => {}
            _ => self.disagree(peer, case, ours, theirs),
        }
    }

    fn disagree(&mut self, peer: &str, case: &str, ours: &Verdict, theirs: &Verdict) {
        let example = format!("{case}\n    teeproof {ours}\n    {peer} {theirs}");
        let classes: Vec<_> = Class::all().filter(|class| class.fits(peer, case, ours, theirs)).collect();
        if let [class] = classes[..] {
            self.seen.entry(class.id).or_insert((0, example)).0 += 1;
            return;
        }
        let fitting: Vec<_> = classes.iter().map(|class| class.id).collect();
        let shape = format!("{fitting:?} {peer}: teeproof {ours}, the peer {theirs}");
        let shape = shape.replace(|letter: char| letter.is_ascii_digit(), "#");
        self.strays.entry(shape).or_insert((0, example)).0 += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.questions += other.questions;
        self.accepted += other.accepted;
        for (into, from) in [(&mut self.strays, other.strays)] {
            for (key, (count, first)) in from {
                into.entry(key).or_insert((0, first)).0 += count;
            }
        }
        for (key, (count, first)) in other.seen {
            self.seen.entry(key).or_insert((0, first)).0 += count;
        }
    }

    /// Fails where a disagreement is in no class, or a class did not occur.
    pub(crate) fn judge(&self) {
        println!("{} questions, {} accepted by both", self.questions, self.accepted);
        for (id, (count, first)) in &self.seen {
            println!("{id}: {count} times, first: {first}");
        }
        for (shape, (count, first)) in &self.strays {
            println!("NO CLASS {count} times: {shape}\n    first: {first}");
        }
        assert!(self.strays.is_empty(), "{} kinds of disagreement are in no class", self.strays.len());
        let gone: Vec<_> = Class::all()
            .filter(|class| class.is_asked() && !self.seen.contains_key(class.id))
            .map(|class| class.id)
            .collect();
        assert!(gone.is_empty(), "classes that no longer occur: {gone:?}");
        assert!(self.accepted > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(peer: &str, ours: Verdict, theirs: Verdict) -> Tally {
        let mut tally = Tally::default();
        tally.compare(peer, "a case", &ours, &theirs);
        tally
    }

    fn no(words: &str) -> Verdict {
        Verdict::Refuses(words.into())
    }

    #[test]
    fn a_disagreement_of_no_class_is_a_stray() {
        let tally = compared(teeproof_peers::sev::NAME, no("of no class"), Verdict::Accepts);
        assert_eq!((tally.strays.len(), tally.seen.len()), (1, 0));
        assert!(catch_unwind(AssertUnwindSafe(|| tally.judge())).is_err());
        // A panic is never taken for a refusal.
        let tally =
            compared(teeproof_peers::sev::NAME, no("refused"), Verdict::of::<String>(|| panic!("words")));
        assert_eq!((tally.strays.len(), tally.seen.len()), (1, 0));
    }

    #[test]
    fn a_known_disagreement_is_counted_and_the_others_are_missed() {
        let tally = compared(teeproof_peers::sev::NAME, no("snp.validity: expired"), Verdict::Accepts);
        assert_eq!(tally.seen.get("snp.validity").map(|(count, _)| *count), Some(1));
        assert!(tally.strays.is_empty());
        assert!(catch_unwind(AssertUnwindSafe(|| tally.judge())).is_err(), "classes that no longer occur");
    }

    #[test]
    fn agreement_is_no_disagreement() {
        for verdict in [Verdict::Accepts, no("one way")] {
            let tally = compared(teeproof_peers::nitro_attest::NAME, verdict.clone(), verdict);
            assert!(tally.strays.is_empty() && tally.seen.is_empty());
        }
    }
}
