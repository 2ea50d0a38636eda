//! swtpm starts on every kind of socket, many at a time, and leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use teeproof_twin::swtpm::Swtpm;

/// TPM2_GetCapability(TPM_CAP_TPM_PROPERTIES, TPM_PT_FAMILY_INDICATOR, 1).
const ASK: [u8; 22] = [0x80, 0x01, 0, 0, 0, 22, 0, 0, 1, 0x7a, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 0, 1];

#[test]
fn on_a_socket_in_the_file_system() {
    let swtpm = Swtpm::start().unwrap();
    let path = swtpm.socket().unwrap();
    assert_eq!(swtpm.address(), format!("swtpm:path={}", path.display()));
    assert_answers(UnixStream::connect(&path).unwrap());
    let folder = path.parent().unwrap().to_owned();
    assert!(folder.exists());
    drop(swtpm);
    assert!(!folder.exists());
    assert!(UnixStream::connect(&path).is_err());
}

#[test]
fn on_ports_many_at_a_time() {
    let running: Vec<Swtpm> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..8).map(|_| scope.spawn(Swtpm::start_tcp)).collect();
        starting.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    let ports: Vec<u16> =
        running.iter().map(|swtpm| swtpm.tcti().rsplit_once("port=").unwrap().1.parse().unwrap()).collect();
    for port in &ports {
        assert_answers(TcpStream::connect(("127.0.0.1", *port)).unwrap());
        assert!(TcpStream::connect(("127.0.0.1", port + 1)).is_ok(), "the control channel");
    }
    drop(running);
    assert!(ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()));
}

fn assert_answers(mut stream: impl Read + Write) {
    stream.write_all(&ASK).unwrap();
    let mut answer = [0; 27];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[6..10], [0; 4], "TPM_RC_SUCCESS");
    assert_eq!(answer[23..], *b"2.0\0");
}
