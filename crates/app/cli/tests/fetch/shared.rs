//! The suite `shared`: real reports and quotes that are not in the repository, with recorded answers.

use std::io::Write;
use std::path::PathBuf;

use base64ct::{Base64, Encoding};

use crate::kds::*;
use crate::support::*;

/// A file of the folder, or `None` after having said that the suite was not run.
#[allow(clippy::disallowed_methods)] // said by a test, and not by the command
fn shared(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("TEEPROOF_SHARED_DATA") else {
        let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
        std::io::stdout().write_all(said).unwrap();
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    assert!(path.is_file(), "suite shared: {} is missing", path.display());
    Some(path)
}

/// An HCL report with an SNP report before version 3, whose VCEK KDS has.
#[test]
fn shared_hcl_report_is_accepted_by_a_fetched_vcek() {
    let Some(report) = shared("azure/trustee-hcl-report-snp.bin") else { return };
    let chain = std::fs::read_to_string(shared("azure/trustee-hcl-vcek-chain.pem").unwrap()).unwrap();
    let first = chain.split("-----BEGIN CERTIFICATE-----").nth(1).unwrap();
    let letters: String = first.split("-----END").next().unwrap().split_whitespace().collect();
    let vcek = Base64::decode_vec(&letters).unwrap();
    let chip = hex(&std::fs::read(&report).unwrap()[32 + 0x1a0..32 + 0x1e0]);
    let path = format!("/vcek/v1/Milan/{chip}?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115");
    let (kds, cache) = (serving([(path.clone(), vcek)]), folder("shared-hcl").join("cache"));
    let run = || with(teeproof(["verify"]).args([&report]).args(GENUINE_WITHOUT_NONCE), &kds.url, &cache);
    run().exits(7);
    let fetched = run().args(["--fetch"]).exits(0);
    let cached = run().args(["--offline"]).exits(0);
    assert_eq!(fetched.first_line(), cached.first_line());
    assert_eq!(paths(&kds), [path.as_str(), "/vcek/v1/Milan/crl"]);
}

/// A TD quote: four objects of its platform are requested, by the FMSPC in its certificate.
#[test]
fn shared_td_quote_is_fetched_for() {
    let Some(quote) = shared("real/tdq/tdq-88b73c139b9c.bin") else { return };
    let (pcs, cache) = (serving([]), folder("shared-tdx"));
    let run = teeproof(["fetch", "--format", "json"]).args([quote]);
    let json = with(run, &down(), &cache)
        .env("TEEPROOF_PCS_URL", &pcs.url)
        .env("TEEPROOF_INTEL_ROOT_CRL_URL", &format!("{}/root.der", pcs.url))
        .exits(7)
        .json();
    assert_eq!(json["endorsements"].as_array().unwrap().len(), 0);
    let fatal = json["missing"].as_array().unwrap().iter().map(|one| one["is_fatal"].as_bool().unwrap());
    assert_eq!(fatal.collect::<Vec<_>>(), [true, true, false, false]);
    let expected = [
        "/tdx/certification/v4/tcb?fmspc=90C06F000000",
        "/tdx/certification/v4/qe/identity",
        "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        "/root.der",
    ];
    assert_eq!(paths(&pcs), expected);
}
