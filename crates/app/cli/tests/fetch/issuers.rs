//! CA certificates above an attestation key, at the URLs that certificates name (AIA).

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_mint::azure::{AkChain, Evidence, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Extension, Oid, der};

use crate::kds::*;
use crate::support::*;

/// authorityInfoAccess with this URL of the issuer.
fn access(url: &str) -> Extension {
    let method = Oid::new(&[1, 3, 6, 1, 5, 5, 7, 48, 2]).der();
    let entry = der::sequence(&[method, der::context_primitive(6, url.as_bytes())]);
    Extension::new(Oid::new(&[1, 3, 6, 1, 5, 5, 7, 1, 1]), der::sequence(&[entry]))
}

/// A machine whose attestation key has two CA certificates above it, each named at this host by the one below.
fn machine(test: &str, host: &str) -> (PathBuf, Evidence) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let vm = Vm::snp(Product::Genoa).at(now);
    let chain = AkChain::cloud(&vm.ak, now);
    let vm = vm.with_ak_chain(|own| {
        *own = chain;
        own.leaf.certificate.extensions.push(access(&format!("{host}/ca/24.cer")));
        own.intermediates[1].certificate.extensions.push(access(&format!("{host}/ca/2025.cer")));
    });
    let (folder, minted) = (folder(test), vm.evidence().unwrap());
    for (name, bytes) in [
        ("hcl.bin", &minted.hcl_report),
        ("vek.der", &minted.vek),
        ("sev.der", &minted.intermediate),
        ("ak.der", &minted.ak_certificate),
        ("ark.der", &minted.ark),
        ("ak-root.der", &minted.ak_root),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    (folder, minted)
}

/// `verify` of the machine, with a KDS that has nothing and this service of CA certificates.
fn verify(folder: &std::path::Path, aia: &str) -> Run {
    let path = |name: &str| folder.join(name);
    let files = ["hcl.bin", "vek.der", "sev.der", "ak.der"].map(path);
    let run = teeproof(["verify", "--no-nonce"]).args(GENUINE).args(files);
    let run = run.args(["--anchor"]).args([path("ark.der")]).args(["--anchor"]).args([path("ak-root.der")]);
    with(run, &serving([]).url, &path("cache")).env("TEEPROOF_AIA_URL", aia)
}

#[test]
fn each_certificate_leads_to_its_issuer() {
    let (folder, minted) = machine("issuers", "http://primary-cdn.pki.core.windows.net");
    let paths_of_cas = ["/ca/24.cer", "/ca/2025.cer"];
    let bodies = paths_of_cas.iter().map(ToString::to_string).zip(minted.ak_intermediates.clone());
    let aia = serving(bodies);
    verify(&folder, &aia.url).exits(0).shows(&["! ak.chain"]);
    verify(&folder, &aia.url)
        .args(["--fetch"])
        .exits(0)
        .shows(&["✔ ak.chain", "certificate of an issuer  network"]);
    assert_eq!(paths(&aia), paths_of_cas);
    verify(&folder, &aia.url).args(["--offline"]).exits(0).shows(&["✔ ak.chain"]);
    assert_eq!(aia.connections(), 2);
}

#[test]
fn a_missing_issuer_is_a_warning_and_another_host_is_not_requested() {
    let (folder, _) = machine("issuers-missing", "http://primary-cdn.pki.core.windows.net");
    let ran = verify(&folder, &serving([]).url).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    assert!(ran.stderr.contains("warning: certificate of an issuer: not fetched: "), "{ran:#?}");
    verify(&folder, &down()).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    let (folder, _) = machine("issuers-host", "http://ca.example");
    let aia = serving([]);
    let ran = verify(&folder, &aia.url).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    assert!(ran.stderr.contains("http://ca.example/ca/24.cer is not on an allowed host"), "{ran:#?}");
    assert_eq!(aia.connections(), 0);
}
