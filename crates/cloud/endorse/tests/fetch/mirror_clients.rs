//! Clients of a mirror that are hostile, slow or many, and its end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use teeproof_endorse::{Endpoints, Error, Mirror, MirrorLimits};

use crate::folder::Folder;
use crate::minted::milan;
use crate::running::{LIMITS, Response, Running, services, source};
use crate::server::{Server, ok};

#[test]
fn what_is_no_path_of_a_service_is_requested_nowhere() {
    let running = Running::of(services());
    for request in [
        "GET / HTTP/1.1\r\nHost: m\r\n\r\n",
        "GET /etc/passwd HTTP/1.1\r\nHost: m\r\n\r\n",
        "GET /vcek/v1/../../x HTTP/1.1\r\nHost: m\r\n\r\n",
        "GET /aia/%2e%2e/x.cer HTTP/1.1\r\nHost: m\r\n\r\n",
        "GET http://127.0.0.1/vcek/v1/Milan/crl HTTP/1.1\r\nHost: m\r\n\r\n",
        "GET https://kdsintf.amd.com/vcek/v1/Milan/crl HTTP/1.1\r\nHost: m\r\n\r\n",
        "GET /metadata/THIM/amd/certification HTTP/1.1\r\nHost: m\r\nMetadata: true\r\n\r\n",
        "GET /metadata/instance?api-version=2021-12-13 HTTP/1.1\r\nHost: m\r\nMetadata: true\r\n\r\n",
    ] {
        let found = Response::parse(&running.raw_bytes(request.as_bytes()));
        assert_eq!(
            (found.status, found.header("content-type")),
            (404, Some("application/json")),
            "{request}"
        );
    }
    for (request, expected) in [
        ("POST /acc/tdquote HTTP/1.1\r\nHost: m\r\nContent-Length: 4\r\n\r\nbody", "405"),
        ("DELETE /vcek/v1/Milan/crl HTTP/1.1\r\nHost: m\r\n\r\n", "405"),
        ("CONNECT kdsintf.amd.com:443 HTTP/1.1\r\nHost: m\r\n\r\n", "405"),
        ("GET /vcek/v1/Milan/crl HTTP/1.1\r\nHost: m\r\nContent-Length: 4\r\n\r\nbody", "413"),
        ("GET /vcek/v1/Milan/crl HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "413"),
        ("GET /vcek/v1/Milan/crl\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\u{2} TLS to a port without it\r\n\r\n", "400"),
    ] {
        let found = running.raw(request.as_bytes());
        assert!(found.starts_with(&format!("HTTP/1.1 {expected} ")), "{request}: {found}");
    }
    for long in [
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(1000)),
    ] {
        let found = running.raw(long.as_bytes());
        assert!(found.is_empty() || found.starts_with("HTTP/1.1 4"), "{found}");
    }
    assert_eq!(running.upstream.connections(), 0);
}

#[test]
fn slow_and_many_clients_are_bounded() {
    let limits = MirrorLimits { connections: 4, ..LIMITS };
    let running = Running::with(Server::of(services()), limits, |_| ());
    let begun = Instant::now();
    // Each of them says a little and then nothing; others wait until they have lost their connection.
    let silent: Vec<_> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address).unwrap();
            stream.write_all(b"GET /vcek/v1/Milan/crl HTTP/1.1\r\nHo").unwrap();
            stream
        })
        .collect();
    thread::sleep(Duration::from_millis(50));
    assert_eq!(running.get("/vcek/v1/Milan/crl").status, 200);
    let waited = begun.elapsed();
    assert!(waited >= limits.head && waited < Duration::from_secs(10), "{waited:?}");
    drop(silent);
}

#[test]
fn a_client_that_sends_no_more_gets_its_answer() {
    let (vek, question) = milan();
    let upstream = Server::of(move |_| {
        thread::sleep(Duration::from_millis(200));
        ok(&vek)
    });
    let running = Running::with(upstream, LIMITS, |_| ());
    let target = question.url(&Endpoints::vendors()).unwrap().path().to_owned();
    let mut stream = TcpStream::connect(running.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: m\r\n\r\n").as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    // A head without its end gets none, and no thread waits for the rest.
    let mut stream = TcpStream::connect(running.address).unwrap();
    stream.write_all(b"GET /vcek").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
}

#[test]
fn a_mirror_that_is_stopped_ends_its_responses() {
    let (vek, question) = milan();
    let upstream = Server::of(move |_| {
        thread::sleep(Duration::from_millis(300));
        ok(&vek)
    });
    let mut running = Running::with(upstream, LIMITS, |_| ());
    let target = question.url(&Endpoints::vendors()).unwrap().path().to_owned();
    let idle = TcpStream::connect(running.address).unwrap();
    let begun = Instant::now();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| running.get(&target).status);
        thread::sleep(Duration::from_millis(100));
        running.stop.stop();
        assert_eq!(waiting.join().unwrap(), 200);
    });
    running.thread.take().unwrap().join().unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(running.address).is_err());
    drop(idle);
}

#[test]
fn an_address_that_cannot_be_used_is_named() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = Mirror::bind(address, source("http://127.0.0.1:1", &folder), LIMITS);
    assert!(matches!(&refused, Err(Error::Listen { address: named, .. }) if *named == address.to_string()));
    // A mirror that requests itself would never answer.
    drop(taken);
    let own = source(&format!("http://localhost:{}", address.port()), &folder);
    match Mirror::bind(address, own, LIMITS) {
        Err(Error::Listen { reason, .. }) => assert!(reason.contains("TEEPROOF_"), "{reason}"),
        other => panic!("{other:?}"),
    }
}
