//! The index for user data, if somebody has been there before: each problem has its own error.

use std::process::Command;

use super::machine::{Machine, NONCE};

#[track_caller]
fn refused(test: &str, define: &[&str], more: &[&[&str]], says: &str) {
    let machine = Machine::start(test);
    machine.run(&["vtpm", "nv", "define", "0x01400002"]).args(define).exits(0);
    for arguments in more {
        machine.run(arguments).exits(0);
    }
    machine.collect("ev.bundle", &["--nonce", NONCE]).fails(9, &["0x01400002", says]);
    // Whoever asks for no user data needs no index.
    machine.collect("ev.bundle", &["--nonce", NONCE, "--boot"]).exits(0);
}

#[test]
fn of_another_size() {
    refused("input-size", &["--size", "32"], &[], "expected 64 bytes, got 32");
}

#[test]
fn of_somebody_elses_policy() {
    let policy = format!("hex:{}", "ab".repeat(32));
    let define = ["--size", "64", "--attributes", "policywrite|ownerread", "--policy", &policy];
    refused("input-policy", &define, &[], "can only be written under a policy");
}

#[test]
fn that_the_paravisor_cannot_read() {
    let define = ["--size", "64", "--attributes", "ownerwrite|authwrite|authread"];
    refused("input-unreadable", &define, &[], "cannot be read by the owner");
}

#[test]
fn that_is_locked() {
    let machine = Machine::start("input-locked");
    let attributes = "ownerwrite|ownerread|authwrite|authread|write_stclear";
    let define = ["vtpm", "nv", "define", "0x01400002", "--size", "64", "--attributes", attributes];
    machine.run(&define).exits(0);
    let mut lock = Command::new("tpm2_nvwritelock");
    lock.args(["-C", "o", "0x01400002"]).envs(machine.environment());
    assert!(lock.status().expect("tpm2-tools are needed").success());
    machine.collect("ev.bundle", &["--nonce", NONCE]).fails(9, &["0x01400002", "is locked against writing"]);
    machine.run(&["doctor"]).exits(0).shows(&["! user data ", "is locked"]);
}

#[test]
fn that_is_there_already_as_it_should_be() {
    let machine = Machine::start("input-there");
    machine.run(&["vtpm", "nv", "define", "0x01400002", "--size", "64"]).exits(0);
    machine.collect("ev.bundle", &["--nonce", NONCE]).exits(0);
    assert_eq!(machine.verify("ev.bundle", &["--nonce", NONCE]).exit, 0);
}
