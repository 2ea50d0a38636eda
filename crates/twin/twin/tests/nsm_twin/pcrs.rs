//! Every rule of the PCR bank, over the socket.

use aws_lc_rs::digest::{SHA384, digest};
use ciborium::Value;
use teeproof_twin::nsm::{Identity, Settings};

use crate::client::{Client, field, map, start};

fn error(name: &str) -> Value {
    map("Error", name)
}

fn index(index: u64) -> [(&'static str, Value); 1] {
    [("index", index.into())]
}

fn extend(index: u64, data: &[u8]) -> [(&'static str, Value); 2] {
    [("index", index.into()), ("data", data.into())]
}

/// SHA-384 of the parts.
fn sha384(parts: &[&[u8]]) -> Vec<u8> {
    digest(&SHA384, &parts.concat()).as_ref().to_vec()
}

fn value(client: &mut Client, at: u64) -> (bool, Vec<u8>) {
    let answer = client.call("DescribePCR", index(at));
    let lock = field(&answer, "DescribePCR", "lock").as_bool().unwrap();
    (lock, field(&answer, "DescribePCR", "data").into_bytes().unwrap())
}

fn locked(client: &mut Client) -> Vec<u64> {
    let answer = client.exchange(&"DescribeNSM".into());
    let locked = field(&answer, "DescribeNSM", "locked_pcrs").into_array().unwrap();
    locked.iter().map(|index| index.as_integer().unwrap().try_into().unwrap()).collect()
}

#[test]
fn the_device_describes_itself() {
    let running = start(Settings::default());
    let answer = Client::of(&running).exchange(&"DescribeNSM".into());
    let get = |key| field(&answer, "DescribeNSM", key);
    for (key, number) in [("version_major", 1), ("version_minor", 0), ("version_patch", 0), ("max_pcrs", 32)]
    {
        assert_eq!(get(key), number.into(), "{key}");
    }
    assert_eq!(get("digest"), "SHA384".into());
    assert_eq!(get("module_id"), running.module_id().into());
    assert_eq!(running.module_id().len(), 39);
    assert_eq!(locked(&mut Client::of(&running)), (0..16).collect::<Vec<_>>());
}

#[test]
fn random_bytes_are_256_and_never_the_same() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut random =
        || field(&client.exchange(&"GetRandom".into()), "GetRandom", "random").into_bytes().unwrap();
    let first = random();
    assert_eq!(first.len(), 256);
    assert_ne!(first, random());
}

#[test]
fn values_at_launch_are_those_of_the_settings() {
    let role = "arn:aws:iam::123456789012:role/Webserver";
    let identity = Identity { instance: "i-0ffffffffffffffff".to_owned(), ..Identity::default() };
    let pcrs = vec![(0, [1; 48]), (2, [3; 48]), (8, [8; 48])];
    let settings = Settings { identity, role: Some(role.to_owned()), pcrs, ..Settings::default() };
    let running = start(settings.clone());
    let mut client = Client::of(&running);
    let zero = [0; 48];
    assert_eq!(value(&mut client, 0), (true, vec![1; 48]));
    assert_eq!(value(&mut client, 2), (true, vec![3; 48]));
    let (_, pcr1) = value(&mut client, 1);
    assert_ne!(pcr1, zero);
    let pcr3 = value(&mut client, 3).1;
    assert_eq!(pcr3, sha384(&[&zero, role.as_bytes()]));
    // Published, in part.
    assert_eq!((pcr3[..4].to_vec(), pcr3[46..].to_vec()), (vec![0x78, 0xfc, 0xe7, 0x5d], vec![0x21, 0xe6]));
    assert_eq!(value(&mut client, 4).1, sha384(&[&zero, b"i-0ffffffffffffffff"]));
    assert_eq!(value(&mut client, 8), (true, vec![8; 48]));
    for index in (5..8).chain(9..16) {
        assert_eq!(value(&mut client, index), (true, zero.to_vec()), "{index}");
    }
    for index in 16..32 {
        assert_eq!(value(&mut client, index), (false, zero.to_vec()), "{index}");
    }

    // Debug: the image's are zero, role and instance stay.
    let in_debug = start(Settings { debug: true, ..settings });
    let mut debug = Client::of(&in_debug);
    for index in [0, 1, 2, 8] {
        assert_eq!(value(&mut debug, index), (true, zero.to_vec()), "{index}");
    }
    assert_eq!(value(&mut debug, 3).1, pcr3);
    assert_ne!(value(&mut debug, 4).1, zero);
    // No role attached.
    assert_eq!(value(&mut Client::of(&start(Settings::default())), 3).1, zero);
}

#[test]
fn a_value_at_launch_above_pcr_15_is_refused() {
    let settings = Settings { pcrs: vec![(16, [0; 48])], ..Settings::default() };
    let error = teeproof_twin::nsm::Nsm::start(&settings).unwrap_err();
    assert_eq!(error.to_string(), "PCR 16: expected an index from 0 to 15 for a value at launch");
}

#[test]
fn extending_hashes_the_old_value_and_the_data() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let answer = client.call("ExtendPCR", extend(16, b"one"));
    let one = sha384(&[&[0; 48], b"one"]);
    assert_eq!(field(&answer, "ExtendPCR", "data"), Value::Bytes(one.clone()));
    let long = vec![7; 4000];
    let two = sha384(&[&one, &long]);
    let answer = client.call("ExtendPCR", extend(16, &long));
    assert_eq!(field(&answer, "ExtendPCR", "data"), Value::Bytes(two.clone()));
    // Another connection sees the same bank.
    assert_eq!(value(&mut Client::of(&running), 16), (false, two));
    let empty = client.call("ExtendPCR", extend(17, b""));
    assert_eq!(field(&empty, "ExtendPCR", "data"), Value::Bytes(sha384(&[&[0; 48]])));
}

#[test]
fn locked_pcrs_are_neither_extended_nor_locked_again() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    assert_eq!(client.call("ExtendPCR", extend(0, b"x")), error("ReadOnlyIndex"));
    assert_eq!(client.call("LockPCR", index(15)), error("ReadOnlyIndex"));
    assert_eq!(client.call("LockPCR", index(20)), "LockPCR".into());
    assert_eq!(client.call("LockPCR", index(20)), error("ReadOnlyIndex"));
    assert_eq!(client.call("ExtendPCR", extend(20, b"x")), error("ReadOnlyIndex"));
    assert!(value(&mut client, 20).0);
    assert_eq!(locked(&mut client), (0..16).chain([20]).collect::<Vec<_>>());
}

#[test]
fn locking_a_range_is_idempotent() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut range = |range: u64| client.call("LockPCRs", [("range", range.into())]);
    for (below, answer) in [(18, "LockPCRs".into()), (18, "LockPCRs".into()), (0, "LockPCRs".into())] {
        assert_eq!(range(below), answer, "{below}");
    }
    assert_eq!(range(33), error("InvalidIndex"));
    assert_eq!(locked(&mut client), (0..18).collect::<Vec<_>>());
    let mut range = |range: u64| client.call("LockPCRs", [("range", range.into())]);
    assert_eq!(range(32), "LockPCRs".into());
    assert_eq!(locked(&mut client).len(), 32);
}

#[test]
fn indices_and_requests_that_there_are_not_have_their_errors() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    for (name, at) in [("DescribePCR", 32), ("LockPCR", 32), ("DescribePCR", 256), ("LockPCR", 65_535)] {
        assert_eq!(client.call(name, index(at)), error("InvalidIndex"), "{name} {at}");
    }
    assert_eq!(client.call("ExtendPCR", extend(32, b"x")), error("InvalidIndex"));
    assert_eq!(client.call("DescribePCR", index(65_536)), error("InvalidArgument"));
    assert_eq!(client.call("ExtendPCR", index(16)), error("InvalidArgument"));
    assert_eq!(client.call("Attestation", [("nonce", "text".into())]), error("InvalidArgument"));
    assert_eq!(client.call("Decrypt", []), error("InvalidOperation"));
    assert_eq!(client.exchange(&"Decrypt".into()), error("InvalidOperation"));
    // An unlocked PCR is not changed by any of it.
    assert_eq!(value(&mut client, 16), (false, vec![0; 48]));
}
