//! The certificate service (THIM) over plain HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use teeproof_twin::paravisor::{Model, Running, Settings};

use crate::machine::Report;
use crate::raw::{Client, start};

/// Status and document.
fn get(running: &Running, path: &str, headers: &str) -> (u16, serde_json::Value) {
    let url = running.thim();
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

const CERTIFICATION: &str = "/metadata/THIM/amd/certification";
const HEADER: &str = "Metadata: true\r\n";

#[test]
fn certificates_are_served_with_the_metadata_header() {
    let running = start(Settings { model: Model::Milan, ..Settings::default() });
    let (status, document) = get(&running, CERTIFICATION, HEADER);
    assert_eq!(status, 200);
    let names: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.len(), 4);
    let text = |name: &str| document[name].as_str().unwrap().to_owned();
    assert_eq!(text("cacheControl"), "86400");
    assert_eq!(text("vcekCert").matches("-----BEGIN CERTIFICATE-----\n").count(), 1);
    assert!(text("vcekCert").ends_with("-----END CERTIFICATE-----\n"));
    assert_eq!(text("certificateChain").matches("-----BEGIN CERTIFICATE-----\n").count(), 2);

    let report = Report::of(&mut Client::of(&running));
    let reported: [u8; 8] = report.bytes[0x20 + 0x180..0x20 + 0x188].try_into().unwrap();
    assert_eq!(u64::from_str_radix(&text("tcbm"), 16).unwrap(), u64::from_le_bytes(reported));
    assert_eq!(text("tcbm"), "DB18000000000004");
}

#[test]
fn the_metadata_header_is_required() {
    let running = start(Settings::default());
    for headers in ["", "Metadata: false\r\n"] {
        for path in [CERTIFICATION, "/metadata/versions"] {
            assert_eq!(get(&running, path, headers).0, 400);
        }
    }
    assert_eq!(get(&running, "/metadata/versions", "metadata: True\r\n").0, 200);
    assert_eq!(get(&running, "/metadata/other", HEADER).0, 404);
}

#[test]
fn versions_are_listed() {
    let running = start(Settings::default());
    let (_, document) = get(&running, "/metadata/versions", HEADER);
    assert_eq!(document, serde_json::json!({ "apiVersions": ["2021-12-13"] }));
}

#[test]
fn tdx_has_no_vcek() {
    let running = start(Settings { model: Model::Tdx, ..Settings::default() });
    assert_eq!(get(&running, CERTIFICATION, HEADER).0, 404);
}
