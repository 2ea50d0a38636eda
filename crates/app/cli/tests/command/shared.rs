//! The suite `shared`: evidence of Azure's machines that is not in the repository.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::azure_tdx::names_collateral;
use crate::support::*;
use crate::yaml::from_yaml;

/// The folder, or `None` after having said that the suite was not run.
#[allow(clippy::disallowed_methods)] // said by a test, and not by the command
pub(crate) fn folder() -> Option<PathBuf> {
    match std::env::var_os("TEEPROOF_SHARED_DATA") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            // Not by a macro: those are kept back for tests that pass.
            let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
            std::io::stdout().write_all(said).unwrap();
            None
        }
    }
}

pub(crate) fn need(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    assert!(path.is_file(), "suite shared: {} is missing", path.display());
    path
}

#[test]
fn shared_azure_reports_are_accepted() {
    let Some(folder) = folder() else { return };
    for (report, endorsement) in [
        ("azure/trustee-snp-report.bin", "azure/trustee-snp-vcek.der"),
        ("azure/sidecar-snp-report.bin", "azure/thim-response.json"),
    ] {
        let files = [need(&folder, report), need(&folder, endorsement)];
        teeproof(["verify", "--no-nonce"])
            .args(GENUINE)
            .args(files)
            .exits(0)
            .shows(&["✔ snp.vek.chip", "✔ snp.signature"]);
    }
}

const AZ_SNP: &str = "azure/trustee-az-snp-v1.json";
const CHALLENGE: [&str; 2] = ["--nonce", "utf8:challenge"];
const TABLES: [&str; 2] = ["aws-lc", "rustcrypto"];

/// `verify` under builtin:genuine with this table and these files.
fn run(table: &str, files: &[PathBuf]) -> Run {
    teeproof(["verify", "--crypto", table]).args(GENUINE).args(files)
}

/// Evidence as JSON, with something changed, as a file.
fn changed(test: &str, path: &Path, change: impl FnOnce(&mut serde_json::Value)) -> PathBuf {
    let mut json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut json);
    file(test, "evidence.json", json.to_string())
}

#[test]
fn shared_az_snp_evidence_is_accepted_for_its_nonce_alone() {
    let Some(folder) = folder() else { return };
    let evidence = [need(&folder, AZ_SNP)];
    for table in TABLES {
        let ran = run(table, &evidence).args(CHALLENGE).exits(0);
        let first = "ACCEPTED  azure-snp  policy builtin:genuine  exit 0";
        assert_eq!(ran.first_line(), first);
        ran.shows(&["✔ snp.signature", "✔ hcl.binding", "✔ quote.pcrs", "✔ origin.paravisor"])
            .shows(&["! quote.nonce", "extraData is the nonce, 9 bytes"]);
        for wrong in ["utf8:challenge1", "utf8:challeng", "utf8:Challenge"] {
            run(table, &evidence).args(["--nonce", wrong]).exits(5).shows(&["✘ quote.nonce"]);
        }
        let pcrs = changed("shared-pcr", &evidence[0], |json| {
            let value = json["tpm_quote"]["pcrs"][4].as_str().unwrap().to_string();
            let last = if value.ends_with('0') { "1" } else { "0" };
            json["tpm_quote"]["pcrs"][4] = format!("{}{last}", &value[..63]).into();
        });
        run(table, &[pcrs]).args(CHALLENGE).exits(5).shows(&["✔ quote.signature", "✘ quote.pcrs"]);
    }
    let unversioned = changed("shared-version", &evidence[0], |json| {
        json.as_object_mut().unwrap().remove("version").unwrap();
    });
    run("aws-lc", &[unversioned]).args(CHALLENGE).fails(3, &["there is no version"]);
}

#[test]
fn shared_report_and_quote_are_accepted_as_files() {
    let Some(folder) = folder() else { return };
    let [report, chain, quote] = [
        "azure/trustee-hcl-report-snp.bin",
        "azure/trustee-hcl-vcek-chain.pem",
        "azure/trustee-quote-snp.bin",
    ]
    .map(|name| need(&folder, name));
    for table in TABLES {
        let alone = run(table, &[report.clone(), chain.clone()]).args(["--no-nonce"]).exits(0);
        alone.shows(&["✔ snp.vek.chip", "✔ hcl.binding", "– quote.signature"]);
        let all = [report.clone(), chain.clone(), quote.clone()];
        run(table, &all).args(["--no-nonce"]).exits(0).shows(&["✔ quote.signature", "✔ quote.pcrs"]);
        run(table, &all)
            .args(CHALLENGE)
            .exits(0)
            .shows(&["! quote.nonce", "extraData is the nonce, 9 bytes"]);
    }
}

#[test]
fn shared_az_tdx_evidence_lacks_collateral() {
    let Some(folder) = folder() else { return };
    let evidence = [need(&folder, "azure/trustee-az-tdx-v1.json")];
    for table in TABLES {
        let ran = run(table, &evidence).args(CHALLENGE).exits(7);
        let ran =
            ran.shows(&["✔ hcl.td-report", "✔ tdx.qe.signature", "✔ tdx.signature", "✘ tdx.collateral "]);
        names_collateral(&ran, "00806F050000");
    }
}

/// YAML of attested-tls as JSON, in a file of its own.
fn as_json(folder: &Path, name: &str) -> PathBuf {
    let yaml = std::fs::read_to_string(need(folder, &format!("azure/{name}.yaml"))).unwrap();
    file(&format!("shared-{name}"), "evidence.json", from_yaml(&yaml).to_string())
}

#[test]
fn shared_attested_tls_evidence_is_accepted_while_its_collateral_is_current() {
    let Some(folder) = folder() else { return };
    let yaml = need(&folder, "azure/fb-az-tdx-1764662251.yaml");
    teeproof(["inspect"]).args([&yaml]).fails(3, &["the file is YAML", "yq -o json"]);
    let evidence = as_json(&folder, "fb-az-tdx-1764662251");
    teeproof(["inspect"]).args([&evidence]).exits(0).shows(&[".ConfidentialVM.Azure."]);
    let collateral = as_json(&folder, "fb-az-collateral-1764662251");
    teeproof(["inspect"]).args([&collateral]).exits(0).shows(&["tcbEvaluationDataNumber"]);
    let all = [evidence.clone(), collateral];
    for table in TABLES {
        let ran = run(table, &all).args(["--no-nonce", "--at", "2026-02-25T00:00:00Z"]).exits(0);
        let first = "ACCEPTED  azure-tdx  policy builtin:genuine  exit 0";
        assert_eq!(ran.first_line(), first);
        let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        // Microsoft's CA above the attestation key is not among the files.
        assert!(text.contains("the certificate of Global Virtual TPM CA - 03 is missing"), "{ran:#?}");
        ran.shows(&[
            "! ak.chain",
            "✔ tdx.revocation",
            "✔ tdx.tcb ",
            "✔ hcl.td-report.quote",
            "✔ hcl.binding",
        ]);
        let stale = run(table, &all).args(["--no-nonce", "--at", "2026-06-01T00:00:00Z"]).exits(7);
        stale.shows(&["2026-06-01T00:00:00Z", "--fetch, or --endorsements FILE"]);
        let ran = run(table, std::slice::from_ref(&evidence)).args(["--no-nonce"]).exits(7);
        names_collateral(&ran, "90C06F000000");
    }
    let json = run("aws-lc", &all).args(["--no-nonce", "--format", "json", "--at", "2026-02-25T00:00:00Z"]);
    let json = json.exits(0).json();
    assert_eq!((&json["anchor"], &json["claims"]["tcb_status"]), (&"pinned".into(), &"UpToDate".into()));
}

/// Real quotes of many clouds: signatures and PCK chain hold, and the collateral that is missing is named.
#[test]
fn shared_td_quotes_are_verified_as_far_as_they_go_without_collateral() {
    let Some(folder) = folder() else { return };
    let (mut chained, mut unchained) = (0, 0);
    for quote in real(&folder, "tdq") {
        for table in TABLES {
            let at = ["--no-nonce", "--at", "2026-08-01T00:00:00Z"];
            let ran = run(table, std::slice::from_ref(&quote)).args(at).exits(7);
            if ran.stdout.contains("✘ tdx.chain") {
                unchained += 1;
                ran.shows(&["the PCK certificate is missing"]);
                continue;
            }
            chained += 1;
            let passed = ["✔ tdx.chain", "✔ tdx.qe.signature", "✔ tdx.qe.binding", "✔ tdx.signature"];
            let ran = ran.shows(&passed).shows(&["✘ tdx.collateral "]);
            let (_, fmspc) = ran.stdout.split_once("FMSPC ").unwrap();
            names_collateral(&ran, &fmspc[..12]);
        }
    }
    assert_eq!((chained, unchained), (32, 2));
}

/// A report of Container Instances is genuine, and distinguished.
#[test]
fn shared_container_instances_are_distinguished() {
    let Some(folder) = folder() else { return };
    let evidence = [need(&folder, "azure/sidecar-snp-report.bin"), need(&folder, "azure/thim-response.json")];
    for table in TABLES {
        run(table, &evidence)
            .args(["--no-nonce", "--verbose"])
            .exits(0)
            .shows(&["Azure Container Instances"]);
    }
}

/// The files of a folder of the real pieces, by name.
fn real(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder.join("real").join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn inspected(path: &Path) -> (serde_json::Value, String) {
    let json = teeproof(["inspect", "--format", "json"]).args([path]).exits(0).json();
    (json, teeproof(["inspect"]).args([path]).exits(0).stdout.clone())
}

/// Every public log is read, named, and replayed in every bank that it names.
#[test]
fn shared_logs_of_every_format_are_reported_and_replayed() {
    let Some(folder) = folder() else { return };
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let mut more = real(&folder, "named-logs");
    more.extend(
        ["fewer.log", "goel-CCEL_unpadded.data.bin", "log-73a344950301.bin"]
            .map(|name| need(&folder, &format!("real/repro/{name}"))),
    );
    for path in real(&folder, "log").into_iter().chain(more) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.contains("empty") {
            teeproof(["inspect"]).args([&path]).fails(3, &["the file is empty"]);
            continue;
        }
        let (json, text) = inspected(&path);
        let (kind, structure) = (json["kind"].as_str().unwrap(), &json["structures"][0]);
        if name.ends_with(".table.bin") {
            assert_eq!((kind, &structure["name"]), ("ccel-table", &"ACPI table CCEL".into()));
            continue;
        }
        assert!(matches!(kind, "event-log" | "cc-event-log"), "{name}: {kind}");
        let format = structure["fields"][0]["value"].as_str().unwrap().to_owned();
        assert!(text.contains(&format), "{name}");
        *seen.entry(format).or_default() += 1;
        let names: Vec<_> = json["structures"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        let replayed = names.iter().filter(|name| name.as_str().unwrap().starts_with("replayed "));
        let banks = text.matches("  algorithm").count().max(1);
        assert_eq!((replayed.count(), text.matches("\nreplayed ").count()), (banks, banks), "{name}");
        if kind == "cc-event-log" {
            assert!(
                structure_fields(&json, "replayed measurement registers, SHA-384")
                    .unwrap()
                    .contains_key("RTMR0"),
                "{name}"
            );
        }
    }
    let seen: Vec<_> = seen.iter().map(|(format, count)| (format.as_str(), *count)).collect();
    assert_eq!(
        seen,
        [
            ("TCG 1.2 event log, SHA-1 alone", 3),
            ("TCG event log, crypto-agile", 35),
            ("confidential-computing event log (CCEL)", 12),
        ]
    );
}

/// The RTMRs that Trustee's own tests demand of its CCEL files (deps/eventlog/src/lib.rs).
#[test]
fn shared_ccel_logs_make_the_published_rtmrs() {
    let Some(folder) = folder() else { return };
    for (name, rtmrs) in [
        ("log-0e6e0c6a327f.bin", ["8566f998798db094", "775b9f6bfe99f8a3", "94eaf7a7bf398ed8"]),
        ("log-cab97131de63.bin", ["cec0a104f691f60d", "6c289e0c62182d41", "08919d017ba0e52c"]),
        ("log-8532e4a295ce.bin", ["3300980705adf09d", "204d49f78d29918f", ""]),
        ("log-ece8c9c14157.bin", ["bc9945139042cf2c", "c17cb288a4dee302", "334aeba2c985f888"]),
    ] {
        let (json, _) = inspected(&need(&folder, &format!("real/log/{name}")));
        let found = structure_fields(&json, "replayed measurement registers, SHA-384").unwrap();
        for (index, start) in rtmrs.iter().enumerate() {
            match found.get(&format!("RTMR{index}")) {
                Some(value) => {
                    assert!(!start.is_empty() && value.starts_with(start), "{name} RTMR{index}: {value}")
                }
                None => assert!(start.is_empty(), "{name} RTMR{index}"),
            }
        }
        assert!(!found.contains_key("RTMR3"));
    }
}

#[test]
fn shared_quotes_and_what_tpm2_tools_wrote_are_named() {
    let Some(folder) = folder() else { return };
    let quotes = real(&folder, "quote");
    assert_eq!(quotes.len(), 10);
    for path in quotes {
        let (json, text) = inspected(&path);
        assert_eq!(json["kind"], "tpm-quote");
        let sha384 = text.contains("SHA-384");
        let note = sha384.then_some("of a bank other than SHA-256, which is not supported");
        assert_eq!(json["note"].as_str(), note, "{}", path.display());
        assert!(text.contains("TPM_ST_ATTEST_QUOTE") && text.contains("pcrDigest"));
        teeproof(["verify", "--no-nonce"])
            .args(GENUINE)
            .args([&path])
            .fails(2, &["a TPM quote without an HCL report"]);
    }
    for (name, kind, words) in [
        ("s384.pcrs", "other-pcr-values", ["PCR values, SHA-384", "PCR7"]),
        ("s8.pcrs", "pcr-concatenation", ["would be 8 values", "not in the file"]),
        ("ecc.sig", "tpm-signature", ["ECDSA P-256", "RSASSA with SHA-256 and 2048 bits alone"]),
    ] {
        let (json, text) = inspected(&need(&folder, &format!("real/repro/{name}")));
        assert_eq!(json["kind"], kind);
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
    }
}

/// Two VLEKs of two regions, of which one signed; the ASVK is not among the files.
#[test]
fn shared_vleks_of_two_regions_in_both_orders() {
    let Some(folder) = folder() else { return };
    let [report, other, right] = ["report.bin", "vlek-other.der", "vlek-right.der"]
        .map(|name| need(&folder, &format!("real/repro/f1-vlek/{name}")));
    for table in TABLES {
        for veks in [[&other, &right], [&right, &other]] {
            let files = [&[&report], veks.as_slice()].concat().into_iter().cloned();
            let files: Vec<_> = files.collect();
            let at = ["--no-nonce", "--at", "2025-06-01T00:00:00Z"];
            run(table, &files).args(at).exits(0).shows(&["SEV-VLEK-Milan ← ARK-Milan (pinned)"]);
        }
    }
}

/// An old AK certificate and the renewed one over the same key.
#[test]
fn shared_old_and_renewed_ak_certificate_in_both_orders() {
    let Some(folder) = folder() else { return };
    let file = |name: &str| need(&folder, &format!("real/repro/ak2/{name}"));
    let before = ["hcl.bin", "quote.msg", "quote.sig", "pcrs.txt", "vcek.der", "ask.der"].map(file);
    for leaves in [["akcert-old.der", "akcert-new.der"], ["akcert-new.der", "akcert-old.der"]] {
        let files = [&before[..], &leaves.map(file), &[file("akca0.der")]].concat();
        let ran = run("aws-lc", &files)
            .args(["--anchor"])
            .args([file("ark.der")])
            .args(["--anchor"])
            .args([file("akroot.der")])
            .args(["--no-nonce", "--at", "2026-01-15T12:00:00Z"])
            .run();
        ran.shows(&["✔ ak.key", "✔ ak.chain"]);
    }
}
