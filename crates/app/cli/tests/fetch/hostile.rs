//! Services, mirrors and caches that say something false.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use serde_json::Value;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::Bundle;
use teeproof_mint::snp::Product;
use teeproof_mint::x509::Crl;

use crate::kds::*;
use crate::pcs::{PATHS, Platform, TCB_PATH, platform, responses, rfc3339};
use crate::server::{Server, not_found, ok, status};
use crate::support::*;

/// Makes every entry of a cache two days old.
fn age(cache: &Path) {
    for entry in std::fs::read_dir(cache.join("entries")).unwrap() {
        let path = entry.unwrap().path();
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        json["fetched_at"] = (json["fetched_at"].as_i64().unwrap() - 172_800).into();
        std::fs::write(&path, json.to_string()).unwrap();
    }
}

/// A cached list that is valid and revokes is used although the service answers 404 a day later.
#[test]
fn a_404_does_not_undo_a_cached_revocation() {
    let minted = Minted::new("hostile-404", Product::Milan, 3);
    let serial = minted.machine.intermediate.certificate.serial.clone();
    let bodies = minted.bodies(&[&serial]);
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let kds = Server::of(move |received| {
        let body = bodies.iter().find(|(path, _)| *path == received.path);
        let is_gone = received.path.ends_with("/crl") && gone.load(Ordering::SeqCst);
        body.filter(|_| !is_gone).map_or_else(not_found, |(_, body)| ok(body))
    });
    let revoked = |run: Run| run.exits(7).shows(&["✘ snp.revocation"]);
    revoked(minted.verify(&kds.url).args(["--fetch"]));
    age(&minted.file("cache"));
    is_gone.store(true, Ordering::SeqCst);
    revoked(minted.verify(&kds.url));
    revoked(minted.verify(&kds.url).args(["--fetch"]));
}

/// A header of Intel's service that is evidence is no certificate chain: it is refused, and not verified.
#[test]
fn a_header_is_no_evidence() {
    let minted = platform().mint().unwrap();
    let report = hex(&bytes("azure/hcl-report-tdx.bin"));
    for header in [report.as_str(), "garbage", ""] {
        let platform = Platform::new("hostile-header", &platform());
        let header = format!("TCB-Info-Issuer-Chain: {header}\r\n");
        let response = status("200 OK", &header, minted.tcb_info.as_bytes());
        let pcs = Server::of(move |_| response.clone());
        platform.verify(&pcs.url).args(["--fetch"]).fails(8, &["tcb-info-issuer-chain"]);
        assert_eq!(std::fs::read_dir(platform.file("cache/entries")).unwrap().count(), 0);
    }
}

/// Members of a response that are evidence in the form of an attester are none: a response is TCB info.
#[test]
fn a_body_is_added_as_the_kind_of_its_question_alone() {
    let platform = Platform::new("hostile-body", &platform());
    let report = base64(&bytes("azure/hcl-report-tdx.bin")).replace('\n', "");
    let mut minted = platform.minted.clone();
    let more = format!(",\"hcl_report_base64\":\"{report}\",\"evidence\":\"{report}\"}}");
    minted.tcb_info = minted.tcb_info.strip_suffix('}').unwrap().to_owned() + &more;
    let all = responses(&minted);
    let pcs = Server::of(move |received| all.get(&received.path).cloned().unwrap_or_else(not_found));
    for more in [&["--fetch"][..], &["--offline"]] {
        let json = platform.verify(&pcs.url).args(more).args(["--format", "json"]).exits(0).json();
        assert_eq!(json["technology"], "tdx", "{json:#}");
    }
    assert_eq!(paths(&pcs), PATHS);
    // Evidence and verdict are one and the same in a bundle.
    let bundle = platform.file("fetched.bundle");
    let run = teeproof(["fetch", "-o"]).args([&bundle]).args([platform.file("quote.bin")]);
    platform.with(run, &pcs.url).exits(0);
    let parts = Bundle::parse(&std::fs::read(&bundle).unwrap()).unwrap();
    let evidence = parts.parts().iter().filter(|part| !part.kind().is_endorsement());
    assert_eq!(
        evidence.map(|part| part.bytes().to_vec()).collect::<Vec<_>>(),
        *std::slice::from_ref(&platform.minted.quote)
    );
}

/// A revocation list among the certificates of a chain is not added: the chain was requested, and no list is here.
#[test]
fn a_chain_is_added_as_certificates_alone() {
    let minted = Minted::new("hostile-chain", Product::Milan, 3);
    let mut bodies = minted.bodies(&[]);
    let list = minted.machine.mint_crl(&[&[0x77]]).unwrap();
    bodies[1].1.extend(pem("X509 CRL", &list).into_bytes());
    let expected = bodies[2].1.clone();
    let kds = serving(bodies);
    let bundle = minted.file("fetched.bundle");
    let run = teeproof(["fetch", "--ca-chains", "-o"]).args([&bundle]).args([minted.file("report.bin")]);
    with(run, &kds.url, &minted.file("cache")).exits(0);
    let read = Bundle::parse(&std::fs::read(&bundle).unwrap()).unwrap();
    let lists = read.parts().iter().filter(|part| part.kind() == InputKind::RevocationList);
    assert_eq!(lists.map(|part| part.bytes().to_vec()).collect::<Vec<_>>(), [expected]);
}

/// TCB info that no file can have is refused where it is fetched.
#[test]
fn tcb_info_has_one_limit() {
    let platform = Platform::new("hostile-large", &platform());
    let mut minted = platform.minted.clone();
    let more = format!(",\"more\":\"{}\"}}", "x".repeat(128 * 1024));
    minted.tcb_info = minted.tcb_info.strip_suffix('}').unwrap().to_owned() + &more;
    let all = responses(&minted);
    let pcs = Server::of(move |received| all[&received.path].clone());
    platform.verify(&pcs.url).args(["--fetch"]).fails(8, &[TCB_PATH, "more than 131072 bytes"]);
}

/// An expired list is the failure of its service, and not the absence of a list; a verification of its time uses it.
#[test]
fn an_expired_list_is_a_failure_of_the_service() {
    let minted = Minted::new("hostile-expired", Product::Milan, 3);
    let now = crate::pcs::now();
    let mut list = Crl::new(now - 9 * DAY, now - DAY);
    list.seal = minted.machine.crl().seal;
    let mut bodies = minted.bodies(&[]);
    bodies[2].1 = list.sign(&minted.machine.ark).unwrap();
    let kds = serving(bodies);
    let says = ["revocation list of ARK-Milan: not fetched", "is valid from", "mirror is stale"];
    minted.verify(&kds.url).args(["--fetch"]).fails(8, &says);
    let at = ["--at", &rfc3339(now - 2 * DAY), "--format", "json"];
    let fetched = minted.verify(&kds.url).args(["--fetch"]).args(at).exits(0).json();
    assert_eq!(sources(&fetched).len(), 3);
    let offline = minted.verify(&kds.url).args(["--offline"]).args(at).exits(0).json();
    assert_eq!(fetched["checks"], offline["checks"]);
    assert_eq!(sources(&offline).len(), 3);
}

const DAY: u64 = 86_400;

/// A KDS with these bodies at these paths, of which a test can make some forged and others missing.
fn changing(bodies: Vec<(String, Vec<u8>)>, vcek: Vec<u8>) -> (Server, Arc<AtomicU8>) {
    let state = Arc::new(AtomicU8::new(FORGED));
    let own = Arc::clone(&state);
    let kds = Server::of(move |received| {
        let body = bodies.iter().find(|(path, _)| *path == received.path).map(|(_, body)| body);
        match (own.load(Ordering::SeqCst), body) {
            (FORGED, Some(_)) if received.path.contains('?') => ok(&vcek),
            (WITHOUT_LIST, Some(_)) if received.path.ends_with("/crl") => not_found(),
            (_, Some(body)) => ok(body),
            (_, None) => not_found(),
        }
    });
    (kds, state)
}

const FORGED: u8 = 0;
const WITHOUT_LIST: u8 = 1;
const GENUINE_AGAIN: u8 = 2;

/// A certificate with another signature, which fits every request.
fn forged(der: &[u8]) -> Vec<u8> {
    let mut der = der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    der
}

const REMEDY: &str = "fetch it anew (--fetch)";

#[test]
fn a_forged_object_in_the_cache_is_fetched_anew() {
    let minted = Minted::new("hostile-poisoned", Product::Milan, 3);
    let vcek = forged(&minted.evidence.vek);
    let (kds, state) = changing(minted.bodies(&[]).into(), vcek);
    // From the network, which is not requested twice.
    let says = ["VCEK of a Milan chip, fetched from ", "is not genuine: snp.chain", "mirror"];
    minted.verify(&kds.url).args(["--fetch"]).fails(8, &says);
    assert_eq!(kds.connections(), 3);
    // Without a network, the hint names the cache.
    minted.verify(&kds.url).exits(4).shows(&["✘ snp.chain", REMEDY]);
    assert_eq!(kds.connections(), 3);
    // The service still has nothing better, and is requested once more.
    minted.verify(&kds.url).args(["--fetch"]).fails(8, &says);
    assert_eq!(kds.connections(), 6);
    let refresh = || {
        let run = teeproof(["fetch", "--refresh", "--ca-chains"]).args([minted.file("report.bin")]);
        with(run, &kds.url, &minted.file("cache"))
    };
    state.store(GENUINE_AGAIN, Ordering::SeqCst);
    let json = minted.verify(&kds.url).args(["--fetch", "--format", "json"]).exits(0).json();
    assert!(sources(&json).iter().all(|(_, from)| from == "network"), "{json:#}");
    minted.verify(&kds.url).exits(0);
    // The remedy of the hint does the same.
    state.store(FORGED, Ordering::SeqCst);
    refresh().exits(0);
    minted.verify(&kds.url).exits(4);
    state.store(GENUINE_AGAIN, Ordering::SeqCst);
    refresh().exits(0);
    minted.verify(&kds.url).exits(0);
    // Of many files, each is completed again.
    state.store(FORGED, Ordering::SeqCst);
    refresh().exits(0);
    state.store(GENUINE_AGAIN, Ordering::SeqCst);
    let each = minted.verify(&kds.url).args(["--each", "--fetch"]).exits(0);
    assert!(!each.stdout.contains(REMEDY), "{each:#?}");
    // The certificate and no list: that of the cache is used, or it would be lost.
    state.store(FORGED, Ordering::SeqCst);
    refresh().exits(0);
    state.store(WITHOUT_LIST, Ordering::SeqCst);
    minted.verify(&kds.url).args(["--fetch"]).exits(0).shows(&["✔ snp.revocation"]);
}

#[test]
fn a_refreshed_bundle_stays_authentic() {
    let folder = folder("hostile-refresh");
    let (bundle, bare, renewed) = (folder.join("old"), folder.join("bare"), folder.join("new"));
    let create = |to| teeproof(["bundle", "create"]).file(REPORT).args(["-o"]).args([to]);
    create(&bundle).file(VCEK).exits(0);
    create(&bare).exits(0);
    let bodies = vec![(VCEK_PATH.to_owned(), bytes(VCEK))];
    let (kds, state) = changing(bodies, forged(&bytes(VCEK)));
    let refresh = |bundle: &Path| {
        let run = teeproof(["bundle", "refresh"]).args([bundle]).args(["-o"]).args([&renewed]);
        with(run, &kds.url, &folder.join("cache"))
    };
    refresh(&bundle).fails(8, &["authentic with the endorsements of the bundle", "snp.chain", "mirror"]);
    refresh(&bare).fails(4, &["not authentic with new endorsements", "snp.chain"]);
    assert!(!renewed.exists());
    state.store(GENUINE_AGAIN, Ordering::SeqCst);
    refresh(&bare).exits(0);
    verify(renewed.to_str().unwrap(), &[&GENUINE_WITHOUT_NONCE, &["--offline"]]).exits(0);
}

/// A service that had a forged certificate, and has an older list now, does not undo a revocation.
#[test]
fn an_older_list_does_not_undo_a_revocation_after_a_forgery() {
    let minted = Minted::new("hostile-older", Product::Milan, 3);
    let serial = minted.machine.intermediate.certificate.serial.clone();
    let (mut before, mut after) = (minted.bodies(&[&serial]), minted.bodies(&[]));
    before[0].1 = forged(&minted.evidence.vek);
    let now = crate::pcs::now();
    let mut older = Crl::new(now - 9 * DAY, now + 9 * DAY);
    older.seal = minted.machine.crl().seal;
    after[2].1 = older.sign(&minted.machine.ark).unwrap();
    let is_later = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&is_later);
    let kds = Server::of(move |received| {
        let bodies = if later.load(Ordering::SeqCst) { &after } else { &before };
        let body = bodies.iter().find(|(path, _)| *path == received.path);
        body.map_or_else(not_found, |(_, body)| ok(body))
    });
    minted.verify(&kds.url).args(["--fetch"]).fails(8, &["snp.chain"]);
    is_later.store(true, Ordering::SeqCst);
    minted.verify(&kds.url).args(["--fetch"]).exits(7).shows(&["✘ snp.revocation"]);
    minted.verify(&kds.url).exits(7).shows(&["✘ snp.revocation"]);
    age(&minted.file("cache"));
    minted.verify(&kds.url).args(["--fetch"]).exits(7).shows(&["✘ snp.revocation"]);
}
