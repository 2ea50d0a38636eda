//! The payload's CBOR: what is outside of the subset is refused before the signature is looked at,
//! or at the field that it stands in. All of it is signed properly.

use teeproof_mint::nitro::Enclave;
use teeproof_mint::{Value, nitro::Document};
use teeproof_wire::ErrorKind;

use crate::support::{Bag, Expected, entry_refused, refused, replace};

const DOCUMENT: &str = "Nitro document";
const KEY: &str = "Nitro document: key";
const CABUNDLE: &str = "Nitro document: cabundle";
const USER_DATA: &str = "Nitro document: user_data";

fn definite(document: &mut Document) {
    document.set_definite(true);
}

/// Holds that a payload edited so is refused so, and that the edit alone is why.
#[track_caller]
fn edited(enclave: &Enclave, old: &[u8], new: &[u8], expected: Expected) {
    Bag::edited(enclave, |_| {}).verify().expect("the control");
    Bag::edited(enclave, |payload| replace(payload, old, new)).refused(expected);
}

#[test]
fn keys_in_any_order() {
    let enclave = Enclave::new().with_document(Document::reverse);
    Bag::of(&enclave).verify().unwrap();
    Bag::of(&enclave.with_document(definite)).verify().unwrap();
}

#[test]
fn strings_in_chunks() {
    let format = Expected::Format(ErrorKind::Value, DOCUMENT);
    let enclave = Enclave::new().user_data(b"user data");
    edited(&enclave, b"\x49user data", b"\x5f\x44user\x45 data\xff", format);
    edited(&enclave, b"\x49user data", b"\x5f\x49user data\xff", format);
    edited(&enclave, b"\x66SHA384", b"\x7f\x63SHA\x63384\xff", format);
    edited(&enclave, b"\x69module_id", b"\x7f\x69module_id\xff", Expected::Format(ErrorKind::Value, KEY));
    // The certificate's own length is in the third and fourth byte.
    let chunked = |payload: &mut Vec<u8>| {
        let at = payload.windows(11).position(|window| window == b"certificate").unwrap() + 11;
        let length = 3 + usize::from(u16::from_be_bytes([payload[at + 1], payload[at + 2]]));
        payload.insert(at + length, 0xff);
        payload.insert(at, 0x5f);
    };
    Bag::edited(&enclave, chunked).refused(Expected::Format(ErrorKind::Value, "Nitro document: certificate"));
}

#[test]
fn integers_and_lengths_in_longer_form() {
    let format = Expected::Format(ErrorKind::Value, DOCUMENT);
    let enclave = Enclave::new().user_data(b"user data");
    for longer in [&[0x58, 9][..], &[0x59, 0, 9], &[0x5a, 0, 0, 0, 9], &[0x5b, 0, 0, 0, 0, 0, 0, 0, 9]] {
        edited(&enclave, b"\x49user data", &[longer, b"user data"].concat(), format);
    }
    edited(&enclave, b"\x66digest", b"\x78\x06digest", Expected::Format(ErrorKind::Value, KEY));
    edited(&enclave, b"\x78\x27i-", b"\x79\x00\x27i-", format);
    // The first register's index, and the bank's count.
    edited(&enclave, b"\x64pcrs\xb0\x00", b"\x64pcrs\xb0\x18\x00", format);
    edited(&enclave, b"\x64pcrs\xb0\x00", b"\x64pcrs\xb8\x10\x00", format);
    edited(
        &enclave,
        b"\x68cabundle\x84",
        b"\x68cabundle\x98\x04",
        Expected::Format(ErrorKind::Value, CABUNDLE),
    );
    let whole = Enclave::new().with_document(definite);
    edited(&whole, b"\xa9\x69module_id", b"\xb8\x09\x69module_id", format);
    edited(&whole, b"\xa9\x69module_id", b"\xb9\x00\x09\x69module_id", format);
}

#[test]
fn what_the_subset_does_not_have() {
    let format = Expected::Format(ErrorKind::Value, DOCUMENT);
    for value in [
        // Undefined, true, simple values, floats of three lengths, tags, reserved lengths.
        &[0xf7][..],
        &[0xf5],
        &[0xf4],
        &[0xe0],
        &[0xf8, 0xff],
        &[0xf9, 0x3c, 0x00],
        &[0xfa, 0x3f, 0x80, 0, 0],
        &[0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
        &[0xc2, 0x41, 1],
        &[0xd8, 0x18, 0x41, 1],
        &[0xff],
        &[0x5c],
        &[0x1c],
        &[0x1f],
        // Inside of something.
        &[0x81, 0xf7],
        &[0xa1, 0x00, 0xc0, 0x00],
        // Of indefinite length inside.
        &[0x9f, 0xff],
        &[0xbf, 0xff],
        &[0x81, 0x9f, 0xff],
    ] {
        edited(&Enclave::new(), b"\x69user_data\xf6", &[b"\x69user_data", value].concat(), format);
    }
    // What the subset has, but not there.
    let fields = Expected::Fields(ErrorKind::Value, USER_DATA);
    for value in [
        &[0x00][..],
        &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x20],
        &[0x60],
        &[0x80],
        &[0xa0],
        &[0x82, 0x41, 0x01, 0xf6],
        &[0xa1, 0xf6, 0x82, 0x20, 0xf6],
    ] {
        edited(&Enclave::new(), b"\x69user_data\xf6", &[b"\x69user_data", value].concat(), fields);
    }
}

#[test]
fn declared_lengths_beyond_the_input() {
    let enclave = Enclave::new();
    let old = b"\x69user_data\xf6";
    for (value, kind) in [
        (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..], ErrorKind::Truncated),
        (&[0x7a, 0xff, 0xff, 0xff, 0xff], ErrorKind::Truncated),
        (&[0x59, 0x40, 0x00], ErrorKind::Truncated),
        // Containers run into the break that ends the map.
        (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], ErrorKind::Value),
        (&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], ErrorKind::Value),
    ] {
        edited(&enclave, old, &[b"\x69user_data", value].concat(), Expected::Format(kind, DOCUMENT));
        let whole = enclave.clone().with_document(definite);
        let new = [b"\x69user_data", value].concat();
        edited(&whole, old, &new, Expected::Format(ErrorKind::Truncated, DOCUMENT));
    }
}

/// Deep nesting costs no stack: it is stepped over in a loop.
#[test]
fn deep_nesting() {
    let deep = [&vec![0x81; 8000][..], &[0x00]].concat();
    edited(
        &Enclave::new(),
        b"\x69user_data\xf6",
        &[b"\x69user_data", &deep[..]].concat(),
        Expected::Fields(ErrorKind::Value, USER_DATA),
    );
}

#[test]
fn the_end_of_the_map() {
    let indefinite = Enclave::new();
    let whole = Enclave::new().with_document(definite);
    let bent = |enclave: &Enclave, edit: &dyn Fn(&mut Vec<u8>), expected| {
        Bag::edited(enclave, |_| {}).verify().expect("the control");
        Bag::edited(enclave, |payload| edit(payload)).refused(expected);
    };
    let format = |kind, what| Expected::Format(kind, what);
    // The break is missing, is there twice, or something follows.
    bent(&indefinite, &|payload| payload.truncate(payload.len() - 1), format(ErrorKind::Truncated, KEY));
    for more in [0xff, 0x00, 0xf6] {
        bent(&indefinite, &|payload| payload.push(more), format(ErrorKind::Trailing, DOCUMENT));
        bent(&whole, &|payload| payload.push(more), format(ErrorKind::Trailing, DOCUMENT));
    }
    // A break ends no map that has a length, also not at an entry's place.
    bent(&whole, &|payload| payload[0] = 0xaa, format(ErrorKind::Truncated, KEY));
    bent(&whole, &|payload| payload[0] = 0xa8, format(ErrorKind::Trailing, DOCUMENT));
    bent(&whole, &|payload| replace(payload, b"\x65nonce", b"\xff\x65nonce"), format(ErrorKind::Value, KEY));
    bent(
        &whole,
        &|payload| {
            payload[0] = 0xaa;
            payload.push(0xff);
        },
        format(ErrorKind::Value, KEY),
    );
    // A break in the place of a value.
    bent(
        &indefinite,
        &|payload| replace(payload, b"\x65nonce\xf6", b"\x65nonce"),
        format(ErrorKind::Value, DOCUMENT),
    );
    // Not a map.
    for first in [0x9f, 0x80, 0x5f, 0x00, 0xf6, 0xc0] {
        bent(&indefinite, &|payload| payload[0] = first, format(ErrorKind::Value, DOCUMENT));
    }
    Bag::of(&Enclave::new().with_payload(vec![])).refused(format(ErrorKind::Truncated, DOCUMENT));
}

#[test]
fn containers_of_indefinite_length_inside() {
    // Read where they are read (the bundle), refused where they are stepped over (the bank).
    let bundle = Bag::edited(&Enclave::new(), |payload| {
        replace(payload, b"\x68cabundle\x84", b"\x68cabundle\x9f");
        replace(payload, b"\x6apublic_key", b"\xff\x6apublic_key");
    });
    bundle.verify().unwrap();
    let bank = Bag::edited(&Enclave::new(), |payload| {
        replace(payload, b"\x64pcrs\xb0", b"\x64pcrs\xbf");
        replace(payload, b"\x6bcertificate", b"\xff\x6bcertificate");
    });
    bank.refused(Expected::Format(ErrorKind::Value, DOCUMENT));
}

#[test]
fn keys_that_are_no_text() {
    for key in [Value::from(1), Value::Bytes(b"nonce".to_vec()), Value::Null, Value::Array(vec![])] {
        refused(
            |enclave| enclave.with_document(|document| document.push(key, Value::Null)),
            Expected::Format(ErrorKind::Value, KEY),
        );
    }
    // Text that is not UTF-8.
    let enclave = Enclave::new();
    edited(&enclave, b"\x65nonce", b"\x65nonc\xff", Expected::Format(ErrorKind::Value, KEY));
    let module_id = Expected::Fields(ErrorKind::Value, "Nitro document: module_id");
    edited(&enclave, b"\x78\x27i-", b"\x78\x27\xff-", module_id);
}

#[test]
fn more_keys_than_any_document_has() {
    let keys = |count: usize| {
        Enclave::new().with_document(|document| {
            (9..count).for_each(|number| document.push(format!("key {number}"), Value::Null));
        })
    };
    Bag::of(&keys(9)).verify().unwrap();
    Bag::of(&keys(16)).refused(Expected::Fields(ErrorKind::Value, KEY));
    Bag::of(&keys(17)).refused(Expected::Format(ErrorKind::TooLarge, DOCUMENT));
    Bag::of(&keys(17).with_document(definite)).refused(Expected::Format(ErrorKind::TooLarge, DOCUMENT));
}

/// Tags are refused at every field, also where they change nothing.
#[test]
fn tags_before_values() {
    let tagged = |value: &Value| Value::Tag(55_799, Box::new(value.clone()));
    let enclave = Enclave::new();
    for key in ["module_id", "digest", "timestamp", "pcrs", "user_data"] {
        let value = tagged(enclave.document.get(key).unwrap());
        entry_refused(key, value, Expected::Format(ErrorKind::Value, DOCUMENT));
    }
}
