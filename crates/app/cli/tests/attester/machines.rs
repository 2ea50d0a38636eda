//! Every machine that Azure has: processor, generation of the paravisor, hash.

use std::time::Duration;

use teeproof_mint::azure::Generation;
use teeproof_twin::paravisor::{Hash, Model, Settings};

use super::machine::{Machine, NONCE};

#[track_caller]
fn collects(test: &str, settings: &Settings) {
    let machine = Machine::with(test, settings);
    machine.collect("ev.bundle", &["--nonce", NONCE]).exits(0);
    let ran = machine.verify("ev.bundle", &["--nonce", NONCE]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn milan() {
    collects("machine-milan", &Settings { model: Model::Milan, ..Settings::default() });
}

#[test]
fn turin() {
    collects("machine-turin", &Settings { model: Model::Turin, ..Settings::default() });
}

#[test]
fn the_newest_paravisor_has_a_larger_index() {
    let generation = Some(Generation::OpenVmm);
    collects("machine-2900", &Settings { generation, nv_bytes: Some(2900), ..Settings::default() });
}

#[test]
fn openhcl_writes_small_letters() {
    collects(
        "machine-openhcl",
        &Settings { generation: Some(Generation::OpenHcl2025), ..Settings::default() },
    );
}

#[test]
fn sha384() {
    collects("machine-sha384", &Settings { hash: Hash::Sha384, ..Settings::default() });
}

#[test]
fn sha512() {
    collects("machine-sha512", &Settings { hash: Hash::Sha512, ..Settings::default() });
}

#[test]
fn the_oldest_paravisor_has_no_user_data() {
    let settings =
        Settings { model: Model::Milan, generation: Some(Generation::Legacy2022), ..Settings::default() };
    let machine = Machine::with("machine-2022", &settings);
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE]);
    ran.fails(9, &["has no user data", "--boot"]);
    machine.collect("ev.bundle", &["--nonce", NONCE, "--boot"]).exits(0);
    let ran = machine.verify("ev.bundle", &["--nonce", NONCE]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn of_tdx_the_quote_is_missing_and_that_is_said() {
    let machine = Machine::with("machine-tdx", &Settings { model: Model::Tdx, ..Settings::default() });
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE]).exits(0);
    assert!(ran.stderr.contains("this version collects no TD quote"), "{ran:#?}");
    assert_eq!(machine.verify("ev.bundle", &["--nonce", NONCE]).exit, 7);
}

#[test]
fn two_who_collect_at_once_both_get_their_own() {
    let machine = Machine::with(
        "machine-two",
        &Settings { refresh: Duration::from_millis(100), ..Settings::default() },
    );
    std::thread::scope(|scope| {
        for (name, nonce) in [("one", "utf8:the first nonce"), ("two", "utf8:the second nonce")] {
            let machine = &machine;
            scope.spawn(move || {
                // The loser of a round waits for the next one.
                machine.collect(name, &["--nonce", nonce, "--timeout", "60"]).exits(0);
                let ran = machine.verify(name, &["--nonce", nonce]);
                assert_eq!(ran.exit, 0, "{ran:#?}");
            });
        }
    });
}
