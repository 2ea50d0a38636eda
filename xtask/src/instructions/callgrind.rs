//! Instruction counts of the bench program's cases by valgrind's callgrind.

use crate::shell::{Outcome, capture, target_dir};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::{fs, thread};

/// Instructions of each case, for one run of it.
pub(super) type Counts = BTreeMap<String, u64>;

/// Counts all cases, as many at a time as there are processors: the counts are independent.
pub(super) fn count(program: &Path, runs: &[(String, u64)]) -> Outcome<Counts> {
    let open = Mutex::new(runs.iter().collect::<VecDeque<_>>());
    let done = Mutex::new(Outcome::Ok(Counts::new()));
    let next = || open.lock().ok().and_then(|mut open| open.pop_front());
    let work = || {
        while let Some((id, times)) = next() {
            let counted = one(program, id, *times);
            let Ok(mut done) = done.lock() else { return };
            match (&mut *done, counted) {
                (Ok(counts), Ok(count)) => drop(counts.insert(id.clone(), count)),
                (_, Err(reason)) => *done = Err(reason),
                (Err(_), Ok(_)) => return,
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    done.into_inner().map_err(|_| "a count panicked".to_owned())?
}

/// Only what happens inside of `one::measured` is counted: neither how the program starts nor how
/// it makes evidence ready.
fn one(program: &Path, id: &str, times: u64) -> Outcome<u64> {
    let file = target_dir().join(format!("callgrind-{}.out", id.replace('/', "-")));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind", "--toggle-collect=*one::measured*"]);
    valgrind.arg(format!("--callgrind-out-file={}", file.display()));
    capture(valgrind.arg(program).arg(id).arg(times.to_string()))?;
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let _ = fs::remove_file(&file);
    let total = total(&text).ok_or(format!("callgrind gave no count for {id}"))?;
    total.checked_div(times).filter(|each| *each > 0).ok_or(format!("nothing was counted for {id}"))
}

/// The number of instructions in a file of callgrind's.
fn total(text: &str) -> Option<u64> {
    if !text.lines().any(|line| line.trim_end() == "events: Ir") {
        return None;
    }
    text.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 7\n\
                        cmd:  one snp/parse 10\npart: 1\n\n\npositions: line\nevents: Ir\n\
                        summary: 338713\n\n\nob=(1) one\nfl=(1) ???\nfn=(1) one::measured\n0 13\n\
                        totals: 338713\n";

    #[test]
    fn the_total_is_read() {
        assert_eq!(total(FILE), Some(338_713));
    }

    #[test]
    fn what_is_no_count_of_instructions_is_refused() {
        assert_eq!(total(""), None);
        assert_eq!(total(&FILE.replace("totals", "total")), None);
        assert_eq!(total(&FILE.replace("338713\n", "many\n")), None);
        assert_eq!(total(&FILE.replace("events: Ir", "events: Dr")), None);
    }
}
