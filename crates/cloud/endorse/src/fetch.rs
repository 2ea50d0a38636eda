//! Fetching: the cache first, then the network, with one request in flight for each object.

mod prefetch;

use std::time::{Duration, Instant};

use teeproof_core::{Time, Validity};

use crate::cache::MAX_REFUSAL;
use crate::date::http_date;
use crate::{
    Answer, Cache, CacheEntry, Endpoints, Error, HttpUrl, Offline, Question, Refusal, Response, Transport,
};
pub use prefetch::{Prefetch, Prefetched};

/// Which cached endorsements are used, by their age at present. One that is not valid at the time of verification by its
/// own dates never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// The longest time since an endorsement was fetched, after which it is stale; `None` for no limit. A revocation
    /// list can be valid for a year and be replaced the day after it was fetched.
    pub max_age: Option<Duration>,
    /// What happens to a stale endorsement.
    pub stale: Stale,
    /// Whether an answer that is older by its own dates replaces a valid one in the cache, of which the dates can be
    /// forged.
    pub replace_newer: bool,
}

impl Reuse {
    /// Every cached endorsement that is valid by its own dates: for certificates, which are not replaced.
    pub const WHILE_VALID: Self = Self { max_age: None, stale: Stale::Refused, replace_newer: false };
    /// None: the service is requested each time, and its answer replaces any other one.
    pub const NEVER: Self =
        Self { max_age: Some(Duration::ZERO), stale: Stale::Refused, replace_newer: true };

    /// Those that were fetched at most this long ago.
    #[must_use]
    pub const fn within(max_age: Duration) -> Self {
        Self { max_age: Some(max_age), stale: Stale::Refused, replace_newer: false }
    }

    /// Whether no cached endorsement is used.
    const fn is_never(&self) -> bool {
        matches!(self.max_age, Some(Duration::ZERO)) && matches!(self.stale, Stale::Refused)
    }

    /// The same, and an older answer replaces nothing.
    #[must_use]
    pub const fn keeping_newer(self) -> Self {
        Self { replace_newer: false, ..self }
    }

    /// The same with another use of stale endorsements.
    #[must_use]
    pub const fn stale(self, stale: Stale) -> Self {
        Self { stale, ..self }
    }
}

/// What happens to a cached endorsement that is valid and older than [`Reuse::max_age`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It is not used.
    Refused,
    /// It is used if the service has no valid answer, whatever else it says: a 404 or a page does not undo a revocation.
    IfError,
    /// It is used at once; [`Endorsement::refresh_due`] says that [`Fetcher::refresh`] is to be called afterwards,
    /// when nobody waits for it.
    WhileRevalidate,
}

/// How often and how long a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The most requests for one endorsement.
    pub attempts: u32,
    /// The longest pause before the second request. It doubles with each request.
    pub first_pause: Duration,
    /// The longest pause, unless the service asks for a longer one; and the time for which a 429 or 503 without
    /// Retry-After is remembered after the last attempt.
    pub longest_pause: Duration,
    /// The time for all requests and pauses together; no request begins after it.
    pub total: Duration,
    /// The time for which another process may fetch the same object.
    pub lock_patience: Duration,
    /// The time for which a 404 is remembered.
    pub refusals: Duration,
}

impl Retries {
    /// Four requests within 30 seconds; a 404 is remembered for a minute.
    pub const DEFAULT: Self = Self {
        attempts: 4,
        first_pause: Duration::from_millis(500),
        longest_pause: Duration::from_secs(10),
        total: Duration::from_secs(30),
        lock_patience: Duration::from_secs(60),
        refusals: Duration::from_secs(60),
    };
}

/// A fetched endorsement and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// The answer.
    pub answer: Answer,
    /// The URL that it was fetched from.
    pub url: String,
    /// When it was fetched.
    pub fetched_at: Time,
    /// Whether it was in the cache.
    pub from_cache: bool,
    /// Whether it is older than the caller wants it, so that [`Fetcher::refresh`] is due.
    pub refresh_due: bool,
    /// Why it is not in the cache now, if it was fetched and could not be stored.
    pub not_stored: Option<Error>,
}

impl Endorsement {
    /// The last second for which the object says that it is valid.
    #[must_use]
    pub const fn valid_until(&self) -> Time {
        self.answer.validity().not_after
    }
}

/// Fetches endorsements.
#[derive(Clone, Copy)]
pub struct Fetcher<'a> {
    transport: &'a dyn Transport,
    endpoints: &'a Endpoints,
    cache: Option<&'a Cache>,
    retries: Retries,
    random: &'a (dyn Fn() -> u32 + Sync),
    offline: bool,
    at: Option<Time>,
}

impl<'a> Fetcher<'a> {
    /// A fetcher without a cache. `random` returns a number of all 32 bits, for the jitter of pauses.
    #[must_use]
    pub const fn new(
        transport: &'a dyn Transport,
        endpoints: &'a Endpoints,
        retries: Retries,
        random: &'a (dyn Fn() -> u32 + Sync),
    ) -> Self {
        Self { transport, endpoints, cache: None, retries, random, offline: false, at: None }
    }

    /// A fetcher that opens no socket: what is not in its cache is an error at once.
    #[must_use]
    pub const fn offline(endpoints: &'a Endpoints) -> Self {
        let fetcher = Self::new(&Offline, endpoints, Retries::DEFAULT, &|| 0);
        Self { offline: true, ..fetcher }
    }

    /// The same with a cache.
    #[must_use]
    pub const fn cache(self, cache: &'a Cache) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// The same for a verification at this time, at which endorsements are to be valid; otherwise at the current time.
    #[must_use]
    pub const fn valid_at(self, at: Time) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The endorsement, from the cache or from its service. `now` is the current time.
    ///
    /// An answer that is older by its own dates than the valid one in the cache replaces it if [`Reuse::replace_newer`] says so.
    ///
    /// # Errors
    /// It is not in the cache as `reuse` wants it, and the service does not have it, cannot be reached, refused the
    /// same request a short time ago, or answers something else, such as an expired object.
    pub fn fetch(&self, question: &Question, reuse: Reuse, now: Time) -> Result<Endorsement, Error> {
        let url = question.url(self.endpoints)?;
        let mut fallback = None;
        if let Some(cached) = self.cached(question, &url, reuse, now) {
            if !cached.refresh_due || reuse.stale == Stale::WhileRevalidate {
                return Ok(cached);
            }
            fallback = Some(cached).filter(|_| reuse.stale == Stale::IfError);
        }
        self.fetch_locked(question, &url, reuse, now).or_else(|error| fallback.ok_or(error))
    }

    /// Fetches from the service whatever the cache has, and stores the answer. If another process fetches the same
    /// object meanwhile, its answer is the result.
    ///
    /// # Errors
    /// Those of [`Fetcher::fetch`].
    pub fn refresh(&self, question: &Question, now: Time) -> Result<Endorsement, Error> {
        self.fetch(question, Reuse::NEVER, now)
    }

    /// The cached endorsement, if it is valid at the time of verification and still answers the question.
    fn cached(&self, question: &Question, url: &HttpUrl, reuse: Reuse, now: Time) -> Option<Endorsement> {
        self.entry(question, url, reuse, now).filter(|entry| self.is_in_time(question, entry, now))
    }

    /// The cached endorsement, valid or not, if it still answers the question.
    fn entry(&self, question: &Question, url: &HttpUrl, reuse: Reuse, now: Time) -> Option<Endorsement> {
        let entry = self.cache?.lookup(url.as_str(), now)?;
        let answer = question.check(&entry.url, entry.body, entry.issuer_chain).ok()?;
        let age = now.since(entry.fetched_at);
        // An entry from the future was written under another clock.
        let refresh_due = reuse.max_age.is_some_and(|most| age < 0 || age >= seconds(most));
        Some(Endorsement {
            answer,
            url: entry.url,
            fetched_at: entry.fetched_at,
            from_cache: true,
            refresh_due,
            not_stored: None,
        })
    }

    /// The cached endorsement that this one must not replace: it is valid and newer.
    fn newer(
        &self,
        question: &Question,
        url: &HttpUrl,
        reuse: Reuse,
        fetched: &Endorsement,
        now: Time,
    ) -> Option<Endorsement> {
        let from = fetched.answer.validity().not_before;
        let entry = self.entry(question, url, reuse, now).filter(|_| !reuse.replace_newer)?;
        let validity = entry.answer.validity();
        let is_valid = is_within(question, validity, now) || self.is_in_time(question, &entry, now);
        Some(entry).filter(|_| is_valid && validity.not_before > from)
    }

    fn is_in_time(&self, question: &Question, endorsement: &Endorsement, now: Time) -> bool {
        is_within(question, endorsement.answer.validity(), self.at.unwrap_or(now))
    }

    /// The answer, if it is valid at the time of verification.
    fn in_time(
        &self,
        question: &Question,
        url: &HttpUrl,
        answer: Answer,
        now: Time,
    ) -> Result<Answer, Error> {
        let (at, validity, url) = (self.at.unwrap_or(now), answer.validity(), url.to_string());
        match (is_within(question, validity, at), is_within(question, validity, now)) {
            (true, _) => Ok(answer),
            (false, true) => Err(Error::OtherTime { url, validity, at }),
            (false, false) => Err(Error::OutOfDate { url, validity, at }),
        }
    }

    /// Fetches while no other process fetches the same object; if one did, its answer is in the cache.
    fn fetch_locked(
        &self,
        question: &Question,
        url: &HttpUrl,
        reuse: Reuse,
        now: Time,
    ) -> Result<Endorsement, Error> {
        let Some(cache) = self.cache.filter(|_| !self.offline) else {
            return self.request(question, url, now);
        };
        let begun = Instant::now();
        let lock = match cache.lock(url.as_str(), self.retries.lock_patience) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(Error::Locked { url: url.to_string() }),
            // A cache that cannot be written: the service is there all the same.
            Err(unusable) => {
                let fetched = self.request(question, url, now)?;
                let newer = self.newer(question, url, reuse, &fetched, now);
                if let Some(newer) = newer.filter(|newer| self.is_in_time(question, newer, now)) {
                    return Ok(newer);
                }
                return Ok(Endorsement { not_stored: Some(unusable), ..fetched });
            }
        };
        let locked = now.plus(seconds(begun.elapsed()));
        if let Some(cached) = self.cached(question, url, reuse, locked) {
            // Whoever had the lock may have fetched it since this call began.
            if !cached.refresh_due || (lock.was_contended() && cached.fetched_at >= now) {
                return Ok(Endorsement { refresh_due: false, ..cached });
            }
        }
        let now = locked;
        // Who wants everything anew wants it from a service that has recovered, too; those that waited do not repeat
        // what the process before them did.
        let refusal = cache.refusal(url.as_str(), now).filter(|_| !reuse.is_never() || lock.was_contended());
        if let Some(Refusal { status, until, .. }) = refusal {
            return Err(Error::Refused { url: url.to_string(), status, until: Time(until) });
        }
        let mut endorsement = self.request(question, url, now)?;
        if let Some(newer) = self.newer(question, url, reuse, &endorsement, now) {
            return Ok(if self.is_in_time(question, &newer, now) { newer } else { endorsement });
        }
        let entry = CacheEntry {
            url: endorsement.url.clone(),
            fetched_at: endorsement.fetched_at,
            validity: endorsement.answer.validity(),
            body: endorsement.answer.body().to_vec(),
            issuer_chain: endorsement.answer.issuer_chain().map(str::to_owned),
        };
        endorsement.not_stored = cache.store(&entry, now).err();
        Ok(endorsement)
    }

    /// Requests the service, and again after a pause where that can help.
    fn request(&self, question: &Question, url: &HttpUrl, now: Time) -> Result<Endorsement, Error> {
        let request = question.request(self.endpoints)?;
        let begun = Instant::now();
        let mut attempt = 1_u32;
        loop {
            let time = now.plus(seconds(begun.elapsed()));
            let sent = self.transport.send(&request);
            let retry_after = sent.as_ref().ok().and_then(|response| retry_after(response, time));
            let answer = sent.and_then(|response| question.answer(url, response));
            let error = match answer.and_then(|answer| self.in_time(question, url, answer, time)) {
                Ok(answer) => {
                    let url = url.to_string();
                    let fetched_at = time;
                    return Ok(Endorsement {
                        answer,
                        url,
                        fetched_at,
                        from_cache: false,
                        refresh_due: false,
                        not_stored: None,
                    });
                }
                Err(error) => error,
            };
            let pause = self.pause(attempt, retry_after);
            let in_time = begun.elapsed().saturating_add(pause) < self.retries.total;
            if !is_temporary(&error) || attempt >= self.retries.attempts || !in_time {
                self.remember(&error, retry_after, time);
                return Err(error);
            }
            std::thread::sleep(pause);
            attempt = attempt.saturating_add(1);
        }
    }

    /// Half of the longest pause of this attempt, or what the service asks for if that is longer, and a random part of
    /// the other half.
    fn pause(&self, attempt: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1).min(16));
        let longest = self.retries.first_pause.saturating_mul(doubled).min(self.retries.longest_pause);
        let half = longest.checked_div(2).unwrap_or_default();
        let jitter = half.mul_f64(f64::from((self.random)()) / f64::from(u32::MAX));
        retry_after.unwrap_or_default().max(half).saturating_add(jitter)
    }

    /// Remembers that the service does not have the object, or when it wants to be requested again.
    fn remember(&self, error: &Error, retry_after: Option<Duration>, now: Time) {
        let (Some(cache), Error::Status { url, status }) = (self.cache, error) else { return };
        let until = match (*status, retry_after) {
            // Those that waited for this process must not repeat what it did.
            (429 | 503, after) => {
                let after = after.unwrap_or(self.retries.longest_pause);
                now.plus(seconds(after).min(MAX_REFUSAL))
            }
            (400 | 404 | 410, _) => now.plus(seconds(self.retries.refusals).min(MAX_REFUSAL)),
            _ => return,
        };
        let refusal = Refusal { url: url.clone(), status: *status, until: until.0 };
        // Without the file, the next process requests again.
        let _ = cache.store_refusal(&refusal, now);
    }
}

/// Whether a time is within the validity of an answer to this question; see [`Question::clock_skew`].
pub(crate) fn is_within(question: &Question, validity: Validity, at: Time) -> bool {
    validity.not_before <= at.plus(question.clock_skew()) && at <= validity.not_after
}

/// Whether the same request can succeed a little later.
const fn is_temporary(error: &Error) -> bool {
    matches!(
        error,
        Error::Unreachable { .. }
            | Error::Late { .. }
            | Error::Status { status: 408 | 429 | 500 | 502 | 503 | 504, .. }
    )
}

/// Whether the service can be expected to have the object later.
const fn is_waiting(error: &Error) -> bool {
    matches!(error, Error::Offline { .. } | Error::Locked { .. } | Error::Refused { status: 429 | 503, .. })
}

/// Retry-After: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(response: &Response, now: Time) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let after = http_date(text)?.since(now);
    Some(Duration::from_secs(u64::try_from(after).unwrap_or_default()))
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
