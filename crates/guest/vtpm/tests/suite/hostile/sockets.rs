//! Sockets that close, fall silent, send too much or too little.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use teeproof_vtpm::direct::Direct;
use teeproof_vtpm::{Address, Error};

use super::{COMMANDS, assert_malformed};

/// Where an answer comes, on however busy a machine.
const LONG: Duration = Duration::from_secs(60);
/// Where none comes.
const SHORT: Duration = Duration::from_millis(50);

/// What a socket does once a command has come.
type Manner = fn(&mut TcpStream);

/// Serves connections until the test program ends; returns the port. Like swtpm it takes the next
/// one when the client has left.
fn listen(manner: Manner) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut command = [0; 4200];
            if stream.read(&mut command).is_ok_and(|read| read > 0) {
                manner(&mut stream);
            }
        }
    });
    port
}

fn swtpm(port: u16) -> Address {
    Address::Swtpm("127.0.0.1".into(), port)
}

fn tpmrm(port: u16) -> Address {
    Address::Tpmrm("127.0.0.1".into(), port)
}

fn mssim(port: u16) -> Address {
    Address::Mssim("127.0.0.1".into(), port)
}

/// What each command makes of it.
fn errors(address: &Address) -> impl Iterator<Item = (&'static str, Error)> {
    errors_within(LONG, address)
}

fn errors_within(patience: Duration, address: &Address) -> impl Iterator<Item = (&'static str, Error)> {
    let mut tpm = Direct::open_patient(address, patience).unwrap();
    COMMANDS.iter().map(move |(name, command)| (*name, command(&mut tpm).expect_err(name)))
}

fn send(stream: &mut TcpStream, bytes: &[u8]) {
    // The client may have left.
    let _ = stream.write_all(bytes);
}

/// Waits until the client leaves.
fn hold(stream: &mut TcpStream) {
    let _ = stream.read_to_end(&mut vec![]);
}

#[test]
fn a_closed_connection_is_told() {
    let closing: [Manner; 3] = [
        |_| {},
        |stream| send(stream, &[0x80, 0x01, 0, 0]),
        |stream| send(stream, &[0x80, 0x01, 0, 0, 0, 100, 0, 0, 0, 0, 1, 2, 3]),
    ];
    for manner in closing {
        // A listener for each, for it serves one connection at a time.
        let all = [swtpm(listen(manner)), tpmrm(listen(manner)), mssim(listen(manner))];
        for (name, error) in all.iter().flat_map(errors) {
            match error {
                Error::Io { source, .. } => {
                    let reset = matches!(source.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
                    assert!(reset || source.kind() == ErrorKind::UnexpectedEof, "{name}: {source:?}");
                }
                // The simulator's frame begins with a size: here one that no answer has.
                Error::Malformed { what, .. } => assert!(what.contains("it says"), "{name}: {what}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn silence_is_told() {
    let silent: [Manner; 3] = [
        hold,
        |stream| {
            send(stream, &[0x80, 0x01, 0, 0, 0, 100, 0, 0, 0, 0, 1, 2, 3]);
            hold(stream);
        },
        // A byte now and then does not prolong the wait.
        |stream| {
            while stream.write_all(&[0]).is_ok() {
                thread::sleep(SHORT / 8);
            }
        },
    ];
    for manner in silent {
        let all = [swtpm(listen(manner)), tpmrm(listen(manner))];
        for (name, error) in all.iter().flat_map(|address| errors_within(SHORT, address)) {
            // Zeros are no header, once there are enough of them.
            let slow = matches!(&error, Error::Malformed { what, .. } if what.contains("it says"));
            assert!(slow || matches!(error, Error::Silent { .. }), "{name}: {error:?}");
        }
    }
    errors_within(SHORT, &mssim(listen(hold)))
        .for_each(|(name, error)| assert!(matches!(error, Error::Silent { .. }), "{name}: {error:?}"));
}

#[test]
fn too_much_is_refused() {
    let endless: Manner = |stream| {
        send(stream, &[0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        send(stream, &[0; 100_000]);
        hold(stream);
    };
    errors(&swtpm(listen(endless))).for_each(|(name, error)| assert_malformed(name, &error));
    errors(&tpmrm(listen(endless))).for_each(|(name, error)| assert_malformed(name, &error));
    errors(&mssim(listen(endless))).for_each(|(name, error)| assert_malformed(name, &error));
    let trailing: Manner = |stream| send(stream, &[0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x8b, 0]);
    errors(&swtpm(listen(trailing))).for_each(|(name, error)| assert_malformed(name, &error));
    errors(&tpmrm(listen(trailing))).for_each(|(name, error)| assert_malformed(name, &error));
}

#[test]
fn frames_end_as_the_simulator_ends_them() {
    let honest: Manner = |stream| {
        send(stream, &[0, 0, 0, 10, 0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x8b, 0, 0, 0, 0]);
        hold(stream);
    };
    errors(&mssim(listen(honest))).for_each(|(name, error)| assert_eq!(error.code(), Some(0x08b), "{name}"));
    let other_end: Manner = |stream| {
        send(stream, &[0, 0, 0, 10, 0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x8b, 0, 0, 0, 1]);
        hold(stream);
    };
    errors(&mssim(listen(other_end))).for_each(|(name, error)| assert_malformed(name, &error));
    let other_size: Manner = |stream| {
        send(stream, &[0, 0, 0, 11, 0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x8b, 0, 0, 0, 0, 0]);
        hold(stream);
    };
    errors(&mssim(listen(other_size))).for_each(|(name, error)| assert_malformed(name, &error));
}

#[test]
fn a_tpm_that_goes_away_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut open = [swtpm(port), tpmrm(port)].map(|address| Direct::open(&address).unwrap());
    drop(listener);
    for tpm in &mut open {
        for (name, command) in COMMANDS {
            let error = command(tpm).unwrap_err();
            assert!(matches!(error, Error::Io { .. }), "{name}: {error:?}");
        }
    }
}

/// A resource manager flushes what a connection made when it ends.
#[test]
fn a_connection_is_kept_until_an_exchange_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut tpm = Direct::open(&tpmrm(listener.local_addr().unwrap().port())).unwrap();
    let served = thread::spawn(move || {
        let mut commands = Vec::new();
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut read = 0;
            while stream.read(&mut [0; 4200]).unwrap() > 0 {
                read += 1;
                // The third one is answered with more than its size.
                let answer = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0, 0];
                stream.write_all(if read == 3 { &answer } else { &answer[..10] }).unwrap();
            }
            commands.push(read);
        }
        commands
    });
    let answers: Vec<_> = (0..5).map(|_| tpm.transmit(&[0; 10]).is_ok()).collect();
    assert_eq!(answers, [true, true, false, true, true]);
    drop(tpm);
    assert_eq!(served.join().unwrap(), [3, 2]);
}
