//! The bounds of one completion: a time for all of its requests, and a number of issuers.

use std::time::{Duration, Instant};

use teeproof_core::Time;
use teeproof_endorse::{Endorsement, Error, Fetcher, Question, Reuse};

use crate::endorsements::questions::MAX_URLS;
use crate::input::time::has_year;
use crate::output::fault::Fault;

/// What one completion may still request. Evidence that nobody verified says what is requested, and its services can be
/// slow.
pub(crate) struct Bounds {
    until: Instant,
    issuers: usize,
}

/// Nothing was fetched.
pub(crate) struct Failure {
    /// Whether there is no such object where it was looked for; otherwise, something failed on the way there.
    pub(crate) is_absence: bool,
    /// Whether the service has one that is not valid at the time of verification.
    pub(crate) is_of_other_time: bool,
    pub(crate) fault: Fault,
}

impl Failure {
    /// The failure of an error.
    pub(crate) fn of(error: &Error) -> Self {
        let is_of_other_time = matches!(error, Error::OtherTime { .. } | Error::OutOfDate { .. });
        Self { is_absence: is_absence(error), is_of_other_time, fault: Fault::fetch(error) }
    }
}

impl Bounds {
    /// The bounds of a completion that begins now.
    pub(crate) fn new() -> Self {
        Self::within(MAX_TIME)
    }

    fn within(time: Duration) -> Self {
        let now = Instant::now();
        Self { until: now.checked_add(time).unwrap_or(now), issuers: MAX_URLS }
    }

    /// Fetches within the bounds.
    pub(crate) fn fetch(
        &mut self,
        fetcher: &Fetcher<'_>,
        question: &Question,
        reuse: Reuse,
        now: Time,
    ) -> Result<Endorsement, Failure> {
        let beyond = |message: String| {
            let fault = Fault::network(message, "give the endorsement as a file, or run it again");
            Failure { is_absence: false, is_of_other_time: false, fault }
        };
        if Instant::now() >= self.until {
            let seconds = MAX_TIME.as_secs();
            return Err(beyond(format!("not requested: the requests before it took {seconds} s together")));
        }
        if matches!(question, Question::Issuer(_)) {
            let left = self.issuers.checked_sub(1);
            self.issuers = left.ok_or_else(|| {
                beyond(format!("not requested: {MAX_URLS} URLs of issuers were requested before it"))
            })?;
        }
        let fetched = fetcher.fetch(question, reuse, now).map_err(|error| Failure::of(&error))?;
        // Nobody has fetched at a time without a year: the entry was altered, and counts as absent.
        if fetched.from_cache && !has_year(fetched.fetched_at) {
            return fetcher.fetch(question, Reuse::NEVER, now).map_err(|error| Failure::of(&error));
        }
        Ok(fetched)
    }
}

/// Whether there is no such object where it was looked for, and not a failure on the way there.
pub(crate) const fn is_absence(error: &Error) -> bool {
    matches!(
        error,
        Error::Offline { .. }
            | Error::OtherTime { .. }
            | Error::Status { status: 400 | 404 | 410, .. }
            | Error::Refused { status: 400 | 404 | 410, .. }
    )
}

/// The time after which no request of a completion begins.
const MAX_TIME: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use teeproof_endorse::Endpoints;

    fn exit(bounds: &mut Bounds, question: &Question) -> (bool, u8) {
        let endpoints = Endpoints::vendors();
        let fetched = bounds.fetch(&Fetcher::offline(&endpoints), question, Reuse::NEVER, Time(0));
        let failure = fetched.err().unwrap();
        (failure.is_absence, failure.fault.exit)
    }

    #[test]
    fn nothing_begins_after_the_time() {
        let question = Question::TdQeIdentity;
        assert_eq!(exit(&mut Bounds::new(), &question), (true, 7));
        // Whoever makes services slow does not decide that revocation is not checked.
        assert_eq!(exit(&mut Bounds::within(Duration::ZERO), &question), (false, 8));
    }
}
