//! Time as an argument; the pure crates read no clock.

use core::fmt;

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// From milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        Self(i64::try_from(millis.checked_div(1000).unwrap_or(0)).unwrap_or(i64::MAX))
    }

    /// This time moved by some seconds, limited to the range of `i64`.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this time; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The time in the form of RFC 3339, UTC: `2025-01-06T16:07:02Z`. Years outside of 0000 to 9999
/// are shown as seconds.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds_of_day = self.0.rem_euclid(86_400);
        match civil_from_days(self.0.div_euclid(86_400)) {
            Some((year @ 0..=9999, month, day)) => write!(
                f,
                "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
                seconds_of_day.div_euclid(3600),
                seconds_of_day.rem_euclid(3600).div_euclid(60),
                seconds_of_day.rem_euclid(60)
            ),
            _ => write!(f, "{} s since 1970", self.0),
        }
    }
}

/// Year, month and day of the proleptic Gregorian calendar for a count of days since 1970-01-01.
///
/// Eras of 400 years (146,097 days) that begin on 1 March make the leap day the last of its year.
fn civil_from_days(days: i64) -> Option<(i64, i64, i64)> {
    let shifted = days.checked_add(719_468)?;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let leap_free = day_of_era
        .checked_sub(day_of_era.div_euclid(1460))?
        .checked_add(day_of_era.div_euclid(36_524))?
        .checked_sub(day_of_era.div_euclid(146_096))?;
    let year_of_era = leap_free.div_euclid(365);
    let days_before = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era.div_euclid(4))?
        .checked_sub(year_of_era.div_euclid(100))?;
    let day_of_year = day_of_era.checked_sub(days_before)?;
    let from_march = day_of_year.checked_mul(5)?.checked_add(2)?.div_euclid(153);
    let month_start = from_march.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    let day = day_of_year.checked_sub(month_start)?.checked_add(1)?;
    let month = if from_march < 10 { from_march.checked_add(3)? } else { from_march.checked_sub(9)? };
    let year = year_of_era.checked_add(era.checked_mul(400)?)?;
    Some((if month <= 2 { year.checked_add(1)? } else { year }, month, day))
}

/// A validity period, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Time,
    /// The last second.
    pub not_after: Time,
}

impl Validity {
    /// The intersection of two spans; an empty one ends before it begins.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn known_dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_736_179_622, "2025-01-06T16:07:02Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (i64::MAX, "9223372036854775807 s since 1970"),
        ] {
            assert_eq!(Time(seconds).to_string(), text);
        }
    }
}
