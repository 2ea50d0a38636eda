//! The suite `shared`: files that users brought, by their shapes: each is verified, or named and described.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shared::{folder, need};
use crate::support::*;

/// The folder of real files, or `None` after having said that the suite was not run.
fn real() -> Option<PathBuf> {
    folder().map(|folder| folder.join("real"))
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn verify(file: &Path, at: &str) -> Run {
    teeproof(["verify", "--policy", "builtin:genuine", "--no-nonce", "--at", at]).args([file])
}

fn inspected(file: &Path) -> Value {
    teeproof(["inspect", "--format", "json"]).args([file]).exits(0).json()
}

#[test]
fn shared_spellings_of_a_nitro_document() {
    let Some(real) = real() else { return };
    let refused = [
        ("tagged.bin", "CBOR tag"),
        ("trailing_nl.bin", "line break"),
        ("truncated.bin", "the file was cut"),
        ("payload_only.cbor", "the payload alone"),
        ("utf8mangled.bin", "UTF-8"),
    ];
    let mut accepted = 0;
    for file in files_of(&real.join("forms")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if let Some((_, hint)) = refused.iter().find(|(refused, _)| *refused == name) {
            verify(&file, "document").fails(3, &[hint]);
            let json = verify(&file, "document").args(["--format", "json"]).exits(3).json();
            assert!(json["hint"].as_str().unwrap().contains(hint), "{json}");
        } else {
            verify(&file, "document").exits(0);
            let json = verify(&file, "document").args(["--format", "json"]).exits(0).json();
            assert_eq!(json["verdict"], "accepted", "{name}");
            assert_eq!(inspected(&file)["kind"], "nitro-document", "{name}");
            accepted += 1;
        }
    }
    assert_eq!(accepted, 14);
}

#[test]
fn shared_evidence_with_members_that_were_not_known() {
    let Some(real) = real() else { return };
    for name in ["v2-el-null.json", "v2-el.json"] {
        let file = need(&real, &format!("repro/{name}"));
        let ran = verify(&file, "2026-08-01T00:00:00Z").exits(0);
        assert!(!ran.stdout.contains("input.ignored"), "{ran:#?}");
    }
    let json = std::fs::read_to_string(need(&real, "repro/v2-el-null.json")).unwrap();
    let file = file("shared-unknown-member", "evidence.json", json.replacen('{', "{\"later\": 1, ", 1));
    let ran = verify(&file, "2026-08-01T00:00:00Z").exits(0).shows(&["! input.ignored", "`later`"]);
    assert!(ran.stderr.contains("warning: ") && ran.stderr.contains("`later`"), "{ran:#?}");
    let json = verify(&file, "2026-08-01T00:00:00Z").args(["--format", "json"]).exits(0).json();
    assert_eq!(json["checks"][0]["id"], "input.ignored");
    assert_eq!(json["checks"][0]["outcome"], "warn");
    assert!(inspected(&file)["warnings"][0].as_str().unwrap().contains("`later`"));
}

#[test]
fn shared_reports_with_certificates_and_requests() {
    let Some(real) = real() else { return };
    let genoa = need(&real, "repro/ars-snp_live-evidence-genoa.json");
    verify(&genoa, "2026-08-01T00:00:00Z").exits(0).shows(&["✔ snp.signature", "✔ snp.vek.chip"]);
    let asvk = need(&real, "repro/f1-vlek/asvk-milan.der");
    let extended = need(&real, "repro/extended.bin");
    verify(&extended, "2025-06-01T00:00:00Z").args([&asvk]).exits(0).shows(&["VLEK", "✔ snp.signature"]);
    assert_eq!(inspected(&extended)["kind"], "extended-snp-report");
    let table = need(&real, "repro/auxblob");
    assert_eq!(inspected(&table)["kind"], "certificate-table");
    let report = need(&real, "repro/f1-vlek/report.bin");
    for named in [["--endorsements"].map(PathBuf::from).to_vec(), vec![]] {
        verify(&report, "2025-06-01T00:00:00Z")
            .args([&asvk])
            .args(named)
            .args([&table])
            .exits(0)
            .shows(&["VLEK", "✔ snp.signature"]);
    }
    let request = need(&real, "repro/maa-request.json");
    verify(&request, "2025-06-01T00:00:00Z").exits(3).shows(&["✘ snp.format", "version 2, 3, 4 or 5"]);
    let json = inspected(&request);
    assert_eq!((&json["kind"], &json["note"]), (&"evidence-json".into(), &"SevSnpVm request".into()));
    assert!(json["warnings"][0].as_str().unwrap().contains("runtimeData"));
}

#[test]
fn shared_evidence_that_is_described_and_not_verified() {
    let Some(real) = real() else { return };
    for (folder, kind, said) in [("tdreport", "td-report", "a bare TDREPORT")] {
        for file in files_of(&real.join(folder)) {
            assert_eq!(inspected(&file)["kind"], kind, "{}", file.display());
            verify(&file, "2026-08-01T00:00:00Z").fails(3, &[said, "with teeproof inspect"]);
            let json = verify(&file, "2026-08-01T00:00:00Z").args(["--format", "json"]).exits(3).json();
            assert_eq!(json["class"], "unsupported");
            teeproof(["policy", "suggest", "--at", "2026-08-01T00:00:00Z"]).args([&file]).fails(3, &[said]);
        }
    }
}

#[test]
fn shared_nitrotpm_document_is_accepted_at_its_own_time() {
    let Some(real) = real() else { return };
    let file = need(&real, "nitro-tpm/020ed8bb353d9d9a.cose");
    assert_eq!(inspected(&file)["kind"], "nitrotpm-document");
    let genuine = || {
        let args = ["verify", "--policy", "builtin:genuine", "--no-nonce", "--at", "document"];
        teeproof(args).args([&file])
    };
    let ran = genuine().exits(0);
    ran.shows(&["ACCEPTED", "nitro-tpm", "✔ nitro-tpm.measured-boot", "! nitro-tpm.tcb-status"]);
    let json = genuine().args(["--format", "json"]).exits(0).json();
    assert_eq!((&json["technology"], &json["anchor"]), (&"nitro-tpm".into(), &"pinned".into()));
    assert_eq!(json["claims"]["secure_boot"], false);
    // No request or policy for enclaves accepts it.
    genuine().args(["--accept", "nitro"]).exits(6).shows(&["✘ policy.technology"]);
    genuine()
        .args(["--as", "nitro-document"])
        .fails(3, &["expected a Nitro document, found a NitroTPM document"]);
    // Nor is it accepted at another time.
    verify(&file, "2026-08-01T00:00:00Z").exits(7).shows(&["✘ nitro-tpm.validity"]);
    // A policy that is proposed from it accepts it, and no other boot.
    let ran = teeproof(["policy", "suggest", "--at", "document"]).args([&file]).exits(0);
    for line in ["4 = { exactly", "7 = { waived = \"secure boot is off", "12 = { exactly = \"0000"] {
        assert!(ran.stdout.contains(line), "{ran:#?}");
    }
    let policy = crate::support::file("shared-nitrotpm", "policy.toml", &ran.stdout);
    teeproof(["policy", "test", "--at", "document"]).args([&policy, &file]).exits(0);
    // A bundle of it is verified as it is, and a redacted one names no instance.
    let folder = crate::support::folder("shared-nitrotpm-bundle");
    let (bundle, redacted) = (folder.join("tpm.bundle"), folder.join("redacted.bundle"));
    teeproof(["bundle", "create", "-o"]).args([&bundle, &file]).exits(0);
    teeproof(["verify", "--policy", "builtin:genuine", "--no-nonce", "--at", "document"])
        .args([&bundle])
        .exits(0);
    teeproof(["bundle", "redact", "-o"]).args([&redacted, &bundle]).exits(0);
    let text = std::fs::read(&redacted).unwrap();
    let id = b"05473b8eb5f575457";
    assert!(!text.windows(id.len()).any(|window| window == id));
    verify(&redacted, "2026-08-01T00:00:00Z").exits(7).shows(&["✘ bundle.redacted", "nitro-tpm.signature"]);
}
