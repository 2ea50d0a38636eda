//! Eviction, and an estimate of the cache's size, so that not every store lists all entries.
//!
//! The estimate is three numbers of 8 bytes, little-endian, in the file whose lock excludes other evictions: entries, bytes, and how
//! many entries were stored since both were counted. Entries that are replaced count twice, and those of a process that
//! was killed do not count; both are corrected by the next count, which is due after [`RECOUNT`] stores at the latest.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use super::{Cache, CacheLimits, CacheRow, Pruned, files, lock, size};

/// The most stores between two counts. To list 10,000 entries takes some hundred milliseconds; divided by this number it
/// adds little to a store.
const RECOUNT: u64 = 1024;

/// Entries and bytes of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// Entries stored since the others were counted.
    pub(super) stores: u64,
}

impl Usage {
    /// Both together.
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_add(other.entries),
            bytes: self.bytes.saturating_add(other.bytes),
            stores: self.stores.saturating_add(other.stores),
        }
    }

    /// Whether it is to be counted again.
    pub(super) const fn is_old(self) -> bool {
        self.stores >= RECOUNT
    }

    /// The estimate in a file; `None` if it is missing or cut.
    pub(super) fn read(mut file: &File) -> Option<Self> {
        let mut bytes = [0; 24];
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_exact(&mut bytes).ok()?;
        let mut numbers = bytes.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number));
        Some(Self { entries: numbers.next()?, bytes: numbers.next()?, stores: numbers.next()? })
    }

    /// Writes the estimate; without it, the next store counts.
    pub(super) fn write(self, mut file: &File) {
        let numbers = [self.entries, self.bytes, self.stores].map(u64::to_le_bytes);
        let written = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(numbers.as_flattened()));
        if written.is_err() {
            let _ = file.set_len(0);
        }
    }
}

impl Cache {
    /// Removes entries if the cache exceeds its limits, never the one that was just written. One process does it;
    /// others that store at the same time leave it to that one.
    pub(super) fn evict(&self, newest: &str, stored: Usage) {
        let pending = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            *pending = pending.plus(stored);
            *pending
        };
        let Ok(Some(lock)) = lock::wait(&self.eviction_lock(), Duration::ZERO) else { return };
        let estimate = Usage::read(lock.file()).map(|usage| usage.plus(pending));
        let usage = match estimate {
            Some(usage) if self.fits(usage) && !usage.is_old() => usage,
            _ => {
                let mut evicted = Pruned::default();
                let usage = self.shrink(newest, &mut evicted);
                if evicted.entries > 0 {
                    self.remove_orphans();
                }
                usage
            }
        };
        usage.write(lock.file());
        let mut left = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        // Threads of this process may have stored meanwhile.
        *left = Usage {
            entries: left.entries.saturating_sub(pending.entries),
            bytes: left.bytes.saturating_sub(pending.bytes),
            stores: left.stores.saturating_sub(pending.stores),
        };
    }

    fn fits(&self, usage: Usage) -> bool {
        usage.bytes <= self.limits.max_bytes && usage.entries <= size(self.limits.max_entries)
    }

    /// Counts the entries; if they exceed the limits, removes those that were not used for the longest time, until a
    /// sixteenth of the limits is free. The result is what is left.
    pub(super) fn shrink(&self, newest: &str, pruned: &mut Pruned) -> Usage {
        let rows = self.list();
        let bytes = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.bytes));
        let mut usage = Usage { entries: size(rows.len()), bytes, stores: 0 };
        if self.fits(usage) {
            return usage;
        }
        let CacheLimits { max_bytes, max_entries } = self.limits;
        let target = |limit: u64| limit.saturating_sub(limit.checked_div(16).unwrap_or_default());
        let (max_bytes, max_entries) = (target(max_bytes), target(size(max_entries)));
        for row in rows.iter().filter(|row| row.key != newest) {
            if usage.bytes <= max_bytes && usage.entries <= max_entries {
                break;
            }
            if !self.remove(row, pruned) {
                continue;
            }
            usage.bytes = usage.bytes.saturating_sub(row.bytes);
            usage.entries = usage.entries.saturating_sub(1);
        }
        usage
    }

    pub(super) fn eviction_lock(&self) -> PathBuf {
        self.directory.join("locks").join("evict")
    }

    /// Removes an entry; whether that was possible.
    pub(super) fn remove(&self, row: &CacheRow, pruned: &mut Pruned) -> bool {
        if !files::remove(&self.entry(&row.key)) {
            return false;
        }
        pruned.entries = pruned.entries.saturating_add(1);
        pruned.bytes = pruned.bytes.saturating_add(row.bytes);
        true
    }

    /// Removes bodies that no entry names. A body whose entry is being written can be among them: the entry then
    /// counts as absent, and is fetched again.
    pub(super) fn remove_orphans(&self) {
        let rows = self.list();
        let used: BTreeSet<_> = rows.iter().map(|row| row.object.as_str()).collect();
        let objects = self.directory.join("objects");
        let is_orphan = |name: &String| files::is_digest(name) && !used.contains(name.as_str());
        for name in files::names(&objects).filter(is_orphan) {
            files::remove(&objects.join(name));
        }
    }
}
