//! One operation under way: its deadline, its cancellation, its events, and repetition of what fails for the moment.

use core::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::{Call, DeploymentId, Event, EventSink, FailureClass, ProviderFailure, RuntimeError};

/// How long an operation may take, and what ends it earlier.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The time for all of it, except for the removal of what a failed launch has made.
    pub within: Duration,
    /// Cancels the operation. A launch that is cancelled is removed.
    pub cancel: CancellationToken,
}

impl Limits {
    /// So much time, and a token that nobody cancels.
    #[must_use]
    pub fn within(within: Duration) -> Self {
        Self { within, cancel: CancellationToken::new() }
    }
}

/// The pauses between two looks at a machine, and between two attempts of a call. Each is chosen at random between half of
/// it and all of it, so that many operations do not call at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(15) }
    }
}

impl Pace {
    /// The pause after so many attempts.
    fn pause(self, attempt: u32) -> Duration {
        let whole =
            self.first.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.longest);
        let mut random = [0_u8; 2];
        // Without randomness the pauses are equal, which is allowed.
        let _ = getrandom::fill(&mut random);
        let half = whole.checked_div(2).unwrap_or(whole);
        half.saturating_add(half.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX)))
    }
}

/// An operation on one deployment.
pub(crate) struct Operation<'a> {
    pub(crate) id: &'a DeploymentId,
    pub(crate) events: &'a dyn EventSink,
    pace: Pace,
    within: Duration,
    deadline: Instant,
    cancel: CancellationToken,
}

impl<'a> Operation<'a> {
    pub(crate) fn begin(
        id: &'a DeploymentId,
        limits: &Limits,
        pace: Pace,
        events: &'a dyn EventSink,
    ) -> Self {
        let begun = Instant::now();
        // A year, where the clock has no such instant.
        let deadline =
            begun.checked_add(limits.within).unwrap_or_else(|| begun + Duration::from_secs(31_536_000));
        Self { id, events, pace, within: limits.within, deadline, cancel: limits.cancel.clone() }
    }

    pub(crate) fn event(&self, event: Event) {
        tracing::info!(deployment = %self.id, "{event}");
        self.events.event(&event);
    }

    /// Waits for a future until the deadline or the cancellation.
    pub(crate) async fn until<T>(
        &self,
        step: &'static str,
        future: impl Future<Output = T>,
    ) -> Result<T, RuntimeError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(RuntimeError::Cancelled { step }),
            ended = timeout_at(self.deadline, future) => {
                ended.map_err(|_| RuntimeError::TimedOut { step, waited: self.within })
            }
        }
    }

    /// Makes a call, again as long as its failure is transient.
    pub(crate) async fn call<'c, T>(
        &self,
        step: &'static str,
        mut call: impl FnMut() -> Call<'c, T>,
    ) -> Result<T, RuntimeError> {
        for attempt in 0_u32.. {
            match self.until(step, call()).await? {
                Ok(done) => return Ok(done),
                Err(failure) if failure.class == FailureClass::Transient => {
                    self.retry(step, attempt, &failure).await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(RuntimeError::TimedOut { step, waited: self.within })
    }

    /// The pause before a repetition.
    async fn retry(
        &self,
        step: &'static str,
        attempt: u32,
        failure: &ProviderFailure,
    ) -> Result<(), RuntimeError> {
        let pause = self.pace.pause(attempt);
        self.event(Event::Retry { id: self.id.clone(), because: failure.to_string(), pause });
        self.until(step, sleep(pause)).await
    }

    /// The pause before the next look at something that takes its time.
    pub(crate) async fn pause(&self, step: &'static str, attempt: u32) -> Result<(), RuntimeError> {
        self.until(step, sleep(self.pace.pause(attempt))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_differ() {
        let pace = Pace { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        for attempt in 0..100 {
            let whole = Duration::from_millis(100).saturating_mul(1 << attempt.min(10)).min(pace.longest);
            let pause = pace.pause(attempt);
            assert!(pause >= whole / 2 && pause <= whole, "{attempt}: {pause:?}");
        }
        let pauses: std::collections::BTreeSet<_> = (0..50).map(|_| pace.pause(8)).collect();
        assert!(pauses.len() > 10);
    }
}
