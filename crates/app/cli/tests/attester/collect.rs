//! What is collected is what a verifier needs.

use super::machine::{Machine, NONCE};
use super::support::teeproof;

#[test]
fn what_is_collected_is_accepted_and_names_the_anchor() {
    let machine = Machine::start("collect-accepted");
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE]).exits(0);
    for line in
        ["report: fresh at read", "quote: over sha256:0,1", "event log: ", "endorsements: 3 certificates"]
    {
        assert!(ran.stderr.contains(line), "{line}: {ran:#?}");
    }
    let ran = machine.verify("ev.bundle", &["--nonce", NONCE]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    assert!(ran.first_line().contains("NON-PRODUCTION ANCHOR"), "{ran:#?}");
    ran.shows(&["user-data is the nonce followed by zeros", "differ: none"]);
    // A twin is not trusted without its anchor.
    teeproof(["verify", &machine.name("ev.bundle"), "--nonce", NONCE, "--policy", "builtin:genuine"])
        .exits(4);
    // Another nonce is another question.
    let other = machine.verify("ev.bundle", &["--nonce", "hex:00112233445566778899aabbccddeefe"]);
    assert_eq!(other.exit, 5, "{other:#?}");
}

#[test]
fn the_bundle_says_how_it_was_collected() {
    let machine = Machine::start("collect-said");
    for (name, more, age) in [
        ("fresh.json", &["--nonce", NONCE, "--json"][..], "fresh"),
        ("boot.json", &["--nonce", NONCE, "--json", "--boot"], "boot"),
    ] {
        machine.collect(name, more).exits(0);
        let bundle = machine.path(name);
        let shown = teeproof(["bundle", "show"]).args([&bundle]).args(["--format", "json"]).exits(0);
        assert!(shown.stdout.contains(&format!("\"{age}\"")), "{shown:#?}");
    }
}

#[test]
fn user_data_of_ones_own_is_in_the_report() {
    let machine = Machine::start("collect-user-data");
    let own = ["--user-data", "utf8:a key's hash"];
    machine.collect("ev.bundle", &[&["--nonce", NONCE][..], &own].concat()).exits(0);
    let ran = machine.verify("ev.bundle", &[&["--nonce", NONCE][..], &own].concat());
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let ran = machine.verify("ev.bundle", &["--nonce", NONCE, "--user-data", "utf8:another"]);
    assert_eq!(ran.exit, 5, "{ran:#?}");
    let long = format!("hex:{}", "00".repeat(65));
    machine
        .collect("ev.bundle", &["--nonce", NONCE, "--user-data", &long])
        .fails(2, &["at most 64 bytes, got 65", "SHA-512"]);
}

#[test]
fn without_a_nonce_nothing_is_said_about_time() {
    let machine = Machine::start("collect-no-nonce");
    machine.collect("ev.bundle", &["--no-nonce"]).exits(0);
    assert_eq!(machine.verify("ev.bundle", &["--no-nonce"]).exit, 0);
    assert_eq!(machine.verify("ev.bundle", &["--nonce", NONCE]).exit, 5);
    // One of the two is needed.
    let ran = machine.collect("ev.bundle", &[]).exits(2);
    assert!(ran.stderr.contains("--nonce"), "{ran:#?}");
}

#[test]
fn a_nonce_that_no_tpm_takes_is_refused_with_advice() {
    let machine = Machine::start("collect-long-nonce");
    let long = format!("hex:{}", "ab".repeat(51));
    machine.collect("ev.bundle", &["--nonce", &long]).fails(2, &["at most 50 bytes", "51", "hash"]);
    let longest = format!("hex:{}", "ab".repeat(50));
    machine.collect("ev.bundle", &["--nonce", &longest]).exits(0);
    assert_eq!(machine.verify("ev.bundle", &["--nonce", &longest]).exit, 0);
}

#[test]
fn some_registers_alone_are_quoted() {
    let machine = Machine::start("collect-registers");
    machine.collect("ev.bundle", &["--nonce", NONCE, "--pcrs", "sha256:0-4,7"]).exits(0);
    let ran = machine.verify("ev.bundle", &["--nonce", NONCE]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    ran.shows(&["6 PCRs of the SHA-256 bank"]);
    machine.collect("ev.bundle", &["--nonce", NONCE, "--pcrs", "sha384:0"]).fails(2, &["SHA-256 bank"]);
    machine.collect("ev.bundle", &["--nonce", NONCE, "--pcrs", "sha256:24"]).exits(2);
}

#[test]
fn a_missing_log_or_metadata_is_reported_and_not_a_failure() {
    let machine = Machine::start("collect-missing");
    let nowhere = ["--event-log", "/nowhere/log", "--imds", "http://127.0.0.1:1"];
    let ran = machine.collect("ev.bundle", &[&["--nonce", NONCE][..], &nowhere].concat()).exits(0);
    assert!(ran.stderr.contains("event log: not available, /nowhere/log is not there"), "{ran:#?}");
    assert!(ran.stderr.contains("endorsements: none fetched, http://127.0.0.1:1/"), "{ran:#?}");
    // The chip's certificates are what is missing, and that is what the verifier says.
    let ran = machine.verify("ev.bundle", &["--nonce", NONCE]);
    assert_eq!(ran.exit, 7, "{ran:#?}");
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE, "--offline", "--no-event-log"]).exits(0);
    assert!(ran.stderr.contains("endorsements: left out, --offline was given"), "{ran:#?}");
    assert!(ran.stderr.contains("event log: left out"), "{ran:#?}");
}

#[test]
fn responses_of_the_metadata_address_are_validated() {
    let machine = Machine::start("collect-metadata");
    let answers =
        [("https://127.0.0.1", "not on an allowed host"), ("http://127.0.0.1:1", "does not answer")];
    for (address, says) in answers {
        let ran = machine.collect("ev.bundle", &["--nonce", NONCE, "--imds", address]).exits(0);
        assert!(ran.stderr.contains(says), "{ran:#?}");
    }
    let thim = format!("{}/elsewhere", machine.twin.thim());
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE, "--imds", &thim]).exits(0);
    assert!(ran.stderr.contains("answers with status 404"), "{ran:#?}");
}

#[test]
fn no_proxy_stands_between_a_machine_and_its_host() {
    let machine = Machine::start("collect-proxy");
    let run = machine.collect("ev.bundle", &["--nonce", NONCE]);
    let names = ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"];
    let run = names.iter().fold(run, |run, name| run.env(name, "http://127.0.0.1:1"));
    let ran = run.exits(0);
    assert!(ran.stderr.contains("endorsements: 3 certificates"), "{ran:#?}");
}

#[test]
fn an_empty_log_is_none() {
    let machine = Machine::start("collect-empty-log");
    let log = machine.name("empty");
    std::fs::write(&log, b"").unwrap();
    let ran = machine.collect("ev.bundle", &["--nonce", NONCE, "--event-log", &log]).exits(0);
    assert!(ran.stderr.contains("is empty; verify without the log"), "{ran:#?}");
}
