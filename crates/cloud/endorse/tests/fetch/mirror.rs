//! The mirror over real sockets: every kind of object for a fetcher that is overridden to it and for other clients, and
//! errors of services.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use teeproof_core::Hex;
use teeproof_endorse::{
    AmdKey, AnswerOrigin, Endpoints, Fetcher, Http, Issuer, PckCa, Question, Retries, Reuse, Stale,
};
use teeproof_mint::x509::pem;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::Product;

use crate::minted::{NOW, crl, issuers_of, machine, milan};
use crate::questions::authority_access;
use crate::running::{LIMITS, QUICK, Running, all_at, services, services_with};
use crate::server::{Server, not_found, ok, status};

/// The upstream override of the root's list is the server's own URL, without a path.
fn questions() -> Vec<Question> {
    let (_, vcek) = milan();
    let leaf = authority_access(&["http://primary-cdn.pki.core.windows.net/ca/x.cer"]);
    let issuer = Issuer::of(&Certificate::parse(&leaf).unwrap()).remove(0);
    vec![
        vcek,
        Question::AmdChain { product: Product::Milan, key: AmdKey::Vcek },
        Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek },
        Question::TdxTcbInfo { fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0] },
        Question::TdQeIdentity,
        Question::PckCrl(PckCa::Platform),
        Question::IntelRootCrl,
        Question::Issuer(issuer),
    ]
}

#[test]
fn a_fetcher_that_is_overridden_to_a_mirror_gets_every_kind_of_object() {
    let running = Running::of(services());
    let endpoints = running.endpoints();
    let http = Http::with_hosts(Duration::from_secs(5), endpoints.allowed_hosts().unwrap());
    let fetcher = Fetcher::new(&http, &endpoints, QUICK, &|| 0);
    let upstream = all_at(&running.upstream.url);
    let direct_http = Http::with_hosts(Duration::from_secs(5), upstream.allowed_hosts().unwrap());
    let direct = Fetcher::new(&direct_http, &upstream, QUICK, &|| 0);
    for question in questions() {
        let mirrored = fetcher.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
        let from_service = direct.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
        assert_eq!(mirrored.answer, from_service.answer, "{question:?}");
        let sent = running.sent();
        let again = fetcher.fetch(&question, Reuse::WHILE_VALID, NOW).unwrap();
        assert_eq!((again.answer, running.sent()), (mirrored.answer, sent), "{question:?}");
    }
    let log = running.log.lock().unwrap();
    let count = |origin: AnswerOrigin| log.iter().filter(|line| line.ends_with(&origin.to_string())).count();
    assert_eq!((count(AnswerOrigin::Service), count(AnswerOrigin::Cache)), (8, 8), "{log:#?}");
}

#[test]
fn other_clients_get_the_content_of_the_services() {
    let vek = machine(teeproof_mint::snp::Product::Milan).mint().unwrap();
    let running = Running::of(services_with(&vek));
    let url = milan().1.url(&Endpoints::vendors()).unwrap();
    let found = running.get(url.path());
    assert_eq!((found.status, &found.body), (200, &vek.vek));
    assert_eq!(found.header("content-type"), Some("application/pkix-cert"));
    assert_eq!(found.header("content-length"), Some(&*vek.vek.len().to_string()));
    assert_eq!(found.header("connection"), Some("close"));
    // The order of parameters, leading zeros and the case of digits are the client's.
    let (path, query) = url.path().split_once('?').unwrap();
    let turned: Vec<_> = query.split('&').rev().collect();
    let other = format!("{}?{}", path.replace("4a4b", "4A4B"), turned.join("&").replace("=0", "="));
    assert_eq!(running.get(&other).body, vek.vek);
    assert_eq!(running.sent(), 1);

    let list = running.get("/sgx/certification/v4/pckcrl?ca=platform&encoding=der");
    assert_eq!(list.header("sgx-pck-crl-issuer-chain"), Some(issuers_of("Intel SGX PCK Platform CA")));
    let text = running.get("/sgx/certification/v4/pckcrl?ca=platform");
    assert!(text.body.starts_with(b"-----BEGIN X509 CRL-----\n"), "{text:?}");
    assert_eq!(text.header("sgx-pck-crl-issuer-chain"), Some(issuers_of("Intel SGX PCK Platform CA")));
    let root = running.get("/IntelSGXRootCA.der");
    assert_eq!(running.get("/sgx/certification/v4/rootcacrl").body, Hex(&root.body).to_string().into_bytes());

    // The level of each component, as the report has it in its bytes.
    let tcb = crate::minted::tcb(Product::Milan);
    let tcbm = format!("{:02x}{:02x}00000000{:02x}{:02x}", tcb.microcode, tcb.snp, tcb.tee, tcb.bootloader);
    let chip = Hex(&crate::minted::chip_id(Product::Milan)).to_string();
    let thim = running.get(&format!(
        "/metadata/THIM/amd/certification?platformId={chip}&tcbVersion={tcbm}&productName=Milan"
    ));
    assert_eq!(thim.status, 200, "{thim:?}");
    let json: serde_json::Value = serde_json::from_slice(&thim.body).unwrap();
    assert_eq!((&json["vcekCert"], &json["tcbm"]), (&pem(&vek.vek).into(), &tcbm.into()));
    assert_eq!(json["certificateChain"].as_str().unwrap().matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!((running.get("/aia/ca/x.cer").status, running.get("/aia/ca/leaf.cer").status), (200, 502));
    let head = running.raw(b"HEAD /vcek/v1/Milan/crl HTTP/1.1\r\nHost: mirror\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn clients_that_want_one_object_make_one_request() {
    let (vek, question) = milan();
    let upstream = Server::of(move |_| {
        thread::sleep(Duration::from_millis(300));
        ok(&vek)
    });
    let running = Running::with(upstream, LIMITS, |_| ());
    let target = question.url(&Endpoints::vendors()).unwrap().path().to_owned();
    thread::scope(|scope| {
        for number in 0..64 {
            let (running, target) = (&running, &target);
            scope.spawn(move || {
                // Some of them leave at once, the first among them.
                if number % 8 == 0 {
                    let mut stream = TcpStream::connect(running.address).unwrap();
                    write!(stream, "GET {target} HTTP/1.1\r\nHost: m\r\n\r\n").unwrap();
                    stream.shutdown(Shutdown::Both).unwrap();
                } else {
                    assert_eq!(running.get(target).status, 200);
                }
            });
        }
    });
    assert_eq!(running.sent(), 1);
}

#[test]
fn errors_of_services_are_passed_on() {
    let (vek, question) = milan();
    let target = question.url(&Endpoints::vendors()).unwrap().path().to_owned();
    let page = b"<html>Sign in to the network</html>";
    for (answer, expected, retry_after) in [
        (status("429 Too Many Requests", "Retry-After: 30\r\n", b""), 429, Some("30")),
        (status("503 Service Unavailable", "Retry-After: 7\r\n", b""), 503, Some("7")),
        (not_found(), 404, None),
        (status("500 Internal Server Error", "", b""), 502, None),
        (status("302 Found", "Location: http://127.0.0.1:1/\r\n", b""), 502, None),
        (ok(page), 502, None),
        (ok(&vek[..vek.len() - 1]), 502, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\ncut".to_vec(), 502, None),
        (Vec::new(), 502, None),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let once = answer.clone();
        let running = Running::with(Server::of(move |_| once.clone()), LIMITS, |source| {
            source.retries = Retries { attempts: 1, ..QUICK };
        });
        for _ in 0..2 {
            let found = running.get(&target);
            assert_eq!((found.status, found.header("retry-after")), (expected, retry_after), "{text}");
            let json: serde_json::Value = serde_json::from_slice(&found.body).unwrap();
            assert!(json["error"].is_string() && json["hint"].is_string(), "{json}");
            // The address of the service can have a secret in its path.
            assert!(
                !json.to_string().contains("127.0.0.1") || expected == 502 && text.contains("Location"),
                "{json}"
            );
        }
        // A refusal is remembered, and the service has its peace.
        let expected = if matches!(expected, 404 | 429 | 503) { 1 } else { 2 };
        assert_eq!(running.sent(), expected, "{text}");
        assert!(
            running.folder.files().iter().all(|path| !path.starts_with(running.folder.0.join("entries")))
        );
    }
}

#[test]
fn a_stale_list_is_an_answer_while_the_service_fails() {
    let list = crl("ARK-Milan");
    let once = list.clone();
    let upstream =
        Server::of(move |received| if received.number == 0 { ok(&once) } else { not_found_later() });
    let running = Running::with(upstream, LIMITS, |source| {
        source.reuse = |_| Reuse::NEVER.stale(Stale::IfError);
    });
    for _ in 0..2 {
        let found = running.get("/vcek/v1/Milan/crl");
        assert_eq!((found.status, &found.body), (200, &list));
    }
    assert!(running.sent() > 1);
}

fn not_found_later() -> Vec<u8> {
    status("503 Service Unavailable", "", b"")
}

#[test]
fn an_offline_mirror_opens_no_connection() {
    let list = crl("ARK-Milan");
    let running = Running::with(Server::of(move |_| ok(&list)), LIMITS, |source| source.offline = true);
    let missing = running.get("/vcek/v1/Milan/crl");
    assert_eq!((missing.status, running.upstream.connections()), (404, 0));
    assert!(String::from_utf8(missing.body).unwrap().contains("offline"));
}
