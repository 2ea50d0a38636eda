//! The payload's fields: what is missing, there twice, of another type or out of bounds.

use teeproof_mint::Value;
use teeproof_mint::nitro::{Enclave, Identity};
use teeproof_mint::{DEFAULT_TIME, nitro::Document};
use teeproof_nitro::Limits;
use teeproof_wire::ErrorKind;

use crate::support::{Bag, Expected, NONCE, entry_refused, refused};

const DOCUMENT: &str = "Nitro document";
const KEY: &str = "Nitro document: key";
const PCRS: &str = "Nitro document: pcrs";
const CHOSEN: [&str; 3] =
    ["Nitro document: public_key", "Nitro document: user_data", "Nitro document: nonce"];

fn key(what: &'static str) -> &'static str {
    what.rsplit(' ').next().unwrap()
}

#[test]
fn each_required_key_missing() {
    for (key, expected) in [
        ("module_id", Expected::Fields(ErrorKind::Missing, DOCUMENT)),
        ("digest", Expected::Fields(ErrorKind::Missing, DOCUMENT)),
        ("timestamp", Expected::Fields(ErrorKind::Missing, DOCUMENT)),
        ("pcrs", Expected::Fields(ErrorKind::Missing, DOCUMENT)),
        ("certificate", Expected::Format(ErrorKind::Missing, DOCUMENT)),
        ("cabundle", Expected::Format(ErrorKind::Missing, DOCUMENT)),
    ] {
        refused(|enclave| enclave.with_document(|document| document.remove(key)), expected);
    }
}

/// Real documents write null for what nobody gave; absent is read alike.
#[test]
fn optional_keys_may_be_absent() {
    let all = Enclave::new().nonce(b"n").user_data(b"u").public_key(b"p");
    let seen = Bag::of(&all).verify().unwrap();
    let some = |text: &[u8]| Some(text.to_vec());
    assert_eq!((seen.nonce, seen.user_data, seen.public_key), (some(b"n"), some(b"u"), some(b"p")));
    for remove in
        [Document::remove as fn(&mut _, &_), |document: &mut Document, key| document.set(key, Value::Null)]
    {
        let none = all.clone().with_document(|document| {
            CHOSEN.iter().for_each(|what| remove(document, key(what)));
        });
        let seen = Bag::of(&none).verify().unwrap();
        assert_eq!((seen.nonce, seen.user_data, seen.public_key), (None, None, None));
    }
}

#[test]
fn each_key_twice() {
    for (key, expected) in [
        ("module_id", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
        ("digest", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
        ("timestamp", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
        ("pcrs", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
        ("certificate", Expected::Format(ErrorKind::Duplicate, DOCUMENT)),
        ("cabundle", Expected::Format(ErrorKind::Duplicate, DOCUMENT)),
        ("public_key", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
        ("user_data", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
        ("nonce", Expected::Fields(ErrorKind::Duplicate, DOCUMENT)),
    ] {
        refused(|enclave| enclave.with_document(|document| document.repeat(key)), expected);
    }
    // Null first, and then the expected nonce; the other way round as well.
    for (first, second) in
        [(Value::Null, Value::Bytes(vec![7; 16])), (Value::Bytes(vec![7; 16]), Value::Null)]
    {
        let enclave = Enclave::new().with_entry("nonce", first);
        let twice = enclave.with_document(|document| document.push("nonce", second));
        Bag { nonce: Some(vec![7; 16]), ..Bag::of(&twice) }
            .refused(Expected::Fields(ErrorKind::Duplicate, DOCUMENT));
    }
}

#[test]
fn unknown_keys() {
    for name in ["", "Nonce", "nonce ", "enclave", "pcr0", "attestation_document"] {
        refused(
            |enclave| enclave.with_document(|document| document.push(name, Value::Null)),
            Expected::Fields(ErrorKind::Value, KEY),
        );
    }
}

#[test]
fn every_field_of_another_type() {
    let values = [
        Value::Null,
        Value::from(1_768_478_400_250_i64),
        Value::from(-1),
        Value::Bytes(b"i-0-enc0".to_vec()),
        Value::Text("SHA384".to_owned()),
        Value::Array(vec![]),
        Value::Map(vec![]),
    ];
    for (what, fits) in [
        ("Nitro document: module_id", 4),
        ("Nitro document: digest", 4),
        ("Nitro document: timestamp", 1),
        ("Nitro document: pcrs", 6),
        ("Nitro document: public_key", 3),
        ("Nitro document: user_data", 3),
        ("Nitro document: nonce", 3),
    ] {
        let optional = CHOSEN.contains(&what);
        for (at, value) in values.iter().enumerate() {
            if at != fits && !(optional && at == 0) {
                entry_refused(key(what), value.clone(), Expected::Fields(ErrorKind::Value, what));
            }
        }
    }
    for (what, fits) in [("Nitro document: certificate", 3), ("Nitro document: cabundle", 5)] {
        for (at, value) in values.iter().enumerate().filter(|(at, _)| *at != fits) {
            let _ = at;
            entry_refused(key(what), value.clone(), Expected::Format(ErrorKind::Value, what));
        }
    }
}

#[test]
fn module_ids() {
    let module_id = "Nitro document: module_id";
    for id in ["", "i-0 -enc0", "i-0-enc0\n", "i-ö-enc0", &format!("i-enc{}", "0".repeat(124))] {
        entry_refused("module_id", id, Expected::Fields(ErrorKind::Value, module_id));
    }
    for id in ["i-0123456789abcdef0", "i-0123456789abcdef0-tpm0000000000000000", "i-0-ENC0"] {
        entry_refused("module_id", id, Expected::Fields(ErrorKind::Unsupported, module_id));
    }
    // 128 characters are read; that the certificate names another module is found later.
    let long = format!("i-0-enc{}", "0".repeat(121));
    entry_refused("module_id", long, crate::chain::MODULE_ID);
}

#[test]
fn digests() {
    let digest = "Nitro document: digest";
    for text in ["", "SHA256", "SHA512", "sha384", "SHA-384", "SHA384 "] {
        entry_refused("digest", text, Expected::Fields(ErrorKind::Unsupported, digest));
    }
}

#[test]
fn time_stamps_before_there_was_nitro() {
    let timestamp = "Nitro document: timestamp";
    for value in [0, 1, DEFAULT_TIME, 1_572_220_799_999] {
        entry_refused("timestamp", value, Expected::Fields(ErrorKind::Value, timestamp));
    }
}

#[test]
fn indices_of_registers() {
    for index in [32, 33, 255, 256, 257, 0x1_0000, 1 << 32, (1 << 32) + 5, u64::MAX] {
        refused(
            |enclave| enclave.with_document(|document| document.push_pcr(index, Value::Bytes(vec![1; 48]))),
            Expected::Fields(ErrorKind::Value, PCRS),
        );
    }
    for index in 16..32 {
        let enclave = Enclave::new().pcr(index, &[1; 48]);
        let seen = Bag::of(&enclave).verify().unwrap();
        assert_eq!(seen.pcrs.last(), Some(&u8::try_from(index).unwrap()));
    }
    for index in [Value::from(-1), Value::from("0"), Value::Bytes(vec![0]), Value::Null] {
        refused(
            |enclave| enclave.with_document(|document| document.push_pcr(index, Value::Bytes(vec![1; 48]))),
            Expected::Fields(ErrorKind::Value, PCRS),
        );
    }
}

#[test]
fn registers_that_are_there_twice() {
    for index in [0, 8, 15] {
        refused(
            |enclave| enclave.with_document(|document| document.push_pcr(index, Value::Bytes(vec![1; 48]))),
            Expected::Fields(ErrorKind::Duplicate, PCRS),
        );
    }
}

#[test]
fn registers_of_other_lengths() {
    for length in [0, 1, 32, 47, 49, 64] {
        for index in [0, 15, 16] {
            refused(|enclave| enclave.pcr(index, &vec![1; length]), Expected::Fields(ErrorKind::Value, PCRS));
        }
    }
    for value in [Value::Null, Value::from(0), Value::Text("1".repeat(48))] {
        refused(
            |enclave| enclave.with_document(|document| document.push_pcr(16, value)),
            Expected::Fields(ErrorKind::Value, PCRS),
        );
    }
}

#[test]
fn banks() {
    entry_refused("pcrs", Value::Map(vec![]), Expected::Fields(ErrorKind::Missing, PCRS));
    entry_refused("pcrs", Value::Null, Expected::Fields(ErrorKind::Value, PCRS));
    entry_refused("pcrs", Value::Bytes(vec![0; 48]), Expected::Fields(ErrorKind::Value, PCRS));
    // All 32, in any order; one alone; with holes.
    let bank = |indices: &[u64]| {
        let entries = indices.iter().map(|index| (Value::from(*index), Value::Bytes(vec![1; 48])));
        Enclave::new().with_entry("pcrs", Value::Map(entries.collect()))
    };
    let all: Vec<_> = (0..32).rev().collect();
    assert_eq!(Bag::of(&bank(&all)).verify().unwrap().pcrs.len(), 32);
    assert_eq!(Bag::of(&bank(&[31])).verify().unwrap().pcrs, [31]);
    assert_eq!(Bag::of(&bank(&[20, 3, 0])).verify().unwrap().pcrs, [0, 3, 20]);
    let more: Vec<_> = (0..33).collect();
    Bag::of(&bank(&more)).refused(Expected::Fields(ErrorKind::TooLarge, PCRS));
}

#[test]
fn fields_that_the_enclave_chooses() {
    for what in CHOSEN {
        let with = |length: usize| Enclave::new().with_entry(key(what), Value::Bytes(vec![7; length]));
        for length in [0, 1, 512, 513, 1024] {
            Bag::of(&with(length)).verify().unwrap();
        }
        for length in [1025, 4096] {
            Bag::of(&with(length)).refused(Expected::Fields(ErrorKind::TooLarge, what));
            let mut bag = Bag::of(&with(length));
            bag.limits = Limits::of_fields(4096);
            bag.verify().unwrap();
        }
        let mut bag = Bag::of(&with(4097));
        bag.limits = Limits::of_fields(4096);
        bag.refused(Expected::Fields(ErrorKind::TooLarge, what));
        // Nothing at all is not nobody's choice.
        let seen = Bag::of(&with(0)).verify().unwrap();
        let found = [seen.public_key, seen.user_data, seen.nonce];
        assert_eq!(found.iter().flatten().collect::<Vec<_>>(), [&Vec::<u8>::new()], "{what}");
    }
}

#[test]
fn nonces() {
    let nonce: Vec<u8> = (1..=64).collect();
    let with_nonce = |of: Option<&[u8]>, nonce: &[u8]| {
        let enclave = match of {
            Some(of) => Enclave::new().nonce(of),
            None => Enclave::new(),
        };
        Bag { nonce: Some(nonce.to_vec()), ..Bag::of(&enclave) }
    };
    for length in [1, 16, 20, 32, 64] {
        let own = Some(&nonce[..length]);
        with_nonce(own, &nonce[..length]).verify().unwrap();
        // A prefix is not it, nothing longer is, and zeros count.
        if length > 1 {
            with_nonce(own, &nonce[..length - 1]).refused(NONCE);
        }
        with_nonce(own, &[&nonce[..length], &[0]].concat()).refused(NONCE);
        with_nonce(Some(&[&nonce[..length], &[0]].concat()), &nonce[..length]).refused(NONCE);
        let mut other = nonce[..length].to_vec();
        other[length - 1] ^= 1;
        with_nonce(own, &other).refused(NONCE);
        // Absent, null, empty.
        with_nonce(None, &nonce[..length]).refused(NONCE);
        with_nonce(Some(&[]), &nonce[..length]).refused(NONCE);
    }
    assert!(teeproof_core::Nonce::from_bytes(&[]).is_err());
    let absent = Enclave::new().with_document(|document| document.remove("nonce"));
    Bag { nonce: Some(vec![1]), ..Bag::of(&absent) }.refused(NONCE);
    // The nonce in another field is not the nonce.
    let elsewhere = Enclave::new().user_data(&nonce).public_key(&nonce);
    Bag { nonce: Some(nonce), ..Bag::of(&elsewhere) }.refused(NONCE);
}

/// Same root, same chain, other meaning: the error says so.
#[test]
fn documents_of_a_nitrotpm() {
    let refused = |enclave: &Enclave, what: &'static str| {
        let bag = Bag::of(enclave);
        bag.refused(Expected::Fields(ErrorKind::Unsupported, what));
        let text = bag.verify().unwrap_err().to_string();
        assert!(text.contains("of a NitroTPM, another kind of evidence"), "{text}");
    };
    refused(&Enclave::nitrotpm(), "Nitro document: module_id");
    refused(&Enclave::nitrotpm().with_document(Document::reverse), "Nitro document: nitrotpm_pcrs");
    // With one of the two marks alone.
    let bank = "Nitro document: nitrotpm_pcrs";
    refused(&Enclave::new().with_document(|document| document.rename("pcrs", "nitrotpm_pcrs")), bank);
    let both = |document: &mut Document| document.push("nitrotpm_pcrs", Value::Map(vec![]));
    refused(&Enclave::new().with_document(both), bank);
    let renamed = Enclave::nitrotpm().with_document(|document| document.rename("nitrotpm_pcrs", "pcrs"));
    refused(&renamed, "Nitro document: module_id");
}

#[test]
fn another_region_instance_and_enclave() {
    let identity = Identity {
        instance: "i-00000000000000001".to_owned(),
        enclave: u64::MAX,
        region: "us-gov-west-1".to_owned(),
        tpm: false,
    };
    let seen = Bag::of(&Enclave::with_identity(&identity, DEFAULT_TIME)).verify().unwrap();
    assert_eq!(seen.module_id, "i-00000000000000001-encffffffffffffffff");
}
