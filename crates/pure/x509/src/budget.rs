//! The number of signatures that one verification may cost.

use core::cell::Cell;

use crate::Problem;

/// How many more signatures may be verified. Cached signatures and pinned pairs cost nothing.
///
/// Each verifier states its number. Evidence that brings more candidates along than the number
/// allows is refused, so that nobody can make a verifier work without end.
#[derive(Debug)]
pub struct SignatureBudget(Cell<usize>);

impl SignatureBudget {
    /// So many signatures.
    #[must_use]
    pub const fn new(signatures: usize) -> Self {
        Self(Cell::new(signatures))
    }

    /// Takes one.
    pub(crate) fn spend(&self) -> Result<(), Problem> {
        let left = self.0.get().checked_sub(1).ok_or(Problem::TooManySignatures)?;
        self.0.set(left);
        Ok(())
    }
}
