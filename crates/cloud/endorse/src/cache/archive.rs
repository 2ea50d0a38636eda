//! Exported caches: entries as lines of JSON, to be imported where there is no network.
//!
//! The first line is [`archive_head`]. Each line after it is an object with the members `url`, `fetched_at` (RFC 3339),
//! `issuer_chain` (text or null), `sha256` (of the body, hex) and `body` (base64). The same entries give the same
//! bytes. Nothing in a file is trusted: an entry is stored if it answers the question of its URL, under dates of its
//! own object.

use std::io::{BufRead, Read};

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use teeproof_core::Time;

use super::files::digest;
use super::{Cache, CacheEntry, MAX_BODY};
use crate::date::rfc3339;
use crate::fetch::is_within;
use crate::transport::MAX_HEADER;
use crate::{Endpoints, Error, HttpUrl, Question};

const HEAD: &str = "teeproof cache export, version 1\n";
/// The most bytes of a line: a body in base64, a header, a URL, and room for escapes.
const MAX_LINE: u64 = 2 * MAX_BODY;

/// The first line of an exported cache, with its line end.
#[must_use]
pub const fn archive_head() -> &'static str {
    HEAD
}

/// A line of an exported cache, with its line end.
#[must_use]
pub fn archive_line(entry: &CacheEntry) -> String {
    let line = Line {
        url: entry.url.clone(),
        fetched_at: entry.fetched_at.to_string(),
        issuer_chain: entry.issuer_chain.clone(),
        sha256: digest(&entry.body),
        body: Base64::encode_string(&entry.body),
    };
    // Texts can always be written.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    url: String,
    fetched_at: String,
    issuer_chain: Option<String>,
    sha256: String,
    body: String,
}

/// An entry of an exported cache, whose body has its digest and was not compared with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedEntry {
    /// The line in the file, counted from 1.
    pub line: u64,
    url: String,
    fetched_at: Time,
    issuer_chain: Option<String>,
    body: Vec<u8>,
}

impl ArchivedEntry {
    /// The URL, as the file says.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// What an import did with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is in the cache now.
    Stored,
    /// The cache had one that is valid and was issued later, or fetched at the same time or later.
    NotNewer,
    /// It is no longer valid by its own dates, and was left out.
    Expired,
}

/// What an import does with entries that are no longer valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiredEntries {
    /// They are left out.
    LeftOut,
    /// They are stored, for evidence of an earlier time, unless the cache has one of the same URL that is valid or was
    /// issued later.
    Stored,
}

/// A reader of an exported cache. It goes on after a malformed line, and ends where a line has no end or cannot be read.
#[derive(Debug)]
pub struct CacheArchive<R> {
    reader: R,
    /// Lines so far.
    line: u64,
    /// Whether no line can be read any more.
    ended: bool,
}

impl<R: BufRead> CacheArchive<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`Error::Archive`]: it is not that of an exported cache of this version, or cannot be read.
    pub fn new(reader: R) -> Result<Self, Error> {
        let mut archive = Self { reader, line: 0, ended: false };
        match archive.read_line()? {
            Some(line) if line == HEAD.trim_end().as_bytes() => Ok(archive),
            _ => {
                Err(archive.fault(&format!("expected {:?}, the head of an exported cache", HEAD.trim_end())))
            }
        }
    }

    fn fault(&self, what: &str) -> Error {
        Error::Archive { line: self.line, what: what.to_owned() }
    }

    /// The next line without its end, of at most so many bytes.
    fn read_line(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.line = self.line.saturating_add(1);
        let mut line = Vec::new();
        let read = Read::take(&mut self.reader, MAX_LINE).read_until(b'\n', &mut line);
        self.ended = line.last() != Some(&b'\n');
        match read {
            Err(error) => Err(self.fault(&format!("cannot be read: {error}"))),
            Ok(0) => Ok(None),
            Ok(_) if line.pop() != Some(b'\n') => {
                Err(self.fault(&format!("expected a line end within {MAX_LINE} bytes")))
            }
            Ok(_) => Ok(Some(line)),
        }
    }

    fn entry(&mut self) -> Result<Option<ArchivedEntry>, Error> {
        let Some(line) = self.read_line()? else { return Ok(None) };
        let Line { url, fetched_at, issuer_chain, sha256, body } =
            serde_json::from_slice(&line).map_err(|error| self.fault(&error.to_string()))?;
        let fetched_at = rfc3339(&fetched_at)
            .ok_or_else(|| self.fault("fetched_at: expected a time such as 2026-01-31T12:00:00Z"))?;
        let body = Base64::decode_vec(&body).map_err(|error| self.fault(&format!("body: {error}")))?;
        if u64::try_from(body.len()).is_ok_and(|bytes| bytes > MAX_BODY) {
            return Err(self.fault(&format!("body: expected at most {MAX_BODY} bytes")));
        }
        if digest(&body) != sha256 {
            return Err(self.fault("sha256: not that of the body"));
        }
        // As of a response: longer headers and other characters count as absent there.
        let is_header = |text: &String| {
            text.len() <= MAX_HEADER && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        if issuer_chain.as_ref().is_some_and(|chain| !is_header(chain)) {
            return Err(self.fault(&format!("issuer_chain: expected at most {MAX_HEADER} bytes of ASCII")));
        }
        Ok(Some(ArchivedEntry { line: self.line, url, fetched_at, issuer_chain, body }))
    }
}

impl<R: BufRead> Iterator for CacheArchive<R> {
    type Item = Result<ArchivedEntry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.entry().transpose()
    }
}

impl Cache {
    /// The entries that can be read, in the order of their URLs; of an entry that is removed meanwhile, nothing. Those
    /// that are valid at `now`, or all without it.
    pub fn entries(&self, now: Option<Time>) -> impl Iterator<Item = CacheEntry> + '_ {
        let mut rows = self.list();
        rows.sort_by(|a, b| a.url.cmp(&b.url));
        rows.into_iter()
            .filter(move |row| now.is_none_or(|now| row.valid_until >= now))
            .filter_map(|row| self.peek(&row.url))
    }

    /// Stores an entry of an exported cache, if it answers the question of its URL: one of the vendors' services, or
    /// of these endpoints. It counts as fetched when the file says, and never later than `now`. An entry that was issued
    /// before the valid one of the cache (notBefore, thisUpdate or issueDate) does not replace it, whenever it was
    /// fetched: a file cannot bring back a revocation list that was replaced.
    ///
    /// # Errors
    /// [`Error::Archive`]: not the URL of an endorsement; [`Error::Malformed`] or [`Error::Mismatch`]: not the answer
    /// of that URL; [`Error::OutOfDate`]: from the future, as its own dates say; [`Error::Cache`].
    pub fn import(
        &self,
        archived: &ArchivedEntry,
        endpoints: &Endpoints,
        now: Time,
        expired: ExpiredEntries,
    ) -> Result<Imported, Error> {
        let vendors = Endpoints::vendors();
        let question = HttpUrl::parse(&archived.url).ok().and_then(|url| {
            // The cache finds an endorsement by the text of its URL.
            let exact = |endpoints| {
                let question = Question::of_url(&url, endpoints)?;
                question.url(endpoints).is_ok_and(|own| own == url).then_some(question)
            };
            exact(endpoints).or_else(|| exact(&vendors))
        });
        let question = question.ok_or_else(|| {
            let shown: String = archived.url.chars().take(200).collect();
            Error::Archive { line: archived.line, what: format!("{shown} is not the URL of an endorsement") }
        })?;
        let answer = question.check(&archived.url, archived.body.clone(), archived.issuer_chain.clone())?;
        let validity = answer.validity();
        if validity.not_after >= now && !is_within(&question, validity, now) {
            return Err(Error::OutOfDate { url: archived.url.clone(), validity, at: now });
        }
        let has_expired = validity.not_after < now;
        if has_expired && expired == ExpiredEntries::LeftOut {
            return Ok(Imported::Expired);
        }
        let fetched_at = archived.fetched_at.min(now);
        let is_not_newer = |own: CacheEntry| {
            let own_has_expired = own.validity.not_after < now;
            let order = (own.validity.not_before, own.fetched_at) >= (validity.not_before, fetched_at);
            (own_has_expired == has_expired && order) || (has_expired && !own_has_expired)
        };
        if self.peek(&archived.url).is_some_and(is_not_newer) {
            return Ok(Imported::NotNewer);
        }
        let entry = CacheEntry {
            url: archived.url.clone(),
            fetched_at,
            validity,
            body: answer.body().to_vec(),
            issuer_chain: answer.issuer_chain().map(str::to_owned),
        };
        self.store(&entry, now)?;
        Ok(Imported::Stored)
    }
}
