//! The story of docs/stories/nitro.md: a key for one enclave, and what is refused. Every command of the page is run in
//! one shell, between real processes on real sockets, and prints what the page shows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod page;
mod session;
mod story;
#[allow(dead_code)]
#[path = "../command/support.rs"]
mod support;

use std::os::unix::fs::MetadataExt as _;

use story::{Story, denied, failed_checks};

/// The last line of a twin that is ready.
const NSM_READY: &str = "export TEEPROOF_NSM=unix:";
const KMS_READY: &str = "export TEEPROOF_KMS_KEY=arn:";

#[test]
fn an_enclave_gets_its_data_key_and_nothing_else_does() {
    let mut story = Story::begin("docs/stories/nitro.md", "story-nitro");
    story.leave_out("Programs");
    images_are_built(&mut story);
    a_policy_is_proposed_from_the_image(&mut story);
    the_enclave_starts(&mut story);
    a_document_is_collected_for_a_fresh_nonce(&mut story);
    the_document_is_accepted(&mut story);
    three_other_enclaves_start(&mut story);
    kms_starts_under_the_key_policy(&mut story);
    the_enclave_gets_a_data_key(&mut story);
    a_replayed_document_is_refused(&mut story);
    another_image_is_refused(&mut story);
    a_debug_enclave_is_refused(&mut story);
    a_document_of_another_instance_is_refused(&mut story);
    a_forged_envelope_is_refused(&mut story);
    story.chapter("The end");
    story.run(0);
    story.end();
}

fn images_are_built(story: &mut Story) {
    story.chapter("The image");
    let printed = story.run(0);
    let pcrs: Vec<_> = printed.lines().map(|line| line.split_whitespace().nth(1).unwrap().len()).collect();
    assert_eq!(pcrs, [96; 3], "{printed}");
    story.run(0);
    assert_ne!(story.file("app.eif"), story.file("other.eif"));
}

fn a_policy_is_proposed_from_the_image(story: &mut Story) {
    story.chapter("The policy");
    story.run(0);
    let proposed = String::from_utf8(story.file("signing.toml")).unwrap();
    assert_eq!(proposed.matches("instance = { waived = ").count(), 1, "{proposed}");
    story.run(0);
}

fn the_enclave_starts(story: &mut Story) {
    story.chapter("The enclave");
    story.start(&[("app.env", NSM_READY)]);
    story.run(0);
    story.start(&[("road.log", "module i-0123456789abcdef0-enc")]);
    story.run(0);
}

fn a_document_is_collected_for_a_fresh_nonce(story: &mut Story) {
    story.chapter("A document for a fresh nonce");
    story.run(0);
}

fn the_document_is_accepted(story: &mut Story) {
    story.chapter("The verdict");
    let result = story.run(0);
    assert!(failed_checks(&result).is_empty(), "{result}");
    for check in ["nonce", "debug", "pcr0", "pcr1", "pcr2", "role", "instance", "chain", "signature"] {
        assert!(result.contains(&format!(" ✔ nitro.{check} ")), "{check}: {result}");
    }
}

fn three_other_enclaves_start(story: &mut Story) {
    story.chapter("Three enclaves that the key is not for");
    story.start(&[("other.env", NSM_READY), ("debug.env", NSM_READY), ("elsewhere.env", NSM_READY)]);
}

fn kms_starts_under_the_key_policy(story: &mut Story) {
    story.chapter("The key policy");
    story.run(0);
    story.start(&[("kms.env", KMS_READY)]);
}

fn the_enclave_gets_a_data_key(story: &mut Story) {
    story.chapter("A data key for this enclave alone");
    story.run(0);
    let key = story.file("data-key");
    assert_eq!(key.len(), 32);
    assert_eq!(std::fs::metadata(story.path("data-key")).unwrap().mode() & 0o777, 0o600);
    story.run(0);
    assert_eq!(story.file("data-key-again"), key);
}

fn a_replayed_document_is_refused(story: &mut Story) {
    story.chapter("A replayed document");
    story.run(0);
    assert_eq!(failed_checks(&story.run(5)), ["nitro.nonce"]);
}

fn another_image_is_refused(story: &mut Story) {
    story.chapter("Another image");
    is_refused(story, &["nitro.pcr0", "nitro.pcr2"]);
}

fn a_debug_enclave_is_refused(story: &mut Story) {
    story.chapter("A debug enclave");
    is_refused(story, &["nitro.debug", "nitro.pcr0", "nitro.pcr1", "nitro.pcr2"]);
}

fn a_document_of_another_instance_is_refused(story: &mut Story) {
    story.chapter("A document of another instance");
    is_refused(story, &["nitro.instance"]);
}

/// An enclave whose documents fail these checks of the policy and no others, and to which KMS releases nothing.
fn is_refused(story: &mut Story, checks: &[&str]) {
    story.run(0);
    assert_eq!(failed_checks(&story.run(6)), checks);
    let refusal = story.run(8);
    assert!(refusal.starts_with(&denied(story, "Decrypt")), "{refusal}");
    assert!(!story.path("stolen-key").exists());
}

fn a_forged_envelope_is_refused(story: &mut Story) {
    story.chapter("A forged envelope");
    story.start(&[("forged.env", KMS_READY)]);
    let refusal = story.run(5);
    assert!(refusal.starts_with("error: unauthenticated: plain HTTP, "), "{refusal}");
    assert!(!story.path("forged-key").exists() && !story.path("forged-wrapped").exists());
    story.run(0);
    assert_eq!(story.file("forged-key"), [b'f'; 32]);
}
