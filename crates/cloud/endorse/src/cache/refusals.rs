//! Refusals by services, remembered for a short time and in a bounded number.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use teeproof_core::Time;

use super::files::{self, digest, fault};
use super::{Cache, MAX_RECORD};
use crate::Error;

/// A refusal by a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The URL.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// Seconds since 1970; from then on the service may be requested again.
    pub until: i64,
}

/// The longest time for which a refusal is remembered, in seconds.
pub(crate) const MAX_REFUSAL: i64 = 3600;
/// The most refusals. Whoever may request a mirror chooses their URLs.
const MAX_REFUSALS: usize = 1024;
/// Refusals that a process stores between two counts, of which the first is due with its first one.
const RECOUNT: usize = 64;

impl Cache {
    /// Remembers a refusal until its time. Of more than 1,024 refusals, the oldest are forgotten.
    ///
    /// # Errors
    /// [`Error::Cache`], [`Error::CacheFull`]: the file cannot be written.
    pub fn store_refusal(&self, refusal: &Refusal, now: Time) -> Result<(), Error> {
        let path = self.refusal_path(&refusal.url);
        let text = serde_json::to_vec(refusal)
            .map_err(|error| fault(&path, &std::io::Error::other(error.to_string())))?;
        if self.refusals.fetch_add(1, Ordering::Relaxed).is_multiple_of(RECOUNT) {
            self.forget_oldest_refusals();
        }
        self.write(&path, &text, now)
    }

    /// The refusal of this URL, if its time has not passed.
    #[must_use]
    pub fn refusal(&self, url: &str, now: Time) -> Option<Refusal> {
        let text = files::read(&self.refusal_path(url), MAX_RECORD)?;
        let refusal: Refusal = serde_json::from_slice(&text).ok()?;
        // A clock that was set back must not keep a refusal alive: none is remembered for longer than this.
        let until = refusal.until;
        let remembered = now.0 < until && until <= now.0.saturating_add(MAX_REFUSAL);
        Some(refusal).filter(|refusal| remembered && refusal.url == url)
    }

    /// Leaves room for as many refusals as are stored until the next count.
    fn forget_oldest_refusals(&self) {
        let mut paths: Vec<_> = self.refusal_paths().collect();
        let most = MAX_REFUSALS.saturating_sub(RECOUNT);
        let excess = paths.len().saturating_sub(most);
        if excess > 0 {
            paths.sort_by_cached_key(|path| files::size_and_time(path).map(|(_, time)| time));
            paths.iter().take(excess).for_each(|path| {
                files::remove(path);
            });
        }
    }

    /// Removes the refusals whose time has passed, and those that cannot be read.
    pub(super) fn prune_refusals(&self, now: Time) {
        for path in self.refusal_paths() {
            let text = files::read(&path, MAX_RECORD).unwrap_or_default();
            let until = serde_json::from_slice(&text).map_or(i64::MIN, |refusal: Refusal| refusal.until);
            if until <= now.0 || until > now.0.saturating_add(MAX_REFUSAL) {
                files::remove(&path);
            }
        }
    }

    pub(super) fn forget_refusal(&self, url: &str) {
        files::remove(&self.refusal_path(url));
    }

    fn refusal_paths(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let folder = self.directory.join("refusals");
        files::names(&folder).filter(|name| files::key(name).is_some()).map(move |name| folder.join(name))
    }

    fn refusal_path(&self, url: &str) -> PathBuf {
        self.directory.join("refusals").join([&digest(url.as_bytes()), ".json"].concat())
    }
}
