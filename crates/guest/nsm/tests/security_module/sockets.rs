//! A module behind a socket: exchanges over one connection, and peers that do not keep to the protocol.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use teeproof_nsm::{AttestationFields, NsmAddress, NsmError, check_document};

use super::module::{TestModule, serve};

const PATIENCE: Duration = Duration::from_millis(500);

/// A socket's path that no other test has; short, because such paths have at most 107 bytes.
pub(crate) fn socket_path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("teeproof-nsm-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn every_request_is_answered_over_one_connection() {
    let path = socket_path("module");
    let unix = UnixListener::bind(&path).unwrap();
    thread::spawn(move || serve(unix.incoming().map(Result::unwrap), TestModule::default()));
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    thread::spawn(move || serve(tcp.incoming().map(Result::unwrap), TestModule::default()));
    for address in [NsmAddress::Unix(path), NsmAddress::Tcp { host: "127.0.0.1".into(), port }] {
        let mut nsm = address.open(PATIENCE).unwrap();
        assert_eq!(nsm.describe().unwrap().version, [1, 0, 2]);
        assert_eq!(nsm.random().unwrap().len(), 256);
        nsm.lock_pcrs(16).unwrap();
        assert_eq!(nsm.extend_pcr(16, b"data").unwrap(), [1; 48]);
        nsm.lock_pcr(16).unwrap();
        assert_eq!(nsm.describe().unwrap().locked_pcrs, (0..=16).collect::<Vec<_>>());
        let state = nsm.describe_pcr(16).unwrap();
        assert!(state.is_locked && state.value == [1; 48]);
        for refused in [nsm.lock_pcr(16), nsm.extend_pcr(3, b"x").map(drop)] {
            assert!(refused.unwrap_err().to_string().ends_with("refuses with ReadOnlyIndex"));
        }
        assert!(nsm.lock_pcrs(33).unwrap_err().to_string().ends_with("refuses with InvalidIndex"));
        let document = nsm.attest(AttestationFields::of_nonce(b"a nonce")).unwrap();
        check_document(&document, Some(b"a nonce")).unwrap();
        assert!(check_document(&document, Some(b"another")).is_err());
        assert!(check_document(&document[1..], None).is_err());
        // Not sent at all: the connection is still good.
        let long = nsm.extend_pcr(16, &[0; 4096]);
        assert!(matches!(long, Err(NsmError::RequestTooLong { .. })));
        assert!(nsm.random().is_ok());
    }
}

/// The error of a description, of a peer that answers the first connection by this function.
fn described_by(peer: impl FnOnce(&mut TcpStream) + Send + 'static) -> (NsmError, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = thread::spawn(move || peer(&mut listener.accept().unwrap().0));
    let mut nsm = NsmAddress::Tcp { host: "127.0.0.1".into(), port }.open(PATIENCE).unwrap();
    let begun = Instant::now();
    let error = nsm.describe().unwrap_err();
    let took = begun.elapsed();
    // Its connection is not used again, and nobody listens any more.
    assert!(matches!(nsm.random(), Err(NsmError::Io { .. } | NsmError::TimedOut { .. })));
    drop(nsm);
    peer.join().unwrap();
    (error, took)
}

#[test]
fn a_peer_that_does_not_answer_is_waited_for_until_the_deadline() {
    let silent = |stream: &mut TcpStream| _ = stream.read_to_end(&mut Vec::new());
    let (error, took) = described_by(silent);
    assert!(matches!(error, NsmError::TimedOut { request: "DescribeNSM" }), "{error}");
    assert!(took >= PATIENCE && took < PATIENCE * 4, "{took:?}");
    // One byte at a time does not move the deadline.
    let (error, took) = described_by(|stream| {
        let _ = stream.write_all(&[0, 0, 1, 0]);
        while stream.write_all(&[0]).is_ok() {
            thread::sleep(Duration::from_millis(30));
        }
    });
    assert!(matches!(error, NsmError::TimedOut { .. }), "{error}");
    assert!(took < PATIENCE * 4, "{took:?}");
}

#[test]
fn an_invalid_frame_is_an_error() {
    for (bytes, says) in [
        (&[0xff, 0xff, 0xff, 0xff][..], "expected an answer of at most 12288 bytes, got 4294967295"),
        (&[0, 0, 0x40, 0], "got 16384"),
        (&[0, 0, 0, 0], "at least 1 byte"),
        (&[0, 0, 0, 9, 1, 2], "ends after 6 bytes, expected 13"),
        (&[], "ends after 0 bytes"),
        (&[0, 0, 0, 1, 0xff], "malformed answer"),
    ] {
        let (error, _) = described_by(move |stream| {
            let mut request = [0; 16];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(bytes).unwrap();
        });
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn nobody_listening_is_an_error_of_opening() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for address in [NsmAddress::Unix(socket_path("none")), NsmAddress::Tcp { host: "127.0.0.1".into(), port }]
    {
        let error = address.open(PATIENCE).unwrap_err();
        assert!(
            matches!(error, NsmError::Open { .. }) && error.hint().contains("teeproof-twin nsm"),
            "{error}"
        );
    }
}
