//! `bundle create`, `show` and `export`: what goes into a bundle comes out of it, byte for byte.

use std::path::{Path, PathBuf};

use crate::machine::*;
use crate::support::*;

const COLLECTED: [&str; 2] = ["--collected", "2026-01-15T12:00:00Z"];

fn bundle(verb: &str, file: &Path) -> Run {
    teeproof(["bundle", verb]).args([file])
}

/// The files of a directory, sorted.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_goes_into_a_bundle_comes_out_of_it() {
    let machine = Machine::new("bundle-machine", &genoa());
    let made = machine.bundle();
    let verify = |files: &[PathBuf]| {
        let ran = machine.verify().args(nonce(&CHALLENGE)).args(files).exits(0);
        ran.shows(&["ACCEPTED  azure-snp", "✔ ak.key", "✔ quote.pcrs", "✔ log.replay"]);
    };
    verify(std::slice::from_ref(&made));

    let folder = machine.folder.join("parts");
    let printed = bundle("export", &made).args(["--dir"]).args([&folder]).exits(0);
    let parts = files_in(&folder);
    assert_eq!(printed.stdout.lines().count(), parts.len());
    let names: Vec<_> = parts.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "certificate-0.der",
            "certificate-1.der",
            "certificate-2.der",
            "certificate-3.der",
            "event-log.bin",
            "hcl-report.bin",
            "pcr-values.txt",
            "tpm-quote.bin",
            "tpm-signature.bin"
        ]
    );
    assert_eq!(std::fs::read(folder.join("hcl-report.bin")).unwrap(), machine.minted.hcl_report);
    assert_eq!(
        std::fs::read(folder.join("event-log.bin")).unwrap(),
        machine.minted.event_log.clone().unwrap()
    );
    verify(&parts);
    let cbor = machine.folder.join("again.bundle");
    let loose = teeproof(["bundle", "create"]).args(parts).args(COLLECTED).args(["-o"]).args([&cbor]);
    loose.exits(0);
    assert_eq!(std::fs::read(&cbor).unwrap(), std::fs::read(&made).unwrap());
}

#[test]
fn both_forms_of_a_bundle_are_the_same_bundle() {
    let machine = Machine::new("bundle-forms", &genoa());
    let made = machine.bundle();
    let json = machine.folder.join("machine.json");
    bundle("export", &made).args(["--json", "-o"]).args([&json]).exits(0);
    machine.verify().args(nonce(&CHALLENGE)).args([&json]).exits(0).shows(&["✔ ak.key", "✔ log.replay"]);
    let cbor = machine.folder.join("again.bundle");
    bundle("export", &json).args(["--cbor", "-o"]).args([&cbor]).exits(0);
    assert_eq!(std::fs::read(&cbor).unwrap(), std::fs::read(&made).unwrap());
    let direct = teeproof(["bundle", "create", "--json"]).args(machine.files()).args(COLLECTED).exits(0);
    assert_eq!(direct.stdout, std::fs::read_to_string(&json).unwrap());
}

#[test]
fn a_bundle_shows_what_it_holds() {
    let machine = Machine::new("bundle-show", &genoa());
    let made = machine.folder.join("machine.bundle");
    let run = teeproof(["bundle", "create", "--report", "fresh"]).args(machine.files()).args(COLLECTED);
    run.args(["-o"]).args([&made]).exits(0);
    bundle("show", &made).exits(0).shows(&[
        "machine.bundle: bundle, not checked",
        "collected 2026-01-15T12:00:00Z by teeproof ",
        "report: fresh",
        "hcl-report ",
        "2600 bytes  sha256 ",
        "certificate-3 ",
    ]);
    let json = bundle("show", &made).args(["--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "teeproof/bundle/2");
    assert_eq!(json["status"], "not checked");
    assert_eq!(json["collected"], "2026-01-15T12:00:00Z");
    assert_eq!(json["report"], "fresh");
    assert_eq!(json["redactions"], serde_json::json!([]));
    let parts = json["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 9);
    let report = parts.iter().find(|part| part["name"] == "hcl-report").unwrap();
    assert_eq!(report["bytes"], machine.minted.hcl_report.len());
    // The certificates keep their order.
    let first = parts.iter().find(|part| part["name"] == "certificate-0").unwrap();
    assert_eq!(first["bytes"], machine.minted.vek.len());
}

#[test]
fn a_bundle_goes_through_pipes() {
    let machine = Machine::new("bundle-pipe", &genoa());
    let piped = teeproof(["bundle", "create"]).args(machine.files()).args(COLLECTED).bytes();
    assert_eq!(piped, std::fs::read(machine.bundle()).unwrap());
    teeproof(["bundle", "show", "-"]).stdin(&piped).exits(0).shows(&["standard input: bundle, not checked"]);
    let run = machine.verify().args(nonce(&CHALLENGE)).args(["-"]).stdin(&piped);
    run.exits(0).shows(&["ACCEPTED  azure-snp"]);
}

#[test]
fn the_collections_time_is_now_unless_it_is_given() {
    let machine = Machine::new("bundle-now", &genoa());
    let made = teeproof(["bundle", "create"]).args([machine.report()]).bytes();
    let json = teeproof(["bundle", "show", "-", "--format", "json"]).stdin(&made).exits(0).json();
    assert!(json["collected"].as_str().unwrap() > "2025-01-01T00:00:00Z", "{json}");
    assert_eq!(json["report"], serde_json::Value::Null);
}

#[test]
fn no_file_is_written_over() {
    let machine = Machine::new("bundle-over", &genoa());
    let made = machine.bundle();
    let folder = machine.folder.join("parts");
    let run = || bundle("export", &made).args(["--dir"]).args([&folder]);
    run().exits(0);
    std::fs::remove_file(folder.join("certificate-0.der")).unwrap();
    let report = folder.join("hcl-report.bin");
    std::fs::write(&report, b"of somebody else").unwrap();
    run().fails(2, &["cannot be written", "an empty directory"]);
    assert_eq!(std::fs::read(&report).unwrap(), b"of somebody else");
    for target in [&[][..], &["--json", "--cbor"]] {
        let ran = bundle("export", &made).args(target).exits(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("--cbor"), "{ran:#?}");
    }
}

#[test]
fn certificates_alone_are_no_bundle() {
    let machine = Machine::new("bundle-certificates", &genoa());
    let create = || teeproof(["bundle", "create"]);
    create().args(machine.endorsements()).fails(2, &["no evidence", "endorsements alone are no evidence"]);
    create().args(machine.quote()).fails(2, &["without an HCL report"]);
    create().args([machine.report(), machine.registers()]).fails(2, &["without a TPM quote"]);
    create().file(PRODUCTION).file(REPORT).fails(2, &["two pieces of evidence"]);
    let ran = create().args([machine.report()]).args(["--collected", "yesterday"]).exits(2);
    assert!(ran.stderr.contains("RFC 3339"), "{ran:#?}");
}

#[test]
fn what_is_not_the_one_form_is_no_bundle() {
    let machine = Machine::new("bundle-broken", &genoa());
    let whole = std::fs::read(machine.bundle()).unwrap();
    let cut = machine.put("cut.bundle", &whole[..whole.len() - 1]);
    let longer = machine.put("longer.bundle", [&whole[..], &[0]].concat());
    for path in [cut, longer] {
        bundle("show", &path).fails(3, &["offset"]);
        machine.verify().args(["--no-nonce"]).args([&path]).fails(3, &["read as bundle"]);
    }
    bundle("show", &machine.report()).fails(3, &["hcl-report.bin"]);
}

#[test]
fn other_evidence_is_bundled_as_well() {
    let folder = folder("bundle-others");
    let [nitro, snp] = [folder.join("nitro.bundle"), folder.join("snp.bundle")];
    let create = |output: &Path| teeproof(["bundle", "create"]).args(COLLECTED).args(["-o"]).args([output]);
    create(&nitro).file(PRODUCTION).exits(0);
    create(&snp).file(REPORT).args(["--endorsements"]).file(VCEK).exits(0);
    let verify = |file: &Path| teeproof(["verify"]).args(GENUINE).args([file]);
    let ran = verify(&nitro).args(["--nonce", NONCE]).args(AT_DOCUMENT).exits(0);
    ran.shows(&["ACCEPTED  nitro", "✔ nitro.signature"]);
    verify(&snp).args(["--no-nonce"]).exits(0).shows(&["ACCEPTED  snp", "✔ snp.vek.chip", "✔ snp.signature"]);
    let parts = folder.join("parts");
    bundle("export", &nitro).args(["--dir"]).args([&parts]).exits(0);
    assert_eq!(std::fs::read(parts.join("nitro-document.cose")).unwrap(), bytes(PRODUCTION));
    for (file, what) in [(&nitro, "instance-id"), (&snp, "chip-id")] {
        let redacted = folder.join("redacted.bundle");
        let ran = bundle("redact", file).args(["-o"]).args([&redacted]).exits(0);
        assert!(ran.stderr.contains(&format!("replaced: {what} in ")), "{ran:#?}");
        verify(&redacted)
            .args(["--no-nonce"])
            .exits(7)
            .shows(&["✘ bundle.redacted", "identifiers were replaced"]);
    }
}
