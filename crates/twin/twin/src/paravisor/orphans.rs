//! Orphans: transient objects and sessions that belong to no managed connection and that no command
//! has used for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::handles::{is_session, is_transient, key};

/// When each object and session outside of the managed connections was last used.
///
/// A TPM has three slots for objects and 64 numbers of sessions, and only commands that succeed
/// are noted, so this has no more entries than that.
#[derive(Debug)]
pub(super) struct Orphans {
    /// How long nobody has used an orphan.
    age: Duration,
    used: BTreeMap<u32, Instant>,
}

impl Orphans {
    pub(super) const fn new(age: Duration) -> Self {
        Self { age, used: BTreeMap::new() }
    }

    /// A command that succeeded named this handle or was answered with it.
    pub(super) fn note(&mut self, handle: u32, now: Instant) {
        if is_transient(handle) || is_session(handle) {
            self.used.insert(key(handle), now);
        }
    }

    /// There is no such handle any more.
    pub(super) fn forget(&mut self, handle: u32) {
        self.used.remove(&key(handle));
    }

    /// The orphan among these handles that was used least recently.
    pub(super) fn oldest(&self, handles: impl Iterator<Item = u32>, now: Instant) -> Option<u32> {
        let used = |handle: &u32| self.used.get(&key(*handle)).copied();
        let idle =
            |used: Option<Instant>| used.is_none_or(|used| now.saturating_duration_since(used) >= self.age);
        handles.filter(|handle| idle(used(handle))).min_by_key(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_least_recently_used_goes_first_and_nothing_before_its_time() {
        let start = Instant::now();
        let mut orphans = Orphans::new(SECOND * 2);
        orphans.note(0x8000_0000, start + SECOND);
        orphans.note(0x8000_0001, start);
        orphans.note(0x0300_0000, start);
        let handles = [0x8000_0000, 0x8000_0001];
        let oldest =
            |orphans: &Orphans, seconds| orphans.oldest(handles.into_iter(), start + SECOND * seconds);
        assert_eq!(oldest(&orphans, 1), None);
        assert_eq!(oldest(&orphans, 2), Some(0x8000_0001));
        assert_eq!(oldest(&orphans, 9), Some(0x8000_0001));
        orphans.note(0x8000_0001, start + SECOND * 2);
        assert_eq!(oldest(&orphans, 3), Some(0x8000_0000));
        // A session has the same number whether it is loaded or saved.
        assert_eq!(orphans.oldest([0x0200_0000].into_iter(), start + SECOND), None);
        // What was never used since the twin started is nobody's.
        orphans.forget(0x0300_0000);
        assert_eq!(orphans.oldest([0x0200_0000].into_iter(), start), Some(0x0200_0000));
    }
}
