//! The relay: bytes of TCP connections on the parent, and of vsock connections to the enclave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::machine::Machine;

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

#[test]
fn every_port_is_forwarded_to_the_enclave() {
    let machine = Machine::new();
    machine.write_files();
    assert!(machine.setup().0, "{:?}", machine.setup());
    let port = machine.config.ports[0];
    // The end of a request is passed on, and the end of an answer ends the connection.
    let mut stream = connect(port);
    stream.write_all(b"until the end\n").unwrap();
    stream.write_all(&vec![7; 1 << 20]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "document of 1048576 bytes\n");
    assert!(machine.calls().contains(&format!("vsock connect 19 {port}")));
    // A client that only waits keeps nobody else waiting, and one that goes away ends nothing but its own connection.
    let waiting: Vec<TcpStream> = (0..64).map(|_| connect(port)).collect();
    let mut stream = connect(machine.config.road_port);
    stream.write_all(b"hex:00\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer).unwrap();
    assert_eq!(answer, "document of hex:00\n");
    drop(waiting);
    let mut stream = connect(port);
    stream.write_all(b"a\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "document of a\n");
    assert!(!machine.read("relay.log").contains("Traceback"), "{}", machine.read("relay.log"));
}

/// Without an enclave a connection is accepted and ends: the caller sees no answer and no hang.
#[test]
fn without_an_enclave_connections_end() {
    let machine = Machine::new();
    machine.write_files();
    assert!(machine.setup().0);
    std::fs::remove_file(machine.folder.join("root/run/teeproof/cid")).unwrap();
    let mut answer = Vec::new();
    let read = connect(machine.config.road_port).read_to_end(&mut answer);
    assert!(answer.is_empty(), "{read:?}");
    let log = machine.read("relay.log");
    assert!(log.contains("connection ended:") && !log.contains("Traceback"), "{log}");
}
