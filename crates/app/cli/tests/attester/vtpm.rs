//! Single requests to the TPM.

use super::machine::{Machine, NONCE};
use super::support::{data, hex, teeproof};

#[test]
fn the_report_comes_whole() {
    let machine = Machine::start("vtpm-report");
    let report = machine.run(&["vtpm", "report", "--boot"]).bytes();
    assert_eq!((report.len(), &report[..4]), (2600, &b"HCLA"[..]));
    let wanted = "5a".repeat(64);
    let report = machine.run(&["vtpm", "report", "--user-data", &format!("hex:{wanted}")]).bytes();
    let text = String::from_utf8_lossy(&report).to_ascii_lowercase();
    assert!(text.contains(&format!("\"user-data\":\"{wanted}\"")));
    // A length that is not the index's is not filled up by guessing.
    let short = machine.run(&["vtpm", "report", "--user-data", "hex:5a"]);
    short.fails(2, &["expected 64 bytes of user data, got 1"]);
}

#[test]
fn a_quote_goes_to_files_that_verify_reads() {
    let machine = Machine::start("vtpm-quote");
    let path = |name: &str| machine.name(name);
    let report = machine.run(&["vtpm", "report", "--boot"]).bytes();
    std::fs::write(path("hcl"), report).unwrap();
    let (message, signature) = (path("q.msg"), path("q.sig"));
    let quote = ["vtpm", "quote", "--nonce", NONCE, "-m", &message, "-s", &signature];
    let ran = machine.run(&quote).exits(0);
    std::fs::write(path("pcrs"), &ran.stdout).unwrap();
    assert_eq!(std::fs::read(&signature).unwrap().len(), 256);
    // Without the VCEK's chain this is as far as a verifier gets.
    let files = [&path("hcl"), &message, &signature, &path("pcrs")];
    let ran = teeproof(["verify", "--nonce", NONCE]).args(files).run();
    assert_eq!(ran.exit, 7, "{ran:#?}");
    let json = machine.run(&quote).args(["--format", "json"]).exits(0).json();
    assert_eq!(json["banks"][0]["pcrs"].as_array().unwrap().len(), 24);
    machine.run(&["vtpm", "quote", "--no-nonce", "--key", "0x81000009", "-m", "m", "-s", "s"]).exits(9);
}

#[test]
fn pcrs_are_read_and_extended() {
    let machine = Machine::start("vtpm-pcr");
    let before = machine.run(&["vtpm", "pcr", "read", "sha256:16"]).exits(0).stdout;
    assert_eq!(before, format!("sha256:\n  16: 0x{}\n", "00".repeat(32)));
    let digest = format!("hex:{}", "11".repeat(32));
    machine.run(&["vtpm", "pcr", "extend", "sha256:16", &digest]).exits(0);
    let after = machine.run(&["vtpm", "pcr", "read", "sha256:16"]).exits(0).stdout;
    assert_ne!(before, after);
    let json = machine.run(&["vtpm", "pcr", "read", "--format", "json"]).exits(0).json();
    assert!(json["banks"].as_array().unwrap().len() > 1, "{json}");
    machine.run(&["vtpm", "pcr", "extend", "sha256:16", "hex:00"]).fails(2, &["expected 32 bytes", "got 1"]);
    machine.run(&["vtpm", "pcr", "extend", "sha256:1,2", &digest]).fails(2, &["expected one PCR"]);
}

#[test]
fn indexes_are_defined_written_read_and_taken_away() {
    let machine = Machine::start("vtpm-nv");
    let index = "0x01500001";
    machine.run(&["vtpm", "nv", "read", index]).fails(9, &["TPM_RC_HANDLE"]);
    machine.run(&["vtpm", "nv", "define", index, "--size", "2000"]).exits(0);
    let bytes = vec![7; 2000];
    machine.run(&["vtpm", "nv", "write", index, &format!("hex:{}", hex(&bytes))]).exits(0);
    assert_eq!(machine.run(&["vtpm", "nv", "read", index]).bytes(), bytes);
    machine
        .run(&["vtpm", "nv", "write", index, "utf8:abc", "--offset", "1998"])
        .fails(9, &["TPM_RC_NV_RANGE"]);
    let listed = machine.run(&["vtpm", "nv", "list"]).exits(0);
    let listed = listed.shows(&["0x01500001   2000 bytes", "HCL report"]);
    assert!(listed.stdout.contains("ownerwrite|authwrite|ownerread|authread|written"), "{listed:#?}");
    let json = machine.run(&["vtpm", "nv", "list", "--format", "json"]).exits(0).json();
    assert!(
        json["indexes"].as_array().unwrap().iter().any(|one| one["index"] == index && one["size"] == 2000)
    );
    machine.run(&["vtpm", "nv", "undefine", index]).exits(0);
    machine.run(&["vtpm", "nv", "undefine", index]).fails(9, &["TPM_RC_HANDLE"]);
    machine
        .run(&["vtpm", "nv", "define", index, "--size", "8", "--attributes", "shiny"])
        .fails(2, &["shiny"]);
    // The platform's are not the guest's to take away.
    machine.run(&["vtpm", "nv", "undefine", "0x01400001"]).exits(9);
    machine.run(&["vtpm", "nv", "write", "0x01400001", "hex:00"]).exits(9);
}

#[test]
fn keys_and_certificates_are_printed() {
    let machine = Machine::start("vtpm-keys");
    let key = machine.run(&["vtpm", "ak", "--format", "json"]).exits(0).json();
    assert!(key["tpmt_public"].as_str().unwrap().starts_with("0001000b00050472"), "{key}");
    machine.run(&["vtpm", "ak"]).exits(0).shows(&["0x81000003", "qualified name"]);
    let certificate = machine.run(&["vtpm", "ak", "--certificate"]).bytes();
    assert_eq!(certificate[0], 0x30);
    assert!(certificate.len() < 4096);
    machine
        .run(&["vtpm", "ek", "--certificate"])
        .fails(9, &["expected a certificate of the endorsement key, found none"]);
}

#[test]
fn the_event_log_is_read_from_its_file() {
    let machine = Machine::start("vtpm-log");
    let log = machine.run(&["vtpm", "log"]).bytes();
    assert_eq!(log, std::fs::read(machine.twin.event_log()).unwrap());
    let folder = data("minted");
    machine.run(&["vtpm", "log", "--event-log", folder.to_str().unwrap()]).exits(9);
    machine.run(&["vtpm", "log", "--event-log", "/nowhere"]).fails(9, &["event log not available"]);
}

#[test]
fn a_code_of_the_tpm_is_explained() {
    teeproof(["explain", "0x18b"]).exits(0).shows(&["TPM_RC_HANDLE (0x18b, handle 1)", "what to do"]);
    teeproof(["explain", "TPM_RC_POLICY_FAIL"]).exits(0).shows(&["0x09d"]);
    let json = teeproof(["explain", "0x9a2", "--format", "json"]).exits(0).json();
    assert_eq!(json["tpm"]["name"], "TPM_RC_BAD_AUTH", "{json}");
    teeproof(["explain", "TPM_RC_HANDEL"]).fails(2, &["did you mean TPM_RC_HANDLE?"]);
    teeproof(["explain", "0xzz"]).fails(2, &["0xzz"]);
}
