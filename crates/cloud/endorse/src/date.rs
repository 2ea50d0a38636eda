//! Dates as text: RFC 3339 in Intel's JSON, and HTTP dates in Retry-After.

use teeproof_core::Time;

/// A date of the form `2026-01-15T12:00:00Z` (RFC 3339, section 5.6), UTC alone.
pub(crate) fn rfc3339(text: &str) -> Option<Time> {
    let [date, time] = parts(text.strip_suffix('Z')?, 'T')?;
    let [year, month, day] = parts(date, '-')?;
    // No leap second: the last of the year 9999 has no date of its own.
    if time.ends_with(":60") {
        return None;
    }
    seconds(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?, time)
}

/// A date of the form `Thu, 15 Jan 2026 12:00:00 GMT` (RFC 9110, section 5.6.7); the two obsolete forms are not read.
pub(crate) fn http_date(text: &str) -> Option<Time> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let [day, month, year, time] = parts(rest, ' ')?;
    let month = (1..).zip(MONTHS).find_map(|(number, name)| (name == month).then_some(number))?;
    seconds(digits(year, 4)?, month, digits(day, 2)?, time)
}

/// Exactly `N` parts between separators.
fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    text.split(separator).collect::<Vec<_>>().try_into().ok()
}

/// A number of exactly so many decimal digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn seconds(year: i64, month: i64, day: i64, time: &str) -> Option<Time> {
    let [hour, minute, second] = parts(time, ':')?;
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(Time(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, for years 0 to 9999. Years begin in March, so that the
/// leap day is the last day of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_come_back_as_they_were() {
        // Every day of four centuries and a half.
        for day in (0..164_000).map(|day| day * 86_400 + 3_661) {
            let text = Time(day).to_string();
            assert_eq!(rfc3339(&text), Some(Time(day)), "{text}");
        }
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT").unwrap().to_string(), "2024-02-29T23:59:59Z");
    }

    #[test]
    fn other_forms_are_no_dates() {
        for text in [
            "",
            "2026-01-15",
            "2026-01-15T12:00:00",
            "2026-01-15T12:00:00+00:00",
            "2026-01-15T12:00:00.5Z",
            "2026-13-15T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "2026-01-00T12:00:00Z",
            "2026-01-15T24:00:00Z",
            "2026-01-15T12:00:60Z",
            "9999-12-31T23:59:60Z",
            "26-01-15T12:00:00Z",
            "2026-1-15T12:00:00Z",
            "2026-01-15T12:00Z",
            "+026-01-15T12:00:00Z",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
        for text in
            ["120", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
