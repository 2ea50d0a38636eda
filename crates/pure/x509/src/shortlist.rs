//! The first few of many candidates, in an order that is theirs and not that of the files.

use core::cmp::Ordering;

/// At most `N` candidates, the lowest first, each once: what comes out does not depend on the order
/// in which they went in. Allocates nothing.
#[derive(Clone, Debug)]
pub struct Shortlist<T, const N: usize> {
    entries: [Option<T>; N],
}

impl<T, const N: usize> Shortlist<T, N> {
    /// No candidate yet.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: core::array::from_fn(|_| None) }
    }

    /// Takes a candidate. One that is equal to another is dropped, and so is the highest where there
    /// is no more room.
    pub fn insert(&mut self, candidate: T, order: impl Fn(&T, &T) -> Ordering) {
        let mut next = candidate;
        for slot in &mut self.entries {
            let Some(entry) = slot else {
                *slot = Some(next);
                return;
            };
            match order(&next, entry) {
                Ordering::Equal => return,
                Ordering::Less => core::mem::swap(entry, &mut next),
                Ordering::Greater => {}
            }
        }
    }

    /// The candidates, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        // There is no gap before the last one.
        self.entries.iter().map_while(Option::as_ref)
    }
}

impl<T, const N: usize> Default for Shortlist<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_insertion_does_not_matter() {
        for start in 0..7 {
            let mut list: Shortlist<u32, 4> = Shortlist::new();
            for step in 0..21 {
                list.insert((start + step * 3) % 7, u32::cmp);
            }
            assert!(list.iter().copied().eq(0..4), "{list:?}");
        }
    }
}
