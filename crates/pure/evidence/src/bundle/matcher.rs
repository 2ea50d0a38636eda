//! Many byte patterns searched in one pass (Aho and Corasick, "Efficient string matching", 1975).
//!
//! Written here and not taken from the crate of that name, because no code of the pure crates
//! indexes a slice: docs/panics.md would have to explain each place of that crate.

use alloc::vec::Vec;

/// The patterns as a tree of their bytes. From each state the search goes on with the longest end of
/// what was read that begins a pattern, so no byte is read twice.
pub(super) struct Matcher {
    states: Vec<State>,
    /// The states after the first byte; 0 where no pattern begins with it.
    first: [u32; 256],
    /// Transitions that were looked at, for the test that counts them.
    #[cfg(test)]
    pub(super) looked_at: core::cell::Cell<usize>,
}

/// What was read: the beginning of a pattern. State 0 is the empty beginning.
#[derive(Clone, Copy, Default)]
struct State {
    byte: u8,
    child: u32,
    sibling: u32,
    /// The state of the longest proper end of what was read that begins a pattern.
    fail: u32,
    /// The number of the longest pattern that ends here, counted from 1.
    pattern: u32,
}

impl Matcher {
    /// A matcher for these patterns; of equal ones the first counts, and empty ones are never found.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let bytes = patterns.clone().fold(1_usize, |sum, pattern| sum.saturating_add(pattern.len()));
        let mut matcher = Self {
            states: Vec::with_capacity(bytes),
            first: [0; 256],
            #[cfg(test)]
            looked_at: core::cell::Cell::new(0),
        };
        matcher.states.push(State::default());
        for (number, pattern) in (1..=u32::MAX).zip(patterns) {
            matcher.insert(pattern, number);
        }
        matcher.link();
        matcher
    }

    fn insert(&mut self, pattern: &[u8], number: u32) {
        let mut at = 0;
        for byte in pattern {
            at = match self.child(at, *byte) {
                Some(child) => child,
                None => self.push(at, *byte),
            };
        }
        if let Some(state) = self.state_mut(at).filter(|state| at != 0 && state.pattern == 0) {
            state.pattern = number;
        }
    }

    fn push(&mut self, parent: u32, byte: u8) -> u32 {
        let new = u32::try_from(self.states.len()).unwrap_or_default();
        let sibling = self.state(parent).child;
        if let Some(parent) = self.state_mut(parent) {
            parent.child = new;
        }
        if let Some(first) = self.first.get_mut(usize::from(byte)).filter(|_| parent == 0) {
            *first = new;
        }
        self.states.push(State { byte, sibling, ..State::default() });
        new
    }

    /// Sets where each state fails to, shorter beginnings first.
    fn link(&mut self) {
        let mut level = self.children(0);
        while !level.is_empty() {
            let mut next = Vec::new();
            for at in level {
                let State { fail, .. } = self.state(at);
                for child in self.children(at) {
                    let byte = self.state(child).byte;
                    let fail = self.step(fail, byte);
                    let shorter = self.state(fail).pattern;
                    if let Some(child) = self.state_mut(child) {
                        child.fail = fail;
                        child.pattern = if child.pattern == 0 { shorter } else { child.pattern };
                    }
                    next.push(child);
                }
            }
            level = next;
        }
    }

    fn children(&self, at: u32) -> Vec<u32> {
        let mut children = Vec::new();
        let mut child = self.state(at).child;
        while child != 0 {
            children.push(child);
            child = self.state(child).sibling;
        }
        children
    }

    /// The state after another byte.
    pub(super) fn step(&self, mut at: u32, byte: u8) -> u32 {
        loop {
            if let Some(next) = self.child(at, byte) {
                return next;
            }
            if at == 0 {
                return 0;
            }
            at = self.state(at).fail;
        }
    }

    /// Which of the patterns ends in this state: the longest, by its place among them.
    pub(super) fn pattern(&self, at: u32) -> Option<usize> {
        usize::try_from(self.state(at).pattern).ok()?.checked_sub(1)
    }

    fn child(&self, at: u32, byte: u8) -> Option<u32> {
        #[cfg(test)]
        self.looked_at.set(self.looked_at.get().saturating_add(1));
        if at == 0 {
            return self.first.get(usize::from(byte)).copied().filter(|child| *child != 0);
        }
        let mut child = self.state(at).child;
        while child != 0 {
            let State { byte: of_child, sibling, .. } = self.state(child);
            if of_child == byte {
                return Some(child);
            }
            #[cfg(test)]
            self.looked_at.set(self.looked_at.get().saturating_add(1));
            child = sibling;
        }
        None
    }

    fn state(&self, at: u32) -> State {
        usize::try_from(at).ok().and_then(|at| self.states.get(at)).copied().unwrap_or_default()
    }

    fn state_mut(&mut self, at: u32) -> Option<&mut State> {
        usize::try_from(at).ok().and_then(|at| self.states.get_mut(at))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Matcher;

    /// Where the longest pattern ends at each byte, by a search that compares everything.
    fn compared(patterns: &[&[u8]], text: &[u8]) -> Vec<Option<usize>> {
        let longest = |end: usize| {
            let ends = |at: &usize| !patterns[*at].is_empty() && text[..=end].ends_with(patterns[*at]);
            (0..patterns.len()).filter(ends).max_by_key(|at| patterns[*at].len())
        };
        (0..text.len()).map(longest).collect()
    }

    #[test]
    fn the_longest_pattern_at_each_end() {
        let patterns: [&[u8]; 9] =
            [b"he", b"she", b"his", b"hers", b"", b"aaaa", b"aab", b"abaabab", b"\x00\xff"];
        let text = b"ushers and his aaaaab abaabaabab\x00\xff\x00\x00\xffhershe";
        let matcher = Matcher::new(patterns.iter().copied());
        let found: Vec<_> = text
            .iter()
            .scan(0, |state, byte| {
                *state = matcher.step(*state, *byte);
                Some(matcher.pattern(*state))
            })
            .collect();
        assert_eq!(found, compared(&patterns, text));
    }
}
