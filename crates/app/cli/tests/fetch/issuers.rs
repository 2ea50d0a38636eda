//! CA certificates above an attestation key, at the URLs that certificates name (AIA).

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_mint::azure::{AkChain, Evidence, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Extension, Name, Oid, der};

use crate::kds::*;
use crate::support::*;

/// A pinned host of CA certificates.
pub(crate) const HOST: &str = "http://primary-cdn.pki.core.windows.net";

/// authorityInfoAccess with these URLs of the issuer.
fn access(urls: &[String]) -> Extension {
    let method = Oid::new(&[1, 3, 6, 1, 5, 5, 7, 48, 2]).der();
    let entry = |url: &String| der::sequence(&[method.clone(), der::context_primitive(6, url.as_bytes())]);
    let entries: Vec<_> = urls.iter().map(entry).collect();
    Extension::new(Oid::new(&[1, 3, 6, 1, 5, 5, 7, 1, 1]), der::sequence(&entries))
}

/// The chain of attestation keys of the present.
pub(crate) fn chain() -> AkChain {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    AkChain::cloud(&Vm::snp(Product::Genoa).at(now).ak, now)
}

/// A machine whose attestation key has two CA certificates above it, each named at this host by the one below.
pub(crate) fn machine(test: &str, host: &str) -> (PathBuf, Evidence) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let vm = Vm::snp(Product::Genoa).at(now);
    let chain = AkChain::cloud(&vm.ak, now);
    let vm = vm.with_ak_chain(|own| {
        *own = chain;
        own.leaf.certificate.extensions.push(access(&[format!("{host}/ca/24.cer")]));
        own.intermediates[1].certificate.extensions.push(access(&[format!("{host}/ca/2025.cer")]));
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
pub(crate) fn verify(folder: &Path, aia: &str) -> Run {
    let path = |name: &str| folder.join(name);
    let files = ["hcl.bin", "vek.der", "sev.der", "ak.der"].map(path);
    let run = teeproof(["verify", "--no-nonce"]).args(GENUINE).args(files);
    let run = run.args(["--anchor"]).args([path("ark.der")]).args(["--anchor"]).args([path("ak-root.der")]);
    with(run, &serving([]).url, &path("cache")).env("TEEPROOF_AIA_URL", aia)
}

#[test]
fn each_certificate_leads_to_its_issuer() {
    let (folder, minted) = machine("issuers", HOST);
    let paths_of_cas = ["/ca/24.cer", "/ca/2025.cer"];
    let bodies = paths_of_cas.iter().map(ToString::to_string).zip(minted.ak_intermediates.clone());
    let aia = serving(bodies);
    verify(&folder, &aia.url).exits(0).shows(&["! ak.chain"]);
    verify(&folder, &aia.url)
        .args(["--fetch"])
        .exits(0)
        .shows(&["✔ ak.chain", "certificate of Azure Cloud Virtual TPM CA - 24  network"]);
    assert_eq!(paths(&aia), paths_of_cas);
    verify(&folder, &aia.url).args(["--offline"]).exits(0).shows(&["✔ ak.chain"]);
    assert_eq!(aia.connections(), 2);
}

#[test]
fn a_missing_issuer_is_a_warning_and_another_host_is_not_requested() {
    let (folder, _) = machine("issuers-missing", HOST);
    let ran = verify(&folder, &serving([]).url).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    assert!(
        ran.stderr.contains("warning: certificate of Azure Cloud Virtual TPM CA - 24: not fetched: "),
        "{ran:#?}"
    );
    verify(&folder, &down()).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    let (folder, _) = machine("issuers-host", "http://ca.example");
    let aia = serving([]);
    let ran = verify(&folder, &aia.url).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    assert!(ran.stderr.contains("http://ca.example/ca/24.cer is not on an allowed host"), "{ran:#?}");
    assert_eq!(aia.connections(), 0);
}

/// Twenty certificates that nobody signed for this machine, of these subjects, each of which names eight URLs of an
/// issuer of its own.
fn others(folder: &Path, subject: impl Fn(usize) -> Name) -> PathBuf {
    let others = folder.join("others");
    std::fs::create_dir_all(&others).unwrap();
    let link = chain().intermediates.remove(0);
    for number in 0..20 {
        let mut own = link.certificate.clone();
        own.subject = subject(number);
        own.extensions
            .push(access(&(0..8).map(|url| format!("{HOST}/{number}/{url}.cer")).collect::<Vec<_>>()));
        let issuer = Name::common(&format!("Issuer {number}"));
        let der = own.sign(&link.key, &issuer, &link.key).unwrap();
        std::fs::write(others.join(format!("{number}.der")), der).unwrap();
    }
    others
}

#[test]
fn only_issuers_above_the_attestation_key_are_requested() {
    let (folder, minted) = machine("issuers-aside", HOST);
    let others = others(&folder, |number| Name::common(&format!("CA {number}")));
    let aia = serving([("/ca/24.cer".to_owned(), minted.ak_intermediates[0].clone())]);
    verify(&folder, &aia.url).args(["--endorsements"]).args([&others]).args(["--fetch"]).exits(0);
    assert_eq!(paths(&aia), ["/ca/24.cer", "/ca/2025.cer"]);
}

#[test]
fn the_urls_of_issuers_are_bounded() {
    let (folder, minted) = machine("issuers-bounded", HOST);
    // Each of them could be the issuer of the attestation key's certificate.
    let chain = chain();
    let others = others(&folder, |_| chain.intermediates[1].certificate.subject.clone());
    let aia = serving([("/ca/24.cer".to_owned(), minted.ak_intermediates[0].clone())]);
    verify(&folder, &aia.url).args(["--endorsements"]).args([&others]).args(["--fetch"]).exits(0);
    assert_eq!(aia.connections(), 7, "{:?}", paths(&aia));
}

#[test]
fn an_issuer_outside_of_the_path_of_the_service_is_not_requested() {
    let (folder, _) = machine("issuers-path", "http://www.microsoft.com/../../admin");
    let aia = serving([]);
    let base = format!("{}/mirror/aia", aia.url);
    let ran = verify(&folder, &base).args(["--fetch"]).exits(0).shows(&["! ak.chain"]);
    assert!(ran.stderr.contains("http://www.microsoft.com/../../admin/ca/24.cer is not a URL"), "{ran:#?}");
    assert_eq!(aia.connections(), 0);
}
