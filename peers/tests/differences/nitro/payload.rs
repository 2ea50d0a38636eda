//! Minted payloads with one unusual or wrong property. No peer trusts the mint's root, so only parsing is compared.

use teeproof_mint::nitro::{Document, Enclave};
use teeproof_mint::{DEFAULT_TIME, Value};
use teeproof_peers::clock;

use super::{Desk, Question};
use crate::mutate::replace;
use crate::verdict::Tally;

const KEYS: [&str; 9] = [
    "module_id",
    "digest",
    "timestamp",
    "pcrs",
    "certificate",
    "cabundle",
    "public_key",
    "user_data",
    "nonce",
];

pub(super) fn ask(tally: &mut Tally) {
    clock::set(DEFAULT_TIME).expect("the clock");
    let mut desk = Desk { tally, name: "minted", at: DEFAULT_TIME };
    let mut put = |case: &str, enclave: Enclave| {
        let document = enclave.mint().expect("an enclave").document;
        desk.ask(Question::Reads, &format!("payload: {case}"), &document);
    };
    let minted = Enclave::new();
    put("as it is", minted.clone());
    put("of a definite length", definite());
    put("of a TPM", Enclave::nitrotpm());
    keys(&mut put, &minted);
    scalars(&mut put, &minted);
    registers(&mut put, &minted);
    chosen(&mut put, &minted);
    certificates(&mut put, &minted);
    encodings(&mut put);
    chosen_encodings(&mut put);
    whole_encodings(&mut put);
}

type Put<'a> = &'a mut dyn FnMut(&str, Enclave);

fn definite() -> Enclave {
    Enclave::new().with_document(|document| document.set_definite(true))
}

fn keys(put: Put<'_>, minted: &Enclave) {
    let mut change = |case: String, change: &dyn Fn(&mut Document)| {
        put(&case, minted.clone().with_document(change));
    };
    for key in KEYS {
        change(format!("no {key}"), &|document| document.remove(key));
        change(format!("{key} twice"), &|document| document.repeat(key));
        change(format!("{key} null"), &|document| document.set(key, Value::Null));
        change(format!("{key} a number"), &|document| document.set(key, 7));
        change(format!("{key} true"), &|document| document.set(key, true));
    }
    change("an unknown key".into(), &|document| document.push("more", 1));
    change("an unknown key, deep".into(), &|document| {
        let deep = (0..40).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        document.push("more", deep);
    });
    change("a key that is a number".into(), &|document| document.push(7, 1));
    change("a key that is bytes".into(), &|document| document.push(&b"more"[..], 1));
    change("keys in reverse order".into(), &Document::reverse);
}

fn scalars(put: Put<'_>, minted: &Enclave) {
    let mut set = |case: &str, key: &str, value: Value| {
        put(&format!("{key} {case}"), minted.clone().with_entry(key, value));
    };
    set("empty", "module_id", "".into());
    set("of another kind", "module_id", "i-0123".into());
    set("of 129 letters", "module_id", format!("{:-<129}", "i-0-enc0").into());
    set("with a space", "module_id", "i-0 -enc0".into());
    set("as bytes", "module_id", (&b"i-0-enc0"[..]).into());
    set("SHA256", "digest", "SHA256".into());
    set("SHA512", "digest", "SHA512".into());
    set("in small letters", "digest", "sha384".into());
    set("SHA1", "digest", "SHA1".into());
    set("zero", "timestamp", 0.into());
    set("of 1999", "timestamp", 946_684_799_000_u64.into());
    set("the greatest", "timestamp", u64::MAX.into());
    set("negative", "timestamp", (-1).into());
    set("a float", "timestamp", 1_768_478_400_000.0.into());
    set("text", "timestamp", "1768478400000".into());
    set("a bignum", "timestamp", Value::Tag(2, Box::new((&[1, 0x9b, 0xc1, 0, 0, 0][..]).into())));
    set("tagged as a time", "timestamp", Value::Tag(1, Box::new(1_768_478_400_000_u64.into())));
}

fn registers(put: Put<'_>, minted: &Enclave) {
    for len in [0, 1, 32, 47, 49, 64] {
        put(&format!("pcrs of {len} bytes"), minted.clone().pcr(0, &vec![7; len]));
    }
    let mut change = |case: &str, change: &dyn Fn(&mut Document)| {
        put(&format!("pcrs {case}"), minted.clone().with_document(change));
    };
    let value = || Value::from(&[7; 48][..]);
    change("none", &|document| document.set("pcrs", Value::Map(Vec::new())));
    change("without PCR0", &|document| document.remove_pcr(0));
    change("of index 31", &|document| document.push_pcr(31, value()));
    change("of index 32", &|document| document.push_pcr(32, value()));
    change("of index 256", &|document| document.push_pcr(256, value()));
    change("of a greater index than 64 bits hold less one", &|document| document.push_pcr(u64::MAX, value()));
    change("of a negative index", &|document| document.push_pcr(-1, value()));
    change("of an index in text", &|document| document.push_pcr("16", value()));
    change("with an index twice", &|document| document.push_pcr(0, value()));
    change("a value in text", &|document| document.push_pcr(16, "0".repeat(48)));
    change("a value as an array of numbers", &|document| {
        document.push_pcr(16, Value::Array(vec![7.into(); 48]));
    });
    change("as an array", &|document| document.set("pcrs", Value::Array(vec![value(); 16])));
}

fn chosen(put: Put<'_>, minted: &Enclave) {
    for key in ["public_key", "user_data", "nonce"] {
        for len in [0, 1, 512, 513, 1024, 1025, 4096] {
            put(&format!("{key} of {len} bytes"), minted.clone().with_entry(key, vec![7; len]));
        }
        put(&format!("{key} as text"), minted.clone().with_entry(key, "text"));
        let numbers = Value::Array(vec![1.into(), 2.into()]);
        put(&format!("{key} as an array of numbers"), minted.clone().with_entry(key, numbers));
        let tagged = Value::Tag(24, Box::new((&[7][..]).into()));
        put(&format!("{key} tagged as CBOR"), minted.clone().with_entry(key, tagged));
        put(&format!("{key} false"), minted.clone().with_entry(key, false));
    }
}

fn certificates(put: Put<'_>, minted: &Enclave) {
    let bytes = |len: usize| Value::from(vec![0x30; len]);
    let mut set = |case: &str, key: &str, value: Value| {
        put(&format!("{key} {case}"), minted.clone().with_entry(key, value));
    };
    set("empty", "certificate", bytes(0));
    set("of 1024 bytes", "certificate", bytes(1024));
    set("of 1025 bytes", "certificate", bytes(1025));
    set("as text", "certificate", "MII".into());
    set("empty", "cabundle", Value::Array(Vec::new()));
    set("of 8", "cabundle", Value::Array(vec![bytes(8); 8]));
    set("of 9", "cabundle", Value::Array(vec![bytes(8); 9]));
    set("with a certificate of 1024 bytes", "cabundle", Value::Array(vec![bytes(1024)]));
    set("with a certificate of 1025 bytes", "cabundle", Value::Array(vec![bytes(1025)]));
    set("with an empty certificate", "cabundle", Value::Array(vec![bytes(0)]));
    set("with text", "cabundle", Value::Array(vec!["MII".into()]));
    set("that is one certificate", "cabundle", bytes(8));
}

/// Other encodings of the same values.
fn encodings(put: Put<'_>) {
    let payload = definite().mint().expect("an enclave").payload;
    let mut raw =
        |case: &str, bytes: Vec<u8>| put(&format!("encoding: {case}"), definite().with_payload(bytes));
    let mut swap = |case: &str, from: &[u8], to: &[u8]| raw(case, replace(&payload, from, to));
    swap("map length not in its shortest form", &[0xa9], &[0xb8, 9]);
    swap("map length one more", &[0xa9], &[0xaa]);
    swap("map length one less", &[0xa9], &[0xa8]);
    swap("key length not in its shortest form", b"\x69module_id", b"\x78\x09module_id");
    swap("key in two pieces", b"\x69module_id", b"\x7f\x63mod\x66ule_id\xff");
    swap("text length not in its shortest form", b"\x66SHA384", b"\x78\x06SHA384");
    swap("text in two pieces", b"\x66SHA384", b"\x7f\x63SHA\x63384\xff");
    swap("text that is not UTF-8", b"\x66SHA384", b"\x66SHA38\xff");
    swap("tagged text", b"\x66SHA384", b"\xd8\x20\x66SHA384");
    swap("index not in its shortest form", b"\x64pcrs\xb0\x00", b"\x64pcrs\xb0\x18\x00");
    swap("index in eight bytes", b"\x64pcrs\xb0\x00", b"\x64pcrs\xb0\x1b\0\0\0\0\0\0\0\0");
    swap("bank length not in its shortest form", b"\x64pcrs\xb0", b"\x64pcrs\xb8\x10");
}

/// Other encodings of what the enclave chose.
fn chosen_encodings(put: Put<'_>) {
    let payload = definite().mint().expect("an enclave").payload;
    let mut swap = |case: &str, from: &[u8], to: &[u8]| {
        put(&format!("encoding: {case}"), definite().with_payload(replace(&payload, from, to)));
    };
    swap("undefined for null", b"\x65nonce\xf6", b"\x65nonce\xf7");
    swap("a simple value for null", b"\x65nonce\xf6", b"\x65nonce\xe0");
    swap("null in two bytes", b"\x65nonce\xf6", b"\x65nonce\xf8\xf6");
    swap("bytes in two pieces", b"\x65nonce\xf6", b"\x65nonce\x5f\x41a\x41b\xff");
    swap("bytes in no piece", b"\x65nonce\xf6", b"\x65nonce\x5f\xff");
    swap("bytes, length not in its shortest form", b"\x65nonce\xf6", b"\x65nonce\x58\x01a");
    swap("a reserved length", b"\x65nonce\xf6", b"\x65nonce\x5c\x01a");
    swap("a length beyond the end", b"\x65nonce\xf6", b"\x65nonce\x5b\xff\xff\xff\xff\xff\xff\xff\xff");
}

/// The payload's containers and its end.
fn whole_encodings(put: Put<'_>) {
    let payload = definite().mint().expect("an enclave").payload;
    let mut raw = |case: &str, bytes: Vec<u8>| {
        put(&format!("encoding: {case}"), definite().with_payload(bytes));
    };
    let open = replace(&payload, b"\x68cabundle\x84", b"\x68cabundle\x9f");
    raw("a bundle of indefinite length", open);
    let start = payload.windows(10).position(|window| window == b"public_key").unwrap() - 1;
    let bundle = replace(&payload[..start], b"\x68cabundle\x84", b"\x68cabundle\x9f");
    raw("a closed bundle of indefinite length", [bundle.as_slice(), &[0xff], &payload[start..]].concat());
    let start = payload.windows(12).position(|window| window == b"\x6bcertificate").unwrap();
    let bank = replace(&payload[..start], b"\x64pcrs\xb0", b"\x64pcrs\xbf");
    raw("a bank of indefinite length", [bank.as_slice(), &[0xff], &payload[start..]].concat());
    raw("a break in a definite map", [payload.as_slice(), &[0xff]].concat());
    raw("a byte behind it", [payload.as_slice(), &[0]].concat());
    raw("no end of an indefinite map", replace(&payload, &[0xa9], &[0xbf]));
    raw(
        "wrapped once more",
        [&[0x59], &u16::try_from(payload.len()).unwrap().to_be_bytes()[..], &payload].concat(),
    );
    raw("tagged as self-described", [&[0xd9, 0xd9, 0xf7], payload.as_slice()].concat());
    raw("a huge map", vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    raw("arrays 5000 deep", vec![0x81; 5000]);
    raw("empty", Vec::new());
}
