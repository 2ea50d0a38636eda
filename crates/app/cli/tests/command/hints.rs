//! What is said of a check that failed: both sides of its comparison, and a hint for this very failure.

use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine as Host, Product};

use crate::machine::*;
use crate::support::*;

/// The check that failed, of a run with `--format json`.
fn failed(run: Run, exit: u8, id: &str) -> serde_json::Value {
    let json = run.args(["--format", "json"]).exits(exit.into()).json();
    let checks = json["checks"].as_array().unwrap();
    let failed = checks.iter().find(|check| check["outcome"] == "fail").unwrap();
    assert_eq!(failed["id"], id, "{failed}");
    failed.clone()
}

fn hint(run: Run, exit: u8, id: &str) -> String {
    failed(run, exit, id)["hint"].as_str().unwrap().to_owned()
}

/// Both sides of a comparison.
fn sides(run: Run, id: &str) -> (String, String) {
    let failed = failed(run, 5, id);
    let text = |side: &serde_json::Value| side.as_str().map_or_else(|| side.to_string(), str::to_owned);
    assert!(failed["expected"]["exactly"].is_string(), "{failed}");
    (text(&failed["expected"]["exactly"]), text(&failed["actual"]))
}

fn padded(bytes: &[u8]) -> String {
    format!("{:0<128}", hex(bytes))
}

fn of_host(test: &str, host: &Host) -> Run {
    let minted = host.mint().unwrap();
    let folder = folder(test);
    let files = [("report.bin", &minted.report), ("vek.der", &minted.vek), ("ask.der", &minted.intermediate)];
    let files = files.map(|(name, bytes)| put(&folder, name, bytes));
    let ark = put(&folder, "ark.der", &minted.ark);
    teeproof(["verify"]).args(GENUINE).args(AT).args(files).args(["--anchor"]).args([&ark])
}

#[test]
fn both_sides_of_a_comparison_are_in_json() {
    let other = b"another challenge of this length".as_slice();
    let machine = Machine::new("hints-sides", &genoa().user_data(b"the guest's data"));
    let all = |bytes: &[u8]| machine.verify().args(nonce(bytes)).args(machine.files());
    assert_eq!(sides(all(other), "quote.nonce"), (hex(other), hex(&CHALLENGE)));
    all(other).exits(5).shows(&["expected", &hex(other), "found", &hex(&CHALLENGE)]);
    let run = all(&CHALLENGE).args(["--user-data", "utf8:other"]);
    assert_eq!(sides(run, "hcl.user-data"), (padded(b"other"), padded(b"the guest's data")));
    let run = machine.verify().args(nonce(other)).args([machine.report()]).args(machine.endorsements());
    assert_eq!(sides(run, "hcl.user-data"), (padded(other), padded(b"the guest's data")));

    let mut machine = Machine::new("hints-sides-pcrs", &genoa());
    machine.minted.pcrs[7][31] ^= 1;
    let (expected, actual) = sides(machine.verify_all(), "quote.pcrs");
    assert!(expected.len() == 64 && actual.len() == 64 && expected != actual, "{expected} {actual}");
    let at = machine.minted.hcl_report.windows(4).position(|window| window == b":tru").unwrap();
    machine.minted.hcl_report[at + 1] = b'T';
    let (expected, actual) = sides(machine.verify_all(), "hcl.binding");
    let zeros = "0".repeat(64);
    assert!(
        expected.ends_with(&zeros) && actual.ends_with(&zeros) && expected != actual,
        "{expected} {actual}"
    );

    let host = Host::vcek(Product::Genoa).report_data([7; 64]);
    let run = of_host("hints-sides-snp", &host).args(nonce(other));
    assert_eq!(sides(run, "snp.nonce"), (padded(other), "07".repeat(64)));
    let document = |enclave: Enclave| {
        let (minted, folder) = (enclave.mint().unwrap(), folder("hints-sides-nitro"));
        let (file, root) = (put(&folder, "document", &minted.document), put(&folder, "root", minted.root()));
        teeproof(["verify"]).args(GENUINE).args(AT).args([&file]).args(["--anchor"]).args([&root])
    };
    let run = document(Enclave::new().nonce(&CHALLENGE)).args(nonce(other));
    assert_eq!(sides(run, "nitro.nonce"), (hex(other), hex(&CHALLENGE)));
    let run = document(Enclave::new()).args(nonce(other));
    assert_eq!(sides(run, "nitro.nonce"), (hex(other), "null".to_owned()));
}

/// A nonce that nothing was compared with has no other side.
#[test]
fn a_nonce_of_no_length_is_compared_with_nothing() {
    let machine = Machine::new("hints-length", &genoa());
    let run = machine.verify().args(nonce(&[0x5a; 51])).args(machine.files());
    assert!(failed(run, 5, "quote.nonce")["expected"].is_null());
}

/// Memory that nobody wrote equals a nonce of zeros.
#[test]
fn a_nonce_of_equal_bytes_is_a_warning() {
    let machine = Machine::new("hints-equal", &genoa().nonce(&[0; 32]));
    let ran = machine.verify().args(nonce(&[0; 32])).args(machine.files()).exits(0);
    ran.shows(&["! quote.nonce", "! hcl.user-data", "32 equal bytes can be guessed"]);
}

#[test]
fn a_reset_vtpm_is_advised_for_a_key_of_zeros_alone() {
    let run = |test: &str, key: &str, value: &str| {
        let vm = genoa().with_claims(|claims| {
            claims.key_mut("HCLAkPub").unwrap().set(key, value);
        });
        Machine::new(test, &vm).verify_all()
    };
    let zeros = "A".repeat(342);
    assert!(hint(run("hints-zero", "n", &zeros), 4, "hcl.claims").contains("reset vTPM"));
    assert!(!hint(run("hints-exponent", "e", "AQAC"), 4, "hcl.claims").contains("reset"));
}

#[test]
fn a_processor_that_is_not_known_is_no_other_machines_certificate() {
    let host = Host::vcek(Product::Genoa).with_report(|report| report.cpuid = [0x1b, 0x01, 0]);
    let hint = hint(of_host("hints-cpuid", &host).args(["--no-nonce"]), 3, "snp.vek.product");
    assert!(hint.contains("a newer version may support this processor"), "{hint}");
}

#[test]
fn an_anchor_is_advised_for_another_root_alone() {
    let (minted, folder) = (Enclave::new().mint().unwrap(), folder("hints-nitro"));
    let run = |name: &str, document: &[u8]| {
        let file = put(&folder, name, document);
        teeproof(["verify", "--no-nonce"]).args(GENUINE).args(AT).args([file])
    };
    assert!(hint(run("untrusted", &minted.document), 4, "nitro.chain").contains("--anchor"));
    let mut garbled = minted.document.clone();
    let at = garbled.windows(11).position(|window| window == b"certificate").unwrap();
    garbled[at + 16] ^= 0x40;
    let root = put(&folder, "root.der", minted.root());
    let run = run("garbled", &garbled).args(["--anchor"]).args([&root]);
    let failed = failed(run, 4, "nitro.chain");
    assert!(!failed["hint"].as_str().unwrap().contains("--anchor"), "{failed}");
}

/// The name of the signer is written by the signer.
#[test]
fn the_signers_name_proves_no_tpm() {
    let ran = Machine::new("hints-signer", &genoa()).verify_all().exits(0);
    ran.shows(&["✔ quote.signer", "this is the key's own statement"]);
}
