//! The rate of a server: a token bucket, without a clock of its own.

use std::time::{Duration, Instant};

/// A token bucket: `burst` tokens when it is full, and `rate` more each second.
///
/// It stores the time at which the bucket is full again, so that nothing has to run between two requests.
#[derive(Debug)]
pub struct TokenBucket {
    interval: Duration,
    /// The time that filling an empty bucket takes, less the one token that is being taken.
    tolerance: Duration,
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// A full bucket. Zero for the rate or the burst counts as one.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(rate.max(1)).unwrap_or(Duration::from_secs(1));
        Self { interval, tolerance: interval.saturating_mul(burst.max(1).saturating_sub(1)), full_at: None }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        if full_at.saturating_duration_since(now) > self.tolerance {
            return false;
        }
        self.full_at = full_at.checked_add(self.interval);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = TokenBucket::new(100, 10);
        let start = Instant::now();
        let taken = |bucket: &mut TokenBucket, now| (0..1000).filter(|_| bucket.take(now)).count();
        assert_eq!(taken(&mut bucket, start), 10);
        assert_eq!(taken(&mut bucket, start + Duration::from_millis(9)), 0);
        assert_eq!(taken(&mut bucket, start + Duration::from_millis(35)), 3);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(60)), 10);
    }

    proptest! {
        #[test]
        fn no_second_has_more_than_burst_and_rate(
            rate in 1_u32..5000,
            burst in 1_u32..500,
            steps in proptest::collection::vec(0_u64..3000, 1..500),
        ) {
            let mut bucket = TokenBucket::new(rate, burst);
            let start = Instant::now();
            let (mut now, mut taken) = (start, 0_u32);
            for step in steps {
                now += Duration::from_micros(step);
                taken += u32::from(bucket.take(now));
            }
            let seconds = now.duration_since(start).as_secs_f64();
            prop_assert!(f64::from(taken) <= f64::from(burst) + seconds * f64::from(rate) * 1.001 + 1.0);
        }
    }
}
