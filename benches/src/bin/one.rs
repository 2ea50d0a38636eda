//! Repetition of one case, for a program that counts instructions:
//! `one snp/cold/rustcrypto 10`. Without arguments it lists the cases.
//!
//! Only `measured` is counted.

#![allow(clippy::expect_used)]

use std::process::ExitCode;

use teeproof_benches::{Case, cases, find};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            cases().iter().for_each(|case| println!("{}", case.id()));
            ExitCode::SUCCESS
        }
        [id] => run(id, "1"),
        [id, times] => run(id, times),
        _ => refuse("usage: one [CASE [TIMES]]"),
    }
}

fn run(id: &str, times: &str) -> ExitCode {
    let Ok(times) = times.parse() else {
        return refuse(&format!("`{times}` is no number"));
    };
    let Some(case) = find(id) else {
        return refuse(&format!("no case is called `{id}`"));
    };
    // What is made on first use is not what a call costs.
    case.run();
    measured(&case, times);
    ExitCode::SUCCESS
}

/// The part that counts.
#[inline(never)]
fn measured(case: &Case, times: u64) {
    for _ in 0..times {
        case.run();
    }
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::FAILURE
}
