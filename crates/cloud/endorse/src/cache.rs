//! A cache of endorsements on disk, for many processes at once.
//!
//! Below the directory:
//!
//! | path | content |
//! |---|---|
//! | `CACHEDIR.TAG` | the marker of a cache, without which a directory with files is refused |
//! | `objects/DIGEST` | a body as received, named by its SHA-256 |
//! | `entries/KEY.json` | what is known of one URL: digest of the body, headers, times; KEY is the SHA-256 of the URL |
//! | `refusals/KEY.json` | a refusal by the service, for a short time |
//! | `locks/PREFIX` | empty files that processes lock while they fetch |
//! | `locks/evict` | the file that a process locks while it evicts; an estimate of the size of all entries |
//! | `new/` | files that are being written |
//!
//! A file appears complete, by a rename. A body whose digest is wrong, and an entry that cannot be read, count as
//! absent. The time of last use is the modification time of the entry. Files of other names are not read, and stay.

pub(crate) mod archive;
mod directory;
mod evict;
mod files;
mod lock;
mod refusals;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use teeproof_core::{Time, Validity};

use crate::Error;
use evict::Usage;
use files::{digest, fault};
pub use lock::CacheLock;
pub(crate) use refusals::MAX_REFUSAL;
pub use refusals::Refusal;

/// The bounds of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// The most bytes of all entries and their bodies together.
    pub max_bytes: u64,
    /// The most entries.
    pub max_entries: usize,
}

impl CacheLimits {
    /// 64 MiB and 16,384 entries; a VCEK has about 2 KiB with its entry.
    pub const DEFAULT: Self = Self { max_bytes: 64 * 1024 * 1024, max_entries: 16_384 };
}

/// A cache in one directory. Nothing in it is trusted: whoever reads an entry compares it with the question again.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    limits: CacheLimits,
    /// What was stored and is not in the estimate yet, because another process was evicting.
    pending: Arc<Mutex<Usage>>,
    /// The number of refusals that were stored.
    refusals: Arc<AtomicUsize>,
}

/// An endorsement in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// The URL that it was fetched from.
    pub url: String,
    /// When it was fetched.
    pub fetched_at: Time,
    /// The time for which the object itself says that it is valid.
    pub validity: Validity,
    /// The body as received.
    pub body: Vec<u8>,
    /// The header with the certificates above the signer, of Intel's objects.
    pub issuer_chain: Option<String>,
}

/// A row of [`Cache::list`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRow {
    /// The URL that it was fetched from.
    pub url: String,
    /// When it was fetched.
    pub fetched_at: Time,
    /// The last second for which the object says that it is valid.
    pub valid_until: Time,
    /// When it was last used.
    pub last_used: Time,
    /// The size of body and entry, in bytes.
    pub bytes: u64,
    /// The name of the entry's file.
    key: String,
    /// The name of the body's file.
    object: String,
}

/// What [`Cache::prune`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries.
    pub entries: usize,
    /// Bytes of entries and bodies.
    pub bytes: u64,
}

/// An entry's file.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    url: String,
    object: String,
    bytes: u64,
    fetched_at: i64,
    not_before: i64,
    not_after: i64,
    issuer_chain: Option<String>,
}

const VERSION: u32 = 1;
/// The most bytes of an entry's file: two headers of 32 KiB, escaped.
const MAX_RECORD: u64 = 256 * 1024;
/// The most bytes of a body.
const MAX_BODY: u64 = 1024 * 1024;
/// Files in `new/` that are older belong to no running process.
const ABANDONED: i64 = 3600;

/// The directory of the cache: `$XDG_CACHE_HOME/teeproof`, or `$HOME/.cache/teeproof` (XDG Base Directory
/// Specification). A relative `$XDG_CACHE_HOME` is ignored, as the specification says. `None` without either.
#[must_use]
pub fn default_cache_directory(xdg_cache_home: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let absolute = |path: Option<&OsStr>| path.map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(xdg_cache_home).or_else(|| Some(absolute(home)?.join(".cache")))?;
    Some(base.join("teeproof"))
}

impl Cache {
    /// Opens the cache in this directory, which is made if it is missing, for this user alone.
    ///
    /// # Errors
    /// [`Error::Cache`], [`Error::CacheFull`]: the directory cannot be made. [`Error::CacheRefused`]: the directory or
    /// one of its folders is a symbolic link, belongs to another user, or may be written by others; or the directory
    /// has files and is not a cache.
    pub fn open(directory: &Path, limits: CacheLimits) -> Result<Self, Error> {
        directory::prepare(directory)?;
        Ok(Self::at(directory, limits))
    }

    /// Opens the cache in this directory to read it; `None` without one. Nothing is made. A cache of root is one that
    /// others may read.
    ///
    /// # Errors
    /// [`Error::Cache`]: the directory cannot be read. [`Error::CacheRefused`]: as of [`Cache::open`].
    pub fn open_existing(directory: &Path, limits: CacheLimits) -> Result<Option<Self>, Error> {
        Ok(directory::is_cache(directory)?.then(|| Self::at(directory, limits)))
    }

    fn at(directory: &Path, limits: CacheLimits) -> Self {
        Self { directory: directory.to_owned(), limits, pending: Arc::default(), refusals: Arc::default() }
    }

    /// The entry of this URL, valid or not; `None` if it is missing or cannot be read. `now` becomes its time of last
    /// use.
    #[must_use]
    pub fn lookup(&self, url: &str, now: Time) -> Option<CacheEntry> {
        let found = self.peek(url)?;
        files::set_time(&self.entry(&digest(url.as_bytes())), now);
        Some(found)
    }

    /// The same, and its time of last use stays.
    pub(crate) fn peek(&self, url: &str) -> Option<CacheEntry> {
        let path = self.entry(&digest(url.as_bytes()));
        let record = read_record(&path).filter(|record| record.url == url)?;
        let body = files::read(&self.object(&record.object)?, MAX_BODY)?;
        if digest(&body) != record.object {
            return None;
        }
        Some(CacheEntry {
            url: record.url,
            fetched_at: Time(record.fetched_at),
            validity: Validity { not_before: Time(record.not_before), not_after: Time(record.not_after) },
            body,
            issuer_chain: record.issuer_chain,
        })
    }

    /// Stores an entry in place of the one with the same URL, and forgets a refusal of that URL. If the cache exceeds
    /// its limits, entries that were not used for the longest time are removed, a sixteenth more than necessary: the
    /// stores after it then have room, and list nothing.
    ///
    /// # Errors
    /// [`Error::Cache`], [`Error::CacheFull`]: a file cannot be written, or the entry is larger than the cache.
    pub fn store(&self, entry: &CacheEntry, now: Time) -> Result<(), Error> {
        let key = digest(entry.url.as_bytes());
        let record = Record {
            version: VERSION,
            url: entry.url.clone(),
            object: digest(&entry.body),
            bytes: size(entry.body.len()),
            fetched_at: entry.fetched_at.0,
            not_before: entry.validity.not_before.0,
            not_after: entry.validity.not_after.0,
            issuer_chain: entry.issuer_chain.clone(),
        };
        let path = self.entry(&key);
        let text = serde_json::to_vec(&record)
            .map_err(|error| fault(&path, &std::io::Error::other(error.to_string())))?;
        let bytes = size(text.len()).saturating_add(record.bytes);
        if bytes > self.limits.max_bytes || record.bytes > MAX_BODY || self.limits.max_entries == 0 {
            let reason = format!("{bytes} bytes are more than the cache may have");
            return Err(Error::Cache { path: path.display().to_string(), reason });
        }
        let object = self.directory.join("objects").join(&record.object);
        let is_new = files::size_and_time(&path).is_none();
        self.write(&object, &entry.body, now)?;
        self.write(&path, &text, now)?;
        self.forget_refusal(&entry.url);
        self.evict(&key, Usage { entries: u64::from(is_new), bytes, stores: 1 });
        Ok(())
    }

    /// Locks this URL among all processes and threads that use the cache; `None` if another one has the lock for
    /// longer than `patience`. The lock ends with the value, and with its process.
    ///
    /// Locks are shared by URLs whose digests begin alike, so that their number is bounded.
    ///
    /// # Errors
    /// [`Error::Cache`], [`Error::CacheFull`]: the lock's file cannot be opened or locked.
    pub fn lock(&self, url: &str, patience: Duration) -> Result<Option<CacheLock>, Error> {
        let key = digest(url.as_bytes());
        let name = key.get(..3).unwrap_or_default();
        let path = self.directory.join("locks").join(name);
        lock::wait(&path, patience).map_err(|error| fault(&path, &error))
    }

    /// Every entry that can be read, the one that was not used for the longest time first.
    #[must_use]
    pub fn list(&self) -> Vec<CacheRow> {
        let mut rows: Vec<_> =
            files::names(&self.directory.join("entries")).filter_map(|name| self.row(&name)).collect();
        rows.sort_by(|a, b| (a.last_used, &a.key).cmp(&(b.last_used, &b.key)));
        rows
    }

    fn row(&self, name: &str) -> Option<CacheRow> {
        let key = files::key(name)?;
        let path = self.entry(key);
        let record = read_record(&path)?;
        let (bytes, last_used) = files::size_and_time(&path)?;
        Some(CacheRow {
            url: record.url,
            fetched_at: Time(record.fetched_at),
            valid_until: Time(record.not_after),
            last_used,
            bytes: bytes.saturating_add(record.bytes),
            key: key.to_owned(),
            object: record.object,
        })
    }

    /// Removes what is no longer valid at `now`: entries, refusals, bodies without an entry, and files that a killed
    /// process left; then as many entries as the limits require. Files whose names are not those of a cache stay.
    #[must_use = "it says what was removed"]
    pub fn prune(&self, now: Time) -> Pruned {
        let mut pruned = Pruned::default();
        let readable = self.list();
        for row in readable.iter().filter(|row| row.valid_until < now) {
            self.remove(row, &mut pruned);
        }
        let keys: BTreeSet<_> = readable.iter().map(|row| row.key.as_str()).collect();
        let entries = self.directory.join("entries");
        for name in files::names(&entries) {
            let is_unreadable = files::key(&name).is_some_and(|key| !keys.contains(key));
            // It may have been written since; then it can be read.
            if is_unreadable && self.row(&name).is_none() {
                files::remove(&entries.join(name));
            }
        }
        self.prune_refusals(now);
        let new = self.directory.join("new");
        for path in files::names(&new).filter(|name| files::is_temporary(name)).map(|name| new.join(name)) {
            if files::size_and_time(&path).is_some_and(|(_, time)| now.since(time) > ABANDONED) {
                files::remove(&path);
            }
        }
        let usage = self.shrink("", &mut pruned);
        self.remove_orphans();
        if let Ok(Some(lock)) = lock::wait(&self.eviction_lock(), Duration::ZERO) {
            usage.write(lock.file());
        }
        pruned
    }

    fn write(&self, path: &Path, bytes: &[u8], now: Time) -> Result<(), Error> {
        files::replace(&self.directory.join("new"), path, bytes, now).map_err(|error| fault(path, &error))
    }

    fn entry(&self, key: &str) -> PathBuf {
        self.directory.join("entries").join([key, ".json"].concat())
    }

    /// The file of a body, if its name is a digest and so stays within the folder.
    fn object(&self, name: &str) -> Option<PathBuf> {
        files::is_digest(name).then(|| self.directory.join("objects").join(name))
    }
}

/// 9999-12-31T23:59:59Z, the last second of an RFC 3339 date.
const LAST_DATE: i64 = 253_402_300_799;

fn read_record(path: &Path) -> Option<Record> {
    let text = files::read(path, MAX_RECORD)?;
    let record: Record = serde_json::from_slice(&text).ok()?;
    let is_date = |seconds| (0..=LAST_DATE).contains(&seconds);
    (record.version == VERSION && is_date(record.fetched_at)).then_some(record)
}

fn size(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
