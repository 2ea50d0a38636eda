//! Times in certificates (UTCTime, GeneralizedTime).

use super::der;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// 2050-01-01T00:00:00Z: from here on, RFC 5280 wants GeneralizedTime.
const YEAR_2050: u64 = 2_524_608_000;

/// A moment, in seconds since 1970-01-01T00:00:00Z, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// As RFC 5280 wants it: UTCTime through 2049, GeneralizedTime after.
    Unix(u64),
    /// As UTCTime, whatever the year.
    Utc(u64),
    /// As GeneralizedTime, whatever the year.
    Generalized(u64),
    /// These bytes in place of the whole element.
    Raw(Vec<u8>),
}

/// From when to when, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Time,
    /// The last second.
    pub not_after: Time,
}

impl Validity {
    /// From one second to another, in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn new(not_before: u64, not_after: u64) -> Self {
        Self { not_before: Time::Unix(not_before), not_after: Time::Unix(not_after) }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        der::sequence(&[self.not_before.der(), self.not_after.der()])
    }
}

impl Time {
    pub(crate) fn der(&self) -> Vec<u8> {
        match self {
            Self::Unix(seconds) if *seconds < YEAR_2050 => utc(*seconds),
            Self::Utc(seconds) => utc(*seconds),
            Self::Unix(seconds) | Self::Generalized(seconds) => generalized(*seconds),
            Self::Raw(element) => element.clone(),
        }
    }
}

impl From<u64> for Time {
    fn from(seconds: u64) -> Self {
        Self::Unix(seconds)
    }
}

fn utc(seconds: u64) -> Vec<u8> {
    let (year, rest) = written(seconds);
    der::element(UTC_TIME, format!("{:02}{rest}", year % 100).as_bytes())
}

fn generalized(seconds: u64) -> Vec<u8> {
    let (year, rest) = written(seconds);
    der::element(GENERALIZED_TIME, format!("{year:04}{rest}").as_bytes())
}

/// A moment as `YYYY-MM-DDThh:mm:ssZ`, as JSON has it.
pub(crate) fn date_text(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = moment(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The year, and the rest as `MMDDHHMMSSZ`.
fn written(seconds: u64) -> (u64, String) {
    let [year, month, day, hour, minute, second] = moment(seconds);
    (year, format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z"))
}

/// Year, month, day, hour, minute, second.
fn moment(seconds: u64) -> [u64; 6] {
    let (year, month, day) = date(seconds / 86_400);
    let second = seconds % 86_400;
    [year, month, day, second / 3600, second / 60 % 60, second % 60]
}

/// The Gregorian date of a day since 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last day of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days / 146_097, days % 146_097);
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day + 2) / 153;
    let day = day - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{Time, date_text, generalized, utc};
    use crate::DEFAULT_TIME;

    #[test]
    fn known_moments() {
        assert_eq!(utc(0)[2..], *b"700101000000Z");
        assert_eq!(utc(951_782_399)[2..], *b"000228235959Z");
        assert_eq!(utc(951_782_400)[2..], *b"000229000000Z");
        assert_eq!(generalized(951_868_800)[2..], *b"20000301000000Z");
        assert_eq!(generalized(4_107_542_399)[2..], *b"21000228235959Z");
        assert_eq!(generalized(4_107_542_400)[2..], *b"21000301000000Z");
        assert_eq!(generalized(DEFAULT_TIME)[2..], *b"20260115120000Z");
        assert_eq!(date_text(DEFAULT_TIME), "2026-01-15T12:00:00Z");
    }

    #[test]
    fn the_form_follows_the_year() {
        assert_eq!(Time::Unix(2_524_607_999).der()[2..], *b"491231235959Z");
        assert_eq!(Time::Unix(2_524_608_000).der()[2..], *b"20500101000000Z");
    }
}
