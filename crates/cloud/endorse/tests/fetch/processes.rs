//! Many processes that need one object: one request.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use teeproof_endorse::{Cache, CacheLimits, Endpoints, Fetcher, Http, Retries, Reuse, Service};
use teeproof_wire::snp::Product;

use crate::folder::Folder;
use crate::minted::{NOW, milan, vcek};
use crate::server::{Server, ok, status};

const SERVER: &str = "TEEPROOF_TEST_SERVER";
const FOLDER: &str = "TEEPROOF_TEST_FOLDER";
const PROCESSES: usize = 32;

/// One of the processes: fetches the VCEK of a Milan machine into the shared cache, and writes it to standard output.
#[test]
#[ignore = "a process of the other tests here"]
fn fetch_in_a_process() {
    let (Ok(server), Ok(folder)) = (std::env::var(SERVER), std::env::var(FOLDER)) else {
        panic!("{SERVER} and {FOLDER} are set by the test that starts this process");
    };
    let mut endpoints = Endpoints::vendors();
    endpoints.set(Service::Kds, &server).unwrap();
    let http = Http::with_hosts(Duration::from_secs(20), endpoints.allowed_hosts().unwrap());
    let cache = Cache::open(Path::new(&folder), CacheLimits::DEFAULT).unwrap();
    let retries = Retries { first_pause: Duration::from_millis(20), ..Retries::DEFAULT };
    let fetcher = Fetcher::new(&http, &endpoints, retries, &|| 0).cache(&cache);
    let fetched = fetcher.fetch(&vcek(Product::Milan), Reuse::WHILE_VALID, NOW).unwrap();
    let result = Path::new(&folder).join(format!("result-{}", std::process::id()));
    std::fs::write(result, fetched.answer.body()).unwrap();
}

fn start(server: &Server, folder: &Folder) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::fetch_in_a_process", "--ignored", "--nocapture", "--test-threads=1"])
        .env(SERVER, &server.url)
        .env(FOLDER, &folder.0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts them all; every one ends with the certificate.
fn run(server: &Server, folder: &Folder, body: &[u8]) {
    let children: Vec<_> = (0..PROCESSES).map(|_| start(server, folder)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let is_result = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with("result-");
    let results: Vec<_> = folder.files().into_iter().filter(|path| is_result(path)).collect();
    assert_eq!(results.len(), PROCESSES);
    for path in results {
        assert_eq!(std::fs::read(path).unwrap(), body);
    }
}

#[test]
fn thirty_two_processes_make_one_request() {
    let (vek, _) = milan();
    let (body, folder) = (vek.clone(), Folder::new());
    let server = Server::of(move |_| {
        thread::sleep(Duration::from_millis(500));
        ok(&body)
    });
    run(&server, &folder, &vek);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn thirty_two_processes_wait_for_a_service_that_refuses_at_first() {
    let (vek, _) = milan();
    let (body, folder) = (vek.clone(), Folder::new());
    let server = Server::of(move |received| match received.number {
        0 | 1 => status("429 Too Many Requests", "Retry-After: 0\r\n", b""),
        _ => ok(&body),
    });
    run(&server, &folder, &vek);
    assert_eq!(server.requests().len(), 3);
}
