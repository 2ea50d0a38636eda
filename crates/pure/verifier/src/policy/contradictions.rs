//! Contradictions of a policy file that show only with cryptography: PCRs that are named twice, once by what they are
//! computed from.

use alloc::format;
use alloc::vec::Vec;

use teeproof_core::Crypto;
use teeproof_nitro::Contradiction;

use super::{Policy, PolicyError, PolicyProblem};

impl Policy {
    /// Whether no PCR has two rules that contradict one another: in `[nitro]`, `role` and `pcrs.3`, `instance` and
    /// `pcrs.4`, `signer` and `pcrs.8`. [`Policy::from_toml`] cannot tell, because the PCR is computed from the name by a
    /// hash; evidence under a policy with a contradiction is always refused.
    ///
    /// # Errors
    /// Every contradiction, with the line of the field.
    pub fn check_computed_pcrs(&self, crypto: &Crypto<'_>) -> Result<(), PolicyError> {
        let mut problems = Vec::new();
        if let Some(nitro) = &self.nitro {
            nitro.contradictions(crypto, &mut |found| problems.push(problem(&found)));
        }
        if problems.is_empty() { Ok(()) } else { Err(PolicyError { problems, more: 0 }) }
    }
}

fn problem(found: &Contradiction) -> PolicyProblem {
    let Contradiction { key, line, pcr, pcr_line, .. } = found;
    let there = pcr_line.map_or_else(Default::default, |line| format!(" (line {line})"));
    PolicyProblem {
        line: line.unwrap_or(1),
        column: 1,
        path: format!("nitro.{key}"),
        message: format!(
            "contradicts nitro.pcrs.{pcr}{there}: PCR{pcr} is computed from it, and is another value"
        ),
        hint: Some(format!("keep the one that is right: {key}, or PCR {pcr} under pcrs")),
    }
}
