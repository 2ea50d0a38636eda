//! expect: E0451 — its fields are private, so it cannot be written down

use teeproof_tpm::VerifiedLog;
use teeproof_wire::eventlog::EventLog;

fn forge<'a>(log: EventLog<'a>, other: VerifiedLog<'a>) -> VerifiedLog<'a> {
    VerifiedLog { log, ..other }
}

fn main() {
    let _ = forge;
}
