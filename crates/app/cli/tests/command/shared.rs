//! The suite `shared`: evidence of Azure's machines that is not in the repository.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::support::*;

/// The folder, or `None` after having said that the suite was not run.
fn folder() -> Option<PathBuf> {
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

fn need(folder: &Path, name: &str) -> PathBuf {
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
