//! The suite `shared`: evidence of Azure's machines that is not in the repository.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::support::*;
use crate::yaml::from_yaml;

/// The folder, or `None` after having said that the suite was not run.
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
            .shows(&["! quote.nonce", "the same 9 bytes"]);
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
        run(table, &all).args(CHALLENGE).exits(0).shows(&["! quote.nonce", "the same 9 bytes"]);
    }
}

#[test]
fn shared_az_tdx_evidence_lacks_collateral() {
    let Some(folder) = folder() else { return };
    let evidence = [need(&folder, "azure/trustee-az-tdx-v1.json")];
    for table in TABLES {
        let ran = run(table, &evidence).args(CHALLENGE).exits(7);
        ran.shows(&["✔ tdx.report", "✔ hcl.binding", "✘ tdx.quote", "collateral"]);
    }
}

#[test]
fn shared_attested_tls_evidence_names_the_missing_authority() {
    let Some(folder) = folder() else { return };
    let yaml = need(&folder, "azure/fb-az-tdx-1764662251.yaml");
    teeproof(["inspect"]).args([&yaml]).fails(3, &["the file is YAML", "yq -o json"]);
    let json = from_yaml(&std::fs::read_to_string(yaml).unwrap()).to_string();
    let evidence = [file("shared-attested-tls", "evidence.json", json)];
    teeproof(["inspect"]).args(&evidence).exits(0).shows(&[".ConfidentialVM.Azure."]);
    for table in TABLES {
        let ran = run(table, &evidence).args(["--no-nonce"]).exits(7);
        let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("the certificate of Global Virtual TPM CA - 03 is missing"), "{ran:#?}");
        ran.shows(&["! ak.chain", "✔ tdx.report", "✔ hcl.binding", "✘ tdx.quote", "collateral"]);
    }
}

/// A report of Container Instances is genuine, and told apart.
#[test]
fn shared_container_instances_are_told_apart() {
    let Some(folder) = folder() else { return };
    let evidence = [need(&folder, "azure/sidecar-snp-report.bin"), need(&folder, "azure/thim-response.json")];
    for table in TABLES {
        run(table, &evidence)
            .args(["--no-nonce", "--verbose"])
            .exits(0)
            .shows(&["Azure Container Instances"]);
    }
}
