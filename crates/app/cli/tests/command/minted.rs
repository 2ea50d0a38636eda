//! Evidence under roots of our own: accepted only where such a root is named, and then it is said.

use std::path::{Path, PathBuf};

use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine, Product};

use crate::support::*;

const AT: [&str; 2] = ["--at", "2026-01-15T12:00:00Z"];

fn put(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn an_added_anchor_is_reported_in_the_first_line() {
    let minted = Enclave::new().nonce(&[7; 32]).mint().unwrap();
    let folder = folder("minted-nitro");
    let document = put(&folder, "document.cose", &minted.document);
    let root = put(&folder, "root.pem", pem("CERTIFICATE", minted.root()).as_bytes());
    let nonce = format!("hex:{}", hex(&[7; 32]));
    let run = || teeproof(["verify", "--nonce", &nonce]).args(GENUINE).args(AT).args([&document]);
    run().exits(4).shows(&["✘ nitro.chain"]);
    let ran = run().args(["--anchor"]).args([&root]).exits(0);
    assert_eq!(ran.first_line(), "ACCEPTED  nitro  policy builtin:genuine  exit 0  NON-PRODUCTION ANCHOR");
    ran.shows(&["proves nothing about hardware"]);
    let quiet = run().args(["-q", "--anchor"]).args([&root]).exits(0);
    assert!(quiet.stdout.contains("NON-PRODUCTION ANCHOR"), "{quiet:#?}");
    let json = run().args(["--format", "json", "--anchor"]).args([&root]).exits(0).json();
    assert_eq!(json["anchor"], "added");
}

#[test]
fn a_short_nonce_gets_a_warning() {
    let minted = Enclave::new().nonce(b"short").mint().unwrap();
    let folder = folder("minted-short");
    let document = put(&folder, "document.cose", &minted.document);
    let root = put(&folder, "root.der", minted.root());
    teeproof(["verify", "--nonce", "utf8:short", "--anchor"])
        .args([&root, &document])
        .args(GENUINE)
        .args(AT)
        .exits(0)
        .shows(&["! nitro.nonce", "can be guessed"]);
}

#[test]
fn an_added_anchor_is_not_reported_for_a_chain_under_a_pinned_one() {
    let minted = Enclave::new().mint().unwrap();
    let root = file("minted-unused", "root.der", minted.root());
    let ran =
        verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT, &["--no-nonce", "--anchor"]]).args([&root]).exits(0);
    assert!(!ran.stdout.contains("NON-PRODUCTION"), "{ran:#?}");
}

#[test]
fn the_chain_is_checked_against_revocation_lists() {
    let machine = Machine::vcek(Product::Genoa);
    let minted = machine.mint().unwrap();
    let folder = folder("minted-snp");
    let report = put(&folder, "report.bin", &minted.report);
    let endorsements = folder.join("endorsements");
    std::fs::create_dir(&endorsements).unwrap();
    put(&endorsements, "vek.der", &minted.vek);
    put(&endorsements, "intermediate.der", &minted.intermediate);
    let ark = put(&folder, "ark.der", &minted.ark);
    let run = || {
        teeproof(["verify", "--no-nonce", "--anchor"])
            .args([&ark, &report])
            .args(GENUINE)
            .args(AT)
            .args(["--endorsements"])
            .args([&endorsements])
    };
    run().exits(0).shows(&["waived: no revocation list was given: snp.revocation", "NON-PRODUCTION ANCHOR"]);
    let clean = put(&folder, "clean.crl", &machine.mint_crl(&[]).unwrap());
    run().args([&clean]).exits(0).shows(&["✔ snp.revocation"]);
    let serial = machine.intermediate.certificate.serial.clone();
    let revoking = machine.mint_crl(&[&serial]).unwrap();
    let revoking = put(&folder, "revoking.pem", pem("X509 CRL", &revoking).as_bytes());
    run().args([&revoking]).exits(7).shows(&["✘ snp.revocation"]);
}

#[test]
fn another_instance_is_detected_by_the_id_in_the_document() {
    let minted = Enclave::new().mint().unwrap();
    let folder = folder("minted-instance");
    let document = put(&folder, "document.cose", &minted.document);
    let root = put(&folder, "root.der", minted.root());
    let policy = "version = 1\n[nitro]\ninstance = { exactly = \"i-0123456789abcdef1\" }\nunlisted = { waived = \"a test\" }\n";
    let policy = put(&folder, "policy.toml", policy.as_bytes());
    let run = || {
        let run =
            teeproof(["verify", "--no-nonce"]).args(AT).args([&document]).args(["--anchor"]).args([&root]);
        run.args(["--policy"]).args([&policy])
    };
    let json = run().args(["--format", "json"]).exits(6).json();
    let checks = json["checks"].as_array().unwrap();
    let failed = checks.iter().find(|check| check["outcome"] == "fail").unwrap();
    assert_eq!(failed["id"], "nitro.instance");
    assert_eq!(failed["expected"], serde_json::json!({ "exactly": "i-0123456789abcdef1" }));
    assert_eq!((&failed["actual"], failed["actual"].is_string()), (&json["claims"]["pcr4"], true));
    run().exits(6).shows(&["i-0123456789abcdef0 by the document's module_id"]);
}
