//! The metadata service, played by a socket that answers what each test wants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use teeproof_endorse::{Error, Http, azure_metadata_answers, certification_url, vcek_chain};

/// A service that answers every request with these bytes; says where it is.
fn service(answer: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.to_vec();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            assert!(request.contains("metadata: true"), "{request}");
            let _ = stream.write_all(&answer);
        }
    });
    address
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn http() -> Http {
    Http::new(Duration::from_secs(5))
}

const PEM: &str = "-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----\\n";

#[test]
fn a_chain_is_read_in_order() {
    let body = format!(
        r#"{{"vcekCert":"{PEM}","tcbm":"7308000000000003","certificateChain":"{PEM}{}","cacheControl":"86400"}}"#,
        PEM.replace("MAA=", "MQA=")
    );
    let chain = vcek_chain(&http(), &service(&ok(&body))).unwrap();
    assert_eq!(chain, [[0x30, 0], [0x30, 0], [0x31, 0]]);
    // What else the service says does not matter.
    let body = body.replace("7308000000000003", "none");
    assert_eq!(vcek_chain(&http(), &service(&ok(&body))).unwrap(), chain);
}

#[test]
fn what_is_no_chain_is_named() {
    let whole = format!(r#"{{"vcekCert":"{PEM}","certificateChain":"{PEM}"}}"#);
    assert_eq!(vcek_chain(&http(), &service(&ok(&whole))).unwrap().len(), 2);
    for (body, what) in [
        ("[]".to_owned(), "invalid"),
        (whole.replace("vcekCert", "vcek"), "vcekCert"),
        (whole.replace(PEM, &PEM.repeat(3)), "certificateChain: more than 4"),
        (whole.replacen(PEM, &PEM.repeat(5), 1), "vcekCert: more than 4"),
        (whole.replacen(PEM, "", 1), "vcekCert"),
        (whole.replace("MAA=", "*"), "vcekCert"),
    ] {
        match vcek_chain(&http(), &service(&ok(&body))) {
            Err(Error::Malformed { what: said, .. }) => assert!(said.contains(what), "{said}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn an_answer_is_bounded() {
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b' '; 200_000]].concat();
    let answer = azure_metadata_answers(&http(), &service(&endless));
    assert!(matches!(answer, Err(Error::TooLarge { .. })), "{answer:?}");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let answer = azure_metadata_answers(&Http::new(Duration::from_millis(200)), &address);
    assert!(matches!(answer, Err(Error::Late { .. })), "{answer:?}");
}

#[test]
fn each_failure_has_its_name() {
    let status = |line: &str| {
        let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
        vcek_chain(&http(), &service(answer.as_bytes()))
    };
    assert!(matches!(status("404 Not Found"), Err(Error::Status { status: 404, .. })));
    // A redirect is not followed.
    assert!(matches!(status("302 Found"), Err(Error::Redirect { .. })));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let answer = azure_metadata_answers(&http(), &format!("http://{closed}"));
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
    for address in ["", "nothing", "ftp://127.0.0.1", "http://127.0.0.1:0", "http://user@127.0.0.1"] {
        let answer = azure_metadata_answers(&http(), address);
        assert!(matches!(answer, Err(Error::Address(_))), "{address}: {answer:?}");
    }
    // The client of the metadata service connects to that service and to this machine alone.
    for address in ["https://127.0.0.1", "http://169.254.169.253", "http://metadata.example"] {
        let answer = azure_metadata_answers(&http(), address);
        assert!(matches!(answer, Err(Error::HostNotAllowed { .. })), "{address}: {answer:?}");
    }
}

#[test]
fn an_address_may_end_with_a_slash() {
    for base in ["http://127.0.0.1:7", "http://127.0.0.1:7/"] {
        assert_eq!(certification_url(base), "http://127.0.0.1:7/metadata/THIM/amd/certification");
    }
}
