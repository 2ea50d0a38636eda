//! Frames at and beyond their limits.

use std::io::{Read as _, Write as _};
use std::thread;

use crate::client::{Client, map, start};
use teeproof_twin::nsm::Settings;

fn decoded(bytes: &[u8]) -> ciborium::Value {
    ciborium::from_reader(bytes).unwrap()
}

#[test]
fn a_request_of_4096_bytes_is_read_and_a_longer_one_refused() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    assert_eq!(decoded(&client.bytes(&[0xff; 4096])), map("Error", "InvalidOperation"));
    for size in [4097, 5000, 100_000, 1 << 20] {
        assert_eq!(decoded(&client.bytes(&vec![0; size])), map("Error", "InputTooLarge"), "{size}");
    }
    // The stream is still in step.
    assert_eq!(client.exchange(&"DescribeNSM".into()).as_map().unwrap().len(), 1);
    assert_eq!(decoded(&client.bytes(b"")), map("Error", "InvalidOperation"));
    // A nonce as long as the device has room for it.
    let nonce = vec![1; 4000];
    assert!(client.attest(None, Some(&nonce), None).len() > 8000);
}

#[test]
fn a_length_beyond_reason_ends_the_connection_with_a_refusal() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    client.0.write_all(&u32::MAX.to_be_bytes()).unwrap();
    let writer = client.0.try_clone().unwrap();
    let flood = thread::spawn(move || {
        let mut writer = writer;
        for _ in 0..(2 << 20) / 4096 {
            if writer.write_all(&[0; 4096]).is_err() {
                return;
            }
        }
    });
    // The twin closes with data unread, so the refusal may be lost with the connection.
    let answer = client.frame();
    assert!(answer.is_err() || decoded(&answer.unwrap()) == map("Error", "InputTooLarge"));
    let _ = client.0.shutdown(std::net::Shutdown::Both);
    flood.join().unwrap();
    Client::of(&running).exchange(&"GetRandom".into());
}

#[test]
fn a_frame_that_ends_early_ends_the_connection_alone() {
    let running = start(Settings::default());
    for sent in [&b"\x00"[..], b"\x00\x00\x00\x0a", b"\x00\x00\x00\x0aGet"] {
        let mut client = Client::of(&running);
        client.0.write_all(sent).unwrap();
        client.0.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
    }
    Client::of(&running).exchange(&"GetRandom".into());
}

#[test]
fn many_clients_are_answered_at_once() {
    let running = start(Settings::default());
    thread::scope(|scope| {
        for number in 0..16_u8 {
            let running = &running;
            scope.spawn(move || {
                let mut client = Client::of(running);
                for round in 0..10 {
                    let nonce = [number, round];
                    let document = client.attest(None, Some(&nonce), None);
                    let found = crate::client::entry(&document, "nonce");
                    assert_eq!(found, ciborium::Value::Bytes(nonce.to_vec()));
                }
            });
        }
    });
}
