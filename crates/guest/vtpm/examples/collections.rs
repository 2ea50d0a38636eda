//! What proving a report fresh costs: fifty collections from a twin in front of a software TPM, for
//! each of three ways in which they can follow each other. A table goes to standard output; it stands
//! in BENCHMARKS.md, where it was put by hand:
//! `cargo run --release -p teeproof-vtpm --example collections`.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use teeproof_twin::paravisor::{Paravisor, Settings};
use teeproof_vtpm::{
    Patience, Registers, Tpm, ak_certificate, fresh_report, handles, open, quote, read_event_log,
};

const COLLECTIONS: u64 = 50;

/// How collections follow each other: the pause before each one, by its number.
struct Series {
    name: &'static str,
    pause: fn(u64) -> Duration,
}

const SERIES: [Series; 3] = [
    Series { name: "one right after the other", pause: |_| Duration::ZERO },
    // Spread over twice the paravisor's two seconds, in no order.
    Series { name: "0 to 4 s apart", pause: |number| Duration::from_millis(number * 1_711 % 4_000) },
    Series { name: "2.1 s apart", pause: |_| Duration::from_millis(2_100) },
];

/// What one collection took.
struct Took {
    all: Duration,
    waited: Duration,
    tries: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "| {COLLECTIONS} collections | median | worst | median without waiting | worst | waits: none, one, more |"
    );
    println!("|---|---|---|---|---|---|");
    for series in &SERIES {
        // A machine of its own for each, so that none begins where another ended.
        let twin = Paravisor::start(&Settings::default())?;
        let mut tpm = open(&twin.address().parse()?)?;
        let mut all = Vec::new();
        for number in 0..COLLECTIONS {
            thread::sleep((series.pause)(number));
            all.push(collect(tpm.as_mut(), number, twin.event_log())?);
        }
        println!("{}", row(series.name, &all));
    }
    Ok(())
}

/// Everything that `teeproof collect azure` takes from the machine.
fn collect(tpm: &mut dyn Tpm, number: u64, log: &std::path::Path) -> Result<Took, Box<dyn Error>> {
    let mut user_data = [0x5a; 64];
    user_data[..8].copy_from_slice(&number.to_be_bytes());
    let began = Instant::now();
    let fresh = fresh_report(tpm, &user_data, Patience::default(), &mut |_| ())?;
    quote(tpm, handles::AK, &user_data[..32], &[Registers::ALL_SHA256.0])?;
    ak_certificate(tpm)?.ok_or("no certificate")?;
    read_event_log(log)?;
    Ok(Took { all: began.elapsed(), waited: fresh.waited, tries: fresh.tries })
}

fn row(name: &str, all: &[Took]) -> String {
    let (median, worst) = spread(all.iter().map(|took| took.all));
    let (work, worst_work) = spread(all.iter().map(|took| took.all.saturating_sub(took.waited)));
    let tries = |wanted: fn(u32) -> bool| all.iter().filter(|took| wanted(took.tries)).count();
    let (none, one, more) = (tries(|tries| tries == 1), tries(|tries| tries == 2), tries(|tries| tries > 2));
    let ms = |duration: Duration| format!("{:.0} ms", duration.as_secs_f64() * 1_000.0);
    let [median, worst, work, worst_work] = [median, worst, work, worst_work].map(ms);
    format!("| {name} | {median} | {worst} | {work} | {worst_work} | {none}, {one}, {more} |")
}

fn spread(durations: impl Iterator<Item = Duration>) -> (Duration, Duration) {
    let mut sorted: Vec<Duration> = durations.collect();
    sorted.sort();
    (sorted.get(sorted.len() / 2).copied().unwrap_or_default(), sorted.last().copied().unwrap_or_default())
}
