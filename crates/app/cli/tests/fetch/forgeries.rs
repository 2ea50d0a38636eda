//! Objects that fit their requests and are not genuine, from services and in the cache.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use teeproof_mint::snp::Product;
use teeproof_mint::x509::{Algorithm, Certificate, Crl, Extension, Name, Oid, Validity, der, pem};
use teeproof_mint::{Key, Kind};

use crate::issuers;
use crate::kds::*;
use crate::pcs::*;
use crate::senders::foreign_list;
use crate::server::{Server, not_found, ok};
use crate::support::*;

const DAY: u64 = 86_400;
const LIST: &str = "revocation list of ARK-Milan";
const UNUSED: &str = "no certificate is checked against it";
/// In the hint of a refusal under objects of the cache.
const CACHED: &str = "fetch it anew (--fetch)";

/// Responses by their paths.
type Responses = BTreeMap<String, Vec<u8>>;

/// A service that has forged responses, until it is mended.
struct Service {
    server: Server,
    is_mended: Arc<AtomicBool>,
}

impl Service {
    fn new(forged: Responses, genuine: Responses) -> Self {
        let is_mended = Arc::new(AtomicBool::new(false));
        let mended = Arc::clone(&is_mended);
        let server = Server::of(move |received| {
            let all = if mended.load(Ordering::SeqCst) { &genuine } else { &forged };
            all.get(&received.path).cloned().unwrap_or_else(not_found)
        });
        Self { server, is_mended }
    }

    fn url(&self) -> &str {
        &self.server.url
    }

    fn mend(&self) {
        self.is_mended.store(true, Ordering::SeqCst);
    }
}

fn bodies(all: impl IntoIterator<Item = (String, Vec<u8>)>) -> Responses {
    all.into_iter().map(|(path, body)| (path, ok(&body))).collect()
}

/// A KDS of the machine whose list is this one, until it is mended.
fn with_list(minted: &Minted, list: Vec<u8>, revoked: &[&[u8]]) -> Service {
    let mut forged = minted.bodies(revoked);
    forged[2].1 = list;
    Service::new(bodies(forged), bodies(minted.bodies(revoked)))
}

/// AlgorithmIdentifier of Ed25519.
fn ed25519() -> Algorithm {
    Algorithm(der::sequence(&[Oid::new(&[1, 3, 101, 112]).der()]))
}

#[test]
fn a_list_that_no_chain_uses_is_a_forgery() {
    let minted = Minted::new("forgeries-unused", Product::Milan, 3);
    let serial = minted.machine.intermediate.certificate.serial.clone();
    let kds = with_list(&minted, foreign_list(&minted.machine.ark, Kind::Rsa2048, now()), &[&serial]);
    let run = || minted.verify(kds.url());
    // From the network, which is not requested twice.
    let says = [LIST, UNUSED, "/vcek/v1/Milan/crl", "a mirror may have a forged endorsement"];
    run().args(["--fetch"]).fails(8, &says);
    assert_eq!(kds.server.connections(), 3);
    // Without a network it is a warning, as a missing list is.
    let ran = run().exits(0).shows(&["revocation.unused"]);
    assert!(ran.stderr.contains(&format!("warning: {LIST}, fetched from {}", kds.url())), "{ran:#?}");
    // From the cache: the service still has nothing better, and is requested once more.
    run().args(["--fetch"]).fails(8, &says);
    let each = run().args(["--each", "--fetch"]).exits(8);
    assert!(each.stdout.contains(UNUSED), "{each:#?}");
    // It is newer than the genuine one, which replaces it.
    kds.mend();
    run().args(["--fetch"]).exits(7).shows(&["✘ snp.revocation", "revoked"]);
    run().exits(7).shows(&["✘ snp.revocation", "revoked"]);
}

/// Signed by the right key, and of another name: the answer to another request, which the cache never has.
#[test]
fn objects_of_other_names_are_not_stored() {
    let minted = Minted::new("forgeries-names", Product::Milan, 3);
    let mut list = Crl::new(now() - 1, now() + 100 * DAY);
    list.seal = minted.machine.crl().seal;
    list.issuer = Some(Name::common("ARK-Milan"));
    let kds = with_list(&minted, list.sign(&minted.machine.ark).unwrap(), &[]);
    minted.verify(kds.url()).args(["--fetch"]).fails(8, &[LIST, "does not fit the request: issuer"]);
    kds.mend();
    minted.verify(kds.url()).args(["--fetch"]).exits(0);

    let minted = Minted::new("forgeries-names-vcek", Product::Milan, 3);
    let (vek, intermediate) = (&minted.machine.vek, &minted.machine.intermediate);
    let mut forged = minted.bodies(&[]);
    forged[0].1 = vek.certificate.sign(&vek.key, &Name::common("SEV-Milan"), &intermediate.key).unwrap();
    let kds = Service::new(bodies(forged), bodies(minted.bodies(&[])));
    minted
        .verify(kds.url())
        .args(["--fetch"])
        .fails(8, &["VCEK of a Milan chip", "does not fit the request"]);
    kds.mend();
    minted.verify(kds.url()).args(["--fetch"]).exits(0);

    // TCB info and identity under the chain of the platform's certificate.
    let platform = Platform::new("forgeries-names-chain", &platform());
    let pcs = under(&platform, &platform.minted.pck_issuers());
    let run = || platform.verify(pcs.url()).args(["--fetch"]);
    run().fails(8, &[TITLES[0], "Intel SGX TCB Signing of Intel is missing"]);
    pcs.mend();
    run().exits(0);
}

/// A PCS whose TCB info and identity have this chain, until it is mended.
fn under(platform: &Platform, chain: &str) -> Service {
    let genuine = responses(&platform.minted);
    let mut forged = genuine.clone();
    for (path, header, body) in [
        (TCB_PATH, "TCB-Info-Issuer-Chain", &platform.minted.tcb_info),
        (QE_PATH, "SGX-Enclave-Identity-Issuer-Chain", &platform.minted.qe_identity),
    ] {
        let headers = format!("{header}: {}\r\n", percent_encoded(chain));
        forged.insert(path.to_owned(), crate::server::status("200 OK", &headers, body.as_bytes()));
    }
    Service::new(forged, genuine)
}

/// Whoever has put it into the cache cannot keep it there by blocking the way to the service.
#[test]
fn a_list_that_no_chain_uses_is_not_used_if_the_service_fails() {
    let minted = Minted::new("forgeries-blocked", Product::Milan, 3);
    let list = foreign_list(&minted.machine.ark, Kind::Rsa2048, now());
    let failing = crate::server::status("500 Internal Server Error", "", b"");
    let mut genuine = bodies(minted.bodies(&[]));
    genuine.insert("/vcek/v1/Milan/crl".to_owned(), failing);
    let mut forged = minted.bodies(&[]);
    forged[2].1 = list;
    let kds = Service::new(bodies(forged), genuine);
    let run = || minted.verify(kds.url()).args(["--fetch"]);
    run().exits(8);
    kds.mend();
    run().fails(8, &[LIST, "status 500"]);
    run().args(["--require-revocation-lists"]).fails(8, &[LIST, "status 500"]);
}

/// A forged certificate in the cache masks a list that no chain uses: the list is no better for it.
#[test]
fn a_masked_forgery_is_not_used_if_the_service_fails() {
    let minted = Minted::new("forgeries-masked", Product::Milan, 3);
    let list = foreign_list(&minted.machine.ark, Kind::Rsa2048, now());
    let failing = crate::server::status("500 Internal Server Error", "", b"");
    let mut later = bodies(minted.bodies(&[]));
    later.insert("/vcek/v1/Milan/crl".to_owned(), failing);
    let mut forged = minted.bodies(&[]);
    *forged[0].1.last_mut().unwrap() ^= 1;
    forged[2].1 = list;
    let kds = Service::new(bodies(forged), later);
    let run = || minted.verify(kds.url()).args(["--fetch"]);
    run().fails(8, &["VCEK of a Milan chip"]);
    kds.mend();
    run().fails(8, &[LIST, UNUSED]);
    run().fails(8, &[LIST, "status 500"]);
}

/// A forged object that ends in another class than "not authentic", from the service, in the cache, and replaced.
fn healed(run: impl Fn() -> Run, service: &Service, check: &str, exit: i32, says: &[&str]) {
    let mut said = vec![check, "is not genuine"];
    said.extend(says);
    run().args(["--fetch"]).fails(8, &said);
    let connections = service.server.connections();
    run().exits(exit).shows(&[&format!("✘ {check}")]);
    let cached = run().args(["--offline", "--fetch"]).exits(exit);
    assert!(cached.stdout.contains("--fetch without --offline"), "{cached:#?}");
    assert_eq!(service.server.connections(), connections);
    let again = run().args(["--fetch"]).fails(8, &said);
    assert!(again.stderr.contains("with endorsements of the cache, which are fetched anew"), "{again:#?}");
    service.mend();
    run().args(["--fetch"]).exits(0);
    run().exits(0);
}

#[test]
fn forged_lists_of_other_algorithms_are_replaced() {
    let minted = Minted::new("forgeries-list-ec", Product::Milan, 3);
    let kds = with_list(&minted, foreign_list(&minted.machine.ark, Kind::P256, now()), &[]);
    let run = || minted.verify(kds.url());
    healed(run, &kds, "snp.revocation", 3, &[LIST]);
    run().exits(0).shows(&["✔ snp.revocation"]);

    let minted = Minted::new("forgeries-list-ed", Product::Milan, 3);
    let mut list = Crl::new(now(), now() + 100 * DAY);
    (list.seal.algorithm, list.seal.signature) = (Some(ed25519()), Some(vec![7; 64]));
    let kds = with_list(&minted, list.sign(&minted.machine.ark).unwrap(), &[]);
    healed(|| minted.verify(kds.url()), &kds, "snp.revocation", 3, &[LIST]);

    let minted = Minted::new("forgeries-list-critical", Product::Milan, 3);
    let mut list = minted.machine.crl();
    list.extensions.push(Extension::unknown_critical());
    let kds = with_list(&minted, list.sign(&minted.machine.ark).unwrap(), &[]);
    healed(|| minted.verify(kds.url()), &kds, "snp.revocation", 7, &[LIST]);
}

#[test]
fn forged_vceks_are_replaced() {
    for (name, exit) in [("algorithm", 3), ("signature", 4)] {
        let minted = Minted::new(&format!("forgeries-vcek-{name}"), Product::Milan, 3);
        let machine = &minted.machine;
        let mut vek = machine.vek.clone();
        let issuer = &machine.intermediate.certificate.subject;
        let mut key = machine.intermediate.key.clone();
        match name {
            "algorithm" => {
                vek.certificate.seal.algorithm = Some(ed25519());
                vek.certificate.seal.signature = Some(vec![7; 64]);
            }
            _ => key = Key::fresh(key.kind()),
        }
        let mut forged = minted.bodies(&[]);
        forged[0].1 = vek.certificate.sign(&vek.key, issuer, &key).unwrap();
        let kds = Service::new(bodies(forged), bodies(minted.bodies(&[])));
        healed(
            || minted.verify(kds.url()),
            &kds,
            "snp.chain",
            exit,
            &["VCEK of a Milan chip", &minted.vcek_path()],
        );
    }
}

#[test]
fn forged_collateral_is_replaced() {
    // Under a signer that the root did not certify.
    let machine = platform();
    let platform = Platform::new("forgeries-chain", &machine);
    let signer =
        Certificate::new(Name::intel("Intel SGX TCB Signing"), Validity::new(now() - DAY, now() + DAY));
    let signer =
        signer.sign(&Key::fresh(Kind::P256), &machine.root.certificate.subject, &Key::fresh(Kind::P256));
    let pcs = under(&platform, &[pem(&signer.unwrap()), pem(&platform.minted.root)].concat());
    let run = || platform.verify(pcs.url());
    healed(run, &pcs, "tdx.collateral.signer", 4, &[TITLES[0], TITLES[1], TCB_PATH, QE_PATH]);
}

#[test]
fn forged_lists_of_intel_are_replaced() {
    for (name, path, title) in [("root", ROOT_CRL_PATH, TITLES[3]), ("pck", PCK_CRL_PATH, TITLES[2])] {
        let machine = platform();
        let platform = Platform::new(&format!("forgeries-{name}"), &machine);
        let authority = if name == "root" { &machine.root } else { &machine.pck_ca };
        let mut list = Crl::new(now(), now() + 100 * DAY);
        (list.seal.algorithm, list.seal.signature) = (Some(ed25519()), Some(vec![7; 64]));
        let mut forged = platform.minted.clone();
        let list = list.sign(authority).unwrap();
        if name == "root" {
            forged.root_crl = list
        } else {
            forged.pck_crl = list
        }
        let pcs = Service::new(responses(&forged), responses(&platform.minted));
        healed(|| platform.verify(pcs.url()), &pcs, "tdx.revocation", 3, &[title, path]);
    }
}

/// A CA certificate of AIA under which the evidence fails is left out: nothing but the ground of origin depends on it.
#[test]
fn a_forged_issuer_is_left_out() {
    let (folder, minted) = issuers::machine("forgeries-issuer", issuers::HOST);
    let chain = issuers::chain();
    // From the root down: the second one issues certificates of attestation keys. Here it is right below the root.
    let [_, link] = chain.intermediates.as_slice() else { panic!("two CA certificates") };
    let mut forged = link.certificate.clone();
    (forged.seal.algorithm, forged.seal.signature) = (Some(ed25519()), Some(vec![7; 64]));
    let forged = forged.sign(&link.key, &chain.root.certificate.subject, &chain.root.key).unwrap();
    let genuine = ["/ca/24.cer", "/ca/2025.cer"].map(str::to_owned).into_iter();
    let genuine = bodies(genuine.zip(minted.ak_intermediates.clone()));
    let aia = Service::new(bodies([("/ca/24.cer".to_owned(), forged)]), genuine);
    let run = || issuers::verify(&folder, aia.url());
    let warns = |ran: Ran| {
        let warning = "warning: not used: certificate of Azure Cloud Virtual TPM CA - 24, fetched from ";
        assert!(ran.stderr.contains(warning), "{ran:#?}");
    };
    run().exits(0).shows(&["! ak.chain"]);
    warns(run().args(["--fetch"]).exits(0).shows(&["! ak.chain"]));
    // In the cache it does no more harm.
    warns(run().exits(0).shows(&["! ak.chain"]));
    let each = run().args(["--fetch"]).exits(0);
    assert!(!each.stdout.contains("Azure Cloud Virtual TPM CA - 24  "), "{each:#?}");
    aia.mend();
    run().args(["--fetch"]).exits(0).shows(&["✔ ak.chain"]);
    run().exits(0).shows(&["✔ ak.chain"]);
}

/// Makes every entry of a cache one that was fetched at this time.
fn fetched_at(cache: &Path, seconds: i64) {
    let entries: Vec<PathBuf> =
        std::fs::read_dir(cache.join("entries")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in entries {
        let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        json["fetched_at"] = seconds.into();
        std::fs::write(&path, json.to_string()).unwrap();
    }
}

/// Every document of JSON is validated against its schema by the harness: a time is RFC 3339 or null.
#[test]
fn an_impossible_time_of_fetching_is_never_written() {
    let minted = Minted::new("forgeries-time", Product::Milan, 3);
    let kds = minted.kds(&[]);
    minted.verify(&kds.url).args(["--fetch"]).exits(0);
    for seconds in [i64::MAX, i64::MIN, 253_402_300_800] {
        fetched_at(&minted.file("cache"), seconds);
        let list = with(teeproof(["cache", "list", "--format", "json"]), &kds.url, &minted.file("cache"));
        let list = list.exits(0).json();
        let all = list["endorsements"].as_array().unwrap();
        // Such an entry counts as absent.
        assert!(all.is_empty(), "{list:#}");
        minted.verify(&kds.url).args(["--offline"]).exits(7);
        let fetch = || {
            let run =
                teeproof(["fetch", "--ca-chains", "--format", "json"]).args([minted.file("report.bin")]);
            with(run, &kds.url, &minted.file("cache"))
        };
        fetch().args(["--offline"]).exits(7);
        let json = fetch().exits(0).json();
        assert!(sources(&json).iter().all(|(_, from)| from == "network"), "{json:#}");
        minted.verify(&kds.url).args(["--offline"]).exits(0);
    }
}

/// The hint names the option, if it was not given.
#[test]
fn a_refusal_under_the_cache_names_the_option() {
    let minted = Minted::new("forgeries-hint", Product::Milan, 3);
    let mut forged = minted.bodies(&[]);
    *forged[0].1.last_mut().unwrap() ^= 1;
    let kds = serving(forged);
    minted.verify(&kds.url).args(["--fetch"]).exits(8);
    minted.verify(&kds.url).exits(4).shows(&["✘ snp.chain", CACHED]);
}
