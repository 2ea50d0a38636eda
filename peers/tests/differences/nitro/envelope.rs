//! COSE_Sign1 variants around a real payload: the signature is valid wherever the signed bytes are the same.

use super::{Desk, Question};
use crate::mutate::replace;

/// The parts of a frame, each as its CBOR.
#[derive(Clone)]
struct Frame {
    head: Vec<u8>,
    protected: Vec<u8>,
    unprotected: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    tail: Vec<u8>,
}

impl Frame {
    fn of(document: &[u8]) -> Self {
        let end = document.len() - 98;
        Self {
            head: document[..1].to_vec(),
            protected: document[1..6].to_vec(),
            unprotected: document[6..7].to_vec(),
            payload: document[7..end].to_vec(),
            signature: document[end..].to_vec(),
            tail: Vec::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        [&self.head, &self.protected, &self.unprotected, &self.payload, &self.signature, &self.tail]
            .map(Vec::as_slice)
            .concat()
    }
}

pub(super) fn ask(desk: &mut Desk<'_>, document: &[u8]) {
    let frame = Frame::of(document);
    assert_eq!(frame.bytes(), document);
    let mut put = |case: &str, change: &dyn Fn(&mut Frame)| {
        let mut changed = frame.clone();
        change(&mut changed);
        desk.ask(Question::Believed, &format!("frame: {case}"), &changed.bytes());
    };
    heads(&mut put);
    protected(&mut put);
    unprotected(&mut put);
    payloads(&mut put);
    signatures(&mut put);
}

type Put<'a> = &'a mut dyn FnMut(&str, &dyn Fn(&mut Frame));

fn heads(put: Put<'_>) {
    for (case, head) in [
        ("tag 18", &[0xd2, 0x84][..]),
        ("tag 18 twice", &[0xd2, 0xd2, 0x84]),
        ("tag 18, not in its shortest form", &[0xd8, 18, 0x84]),
        ("tag 97, a COSE_Mac", &[0xd8, 97, 0x84]),
        ("tag 98, a COSE_Sign", &[0xd8, 98, 0x84]),
        ("tag 55799, self-described", &[0xd9, 0xd9, 0xf7, 0x84]),
        ("tag 61 around tag 18", &[0xd8, 61, 0xd2, 0x84]),
        ("a length not in its shortest form", &[0x98, 4]),
        ("a length in eight bytes", &[0x9b, 0, 0, 0, 0, 0, 0, 0, 4]),
    ] {
        put(case, &|frame| frame.head = head.to_vec());
    }
    put("an array of indefinite length", &|frame| {
        frame.head = vec![0x9f];
        frame.tail = vec![0xff];
    });
    put("a fifth element", &|frame| {
        frame.head = vec![0x85];
        frame.tail = vec![0xf6];
    });
    put("a fifth element that is not counted", &|frame| frame.tail = vec![0xf6]);
}

fn protected(put: Put<'_>) {
    for (case, protected) in [
        ("not in its shortest form", &[0x58, 4, 0xa1, 0x01, 0x38, 0x22][..]),
        ("in two pieces", &[0x5f, 0x42, 0xa1, 0x01, 0x42, 0x38, 0x22, 0xff]),
        ("empty", &[0x40]),
        ("an empty map", &[0x41, 0xa0]),
        ("ES256", &[0x43, 0xa1, 0x01, 0x26]),
        ("ES512", &[0x44, 0xa1, 0x01, 0x38, 0x23]),
        ("a map that is not wrapped", &[0xa1, 0x01, 0x38, 0x22]),
        ("the label not in its shortest form", &[0x45, 0xa1, 0x18, 0x01, 0x38, 0x22]),
        ("a key that is named too", &[0x46, 0xa2, 0x01, 0x38, 0x22, 0x04, 0x40]),
    ] {
        put(&format!("protected header {case}"), &|frame| frame.protected = protected.to_vec());
    }
}

fn unprotected(put: Put<'_>) {
    for (case, unprotected) in [
        ("a key identifier", &[0xa1, 0x04, 0x41, 0x61][..]),
        ("another algorithm, ES256", &[0xa1, 0x01, 0x26]),
        ("text of nobody's", &[0xa1, 0x61, 0x78, 0x61, 0x79]),
        ("a critical label that nobody knows", &[0xa1, 0x02, 0x81, 0x19, 0x03, 0xe7]),
        ("a label twice", &[0xa2, 0x04, 0x41, 0x61, 0x04, 0x41, 0x62]),
        ("a nested map", &[0xa1, 0x19, 0x03, 0xe7, 0xa1, 0x01, 0x80]),
        ("a map of indefinite length", &[0xbf, 0xff]),
        ("a length not in its shortest form", &[0xb8, 0x00]),
        ("null", &[0xf6]),
        ("an array", &[0x80]),
    ] {
        put(&format!("unprotected header {case}"), &|frame| frame.unprotected = unprotected.to_vec());
    }
    put("unprotected header 600 levels deep", &|frame| {
        frame.unprotected = [&[0xa1, 0x19, 0x03, 0xe7][..], &[0x81; 600], &[0x80]].concat();
    });
}

fn payloads(put: Put<'_>) {
    put("payload length not in its shortest form", &|frame| {
        frame.payload = [&[0x5a, 0, 0][..], &frame.payload[1..]].concat();
    });
    put("payload in two pieces", &|frame| {
        let bytes = &frame.payload[3..];
        let (one, other) = bytes.split_at(256);
        let length = u16::try_from(other.len()).unwrap().to_be_bytes();
        frame.payload = [&[0x5f, 0x59, 1, 0][..], one, &[0x59], &length, other, &[0xff]].concat();
    });
    put("payload null", &|frame| frame.payload = vec![0xf6]);
    put("payload not wrapped", &|frame| frame.payload = frame.payload[3..].to_vec());
    put("payload empty", &|frame| frame.payload = vec![0x40]);
    put("payload as text", &|frame| frame.payload[0] = 0x79);
    put("payload another minute", &|frame| {
        let at = frame.payload.windows(10).position(|window| &window[..9] == b"timestamp").unwrap() + 10;
        frame.payload[at + 5] ^= 1;
    });
    put("payload with another digest", &|frame| {
        frame.payload = replace(&frame.payload, b"SHA384", b"SHA512");
    });
}

fn signatures(put: Put<'_>) {
    put("signature length not in its shortest form", &|frame| {
        frame.signature = [&[0x59, 0][..], &frame.signature[1..]].concat();
    });
    put("signature in two pieces", &|frame| {
        let (r, s) = frame.signature[2..].split_at(48);
        frame.signature = [&[0x5f, 0x58, 48][..], r, &[0x58, 48], s, &[0xff]].concat();
    });
    put("signature with the other s", &|frame| {
        let s = negated(&frame.signature[50..]);
        frame.signature.splice(50.., s);
    });
    put("signature a byte short", &|frame| {
        frame.signature[1] = 95;
        frame.signature.pop();
    });
    put("signature a byte long", &|frame| {
        frame.signature[1] = 97;
        frame.signature.push(0);
    });
    put("signature of zeros", &|frame| frame.signature[2..].fill(0));
    put("signature empty", &|frame| frame.signature = vec![0x40]);
    put("signature in DER", &|frame| {
        let (r, s) = frame.signature[2..].split_at(48);
        let body = [&[2, 49, 0][..], r, &[2, 49, 0], s].concat();
        frame.signature = [&[0x58, 104, 0x30, 102][..], &body].concat();
    });
    put("signature null", &|frame| frame.signature = vec![0xf6]);
}

/// n - s: the other s under which a signature of P-384 holds.
pub(crate) fn negated(s: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 48] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a,
        0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
    ];
    let mut borrow = 0;
    let mut out: Vec<u8> = ORDER
        .iter()
        .zip(s)
        .rev()
        .map(|(n, s)| {
            let digit = i16::from(*n) - i16::from(*s) - borrow;
            borrow = i16::from(digit < 0);
            u8::try_from(digit.rem_euclid(256)).unwrap()
        })
        .collect();
    out.reverse();
    out
}
