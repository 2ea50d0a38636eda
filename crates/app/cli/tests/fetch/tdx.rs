//! TDX collateral over sockets: `verify --fetch`, `fetch`, `bundle refresh` and the cache.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::slice::from_ref;

use serde_json::Value;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::Bundle;
use teeproof_mint::azure::Vm;
use teeproof_mint::x509::Crl;

use crate::kds::*;
use crate::pcs::*;
use crate::server::{Server, not_found, ok, status};
use crate::support::*;

fn without_sources(mut json: Value) -> Value {
    json.as_object_mut().unwrap().remove("endorsements");
    json
}

fn from(source: &str) -> Vec<(String, String)> {
    TITLES.map(|title| (title.to_owned(), source.to_owned())).into()
}

#[test]
fn fetched_collateral_is_in_the_cache_for_a_run_without_a_network() {
    let platform = Platform::new("tdx-fetch", &platform());
    let pcs = pcs(&platform.minted);
    platform.verify(&pcs.url).exits(7).shows(&["✘ tdx.collateral "]);
    assert_eq!(pcs.connections(), 0);
    let at = now();
    let json = ["--format", "json", "--at", &rfc3339(at)];
    let fetched = platform.verify(&pcs.url).args(["--fetch"]).args(json).exits(0).json();
    assert_eq!(paths(&pcs), PATHS);
    assert_eq!(sources(&fetched), from("network"));
    for (entry, path) in fetched["endorsements"].as_array().unwrap().iter().zip(PATHS) {
        assert_eq!(entry["url"], format!("{}{path}", pcs.url));
    }
    for more in [&["--offline"][..], &["--offline", "--fetch"], &[], &["--fetch"]] {
        let cached = platform.verify(&pcs.url).args(more).args(json).exits(0).json();
        assert_eq!(sources(&cached), from("cache"), "{more:?}");
        let times = |json: &Value| {
            let all = json["endorsements"].as_array().unwrap().iter();
            all.map(|one| (one["fetched_at"].clone(), one["valid_until"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(times(&cached), times(&fetched));
        assert_eq!(without_sources(cached), without_sources(fetched.clone()), "{more:?}");
    }
    assert_eq!(pcs.connections(), 4);
    platform.verify(&pcs.url).exits(0).shows(&[
        "✔ tdx.revocation",
        "✔ tdx.tcb ",
        "Endorsements that were not among the files:",
        "TDX TCB info of FMSPC 90C06F000000            cache, fetched 2",
        "revocation list of Intel SGX PCK Platform CA  cache, fetched 2",
    ]);
    // Collateral of the cache is not current at another time.
    let later = ["--at", "2099-01-01T00:00:00Z"];
    platform.verify(&pcs.url).args(["--offline"]).args(later).exits(7);
}

#[test]
fn an_azure_vm_is_completed() {
    let vm = Vm::tdx_with_quote().at(now()).evidence().unwrap();
    let minted = vm.td.clone().unwrap();
    let (folder, pcs) = (folder("tdx-fetch-azure"), pcs(&minted));
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let files = [
        put("hcl.bin", &vm.hcl_report),
        put("quote.bin", &minted.quote),
        put("ak.der", &vm.ak_certificate),
        put("ak-ca.der", &vm.ak_intermediates[0]),
    ];
    let anchors = [put("root.der", &minted.root), put("ak-root.der", &vm.ak_root)];
    let run = || {
        let run = teeproof(["verify", "--no-nonce"]).args(GENUINE).args(&files);
        let run = anchors.iter().fold(run, |run, anchor| run.args(["--anchor"]).args([anchor]));
        with(run, &down(), &folder.join("cache"))
            .env("TEEPROOF_PCS_URL", &pcs.url)
            .env("TEEPROOF_INTEL_ROOT_CRL_URL", &format!("{}{ROOT_CRL_PATH}", pcs.url))
            .env("TEEPROOF_AIA_URL", &down())
    };
    run().exits(7);
    let ran = run().args(["--fetch"]).exits(0).shows(&["✔ tdx.tcb ", "✔ hcl.td-report.quote"]);
    let cached = run().args(["--offline"]).exits(0);
    assert_eq!(ran.first_line(), cached.first_line());
    assert_eq!(paths(&pcs), PATHS);
}

#[test]
fn a_bundle_of_fetch_is_verified_without_a_network() {
    let platform = Platform::new("tdx-fetch-bundle", &platform());
    let pcs = pcs(&platform.minted);
    let (bundle, dir) = (platform.file("quote.bundle"), platform.file("endorsements"));
    let run = teeproof(["fetch"]).args([platform.file("quote.bin")]).args(["-o"]).args([&bundle]);
    let ran = platform.with(run, &pcs.url).args(["--dir"]).args([&dir]).exits(0);
    ran.shows(&TITLES.map(|title| format!("✔ {title}")).each_ref().map(String::as_str));
    let verify = || {
        let run = teeproof(["verify", "--no-nonce", "--offline", "--anchor"]);
        let run = run.args([platform.file("root.der")]).args(GENUINE);
        run.env("TEEPROOF_CACHE_DIR", platform.file("none").to_str().unwrap())
    };
    verify().args([&bundle]).exits(0).shows(&["✔ tdx.revocation", "✔ tdx.tcb "]);
    // Each as a file that is recognised, with the certificates above its signer.
    let run = verify().args([platform.file("quote.bin")]).args(["--endorsements"]).args([&dir]);
    run.exits(0).shows(&["✔ tdx.revocation"]);
    let read = Bundle::parse(&std::fs::read(&bundle).unwrap()).unwrap();
    assert_eq!(parts(&read, InputKind::TdQuote), *from_ref(&platform.minted.quote));
    // Newer collateral may be there, so that a bundle that lacks nothing is completed by it too.
    let fetch = || teeproof(["fetch", "--format", "json"]).args([&bundle]);
    let json = platform.with(fetch(), &pcs.url).exits(0).json();
    assert_eq!(sources(&json), from("cache"));
    assert_eq!(pcs.connections(), 4);
    let json = platform.with(fetch(), &down()).exits(8).json();
    let hint = json["missing"][0]["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("verify without --fetch uses the one among the files"), "{hint}");
}

fn parts(bundle: &Bundle, kind: InputKind) -> Vec<Vec<u8>> {
    let parts = bundle.parts().iter().filter(|part| part.kind() == kind);
    parts.map(|part| part.bytes().to_vec()).collect()
}

const DAY: u64 = 86_400;

#[test]
fn a_refreshed_bundle_has_current_collateral_and_the_same_evidence() {
    // Certificates are valid for years, collateral and lists for thirty days.
    let machine = platform();
    let then = now() - 60 * DAY;
    let old = machine.clone().with(|machine| {
        machine.tcb_info.issue(then);
        machine.qe_identity.issue(then);
        let list = Crl::new(then - DAY, then + 29 * DAY);
        (machine.root_crl, machine.pck_crl) = (list.clone(), list);
    });
    let (old, current) = (Platform::new("tdx-refresh", &old), machine.mint().unwrap());
    let files = [
        ("tcb.json", old.minted.tcb_info.as_bytes()),
        ("qe.json", old.minted.qe_identity.as_bytes()),
        ("tcb-signing.der", &old.minted.tcb_signing),
        ("root.crl", &old.minted.root_crl),
        ("pck.crl", &old.minted.pck_crl),
    ];
    let files = files.map(|(name, bytes)| {
        std::fs::write(old.file(name), bytes).unwrap();
        old.file(name)
    });
    let (bundle, renewed) = (old.file("old.bundle"), old.file("new.bundle"));
    let create = teeproof(["bundle", "create"]).args([old.file("quote.bin")]).args(&files);
    create.args(["-o"]).args([&bundle]).exits(0);
    let verify = |bundle: &Path| {
        let run = teeproof(["verify", "--no-nonce", "--offline", "--anchor"]).args([old.file("root.der")]);
        run.args(GENUINE).args([bundle]).env("TEEPROOF_CACHE_DIR", old.file("none").to_str().unwrap())
    };
    verify(&bundle).exits(7);
    let pcs = pcs(&current);
    let refresh = |bundle: &Path, to: &Path| {
        let run = teeproof(["bundle", "refresh"]).args([bundle]).args(["-o"]).args([to]);
        old.with(run, &pcs.url)
    };
    refresh(&bundle, &renewed).exits(0);
    assert_eq!(paths(&pcs), PATHS);
    verify(&renewed).exits(0).shows(&["✔ tdx.revocation", "✔ tdx.tcb "]);
    let read = |path: &Path| Bundle::parse(&std::fs::read(path).unwrap()).unwrap();
    let (before, after) = (read(&bundle), read(&renewed));
    assert_eq!(parts(&before, InputKind::TdQuote), parts(&after, InputKind::TdQuote));
    assert_eq!(parts(&after, InputKind::TcbInfo), [current.tcb_info.as_bytes().to_vec()]);
    assert_eq!(parts(&after, InputKind::QeIdentity), [current.qe_identity.as_bytes().to_vec()]);
    let mut lists = parts(&after, InputKind::RevocationList);
    lists.sort();
    let mut expected = vec![current.root_crl.clone(), current.pck_crl.clone()];
    expected.sort();
    assert_eq!(lists, expected);
    assert_eq!(before.collected(), after.collected());
    // Nothing newer leaves everything as it is.
    let again = old.file("again.bundle");
    refresh(&renewed, &again).exits(0);
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&renewed).unwrap());
    // Without the service, nothing is written.
    let nothing = old.file("nothing.bundle");
    let run = teeproof(["bundle", "refresh"]).args([&bundle]).args(["-o"]).args([&nothing]);
    old.with(run, &down()).fails(8, &["TCB info", "does not answer"]);
    assert!(!nothing.exists());
    // The stale collateral among the files is completed by what is current.
    let run = teeproof(["verify", "--no-nonce", "--fetch", "--anchor"]).args([old.file("root.der")]);
    old.with(run.args(GENUINE).args([&bundle]), &pcs.url).exits(0).shows(&["✔ tdx.tcb-info"]);
}

#[test]
fn the_answer_to_another_question_is_never_stored() {
    let machine = platform();
    let other = machine.clone().fmspc([9; 6], [0; 2]).mint().unwrap();
    let processor = machine.clone().processor_ca().mint().unwrap();
    let chain = &responses(&other)[TCB_PATH];
    let sgx = machine.clone().with_tcb_info(|info| info.id = "SGX".into()).mint().unwrap();
    let page = ok(b"<html><body>Welcome to the proxy</body></html>");
    for (name, path, response, exit, says) in [
        ("fmspc", TCB_PATH, chain.clone(), 8, "expected 90c06f000000, got 090909090909"),
        ("sgx", TCB_PATH, responses(&sgx)[TCB_PATH].clone(), 8, "expected TDX, got SGX"),
        ("identity", TCB_PATH, responses(&other)[QE_PATH].clone(), 8, "malformed response"),
        ("tcb", QE_PATH, chain.clone(), 8, "malformed response"),
        ("page", TCB_PATH, page.clone(), 8, "malformed response"),
        ("header", TCB_PATH, ok(machine.mint().unwrap().tcb_info.as_bytes()), 8, "issuer-chain"),
        ("404", TCB_PATH, not_found(), 7, "status 404"),
        ("404-qe", QE_PATH, not_found(), 7, "status 404"),
        ("500", QE_PATH, status("500 Internal Server Error", "", b""), 8, "status 500"),
        ("redirect", TCB_PATH, status("302 Found", "Location: http://127.0.0.1:1/\r\n", b""), 8, "redirects"),
        ("ca", PCK_CRL_PATH, responses(&processor)[PCK_CRL_PATH].clone(), 8, "does not fit the request"),
        ("list", ROOT_CRL_PATH, page, 8, "malformed response"),
        ("root", ROOT_CRL_PATH, ok(&other.pck_crl), 8, "does not fit the request"),
    ] {
        let platform = Platform::new(&format!("tdx-never-{name}"), &machine);
        let pcs = pcs_but(&platform.minted, path, response);
        let ran = platform.verify(&pcs.url).args(["--fetch"]).fails(exit, &[says]);
        assert!(!ran.stderr.contains("Welcome"), "{ran:#?}");
        let position = PATHS.iter().position(|one| *one == path).unwrap();
        let objects = std::fs::read_dir(platform.file("cache/objects")).unwrap().count();
        assert_eq!(objects, position, "{name}: what was fetched before");
        let list = teeproof(["cache", "list", "--format", "json"]);
        let list = platform.with(list, &pcs.url).exits(0).json();
        let titles = list["endorsements"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap());
        assert!(!titles.clone().any(|title| title == TITLES[position]), "{name}: {list:#}");
        let json = platform.verify(&pcs.url).args(["--fetch", "--format", "json"]).exits(exit).json();
        assert_eq!(json["exit_code"], exit);
    }
}

/// A list that the service does not have is a warning; one that cannot be requested is an error.
#[test]
fn lists_that_a_service_lacks_are_a_warning() {
    let platform = Platform::new("tdx-no-lists", &platform());
    let mut all = responses(&platform.minted);
    all.remove(PCK_CRL_PATH);
    all.remove(ROOT_CRL_PATH);
    let pcs = Server::of(move |received| all.get(&received.path).cloned().unwrap_or_else(not_found));
    let ran = platform.verify(&pcs.url).args(["--fetch"]).exits(0);
    for title in &TITLES[2..] {
        assert!(ran.stderr.contains(&format!("warning: {title}: not fetched: ")), "{ran:#?}");
    }
    ran.shows(&["waived: no revocation list was given: tdx.revocation"]);
}

#[test]
fn a_fetched_list_revokes_the_platform() {
    let machine = platform();
    let serial = machine.pck.certificate.serial.clone();
    let platform = Platform::new("tdx-fetch-revoked", &machine.pck_ca_revokes(&serial));
    let pcs = pcs(&platform.minted);
    platform.verify(&pcs.url).args(["--fetch"]).exits(7).shows(&["✘ tdx.revocation"]);
    platform.verify(&pcs.url).args(["--offline"]).exits(7).shows(&["✘ tdx.revocation"]);
}

/// Many quotes of one platform make one request for each object.
#[test]
fn many_quotes_share_the_cache() {
    let platform = Platform::new("tdx-each", &platform());
    let pcs = pcs(&platform.minted);
    let files: Vec<_> = (0..6).map(|number| platform.file(&format!("{number}.bin"))).collect();
    files.iter().for_each(|file| std::fs::write(file, &platform.minted.quote).unwrap());
    let run = || {
        let run = teeproof(["verify", "--each", "--no-nonce", "--anchor"]).args([platform.file("root.der")]);
        platform.with(run.args(GENUINE).args(&files), &pcs.url)
    };
    let json = run().args(["--fetch", "--format", "json"]).exits(0).json();
    assert_eq!(pcs.connections(), 4);
    let all = json["files"].as_array().unwrap().iter().map(|file| sources(&file["result"]));
    assert_eq!(all.flatten().filter(|(_, from)| from == "network").count(), 4);
    run().args(["--offline"]).exits(0);
}

#[test]
fn td_quotes_and_platforms_are_a_fleet() {
    let one = Platform::new("tdx-prefetch", &platform());
    let fleet = one.file("fleet");
    std::fs::create_dir(&fleet).unwrap();
    for name in ["a.bin", "b.bin"] {
        std::fs::write(fleet.join(name), &one.minted.quote).unwrap();
    }
    let pcs = pcs(&one.minted);
    let prefetch = |path: &Path| {
        let run = teeproof(["cache", "prefetch", "--format", "json"]).args([path]);
        one.with(run, &pcs.url)
    };
    let json = prefetch(&fleet).exits(0).json();
    assert_eq!((&json["fetched"], &json["cached"]), (&4.into(), &0.into()), "{json:#}");
    one.verify(&down()).args(["--offline"]).exits(7);
    one.verify(&pcs.url).args(["--offline"]).exits(0).shows(&["✔ tdx.revocation"]);
    // A list names the platform; of both authorities, this service has one.
    let list = one.file("fleet.txt");
    std::fs::write(&list, "# rack 1\nfmspc 90C06F000000\n").unwrap();
    let json = prefetch(&list).exits(0).json();
    assert_eq!((&json["fetched"], &json["cached"]), (&0.into(), &4.into()), "{json:#}");
    assert_eq!(json["failed"][0]["what"], "revocation list of Intel SGX PCK Processor CA");
    assert_eq!(json["failed"][0]["is_fatal"], false);
}

/// The issuers in the headers move with the cache.
#[test]
fn a_cache_with_collateral_is_moved_in_a_file() {
    let platform = Platform::new("tdx-moved", &platform());
    let pcs = pcs(&platform.minted);
    platform.verify(&pcs.url).args(["--fetch"]).exits(0);
    let (file, other) = (platform.file("cache.export"), platform.file("other"));
    let export = teeproof(["cache", "export", "-o"]).args([&file]);
    platform.with(export, &pcs.url).exits(0);
    let there = |run: Run| platform.with(run, &pcs.url).env("TEEPROOF_CACHE_DIR", other.to_str().unwrap());
    there(teeproof(["cache", "import"]).args([&file])).exits(0).shows(&["added 4 endorsements"]);
    let run = teeproof(["verify", "--no-nonce", "--offline", "--anchor"]).args([platform.file("root.der")]);
    let run = there(run.args(GENUINE).args([platform.file("quote.bin")]));
    run.exits(0).shows(&["✔ tdx.revocation", "✔ tdx.collateral.signer"]);
    assert_eq!(pcs.connections(), 4);
}

/// A mirror on this machine: `cache serve` of the command, ended with the test.
struct Mirror {
    child: std::process::Child,
    url: String,
}

impl Mirror {
    fn start(pcs: &str, cache: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_teeproof"));
        command.args(["cache", "serve", "--listen", "127.0.0.1:0", "--cache-dir"]).arg(cache);
        command.env("TEEPROOF_PCS_URL", pcs).env("TEEPROOF_KDS_URL", down());
        command.env("TEEPROOF_INTEL_ROOT_CRL_URL", format!("{pcs}{ROOT_CRL_PATH}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_mirror_serves_the_collateral_with_its_issuers() {
    let first = Platform::new("tdx-mirror-1", &platform());
    let second = Platform::new("tdx-mirror-2", &platform());
    let pcs = pcs(&first.minted);
    let mirror = Mirror::start(&pcs.url, &first.file("mirror"));
    for client in [&first, &second] {
        let json = client.verify(&mirror.url).args(["--fetch", "--format", "json"]).exits(0).json();
        assert_eq!(sources(&json), from("network"));
        assert_eq!(json["endorsements"][0]["url"], format!("{}{TCB_PATH}", mirror.url));
        client.verify(&mirror.url).args(["--offline"]).exits(0).shows(&["✔ tdx.revocation"]);
    }
    // As a PCCS, which writes the list of the root in hexadecimal digits.
    let third = Platform::new("tdx-mirror-3", &platform());
    let pccs = format!("{}/sgx/certification/v4/rootcacrl", mirror.url);
    let run = third.verify(&mirror.url).args(["--fetch"]).env("TEEPROOF_INTEL_ROOT_CRL_URL", &pccs);
    run.exits(0).shows(&["✔ tdx.revocation"]);
    assert_eq!(paths(&pcs), PATHS);
}
