//! Where a mirror has its answers from: the cache, then the services, each object once at a time.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use teeproof_core::Time;
use tokio::sync::{OnceCell, Semaphore};

use super::reply::Reply;
use super::route::{Form, Route};
use crate::{Cache, Endorsement, Endpoints, Error, Fetcher, Question, Retries, Reuse, Stale, Transport};

/// What a mirror answers from.
pub struct MirrorSource {
    /// The client of the services.
    pub transport: Box<dyn Transport>,
    /// The services.
    pub endpoints: Endpoints,
    /// The cache.
    pub cache: Cache,
    /// How often and how long a service is requested; those who request the mirror wait for it.
    pub retries: Retries,
    /// Which cached endorsements are used. A stale one is an answer where the service fails, if this says so.
    pub reuse: fn(&Question) -> Reuse,
    /// Whether only the cache is used.
    pub offline: bool,
    /// The current time.
    pub clock: fn() -> Time,
    /// A number of all 32 bits, for the jitter of pauses.
    pub random: fn() -> u32,
}

impl fmt::Debug for MirrorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MirrorSource").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

type Fetched = Result<Endorsement, Error>;

/// The source with the requests that are in flight.
#[derive(Debug)]
pub(super) struct Answers {
    source: MirrorSource,
    /// By URL.
    in_flight: Mutex<HashMap<String, Arc<OnceCell<Fetched>>>>,
    /// For requests to the services.
    permits: Semaphore,
}

impl Answers {
    /// `requests`: the most requests to the services at once.
    pub(super) fn new(source: MirrorSource, requests: usize) -> Self {
        Self { source, in_flight: Mutex::default(), permits: Semaphore::new(requests) }
    }

    /// The response to a path and query.
    pub(super) async fn reply(self: &Arc<Self>, target: &str) -> Reply {
        match Route::parse(target) {
            Route::Object(question, form) => match self.endorsement(&question).await {
                Ok(found) => Reply::of(&question, form, &found),
                Err(error) => self.failure(&error),
            },
            Route::Certification(wanted) => {
                let vcek = self.endorsement(&wanted.vcek).await;
                match (vcek, self.endorsement(&wanted.chain).await) {
                    (Ok(vcek), Ok(chain)) => Reply::certification(&wanted.tcbm, &vcek, &chain),
                    (Err(error), _) | (_, Err(error)) => self.failure(&error),
                }
            }
            Route::Issuer(questions) => self.issuer(&questions).await,
            Route::NotMirrored(reason) => {
                Reply::refusal(404, reason, "see docs/cache.md for the paths of a mirror")
            }
            Route::Unknown => {
                let hint = "see docs/cache.md for the paths of a mirror; it requests no other URL";
                Reply::refusal(404, "not a path of KDS, PCS, PCCS or THIM that this mirror answers", hint)
            }
        }
    }

    /// A CA certificate whose host is unknown: from the cache whichever it is, or from the first host that has it.
    async fn issuer(self: &Arc<Self>, questions: &[Question]) -> Reply {
        for question in questions {
            if let Some(found) = self.hit(question).await {
                return Reply::of(question, Form::AsReceived, &found);
            }
        }
        let mut last = None;
        for question in questions {
            match self.endorsement(question).await {
                Ok(found) => return Reply::of(question, Form::AsReceived, &found),
                Err(error) => last = Some(error),
            }
        }
        last.map_or_else(
            || Reply::refusal(404, "no CA certificate", "check the path"),
            |error| self.failure(&error),
        )
    }

    fn failure(&self, error: &Error) -> Reply {
        let now = (self.source.clock)();
        let until = match error {
            Error::Refused { until, .. } => Some(*until),
            // The fetcher has stored until when the service refuses.
            Error::Status { url, .. } => {
                self.source.cache.refusal(url, now).map(|refusal| Time(refusal.until))
            }
            _ => None,
        };
        Reply::failure(error, until, now)
    }

    async fn endorsement(self: &Arc<Self>, question: &Question) -> Fetched {
        if let Some(found) = self.hit(question).await {
            return Ok(found);
        }
        let url = question.url(&self.source.endpoints)?.to_string();
        let request = InFlight::join(self, url);
        request.cell.get_or_init(|| self.fetch(question.clone())).await.clone()
    }

    fn in_flight(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<OnceCell<Fetched>>>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cached endorsement, if it is not stale.
    async fn hit(self: &Arc<Self>, question: &Question) -> Option<Endorsement> {
        let (own, question) = (Arc::clone(self), question.clone());
        let lookup = move || {
            let source = &own.source;
            let reuse = (source.reuse)(&question).stale(Stale::Refused);
            let fetcher = Fetcher::offline(&source.endpoints).cache(&source.cache);
            fetcher.fetch(&question, reuse, (source.clock)()).ok()
        };
        tokio::task::spawn_blocking(lookup).await.ok().flatten()
    }

    /// From the service, or a stale one where that fails.
    async fn fetch(self: &Arc<Self>, question: Question) -> Fetched {
        let url = || question.url(&self.source.endpoints).map(|url| url.to_string()).unwrap_or_default();
        let failed = |reason: String| Error::Unreachable { url: url(), reason };
        let _permit = self.permits.acquire().await.map_err(|error| failed(error.to_string()))?;
        let (own, wanted) = (Arc::clone(self), question.clone());
        let fetch = move || {
            let MirrorSource { transport, endpoints, cache, retries, reuse, offline, clock, random } =
                &own.source;
            let fetcher = if *offline {
                Fetcher::offline(endpoints)
            } else {
                Fetcher::new(transport.as_ref(), endpoints, *retries, random)
            };
            fetcher.cache(cache).fetch(&wanted, reuse(&wanted), clock())
        };
        tokio::task::spawn_blocking(fetch).await.unwrap_or_else(|error| Err(failed(error.to_string())))
    }
}

/// One of those who wait for an object. The last one to leave removes it, even if its client is gone.
struct InFlight<'a> {
    answers: &'a Answers,
    url: String,
    cell: Arc<OnceCell<Fetched>>,
}

impl<'a> InFlight<'a> {
    fn join(answers: &'a Answers, url: String) -> Self {
        let cell = Arc::clone(answers.in_flight().entry(url.clone()).or_default());
        Self { answers, url, cell }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut in_flight = self.answers.in_flight();
        // While the map is locked, nobody joins; the cell of this value is given away, so that others do not count it.
        self.cell = Arc::default();
        if in_flight.get(&self.url).is_some_and(|cell| Arc::strong_count(cell) == 1) {
            in_flight.remove(&self.url);
        }
    }
}
