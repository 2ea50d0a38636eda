//! Tables of the page.

use std::fmt::Write as _;

use crate::measured::{Measured, Measurements};
use crate::stats::{Short, Spread};
use crate::targets::TARGETS;

/// What is not there.
const NONE: &str = "–";

/// The targets, judged.
pub(crate) fn targets(all: &Measurements) -> String {
    let mut text = table(&["target", "aim", "found", ""]);
    for target in TARGETS {
        let judged = target.judge(all);
        row(&mut text, &[target.what, &judged.aim, &judged.found, judged.verdict]);
    }
    text
}

/// Cases without a table of cryptography.
pub(crate) fn plain(all: &Measurements, rows: &[(&str, &str)]) -> String {
    let mut text = table(&["", "µs", "R"]);
    for (what, case) in rows {
        let found = all.cases.get(*case);
        row(&mut text, &[what, &micros(found), &ratio(found)]);
    }
    text
}

/// Cases under both tables of cryptography, with their floors.
pub(crate) fn verified(all: &Measurements, rows: &[(&str, &str)]) -> String {
    let mut text = table(&["", "aws-lc: µs", "R", "in floors", "rustcrypto: µs", "R", "in floors"]);
    for (what, case) in rows {
        let mut cells = vec![(*what).to_owned()];
        for crypto in ["aws-lc", "rustcrypto"] {
            let id = format!("{case}/{crypto}");
            let found = all.cases.get(&id);
            let floor = all.quotient(&id, &format!("{case}-floor/{crypto}"));
            cells.extend([micros(found), ratio(found), floor.map_or_else(none, |floor| floor.to_string())]);
        }
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        row(&mut text, &cells);
    }
    text
}

/// One task as ours and as others do it.
pub(crate) struct Comparison {
    pub(crate) task: &'static str,
    /// Ours; figures of peers are given in terms of the first.
    pub(crate) ours: &'static [(&'static str, &'static str)],
    pub(crate) peers: &'static [(&'static str, &'static str)],
}

/// Tasks with everybody who does them.
pub(crate) fn comparisons(all: &Measurements, tasks: &[Comparison]) -> String {
    let mut text = table(&["", "who", "µs", "R", "times teeproof with aws-lc"]);
    for Comparison { task, ours, peers } in tasks {
        let first = ours.first().map_or("", |(_, case)| case);
        for ((who, case), at) in ours.iter().chain(*peers).zip(0..) {
            let found = all.cases.get(*case);
            let times = if *case == first { Some("1".to_owned()) } else { None };
            let times = times.or_else(|| all.quotient(case, first).map(|spread| spread.to_string()));
            let task = if at == 0 { *task } else { "" };
            row(&mut text, &[task, who, &micros(found), &ratio(found), &times.unwrap_or_else(none)]);
        }
    }
    text
}

/// Several verifications in one call, compared with single calls.
pub(crate) fn many(all: &Measurements, rows: &[(&str, &str)]) -> String {
    let mut text = table(&["", "one by one: µs", "in one call: µs", "quotient"]);
    for (what, case) in rows {
        for crypto in ["aws-lc", "rustcrypto"] {
            let (together, alone) = (format!("{case}/{crypto}"), format!("{case}-one-by-one/{crypto}"));
            let quotient = all.quotient(&together, &alone).map_or_else(none, |spread| spread.to_string());
            let [together, alone] = [together, alone].map(|id| micros(all.cases.get(&id)));
            row(&mut text, &[&format!("{what}, {crypto}"), &alone, &together, &quotient]);
        }
    }
    text
}

/// What a second thread gains.
pub(crate) fn threads(all: &Measurements) -> String {
    let mut text = table(&[
        "",
        "one thread: a second",
        "two threads: a second",
        "gain",
        "gain of the bare signature",
        "quotient",
    ]);
    for (case, turns) in &all.scalings {
        let of = |value: fn(&crate::record::Scaling) -> f64| {
            Spread::of(turns.iter().map(value)).map_or_else(none, |spread| spread.to_string())
        };
        let quotient = all.scaling(case).map_or_else(none, |spread| spread.to_string());
        let gain = of(|turn| turn.together / turn.alone);
        let bare = of(|turn| turn.bare_together / turn.bare_alone);
        let cells = [case, &of(|turn| turn.alone), &of(|turn| turn.together), &gain, &bare, &quotient];
        row(&mut text, &cells.map(String::as_str));
    }
    text
}

/// Every case with criterion's result, if requested, and the number of turns that count.
pub(crate) fn everything(all: &Measurements, criterion: impl Fn(&str) -> Option<f64>) -> String {
    let mut text = table(&["case", "µs", "R", "turns that count", "criterion's median, µs"]);
    for (id, measured) in &all.cases {
        let turns = format!("{} of {}", measured.calm, measured.turns);
        let second = criterion(id).map_or_else(none, |nanos| Short(nanos / 1000.0).to_string());
        let (micros, ratio) = (micros(Some(measured)), ratio(Some(measured)));
        row(&mut text, &[&format!("`{id}`"), &micros, &ratio, &turns, &second]);
    }
    text
}

fn micros(found: Option<&Measured>) -> String {
    found.map_or_else(none, |measured| {
        format!("{}{}", measured.micros, if measured.is_doubtful() { " *" } else { "" })
    })
}

fn ratio(found: Option<&Measured>) -> String {
    found.map_or_else(none, |measured| measured.ratio.to_string())
}

fn none() -> String {
    NONE.to_owned()
}

fn table(heads: &[&str]) -> String {
    let mut text = String::new();
    row(&mut text, heads);
    row(&mut text, &vec!["---"; heads.len()]);
    text
}

fn row(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn measurements() -> Measurements {
        let line = |case: &str, nanos: u32| -> String {
            (0..8).map(|round| format!("slice\t{round}\t{case}\t{nanos}\t250000\t250000\n")).collect()
        };
        let text = line("snp/cold/aws-lc", 342_000)
            + &line("snp/cold-floor/aws-lc", 340_000)
            + &line("peer/x", 684_000)
            + "scaling\t0\tsnp/cold/aws-lc\t100\t150\t200\t300\n";
        Measurements::of(vec![Record::read(&text).unwrap_or_default()])
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let text = verified(&measurements(), &[("cold", "snp/cold")]);
        let last = text.lines().last().unwrap_or_default();
        let wanted = "| cold | 342 (342–342) | 1.37 (1.37–1.37) | 1.01 (1.01–1.01) | – | – | – |";
        assert_eq!(last, wanted);
    }

    #[test]
    fn a_peer_is_given_in_terms_of_ours() {
        let tasks = [Comparison {
            task: "cold",
            ours: &[("teeproof", "snp/cold/aws-lc")],
            peers: &[("x", "peer/x"), ("y", "peer/y")],
        }];
        let text = comparisons(&measurements(), &tasks);
        let rows: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].ends_with("| 1 |"), "{}", rows[0]);
        assert!(rows[1].ends_with("| 2.00 (2.00–2.00) |"), "{}", rows[1]);
        assert!(rows[2].ends_with("| – | – | – |"), "{}", rows[2]);
    }

    #[test]
    fn gains_stand_beside_the_bare_one() {
        let text = threads(&measurements());
        let last = text.lines().last().unwrap_or_default();
        assert!(last.ends_with("| 1.50 (1.50–1.50) | 1.50 (1.50–1.50) | 1.00 (1.00–1.00) |"), "{last}");
    }

    #[test]
    fn each_case_stands_in_the_list() {
        let text = everything(&measurements(), |id| (id == "peer/x").then_some(690_000.0));
        assert!(text.contains("| `peer/x` | 684 (684–684) | 2.74 (2.74–2.74) | 8 of 8 | 690 |"), "{text}");
        assert_eq!(text.lines().count(), 5);
    }
}
