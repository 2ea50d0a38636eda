//! Every case in rounds, then some on two threads: the record goes to standard output. `cargo
//! xtask bench` reads it where the peers, which have a bench of their own, cannot be built.
//!
//! `rounds tdx nitro/cold` measures only the cases whose ids begin with one of these, on one thread.

use std::io::Write as _;

use teeproof_benches::{Rounds, Threads, cases};

fn main() {
    let (options, ids): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let quick = options.iter().any(|word| word == "--quick");
    let (rounds, threads) =
        if quick { (Rounds::QUICK, Threads::QUICK) } else { (Rounds::FULL, Threads::FULL) };
    let mut out = std::io::stdout().lock();
    let mut write = |line: &dyn std::fmt::Display| _ = writeln!(out, "{line}");
    let mut all = cases();
    all.retain(|case| ids.is_empty() || ids.iter().any(|id| case.id().starts_with(id)));
    rounds.run(&all, &mut write);
    if ids.is_empty() {
        threads.run(&mut write);
    }
}
