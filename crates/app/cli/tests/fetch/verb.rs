//! `teeproof fetch`.

use std::path::Path;

use serde_json::Value;
use teeproof_mint::snp::Product;

use crate::kds::*;
use crate::support::*;

fn fetch(file: &Path, kds: &str, cache: &Path) -> Run {
    with(teeproof(["fetch"]).args([file]), kds, cache)
}

fn whats(json: &Value, member: &str) -> Vec<String> {
    let all = json[member].as_array().unwrap().iter();
    all.map(|one| one["what"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_evidence_needs_is_fetched_and_listed() {
    let minted = Minted::new("verb", Product::Turin, 3);
    let (kds, cache) = (minted.kds(&[]), minted.file("cache"));
    let report = minted.file("report.bin");
    let page = fetch(&report, &kds.url, &cache).exits(0).shows(&[
        "✔ VCEK of a Turin chip",
        "✔ revocation list of ARK-Turin",
        "from the network, fetched 2",
        &minted.vcek_path(),
    ]);
    assert!(!page.stdout.contains("CA chain"), "{page:#?}");
    let json = fetch(&report, &kds.url, &cache).args(["--ca-chains", "--format", "json"]).exits(0).json();
    let expected = ["VCEK of a Turin chip", "CA chain of Turin VCEKs", "revocation list of ARK-Turin"];
    assert_eq!(whats(&json, "endorsements"), expected);
    let from = sources(&json).into_iter().map(|(_, from)| from).collect::<Vec<_>>();
    assert_eq!(from, ["cache", "network", "cache"]);
    assert_eq!(json["endorsements"][0]["bytes"], minted.evidence.vek.len());
    assert_eq!(kds.connections(), 3);
    let anew = fetch(&report, &kds.url, &cache).args(["--refresh", "--format", "json"]).exits(0).json();
    assert!(sources(&anew).iter().all(|(_, from)| from == "network"), "{anew}");
    assert_eq!(kds.connections(), 5);
    let quiet = fetch(&report, &kds.url, &cache).args(["-q"]).exits(0);
    assert_eq!(quiet.stdout, "");
    // A certificate among the files is not requested; a list is, because there may be a newer one.
    let list = minted.file("list.crl");
    std::fs::write(&list, minted.machine.mint_crl(&[]).unwrap()).unwrap();
    std::fs::write(minted.file("vek.der"), &minted.evidence.vek).unwrap();
    let run =
        |url: &str| fetch(&report, url, &minted.file("other")).args([minted.file("vek.der"), list.clone()]);
    let ran = run(&down()).exits(8).shows(&["✘ revocation list of ARK-Turin"]);
    assert!(!ran.stdout.contains("VCEK"), "{ran:#?}");
    run(&kds.url).exits(0).shows(&["✔ revocation list of ARK-Turin"]);
    assert_eq!(paths(&kds).last().unwrap(), "/vcek/v1/Turin/crl");
}

#[test]
fn a_bundle_and_a_directory_are_verified_without_a_network() {
    let minted = Minted::new("verb-products", Product::Genoa, 2);
    let kds = minted.kds(&[]);
    let (bundle, dir) = (minted.file("report.bundle"), minted.file("endorsements"));
    let run = fetch(&minted.file("report.bin"), &kds.url, &minted.file("cache")).args(["--ca-chains"]);
    run.args(["-o"]).args([&bundle]).args(["--dir"]).args([&dir]).exits(0).shows(&["✔ VCEK"]);
    let mut names: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected =
        ["ca-chain-of-genoa-vceks.pem", "revocation-list-of-ark-genoa.der", "vcek-of-a-genoa-chip.der"];
    assert_eq!(names, expected);
    let verify = || {
        let run = teeproof(["verify", "--no-nonce", "--offline", "--anchor"]).args([minted.file("ark.der")]);
        run.args(GENUINE).env("TEEPROOF_CACHE_DIR", minted.file("none").to_str().unwrap())
    };
    verify().args([&bundle]).exits(0).shows(&["✔ snp.revocation"]);
    verify().args([minted.file("report.bin")]).args(["--endorsements"]).args([&dir]).exits(0);
    // A bundle as evidence keeps its own time of collection.
    let again = minted.file("again.bundle");
    fetch(&bundle, &kds.url, &minted.file("cache")).args(["-o"]).args([&again]).exits(0);
    assert_eq!(std::fs::read(again).unwrap(), std::fs::read(bundle).unwrap());
}

#[test]
fn what_there_is_not_decides_the_exit_code() {
    let cache = folder("verb-missing");
    let report = data(REPORT);
    let bundle = folder("verb-not-written").join("report.bundle");
    let ran = fetch(&report, &down(), &cache).args(["-o"]).args([&bundle]).exits(8);
    let ran = ran.shows(&["✘ VCEK of a Milan chip", "hint: check the network"]);
    assert!(ran.stderr.contains("note: the bundle is not written") && !bundle.exists(), "{ran:#?}");
    let json = fetch(&report, &serving([]).url, &cache).args(["--format", "json"]).exits(7).json();
    assert_eq!(whats(&json, "missing"), ["VCEK of a Milan chip"]);
    assert_eq!(json["missing"][0]["error"]["exit_code"], 7);
    // A list that no service has is a warning, and so it is for a fleet.
    let kds = with_vcek();
    let ran = fetch(&report, &kds.url, &cache).exits(0);
    ran.shows(&["✔ VCEK of a Milan chip", "! revocation list of ARK-Milan"]);
    let prefetch = || with(teeproof(["cache", "prefetch"]).args([&report]), &kds.url, &cache);
    prefetch().exits(0).shows(&["WARNING revocation list of ARK-Milan", "0 failed, 1 not there"]);
    let json = prefetch().args(["--format", "json"]).exits(0).json();
    assert_eq!((&json["failed"][0]["is_fatal"], &json["exit_code"]), (&false.into(), &0.into()));
    with(teeproof(["cache", "prefetch"]).args([&report]), &down(), &cache).exits(8);
    let offline = fetch(&report, &down(), &folder("verb-offline")).args(["--offline"]);
    offline.exits(7).shows(&["was not requested: offline"]);
    let vlek = teeproof_mint::snp::Machine::vlek(Product::Milan).mint().unwrap();
    let vlek = file("verb-vlek", "report.bin", vlek.report);
    fetch(&vlek, &serving([]).url, &cache)
        .exits(7)
        .shows(&["✘ VLEK: AMD gives it to the cloud provider only"]);
    // What verify refuses as malformed is not complete.
    for (signing_key, said) in [(3, "got reserved value 3"), (7, "the report is not signed")] {
        let mut report = bytes(REPORT);
        report[0x48] = (report[0x48] & !0x1c) | (signing_key << 2);
        let report = file(&format!("verb-key-{signing_key}"), "report.bin", report);
        fetch(&report, &down(), &cache).exits(7).shows(&["✘ VCEK: ", said]);
    }
    fetch(&data(VCEK), &down(), &cache).fails(2, &["hint: "]);
    // A Nitro document brings its certificates along.
    fetch(&data(PRODUCTION), &down(), &cache).exits(0).shows(&["lacks nothing"]);
}
