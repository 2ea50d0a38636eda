//! The number of signatures that one verification may cost.

use core::cell::Cell;

use crate::Problem;

/// How many more signatures may be verified, and how many more certificates may be visited by the path
/// builder. A pinned pair costs nothing; a cached signature counts like any other, so that a cache
/// changes what is computed and never what is found.
///
/// Each verifier states its number. It is the only limit to how many candidates are tried, so that nobody
/// can make a verifier work without end; where it is reached, the error says so.
#[derive(Debug)]
pub struct SignatureBudget {
    signatures: Cell<usize>,
    steps: Cell<usize>,
}

/// How many certificates the path builder visits for each signature of the budget: a certificate whose
/// issuer did not come costs no signature.
const STEPS: usize = 4;

impl SignatureBudget {
    /// So many signatures.
    #[must_use]
    pub const fn new(signatures: usize) -> Self {
        Self { signatures: Cell::new(signatures), steps: Cell::new(signatures.saturating_mul(STEPS)) }
    }

    /// Takes a signature.
    pub(crate) fn spend(&self) -> Result<(), Problem> {
        spend(&self.signatures)
    }

    /// Takes a visit of a certificate.
    pub(crate) fn step(&self) -> Result<(), Problem> {
        spend(&self.steps)
    }
}

fn spend(left: &Cell<usize>) -> Result<(), Problem> {
    left.set(left.get().checked_sub(1).ok_or(Problem::TooManySignatures)?);
    Ok(())
}
