//! Sources of endorsements that were not among the files: URL, cache or network, times.

use alloc::string::String;
use core::fmt;

use teeproof_core::Time;

/// The source of one endorsement that a program fetched or had in its cache.
///
/// The program says so, and nothing proves it: no check depends on it. What an endorsement proves, its own signature
/// does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndorsementSource {
    /// What it is, in a few words: `VCEK of a Milan chip`.
    pub what: String,
    /// The URL that it was fetched from.
    pub url: String,
    /// Whether this run fetched it.
    pub from: FetchedFrom,
    /// When it was fetched.
    pub fetched_at: Time,
    /// The last second for which the object itself says that it is valid.
    pub valid_until: Time,
}

impl EndorsementSource {
    /// A source of these.
    #[must_use]
    pub const fn new(
        what: String,
        url: String,
        from: FetchedFrom,
        fetched_at: Time,
        valid_until: Time,
    ) -> Self {
        Self { what, url, from, fetched_at, valid_until }
    }
}

/// `cache, fetched 2026-01-15T12:00:00Z, valid until 2027-01-15T12:00:00Z`
impl fmt::Display for EndorsementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, fetched_at, valid_until, .. } = self;
        write!(f, "{from}, fetched {fetched_at}, valid until {valid_until}")
    }
}

/// Whether an endorsement was in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchedFrom {
    /// It was in the cache.
    Cache,
    /// It was fetched for this verification.
    Network,
}

impl FetchedFrom {
    /// The word in JSON: `cache`, `network`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Network => "network",
        }
    }
}

impl fmt::Display for FetchedFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
