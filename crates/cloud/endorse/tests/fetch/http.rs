//! The HTTP client against servers that misbehave.

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use teeproof_endorse::{
    AllowedHosts, Error, Http, HttpUrl, Method, Offline, Request, Response, Transport, td_quote,
};

use crate::server::{Received, Server, not_found, ok, status};

fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).unwrap()
}

fn get(server: &Server) -> Result<Response, Error> {
    let request = Request::get(url(&server.url).join("/x").unwrap(), 1000);
    Http::new(Duration::from_secs(5)).send(&request)
}

#[test]
fn a_response_has_its_status_headers_and_body() {
    let chain = "-----BEGIN%20CERTIFICATE-----%0A".repeat(200);
    let headers = format!("TCB-Info-Issuer-Chain: {chain}\r\nRetry-After: 7\r\nX-Other: y\r\n");
    let server = Server::of(move |_| status("200 OK", &headers, b"body"));
    let response = get(&server).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"body".as_slice()));
    let chain = "-----BEGIN%20CERTIFICATE-----%0A".repeat(200);
    assert_eq!(response.header("tcb-info-issuer-chain"), Some(chain.as_str()));
    assert_eq!((response.header("retry-after"), response.header("x-other")), (Some("7"), None));
    let sent = server.requests().remove(0).to_lowercase();
    assert!(sent.starts_with("get /x http/1.1\r\n"), "{sent}");
    assert!(sent.contains("user-agent: teeproof/"), "{sent}");
    // What is not read cannot be a bomb: no compression is accepted.
    assert!(!sent.contains("accept-encoding"), "{sent}");
}

#[test]
fn other_statuses_are_responses_without_a_body() {
    let server = Server::of(|_| not_found());
    let response = get(&server).unwrap();
    assert_eq!((response.status, response.body.len()), (404, 0));
    let at = url(&server.url);
    assert!(matches!(response.into_body(&at), Err(Error::Status { status: 404, .. })));
}

#[test]
fn redirects_are_not_followed() {
    let target = Server::of(|_| ok(b"elsewhere"));
    let location = format!("Location: {}/y\r\n", target.url);
    for line in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let location = location.clone();
        let server = Server::of(move |_| status(line, &location, b""));
        let at = url(&server.url);
        let followed = get(&server).unwrap().into_body(&at);
        let to = format!("{}/y", target.url);
        assert_eq!(followed, Err(Error::Redirect { url: at.to_string(), to }), "{line}");
    }
    assert_eq!(target.connections(), 0);
}

#[test]
fn a_body_is_bounded() {
    let exact = Server::of(|_| ok(&[b' '; 1000]));
    assert_eq!(get(&exact).unwrap().body.len(), 1000);
    let chunked = |_: &Received| {
        let chunk = [b"200\r\n".as_slice(), &[b' '; 0x200], b"\r\n"].concat().repeat(3);
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), &chunk, b"0\r\n\r\n"].concat()
    };
    let endless = |_: &Received| [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b' '; 200_000]].concat();
    for server in [Server::of(|_| ok(&[b' '; 1001])), Server::of(chunked), Server::of(endless)] {
        let answer = get(&server);
        assert!(matches!(answer, Err(Error::TooLarge { limit: 1000, .. })), "{answer:?}");
    }
}

#[test]
fn headers_are_bounded() {
    let server = Server::of(|_| {
        let long = "x".repeat(40 * 1024);
        status("200 OK", &format!("TCB-Info-Issuer-Chain: {long}\r\n"), b"body")
    });
    assert_eq!(get(&server).unwrap().header("tcb-info-issuer-chain"), None);
    let endless = Server::speaking(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        for number in 0..10_000 {
            if stream.write_all(format!("X-{number}: {}\r\n", "y".repeat(1000)).as_bytes()).is_err() {
                return;
            }
        }
    });
    let answer = get(&endless);
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
}

#[test]
fn a_body_that_ends_early_is_no_body() {
    let server = Server::of(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec());
    let answer = get(&server);
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
    let server =
        Server::of(|_| b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n".to_vec());
    let answer = get(&server);
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
}

#[test]
fn a_slow_response_ends_at_the_timeout() {
    let dripping = Server::speaking(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for _ in 0..200 {
            if stream.write_all(b"x").is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for address in [&dripping.url, &silent] {
        let begun = Instant::now();
        let answer = Http::new(Duration::from_millis(300)).send(&Request::get(url(address), 1000));
        let late = matches!(answer, Err(Error::Late { .. } | Error::Unreachable { .. }));
        assert!(late, "{answer:?}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}

#[test]
fn endless_interim_responses_end_at_the_timeout() {
    let (ended, is_closed) = mpsc::channel();
    let endless = Server::speaking(move |_, stream| {
        let many = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(40_000);
        while stream.write_all(&many).is_ok() {}
        ended.send(()).unwrap();
    });
    let (timeout, begun) = (Duration::from_secs(1), Instant::now());
    let answer = Http::new(timeout).send(&Request::get(url(&endless.url), 1000));
    let took = begun.elapsed();
    assert!(matches!(answer, Err(Error::Late { .. })), "{answer:?}");
    assert!(took < timeout + Duration::from_millis(400), "{took:?}");
    // The connection ends too.
    is_closed.recv_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn hosts_that_are_not_allowed_are_not_connected_to() {
    let server = Server::of(|_| ok(b""));
    let other = Server::of(|_| ok(b""));
    let mut hosts = AllowedHosts::default();
    hosts.insert(&url(&server.url)).unwrap();
    let http = Http::with_hosts(Duration::from_secs(5), hosts);
    assert_eq!(http.send(&Request::get(url(&server.url), 10)).unwrap().status, 200);
    for refused in
        [other.url.as_str(), "https://127.0.0.1/", "http://169.254.169.254/", "https://kdsintf.amd.com/"]
    {
        let answer = http.send(&Request::get(url(refused), 10));
        assert!(matches!(answer, Err(Error::HostNotAllowed { .. })), "{refused}: {answer:?}");
    }
    assert_eq!((server.connections(), other.connections()), (1, 0));
}

#[test]
fn localhost_is_this_machine() {
    let server = Server::of(|_| ok(b"here"));
    let named = server.url.replace("127.0.0.1", "localhost");
    let response = Http::new(Duration::from_secs(5)).send(&Request::get(url(&named), 10)).unwrap();
    assert_eq!(response.body, b"here");
}

#[test]
fn a_server_without_tls_is_not_spoken_to_in_the_clear() {
    let server = Server::of(|_| ok(b"plain"));
    let secure = url(&server.url.replace("http://", "https://"));
    let mut hosts = AllowedHosts::default();
    hosts.insert(&secure).unwrap();
    let answer = Http::with_hosts(Duration::from_secs(2), hosts).send(&Request::get(secure, 10));
    assert!(matches!(answer, Err(Error::Unreachable { .. } | Error::Late { .. })), "{answer:?}");
    assert!(server.requests().iter().all(|request| !request.contains("GET /")));
}

#[test]
fn offline_opens_no_socket() {
    let server = Server::of(|_| ok(b""));
    let request = Request { method: Method::Get, url: url(&server.url), headers: Vec::new(), max_bytes: 10 };
    assert_eq!(Offline.send(&request), Err(Error::Offline { url: server.url.clone() }));
    thread::sleep(Duration::from_millis(50));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_td_quote_is_requested_in_both_alphabets() {
    // Bytes that the two alphabets write differently.
    let report = [0xfb; 1024];
    let server = Server::of(|received| match (received.number, received.path.as_str()) {
        (0, "/acc/tdquote") => status("400 Bad Request", "", b""),
        (1, "/acc/tdquote") => ok(br#"{"quote":"-_-_"}"#),
        _ => not_found(),
    });
    let http = Http::new(Duration::from_secs(5));
    assert_eq!(td_quote(&http, &server.url, &report).unwrap(), [0xfb, 0xff, 0xbf]);
    let requests = server.requests();
    for (request, begins) in requests.iter().zip([r#"{"report":"-_v7"#, r#"{"report":"+/v7"#]) {
        let lower = request.to_lowercase();
        assert!(request.starts_with("POST /acc/tdquote HTTP/1.1"), "{request}");
        assert!(lower.contains("\r\ncontent-type: application/json\r\n"), "{request}");
        assert!(lower.contains("\r\nmetadata: true\r\n"), "{request}");
        assert!(request.split_once("\r\n\r\n").unwrap().1.starts_with(begins), "{request}");
    }
    assert_eq!(requests.len(), 2);
    for body in ["{}", r#"{"quote":""}"#, r#"{"quote":"*"}"#, "<html>"] {
        let server = Server::of(move |_| ok(body.as_bytes()));
        let answer = td_quote(&http, &server.url, &report);
        assert!(matches!(answer, Err(Error::Malformed { .. })), "{body}: {answer:?}");
    }
}
