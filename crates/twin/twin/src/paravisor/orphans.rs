//! Orphans: transient objects and sessions of the raw port whose process has ended.
//!
//! The owner's process is looked up in `/proc`. A client of another machine, user or container is not visible
//! there: its objects and sessions are orphans once no command has used them for a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handles::{is_session, is_transient, key};
use super::owner::Owner;

/// Owner and last use of each object and session outside of the managed connections.
///
/// A TPM has three slots for objects and 64 numbers of sessions, and only commands that succeed
/// are noted, so this has no more entries than that.
#[derive(Debug)]
pub(super) struct Orphans {
    /// Time without use after which one with an unknown owner is an orphan.
    age: Duration,
    entries: BTreeMap<u32, Entry>,
}

#[derive(Debug)]
struct Entry {
    used: Instant,
    owner: Option<Arc<Owner>>,
}

impl Orphans {
    pub(super) const fn new(age: Duration) -> Self {
        Self { age, entries: BTreeMap::new() }
    }

    /// Records the use of a handle by a command that succeeded.
    pub(super) fn note_use(&mut self, handle: u32, now: Instant) {
        if is_transient(handle) || is_session(handle) {
            self.entries.entry(key(handle)).or_insert(Entry { used: now, owner: None }).used = now;
        }
    }

    /// Records the owner of a new handle; `None` if its process is not visible.
    pub(super) fn note_owner(&mut self, handle: u32, owner: Option<Arc<Owner>>, now: Instant) {
        self.entries.insert(key(handle), Entry { used: now, owner });
    }

    /// Removes a handle.
    pub(super) fn forget(&mut self, handle: u32) {
        self.entries.remove(&key(handle));
    }

    /// The orphan among these handles that was used least recently.
    pub(super) fn oldest(&self, handles: impl Iterator<Item = u32>, now: Instant) -> Option<u32> {
        let entry = |handle: &u32| self.entries.get(&key(*handle));
        let is_orphan = |entry: &Entry| match &entry.owner {
            Some(owner) => owner.has_ended(),
            None => now.saturating_duration_since(entry.used) >= self.age,
        };
        let orphans = handles.filter(|handle| entry(handle).is_none_or(is_orphan));
        orphans.min_by_key(|handle| entry(handle).map(|entry| entry.used))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::process::{Child, Command, Stdio};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A process with one end of a connection.
    fn process() -> (Child, Owner) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_, client) = listener.accept().unwrap();
        let twin = stream.peer_addr().unwrap();
        let stdin = Stdio::from(OwnedFd::from(stream));
        let process = Command::new("sleep").arg("600").stdin(stdin).spawn().unwrap();
        (process, Owner::of(client, twin).unwrap())
    }

    #[test]
    fn the_least_recently_used_goes_first_and_nothing_before_its_time() {
        let start = Instant::now();
        let mut orphans = Orphans::new(SECOND * 2);
        orphans.note_use(0x8000_0000, start + SECOND);
        orphans.note_use(0x8000_0001, start);
        orphans.note_use(0x0300_0000, start);
        let handles = [0x8000_0000, 0x8000_0001];
        let oldest =
            |orphans: &Orphans, seconds| orphans.oldest(handles.into_iter(), start + SECOND * seconds);
        assert_eq!(oldest(&orphans, 1), None);
        assert_eq!(oldest(&orphans, 2), Some(0x8000_0001));
        assert_eq!(oldest(&orphans, 9), Some(0x8000_0001));
        orphans.note_use(0x8000_0001, start + SECOND * 2);
        assert_eq!(oldest(&orphans, 3), Some(0x8000_0000));
        // A session has the same number whether it is loaded or saved.
        assert_eq!(orphans.oldest([0x0200_0000].into_iter(), start + SECOND), None);
        // A running process keeps its handles, however old.
        let (mut process, owner) = process();
        orphans.note_owner(0x8000_0000, Some(Arc::new(owner)), start);
        assert_eq!(oldest(&orphans, 99), Some(0x8000_0001));
        orphans.note_use(0x8000_0000, start + SECOND * 99);
        orphans.forget(0x8000_0001);
        orphans.note_owner(0x8000_0001, None, start + SECOND * 99);
        assert_eq!(oldest(&orphans, 99), None);
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(oldest(&orphans, 99), Some(0x8000_0000));
        // A handle never used since the twin started has no owner.
        orphans.forget(0x0300_0000);
        assert_eq!(orphans.oldest([0x0200_0000].into_iter(), start), Some(0x0200_0000));
    }
}
