//! Prefetching: many endorsements into the cache, none of them lost while the service answers at all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use teeproof_core::Time;

use super::{Fetcher, Retries, Reuse, is_temporary, is_waiting};
use crate::url::Origin;
use crate::{Error, Question};

/// How many endorsements are fetched, and how long for.
#[derive(Clone, Copy, Debug)]
pub struct Prefetch {
    /// Requests at once.
    pub workers: usize,
    /// Which cached endorsements need no request.
    pub reuse: fn(&Question) -> Reuse,
    /// The current time.
    pub clock: fn() -> Time,
    /// The longest wait for a service that wants to be requested later. What it refuses for longer has failed.
    pub patience: Duration,
}

/// What became of the endorsements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefetched {
    /// The number that was fetched and stored.
    pub fetched: usize,
    /// The number that was in the cache.
    pub cached: usize,
    /// Those that are not in the cache, with their indexes in the list and the errors, in its order.
    pub failed: Vec<(usize, Error)>,
}

/// Rounds in a row in which nothing is fetched, after which the rest has failed. A service that refuses half of all
/// requests refuses all four of one endorsement in one of 16 cases, and so in three rounds in one of 4096.
const FRUITLESS: usize = 3;
/// Requests in a row to one service without a response, with all their repetitions, after which it gets no more.
const SILENT: usize = 8;

impl Prefetch {
    /// Fetches what is not in the cache. `done` is called once for each endorsement, when its result is known.
    ///
    /// What the service refuses for now is requested again in a later round, when the service wants it to be, as long
    /// as rounds fetch something. Without a fetcher's cache, everything is only requested.
    #[must_use]
    pub fn run(&self, fetcher: &Fetcher<'_>, questions: &[Question], done: &(dyn Fn() + Sync)) -> Prefetched {
        let mut result = Prefetched::default();
        let mut left: Vec<usize> = (0..questions.len()).collect();
        let mut fruitless = 0;
        let silence = Silence::of(fetcher, questions);
        while !left.is_empty() {
            let outcomes = self.round(fetcher, questions, &left, &silence);
            let (before, mut later) = (left.len(), Vec::new());
            for (index, outcome) in outcomes {
                match outcome {
                    Ok(Stored::Fetched) => result.fetched = result.fetched.saturating_add(1),
                    Ok(Stored::Cached) => result.cached = result.cached.saturating_add(1),
                    Err(error) if is_refused_for_now(&error) => {
                        later.push((index, error));
                        continue;
                    }
                    Err(error) => result.failed.push((index, error)),
                }
                done();
            }
            fruitless = if later.len() < before { 0 } else { fruitless + 1 };
            let wait = self.wait(fetcher, questions, &later);
            left = match wait {
                Some(wait) if fruitless < FRUITLESS => {
                    std::thread::sleep(wait);
                    later.into_iter().map(|(index, _)| index).collect()
                }
                _ => {
                    later.iter().for_each(|_| done());
                    result.failed.extend(later);
                    Vec::new()
                }
            };
        }
        result.failed.sort_by_key(|(index, _)| *index);
        result
    }

    /// Requests each of these once, with the repetitions of the fetcher.
    fn round(
        &self,
        fetcher: &Fetcher<'_>,
        questions: &[Question],
        left: &[usize],
        silence: &Silence,
    ) -> Vec<(usize, Result<Stored, Error>)> {
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(Vec::with_capacity(left.len()));
        let work = || {
            while let Some(index) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
                let Some(question) = questions.get(*index) else { continue };
                let outcome = self.one(fetcher, question, silence);
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((*index, outcome));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.workers.clamp(1, left.len().max(1)) {
                scope.spawn(work);
            }
        });
        outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, fetcher: &Fetcher<'_>, question: &Question, silence: &Silence) -> Result<Stored, Error> {
        let silent = silence.at(fetcher, question);
        let now = (self.clock)();
        let reuse = (self.reuse)(question);
        let fetcher = if silent.load(Ordering::Relaxed) < SILENT {
            *fetcher
        } else {
            // The service is gone; what is cached is still found.
            Fetcher {
                transport: &Silent,
                offline: true,
                retries: Retries { attempts: 1, ..fetcher.retries },
                ..*fetcher
            }
        };
        let fetched = fetcher.fetch(question, reuse, now);
        match &fetched {
            Err(Error::Unreachable { .. } | Error::Late { .. }) => {
                silent.fetch_add(1, Ordering::Relaxed);
            }
            Ok(found) if found.from_cache => {}
            Err(Error::Offline { .. }) => {}
            _ => silent.store(0, Ordering::Relaxed),
        }
        match fetched? {
            found if found.from_cache => Ok(Stored::Cached),
            found => found.not_stored.map_or(Ok(Stored::Fetched), Err),
        }
    }

    /// How long to wait for the first of these; `None` if it is too long.
    fn wait(
        &self,
        fetcher: &Fetcher<'_>,
        questions: &[Question],
        later: &[(usize, Error)],
    ) -> Option<Duration> {
        let now = (self.clock)();
        let until = later.iter().map(|(index, error)| match error {
            Error::Refused { until, .. } => until.since(now),
            _ => {
                // The fetcher has stored it after its last repetition.
                let url = questions.get(*index).and_then(|question| question.url(fetcher.endpoints).ok());
                let refusal = url.and_then(|url| fetcher.cache?.refusal(url.as_str(), now));
                refusal.map_or(0, |refusal| Time(refusal.until).since(now))
            }
        });
        let wait = Duration::from_secs(u64::try_from(until.min().unwrap_or(0)).unwrap_or_default());
        (wait <= self.patience).then_some(wait)
    }
}

/// The number of requests in a row without a response, of each service.
struct Silence(HashMap<Origin, AtomicUsize>);

impl Silence {
    fn of(fetcher: &Fetcher<'_>, questions: &[Question]) -> Self {
        let origins = questions.iter().filter_map(|question| question.url(fetcher.endpoints).ok());
        Self(origins.map(|url| (url.origin().clone(), AtomicUsize::new(0))).collect())
    }

    /// That of the question's service. What has no URL is never requested.
    fn at(&self, fetcher: &Fetcher<'_>, question: &Question) -> &AtomicUsize {
        static NONE: AtomicUsize = AtomicUsize::new(0);
        let url = question.url(fetcher.endpoints).ok();
        url.and_then(|url| self.0.get(url.origin())).unwrap_or(&NONE)
    }
}

/// Where an endorsement was found that is in the cache now.
enum Stored {
    Fetched,
    Cached,
}

/// The transport of a service that has not answered for a while.
struct Silent;

impl crate::Transport for Silent {
    fn send(&self, request: &crate::Request) -> Result<crate::Response, Error> {
        let reason = format!("not requested, {SILENT} requests in a row had no response");
        Err(Error::Unreachable { url: request.url.to_string(), reason })
    }
}

/// Whether the service answers and wants this request later.
fn is_refused_for_now(error: &Error) -> bool {
    let is_answer = !matches!(error, Error::Unreachable { .. } | Error::Late { .. } | Error::Offline { .. });
    is_answer && (is_temporary(error) || is_waiting(error))
}
