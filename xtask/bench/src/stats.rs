//! Medians and quartiles, which a busy machine distorts least.

use std::fmt;

/// The middle of many values and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |quarter| quantile(&values, quarter);
        Some(Self { low: at(0.25)?, median: at(0.5)?, high: at(0.75)? })
    }
}

/// Between the two values that lie nearest, by distance.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = part * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (sorted.get(below)?, sorted.get(above)?);
    Some(low + (high - low) * place.fract())
}

/// `255 (251–262)`: the median, and the two quartiles.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, median, high } = *self;
        write!(f, "{} ({}–{})", Short(median), Short(low), Short(high))
    }
}

/// A number with three digits that count.
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = match self.0.abs() {
            at if at >= 99.95 => 0,
            at if at >= 9.995 => 1,
            at if at >= 0.9995 => 2,
            at if at >= 0.09995 => 3,
            _ => 4,
        };
        write!(f, "{:.decimals$}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_the_values() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0, 5.0]);
        assert_eq!(spread, Some(Spread { low: 2.0, median: 3.0, high: 4.0 }));
        let spread = Spread::of([1.0, 2.0]);
        assert_eq!(spread, Some(Spread { low: 1.25, median: 1.5, high: 1.75 }));
        assert_eq!(Spread::of([7.0]), Some(Spread { low: 7.0, median: 7.0, high: 7.0 }));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn one_wild_value_moves_the_median_to_its_neighbour_at_most() {
        let calm = Spread::of([1.0, 1.01, 1.02, 1.03, 1.04]);
        let wild = Spread::of([1.0, 1.01, 1.02, 1.03, 400.0]);
        assert_eq!(calm.map(|spread| spread.median), wild.map(|spread| spread.median));
    }

    #[test]
    fn three_digits_count() {
        let short = |number| Short(number).to_string();
        assert_eq!(short(1234.5), "1234");
        assert_eq!(short(255.04), "255");
        assert_eq!(short(99.99), "100");
        assert_eq!(short(25.55), "25.6");
        assert_eq!(short(1.0049), "1.00");
        assert_eq!(short(0.1234), "0.123");
        assert_eq!(short(0.002_34), "0.0023");
        let spread = Spread { low: 1.0, median: 2.0, high: 300.0 };
        assert_eq!(spread.to_string(), "2.00 (1.00–300)");
    }
}
