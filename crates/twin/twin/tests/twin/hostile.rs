//! Hostile clients: the twin responds or disconnects, and serves the next client.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use teeproof_twin::paravisor::{Running, Settings};

use crate::raw::{Client, NV_READ, OWNER, REPORT, command, password, start, u32_at, wanted};

/// The whole response to these bytes, up to the end of the connection.
fn said(running: &Running, port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut address = running.listens_on();
    address.set_port(address.port() + port);
    let mut stream = TcpStream::connect(address).unwrap();
    // The twin may have disconnected before the last of them.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn serves(running: &Running) {
    assert_eq!(Client::of(running).nv_read(REPORT, 0, 4), Ok(b"HCLA".to_vec()));
}

#[test]
fn impossible_command_sizes() {
    let running = start(Settings::default());
    for size in [0_u32, 1, 9, 4097, 0x8000_0000, u32::MAX] {
        let bytes = [&[0x80, 1][..], &size.to_be_bytes(), &[0; 4096]].concat();
        let answer = said(&running, 0, &bytes);
        assert!(answer.is_empty() || u32_at(&answer, 6) == 0x142, "{size}: {answer:02x?}");
        serves(&running);
    }
}

#[test]
fn commands_cut_off_and_left() {
    let running = start(Settings::default());
    let read = command(NV_READ, &[OWNER, REPORT], &password(b""), &wanted(64, 0));
    for end in 0..read.len() {
        assert!(said(&running, 0, &read[..end]).is_empty());
    }
    serves(&running);
}

#[test]
fn commands_shortened_with_a_size_that_fits() {
    let running = start(Settings::default());
    let read = command(NV_READ, &[OWNER, REPORT], &password(b""), &wanted(64, 0));
    let mut client = Client::of(&running);
    for end in 10..read.len() {
        let mut short = read[..end].to_vec();
        short[2..6].copy_from_slice(&u32::try_from(end).unwrap().to_be_bytes());
        assert_ne!(u32_at(&client.bytes(&short), 6), 0, "{end} bytes");
    }
    serves(&running);
}

#[test]
fn noise_in_every_byte() {
    let running = start(Settings::default());
    let read = command(NV_READ, &[OWNER, REPORT], &password(b""), &wanted(64, 0));
    let mut client = Client::of(&running);
    // The size stays what it is: the stream would be out of step otherwise.
    for at in (0..2).chain(6..read.len()) {
        for bit in 0..8 {
            let mut command = read.clone();
            command[at] ^= 1 << bit;
            client.bytes(&command);
        }
    }
    serves(&running);
}

#[test]
fn the_control_channel_stops_nothing() {
    let running = start(Settings::default());
    // CMD_SET_LOCALITY 0 and 3, CMD_CANCEL_TPM_CMD.
    assert_eq!(said(&running, 1, &[0, 0, 0, 5, 0]), [0; 4]);
    assert_eq!(said(&running, 1, &[0, 0, 0, 5, 3]), [0, 0, 0, 9]);
    assert_eq!(said(&running, 1, &[0, 0, 0, 9, 0, 0, 0, 5, 0]), [0; 8]);
    // CMD_INIT, CMD_SHUTDOWN, CMD_STOP, and one that there is not.
    for code in [2, 3, 14, 0xff] {
        assert_eq!(said(&running, 1, &[0, 0, 0, code, 0, 0, 0, 0]), [0, 0, 0, 9]);
    }
    serves(&running);
}

#[test]
fn more_clients_than_are_served() {
    let running = start(Settings::default());
    let mut many: Vec<_> = (0..200).map(|_| Client::of(&running)).collect();
    // While all stay, a further client is disconnected.
    assert_eq!(many.iter_mut().map(is_answered).filter(|answered| *answered).count(), 64);
    drop(many);
    // A later client is served once the others have left.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_answered(&mut Client::of(&running)) {
        assert!(Instant::now() < deadline, "nobody gets in any more");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a read is answered; otherwise the connection was closed.
fn is_answered(client: &mut Client) -> bool {
    let read = command(NV_READ, &[OWNER, REPORT], &password(b""), &wanted(4, 0));
    let mut answer = [0; 25];
    match client.0.write_all(&read).and_then(|()| client.0.read_exact(&mut answer)) {
        Ok(()) => {
            assert_eq!(answer[16..20], *b"HCLA");
            true
        }
        Err(error) => {
            assert!(is_the_end(&error), "{error}");
            false
        }
    }
}

/// Whether the other end has closed the connection; a timeout does not count.
fn is_the_end(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

#[test]
fn a_twin_that_is_dropped_hangs_up() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    assert!(client.nv_read(REPORT, 0, 4).is_ok());
    let address = running.listens_on();
    drop(running);
    assert!(is_the_end(&client.0.read_exact(&mut [0; 1]).unwrap_err()));
    assert!(TcpStream::connect(address).is_err());
}
