//! The time of verification on the command line: `now`, `document`, or RFC 3339.

use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_core::Time;
use teeproof_nitro::Moment;

/// The time of verification as given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Now,
    Document,
    Given(Time),
}

impl At {
    /// Parses one of the three forms.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "now" => Ok(Self::Now),
            "document" => Ok(Self::Document),
            _ => rfc3339(text)
                .map(Self::Given)
                .map_err(|expected| expected.replacen("an RFC", "now, document, or an RFC", 1)),
        }
    }

    /// Whether the user named a time.
    pub(crate) const fn is_given(self) -> bool {
        matches!(self, Self::Given(_))
    }

    /// The moment; reads the clock for `now`.
    pub(crate) fn moment(self) -> Moment {
        match self {
            Self::Document => Moment::OfDocument,
            Self::Given(time) => Moment::At(time),
            Self::Now => Moment::At(now()),
        }
    }
}

/// A time in the form of RFC 3339.
pub(crate) fn rfc3339(text: &str) -> Result<Time, String> {
    text.parse::<jiff::Timestamp>()
        .map(|time| Time(time.as_second()))
        .map_err(|_| "expected an RFC 3339 time such as 2026-01-31T12:00:00Z".to_string())
}

/// Whether a time has a year of four digits, and so a form in RFC 3339.
pub(crate) const fn has_year(time: Time) -> bool {
    const FIRST: i64 = -62_167_219_200;
    const LAST: i64 = 253_402_300_799;
    FIRST <= time.0 && time.0 <= LAST
}

/// The time in the form of RFC 3339; `None` for one that has none.
pub(crate) fn shown(time: Time) -> Option<String> {
    has_year(time).then(|| time.to_string())
}

/// The clock.
pub(crate) fn now() -> Time {
    let seconds = |span: std::time::Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    Time(match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        // The clock is set to before 1970.
        Err(before) => seconds(before.duration()).saturating_neg(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_a_year_are_shown() {
        for (seconds, text) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (-62_167_219_200, Some("0000-01-01T00:00:00Z")),
            (253_402_300_800, None),
            (-62_167_219_201, None),
            (i64::MAX, None),
        ] {
            assert_eq!(shown(Time(seconds)).as_deref(), text, "{seconds}");
        }
    }

    #[test]
    fn times_are_read() {
        assert_eq!(At::parse("now"), Ok(At::Now));
        assert_eq!(At::parse("document"), Ok(At::Document));
        let given = Ok(At::Given(Time(1_767_225_600)));
        assert_eq!(At::parse("2026-01-01T00:00:00Z"), given);
        assert_eq!(At::parse("2026-01-01T01:00:00+01:00"), given);
        for text in ["2026-01-01", "2026-01-01T00:00:00", "1767225600", "yesterday"] {
            assert!(At::parse(text).is_err(), "{text}");
        }
    }
}
