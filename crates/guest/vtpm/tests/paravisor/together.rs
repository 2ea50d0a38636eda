//! Programs that use the same TPM at the same time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use teeproof_twin::paravisor::Settings;
use teeproof_vtpm::{Authority, Patience, Report, handles};

use crate::fresh::{ask, holds};
use crate::machine::{Machine, PATIENCE, Transport};

/// Long for the reading of a report, and short for a test.
const REFRESH: Duration = Duration::from_millis(500);
/// Waits for longer than that.
const PATIENT: Patience = Patience { pause: Duration::from_millis(550), ..PATIENCE };

fn machine(transport: Transport) -> Machine {
    Machine::start(transport, &Settings { refresh: REFRESH, ..Settings::default() })
}

pub(crate) fn two_that_ask_at_the_same_time(transport: Transport) {
    let machine = machine(transport);
    thread::scope(|scope| {
        for byte in [0xa1, 0xb2] {
            let machine = &machine;
            scope.spawn(move || {
                let mut tpm = machine.tpm();
                for round in 0..3 {
                    let wanted = [byte ^ round; 64];
                    let (fresh, _) = ask(tpm.as_mut(), &wanted, PATIENT);
                    holds(&fresh.unwrap(), &wanted);
                }
            });
        }
    });
}

/// Somebody who reads at offset 0 without a pause has the report renewed as often as can be, and
/// each time in the middle of somebody else's reading.
pub(crate) fn somebody_reads_all_the_time(transport: Transport) {
    let machine = machine(transport);
    let (over, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut tpm = machine.tpm();
            while !over.load(Ordering::Relaxed) {
                tpm.nv_read(handles::REPORT, Authority::Owner, 0, 16).unwrap();
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        let done = scope.spawn(|| {
            let mut tpm = machine.tpm();
            for byte in 1..=3 {
                let (fresh, _) = ask(tpm.as_mut(), &[byte; 64], PATIENT);
                holds(&fresh.unwrap(), &[byte; 64]);
                Report::read(tpm.as_mut()).unwrap();
            }
        });
        let done = done.join();
        over.store(true, Ordering::Relaxed);
        done.unwrap();
    });
    assert!(reads.load(Ordering::Relaxed) > 3);
}
