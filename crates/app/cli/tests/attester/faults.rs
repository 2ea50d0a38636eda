//! Every way in which a paravisor can go wrong has its own error, and leaves no evidence behind.

use std::thread;
use std::time::Duration;

use serde_json::Value;
use teeproof_twin::paravisor::Fault;

use super::machine::{Machine, NONCE};
use super::support::teeproof;

#[track_caller]
fn refused(test: &str, fault: Fault, exit: i32, says: &[&str]) {
    let machine = Machine::faulty(test, fault);
    std::fs::write(machine.path("ev.bundle"), "older evidence").unwrap();
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE, "--timeout", "5"]);
    ran.fails(exit, says);
    assert_eq!(std::fs::read(machine.path("ev.bundle")).unwrap(), b"older evidence");
}

#[test]
fn stale() {
    refused("fault-stale", Fault::Stale, 5, &["is stale", "renewed with other user data than requested"]);
}

#[test]
fn renewal() {
    refused("fault-renewal", Fault::Renewal, 5, &["is stale", "not renewed in"]);
}

#[test]
fn torn() {
    refused("fault-torn", Fault::Torn, 5, &["is torn"]);
}

#[test]
fn oversize() {
    refused("fault-oversize", Fault::Oversize, 3, &["16384 bytes", "at most 4096"]);
}

#[test]
fn wrong_type() {
    refused("fault-wrong-type", Fault::WrongType, 3, &["TVM (3)", "trusted-launch"]);
}

#[test]
fn stale_reports_are_still_what_lies_there() {
    for (test, fault) in [("fault-stale-boot", Fault::Stale), ("fault-renewal-boot", Fault::Renewal)] {
        let machine = Machine::faulty(test, fault);
        machine.collect("ev.bundle", &["--nonce", NONCE, "--boot"]).exits(0);
        assert_eq!(machine.verify("ev.bundle", &["--nonce", NONCE]).exit, 0);
    }
}

#[test]
fn a_twin_that_is_killed_in_the_middle_leaves_a_clean_error() {
    let machine = Machine::faulty("fault-killed", Fault::Renewal);
    let environment = machine.environment();
    let Machine { twin, folder } = machine;
    let output = folder.join("ev.bundle");
    let collecting = thread::spawn(move || {
        let run = teeproof(["collect", "azure", "--nonce", NONCE, "-o"]).args([&output]);
        environment.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
    });
    // As soon as the user data is written, the collector waits for a renewal that never comes.
    let listed =
        || teeproof(["vtpm", "nv", "list", "--format", "json", "--tpm", &twin.address()]).run().json();
    let input = |index: &Value| index["index"] == "0x01400002" && index.to_string().contains("\"written\"");
    let written = || listed()["indexes"].as_array().unwrap().iter().any(input);
    while !written() {
        thread::sleep(Duration::from_millis(20));
    }
    drop(twin);
    let ran = collecting.join().unwrap();
    assert_eq!(ran.exit, 9, "{ran:#?}");
    assert!(ran.stderr.contains("error: ") && ran.stderr.contains("hint: "), "{ran:#?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:#?}");
    assert!(!folder.join("ev.bundle").exists());
}
