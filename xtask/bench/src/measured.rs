//! Figures of each case from the turns that count.

use std::collections::BTreeMap;

use crate::record::{Record, Scaling, Skipped};
use crate::stats::Spread;

/// By how much the two measurements of R around a turn may differ, and by how much their mean may
/// lie above the lower quartile of all of them.
const CALM: f64 = 1.10;
/// With fewer calm turns than this, all turns are taken, and the figure is marked.
const ENOUGH: usize = 7;

/// The figures of one case.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Microseconds for each repetition.
    pub(crate) micros: Spread,
    /// The same in R.
    pub(crate) ratio: Spread,
    /// How many turns count, of how many.
    pub(crate) calm: usize,
    pub(crate) turns: usize,
    /// The ratio of each turn that counts, by its run and round.
    rounds: BTreeMap<(usize, u32), f64>,
}

/// Everything that was measured in one go, by one program or by several.
#[derive(Debug, Default)]
pub(crate) struct Measurements {
    pub(crate) cases: BTreeMap<String, Measured>,
    pub(crate) scalings: BTreeMap<String, Vec<Scaling>>,
    pub(crate) skipped: Vec<Skipped>,
    /// R in microseconds, over the turns that count.
    pub(crate) reference: Option<Spread>,
}

/// One turn that may count.
struct Turn {
    place: (usize, u32),
    nanos: f64,
    reference: f64,
    calm: bool,
}

impl Measurements {
    /// Puts the records together. A case that is in several is one case with more rounds.
    pub(crate) fn of(records: Vec<Record>) -> Self {
        let mut measurements = Self::default();
        let mut turns: BTreeMap<String, Vec<Turn>> = BTreeMap::new();
        for (run, record) in records.into_iter().enumerate() {
            let reference = |before: f64, after: f64| f64::midpoint(before, after);
            let all = Spread::of(record.slices.iter().map(|slice| reference(slice.before, slice.after)));
            let quiet = all.map_or(f64::INFINITY, |spread| spread.low * CALM);
            for slice in record.slices {
                let (before, after) = (slice.before, slice.after);
                let calm = before.max(after) <= before.min(after) * CALM;
                let reference = reference(before, after);
                let calm = calm && reference <= quiet;
                let turn = Turn { place: (run, slice.round), nanos: slice.nanos, reference, calm };
                turns.entry(slice.case).or_default().push(turn);
            }
            for scaling in record.scalings {
                measurements.scalings.entry(scaling.case.clone()).or_default().push(scaling);
            }
            measurements.skipped.extend(record.skipped);
        }
        let calm = turns.values().flatten().filter(|turn| turn.calm);
        measurements.reference = Spread::of(calm.map(|turn| turn.reference / 1000.0));
        let figures = turns.into_iter().filter_map(|(case, turns)| Some((case, Measured::of(&turns)?)));
        measurements.cases = figures.collect();
        measurements
    }

    /// One case in terms of another, turn by turn of the same round.
    pub(crate) fn quotient(&self, case: &str, of: &str) -> Option<Spread> {
        let (case, of) = (self.cases.get(case)?, self.cases.get(of)?);
        let pairs = case.rounds.iter().filter_map(|(at, ratio)| Some(ratio / of.rounds.get(at)?));
        Spread::of(pairs).or_else(|| Spread::of([case.ratio.median / of.ratio.median]))
    }

    /// How much of the bare signature's gain by a second thread a case has too.
    pub(crate) fn scaling(&self, case: &str) -> Option<Spread> {
        let turns = self.scalings.get(case)?;
        Spread::of(
            turns.iter().map(|turn| (turn.together / turn.alone) / (turn.bare_together / turn.bare_alone)),
        )
    }
}

impl Measured {
    fn of(turns: &[Turn]) -> Option<Self> {
        let calm = turns.iter().filter(|turn| turn.calm).count();
        let counts: Vec<_> = turns.iter().filter(|turn| turn.calm || calm < ENOUGH).collect();
        Some(Self {
            micros: Spread::of(counts.iter().map(|turn| turn.nanos / 1000.0))?,
            ratio: Spread::of(counts.iter().map(|turn| turn.nanos / turn.reference))?,
            calm,
            turns: turns.len(),
            rounds: counts.iter().map(|turn| (turn.place, turn.nanos / turn.reference)).collect(),
        })
    }

    /// Whether too few turns were calm, so that all were taken.
    pub(crate) const fn is_doubtful(&self) -> bool {
        self.calm < ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of two cases, `a` at twice R and `b` at four times R.
    fn text(rounds: impl Iterator<Item = (u32, f64, f64)>) -> String {
        rounds
            .map(|(round, before, after)| {
                let r = f64::midpoint(before, after);
                let line = |case, nanos| format!("slice\t{round}\t{case}\t{nanos}\t{before}\t{after}\n");
                line("a", r * 2.0) + &line("b", r * 4.0)
            })
            .collect()
    }

    fn measured(text: &str) -> Measurements {
        Measurements::of(vec![Record::read(text).unwrap_or_default()])
    }

    fn near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() < 1e-9)
    }

    #[test]
    fn a_machine_that_slows_down_changes_no_ratio() {
        // Every other round takes twice as long, neighbours included.
        let slow = |round: u32| if round.is_multiple_of(2) { 1000.0 } else { 2000.0 };
        let found = measured(&text((0..20).map(|round| (round, slow(round), slow(round)))));
        let case = &found.cases["a"];
        assert!(near(Some(case.ratio.median), 2.0) && near(Some(case.ratio.high), 2.0));
        // Only the quiet half counts for the time.
        assert!(near(Some(case.micros.high), 2.0));
        assert_eq!((case.calm, case.turns, case.is_doubtful()), (10, 20, false));
        assert!(near(found.quotient("b", "a").map(|spread| spread.median), 2.0));
        assert!(near(found.reference.map(|spread| spread.high), 1.0));
    }

    #[test]
    fn turns_whose_neighbours_disagree_do_not_count() {
        let found =
            measured(&text((0..20).map(|round| (round, 1000.0, if round < 5 { 1300.0 } else { 1000.0 }))));
        assert_eq!(found.cases["a"].calm, 15);
        assert!(near(Some(found.cases["a"].micros.high), 2.0));
    }

    #[test]
    fn too_few_calm_turns_are_marked() {
        let found = measured(&text((0..4).map(|round| (round, 1000.0, 1000.0))));
        assert!(found.cases["a"].is_doubtful());
        assert!(near(Some(found.cases["a"].ratio.median), 2.0));
        assert!(found.quotient("a", "none").is_none());
    }

    #[test]
    fn scaling_is_compared_with_the_bare_signature() {
        let found = measured("scaling\t0\ta\t100\t180\t200\t400\n");
        assert!(near(found.scaling("a").map(|spread| spread.median), 0.9));
        assert!(found.scaling("b").is_none());
    }
}
