//! `verify --fetch`, the cache by itself, and `--offline`.

use serde_json::Value;
use teeproof_mint::snp::Product;

use crate::kds::*;
use crate::server::{Server, ok, status};
use crate::support::*;

/// A result without what differs between a run that fetched and one that did not.
fn without_sources(mut json: Value) -> Value {
    json.as_object_mut().unwrap().remove("endorsements");
    json
}

#[test]
fn what_was_fetched_is_in_the_cache_for_a_run_without_a_network() {
    let (kds, cache) = (with_vcek(), folder("fetch-then-offline").join("cache"));
    let json = ["--format", "json", "--at", "2026-06-01T00:00:00Z"];
    let fetched = verify_report(&kds.url, &cache).args(["--fetch"]).args(json).exits(0);
    assert_eq!(paths(&kds), [VCEK_PATH, "/vcek/v1/Milan/crl"]);
    assert!(fetched.stderr.contains("warning: revocation list of ARK-Milan: not fetched: "), "{fetched:#?}");
    let fetched = fetched.json();
    assert_eq!(sources(&fetched), [("VCEK of a Milan chip".to_owned(), "network".to_owned())]);
    assert_eq!(fetched["endorsements"][0]["url"], format!("{}{VCEK_PATH}", kds.url));
    for offline in [&["--offline"][..], &["--offline", "--fetch"], &[]] {
        let cached = verify_report(&kds.url, &cache).args(offline).args(json).exits(0).json();
        assert_eq!(sources(&cached), [("VCEK of a Milan chip".to_owned(), "cache".to_owned())]);
        assert_eq!(cached["endorsements"][0]["fetched_at"], fetched["endorsements"][0]["fetched_at"]);
        assert_eq!(cached["endorsements"][0]["valid_until"], fetched["endorsements"][0]["valid_until"]);
        assert_eq!(without_sources(cached), without_sources(fetched.clone()), "{offline:?}");
    }
    assert_eq!(kds.connections(), 2);
    // A person is shown the same.
    verify_report(&kds.url, &cache).exits(0).shows(&[
        "Endorsements that were not among the files:",
        "VCEK of a Milan chip  cache, fetched 2",
        ", valid until 2",
    ]);
    // Another service's objects are other objects.
    verify_report("http://127.0.0.1:1", &cache)
        .exits(7)
        .shows(&["✘ snp.chain", "--fetch, or --endorsements FILE"]);
    verify_report(&kds.url, &folder("fetch-no-cache")).args(["--offline"]).exits(7);
}

#[test]
fn without_fetch_nothing_is_requested_and_no_cache_is_made() {
    let (kds, cache) = (with_vcek(), folder("fetch-not").join("cache"));
    verify_report(&kds.url, &cache).exits(7).shows(&["✘ snp.chain"]);
    assert_eq!(kds.connections(), 0);
    assert!(!cache.exists());
    // Evidence that lacks nothing but the revocation list, and evidence that is malformed.
    verify_report(&kds.url, &cache).args(["--fetch"]).file(VCEK).exits(0);
    assert_eq!(paths(&kds), ["/vcek/v1/Milan/crl"]);
    let malformed = file("fetch-malformed", "report.bin", &bytes(REPORT)[..100]);
    let run = teeproof(["verify", "--fetch"]).args(GENUINE_WITHOUT_NONCE).args([malformed]);
    with(run, &kds.url, &cache).exits(3);
    // A technology that is not accepted is not fetched for.
    verify_report(&kds.url, &cache).args(["--fetch", "--accept", "nitro"]).exits(6);
    assert_eq!(kds.connections(), 1);
}

#[test]
fn the_page_of_a_service_never_becomes_a_certificate() {
    for (name, answer, exit, says) in [
        ("404", status("404 Not Found", "", b"<html>no</html>"), 7, "status 404"),
        ("page", ok(b"<html><body>Welcome to the proxy</body></html>"), 8, "malformed response"),
        ("other", ok(&bytes(OTHER_VCEK)), 8, "does not fit the request"),
        ("redirect", status("302 Found", "Location: http://127.0.0.1:1/\r\n", b""), 8, "redirects to"),
        ("busy", status("429 Too Many Requests", "", b""), 8, "status 429"),
        ("broken", status("500 Internal Server Error", "", b""), 8, "status 500"),
        ("cut", b"HTTP/1.1 200 OK\r\nContent-Length: 1360\r\n\r\n0000".to_vec(), 8, "does not answer"),
    ] {
        let kds = Server::of(move |_| answer.clone());
        let cache = folder(&format!("fetch-page-{name}")).join("cache");
        let ran =
            verify_report(&kds.url, &cache).args(["--fetch"]).fails(exit, &[says, "VCEK of a Milan chip"]);
        assert!(!ran.stderr.contains("Welcome"), "{ran:#?}");
        let objects = std::fs::read_dir(cache.join("objects")).unwrap().count();
        assert_eq!(objects, 0, "{name}");
        verify_report(&kds.url, &cache).exits(7);
        let json = verify_report(&kds.url, &cache).args(["--fetch", "--format", "json"]).exits(exit).json();
        assert_eq!(json["exit_code"], exit);
    }
}

#[test]
fn a_service_that_is_down_is_an_error_with_its_url() {
    let (url, cache) = (down(), folder("fetch-down").join("cache"));
    verify_report(&url, &cache)
        .args(["--fetch"])
        .fails(8, &[&url, "does not answer", "hint: check the network"]);
    for zero in [&["--timeout", "0"][..], &["--timeout=0", "--fetch"]] {
        let ran = verify_report(&url, &cache).args(zero).exits(2);
        assert!(ran.stderr.contains("invalid value '0' for '--timeout <SECONDS>'"), "{ran:#?}");
    }
    // Also for a revocation list alone: whoever blocks the way to it must not decide that it is not checked.
    verify_report(&url, &cache).args(["--fetch"]).file(VCEK).fails(8, &["revocation list of ARK-Milan"]);
    verify_report(&url, &cache).file(VCEK).exits(0);
}

#[test]
fn the_product_line_of_an_old_report_is_found_by_its_vcek() {
    let genoa = Minted::new("fetch-genoa", Product::Genoa, 2);
    let kds = genoa.kds(&[]);
    let json = genoa.verify(&kds.url).args(["--fetch", "--format", "json"]).exits(0).json();
    let of_milan = genoa.vcek_path().replace("Genoa", "Milan");
    let expected =
        [of_milan, genoa.vcek_path(), "/vcek/v1/Genoa/cert_chain".into(), "/vcek/v1/Genoa/crl".into()];
    assert_eq!(paths(&kds), expected);
    let what = ["VCEK of a Genoa chip", "CA chain of Genoa VCEKs", "revocation list of ARK-Genoa"];
    assert_eq!(sources(&json), what.map(|what| (what.to_owned(), "network".to_owned())));
    genoa.verify(&kds.url).args(["--offline"]).exits(0).shows(&["✔ snp.revocation", "✔ snp.chain"]);
    assert_eq!(kds.connections(), 4);
}

#[test]
fn every_product_line_is_requested_by_its_own_form() {
    for (product, name) in [(Product::Milan, "milan"), (Product::Genoa, "genoa"), (Product::Turin, "turin")] {
        let minted = Minted::new(&format!("fetch-{name}-v3"), product, 3);
        let kds = minted.kds(&[]);
        minted.verify(&kds.url).args(["--fetch"]).exits(0).shows(&["✔ snp.revocation"]);
        assert_eq!(paths(&kds)[0], minted.vcek_path());
    }
}

#[test]
fn a_fetched_revocation_list_revokes() {
    let minted = Minted::new("fetch-revoked", Product::Milan, 3);
    let serial = minted.machine.intermediate.certificate.serial.clone();
    let kds = minted.kds(&[&serial]);
    minted.verify(&kds.url).args(["--fetch"]).exits(7).shows(&["✘ snp.revocation"]);
    minted.verify(&kds.url).args(["--offline"]).exits(7).shows(&["✘ snp.revocation"]);
}

/// Under the time of the past, what is valid now alone is not used.
#[test]
fn an_endorsement_of_another_time_is_not_used() {
    let minted = Minted::new("fetch-past", Product::Milan, 3);
    let kds = minted.kds(&[]);
    minted.verify(&kds.url).args(["--fetch"]).exits(0);
    let past = ["--at", "2020-01-01T00:00:00Z"];
    let ran = minted.verify(&kds.url).args(["--fetch"]).args(past).exits(7);
    assert!(ran.stderr.contains(", not at 2020-01-01T00:00:00Z"), "{ran:#?}");
    let json = minted.verify(&kds.url).args(past).args(["--format", "json"]).exits(7).json();
    assert_eq!(sources(&json), []);
}

/// Many files of one machine make one request for each object, and each says the source of its own.
#[test]
fn many_files_share_the_cache() {
    let minted = Minted::new("fetch-each", Product::Milan, 3);
    let kds = minted.kds(&[]);
    let files: Vec<_> = (0..8).map(|number| minted.file(&format!("{number}.bin"))).collect();
    files.iter().for_each(|file| std::fs::write(file, &minted.evidence.report).unwrap());
    let run = || {
        let run = teeproof(["verify", "--each", "--no-nonce", "--anchor"]).args([minted.file("ark.der")]);
        with(run.args(GENUINE).args(&files), &kds.url, &minted.file("cache"))
    };
    let json = run().args(["--fetch", "--format", "json"]).exits(0).json();
    assert_eq!(kds.connections(), 3);
    let all = json["files"].as_array().unwrap().iter().map(|file| sources(&file["result"]));
    assert!(all.clone().all(|sources| sources.len() == 3), "{json}");
    assert_eq!(all.flatten().filter(|(_, from)| from == "network").count(), 3);
    run()
        .args(["--offline", "-v"])
        .exits(0)
        .shows(&["    endorsement: VCEK of a Milan chip: cache, fetched 2"]);
    // A service that fails is the fault of each file that needs it, and does not end the run.
    let run = || {
        let run = teeproof(["verify", "--each", "--fetch"]).args(GENUINE_WITHOUT_NONCE);
        with(run.args(&files[..2]).file(REPORT), &down(), &folder("fetch-each-down"))
    };
    run().exits(8).shows(&["not verified  exit 8", "not verified 3", "hint: check the network"]);
}

#[test]
fn a_vlek_is_said_to_be_the_providers() {
    let machine = teeproof_mint::snp::Machine::vlek(Product::Milan);
    let report = file("fetch-vlek", "report.bin", machine.mint().unwrap().report);
    let (kds, cache) = (serving([]), folder("fetch-vlek-cache"));
    let run = teeproof(["verify", "--fetch"]).args(GENUINE_WITHOUT_NONCE).args([&report]);
    let ran = with(run, &kds.url, &cache)
        .exits(7)
        .shows(&["✘ snp.chain", "Get the VLEK certificate from the cloud"]);
    assert!(
        ran.stderr.contains("warning: not fetched: VLEK: AMD gives it to the cloud provider only"),
        "{ran:#?}"
    );
    assert!(!ran.stdout.contains("--fetch"), "{ran:#?}");
    assert_eq!(paths(&kds), ["/vlek/v1/Milan/crl"]);
}
