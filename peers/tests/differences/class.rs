//! Class of disagreements: each verifier's result, and who is right by which line of which text.

use crate::classes;
use crate::verdict::Verdict;

/// A class, as `docs/differences.md` shows it.
pub(crate) struct Class {
    pub(crate) id: &'static str,
    /// What the evidence is like.
    pub(crate) what: &'static str,
    /// Who is right, and why.
    pub(crate) right: &'static str,
    /// The line of the specification.
    pub(crate) line: &'static str,
    /// The disagreements that are of this class.
    pub(crate) rules: &'static [Rule],
}

/// Disagreements of one shape.
pub(crate) struct Rule {
    /// How the peer's name begins.
    pub(crate) peer: &'static str,
    /// What the name of the case contains.
    pub(crate) case: &'static str,
    pub(crate) ours: Said,
    pub(crate) theirs: Said,
}

/// A kind of answer.
#[derive(Clone, Copy)]
pub(crate) enum Said {
    Yes,
    /// A refusal whose words contain this.
    No(&'static str),
    /// A panic whose words contain this.
    Panic(&'static str),
}

impl Class {
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        classes::ALL.iter().copied().flatten()
    }

    pub(crate) fn fits(&self, peer: &str, case: &str, ours: &Verdict, theirs: &Verdict) -> bool {
        self.rules.iter().any(|rule| {
            peer.starts_with(rule.peer)
                && case.contains(rule.case)
                && rule.ours.fits(ours)
                && rule.theirs.fits(theirs)
        })
    }

    /// Whether one of its peers is part of this build.
    pub(crate) fn is_asked(&self) -> bool {
        self.rules.iter().any(|rule| crate::PEERS.iter().any(|name| name.starts_with(rule.peer)))
    }

    /// The peers that accept and those that refuse, ours among them.
    pub(crate) fn sides(&self) -> [Vec<&'static str>; 3] {
        let mut sides: [Vec<&'static str>; 3] = Default::default();
        for (name, said) in
            self.rules.iter().flat_map(|rule| [("teeproof", rule.ours), (rule.peer, rule.theirs)])
        {
            let side = match said {
                Said::Yes => 0,
                Said::No(_) => 1,
                Said::Panic(_) => 2,
            };
            if !sides[side].contains(&name) {
                sides[side].push(name);
            }
        }
        sides
    }
}

impl Said {
    fn fits(self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Self::Yes, Verdict::Accepts) => true,
            (Self::No(part), Verdict::Refuses(text)) | (Self::Panic(part), Verdict::Panics(text)) => {
                text.contains(part)
            }
            _ => false,
        }
    }
}
