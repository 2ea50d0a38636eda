//! Replay of an event log of 45 KiB, next to the hashing that it needs.

use std::hint::black_box;

use teeproof_wire::eventlog::EventLog;

use super::with_floor;
use crate::{Case, Log, tables};

pub(super) fn cases() -> Vec<Case> {
    let logs = [
        ("boot-parse", ["boot", "boot-floor"], Log::of_a_boot()),
        ("small-events-parse", ["small-events", "small-events-floor"], Log::of_small_events()),
    ];
    let mut cases = Vec::new();
    for (parse, names, log) in logs {
        let log: &'static Log = super::leak(log);
        cases.push(Case::new("log", parse, || {
            EventLog::parse(black_box(&log.bytes)).expect("a log").events().count()
        }));
        cases.extend(with_floor("log", names, &tables(), move |crypto| {
            black_box(log).replay(crypto).expect("a log")
        }));
    }
    cases
}
