//! Every case in rounds, then some on two threads: the record goes to standard output. `cargo
//! xtask bench` reads it where the peers, which have a bench of their own, cannot be built.

use std::io::Write as _;

use teeproof_benches::{Rounds, Threads, cases};

fn main() {
    let quick = std::env::args().any(|word| word == "--quick");
    let (rounds, threads) =
        if quick { (Rounds::QUICK, Threads::QUICK) } else { (Rounds::FULL, Threads::FULL) };
    let mut out = std::io::stdout().lock();
    let mut write = |line: &dyn std::fmt::Display| _ = writeln!(out, "{line}");
    rounds.run(&cases(), &mut write);
    threads.run(&mut write);
}
