//! Seeds of the Nitro security module: answers as Amazon's and QEMU's modules write them, frames, and messages of a
//! server of documents; and inputs made to cost.

use teeproof_fuzz::{bounds, nsm};
use teeproof_mint::nitro::Enclave;
use teeproof_nsm::road::{RoadAnswer, RoadForm, RoadRequest};
use teeproof_nsm::{MAX_ANSWER, frame};

use super::hostile::reached;

fn bytes(value: &[u8]) -> Vec<u8> {
    [&[0x59][..], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
}

fn document() -> Vec<u8> {
    Enclave::new().nonce(b"a nonce").mint().unwrap().document
}

pub(crate) fn nsm_answer() -> Vec<Vec<u8>> {
    let description = |map: &[u8], end: &[u8]| {
        let members = [
            &b"\x6dversion_major\x01\x6dversion_minor\x00\x6dversion_patch\x00\x69module_id\x68i-1-enc1"[..],
            b"\x68max_pcrs\x18\x20\x6blocked_pcrs\x8e\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x18\x18\x18\x1f",
            b"\x66digest\x66SHA384",
        ];
        [b"\xa1\x6bDescribeNSM", map, &members.concat(), end].concat()
    };
    let value = bytes(&[7; 48]);
    vec![
        description(b"\xa7", b""),
        description(b"\xbf", b"\xff"),
        b"\xa1\x69GetRandom\xa1\x66random\x48\x01\x02\x03\x04\x05\x06\x07\x08".to_vec(),
        [&b"\xa1\x6bDescribePCR\xa2\x64lock\xf5\x64data"[..], &value].concat(),
        [&b"\xa1\x69ExtendPCR\xa1\x64data"[..], &value].concat(),
        b"\x67LockPCR".to_vec(),
        b"\x68LockPCRs".to_vec(),
        [&b"\xa1\x6bAttestation\xa1\x68document"[..], &bytes(&document())].concat(),
        b"\xa1\x65Error\x6cInvalidIndex".to_vec(),
        b"\xa1\x65Error\x63New".to_vec(),
    ]
}

pub(crate) fn nsm_frame() -> Vec<Vec<u8>> {
    let framed = |size: u8, message: &[u8]| [&[size][..], &frame(message).unwrap()].concat();
    let mut seeds: Vec<_> = nsm_answer().iter().map(|answer| framed(0, answer)).collect();
    seeds.push(framed(255, &document()));
    seeds.push([framed(3, b"one"), b"and more".to_vec()].concat());
    seeds
}

pub(crate) fn road_message() -> Vec<Vec<u8>> {
    let request = |form| RoadRequest { nonce: vec![7; 32], form }.to_cbor().unwrap();
    let of = |which: u8, message: Vec<u8>| [&[which][..], &message].concat();
    vec![
        of(0, request(RoadForm::Document)),
        of(0, request(RoadForm::Bundle)),
        of(0, b"\xbf\x64form\x66bundle\x65nonce\x41n\xff".to_vec()),
        of(1, RoadAnswer::Document(document()).to_cbor()),
        of(1, RoadAnswer::Bundle(vec![1; 300]).to_cbor()),
        of(1, RoadAnswer::Error("rate limit".to_owned()).to_cbor()),
    ]
}

/// Answers of the largest size, of as many items as there may be, nested, and with lengths that nothing follows.
#[test]
fn answers_made_to_cost() {
    let room = MAX_ANSWER - 64;
    assert!(nsm::nsm_answer(&[&b"\xa1\x6bAttestation\xa1\x68document"[..], &bytes(&vec![1; room])].concat()));
    let keys = (0..127_u8).flat_map(|key| [0x62, b'a', key, 0xf6]).collect::<Vec<_>>();
    assert!(!nsm::nsm_answer(&[&[0xb8, 127][..], &keys].concat()));
    reached(&bounds::NSM_ANSWER, [70, 50, 0, 0]);
    let items = |count: u8| [&b"\xa1\x65Error\x98"[..], &[count], &vec![0xa0; count.into()]].concat();
    for hostile in [
        items(252),
        items(255),
        [&[0x98, 0xff][..], &[0xf6; 255]].concat(),
        vec![0x81; MAX_ANSWER],
        vec![0xbf; MAX_ANSWER],
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\xa1\x6bAttestation\xa1\x68document\x5b\x00\x00\x01\x00\x00\x00\x00\x00".to_vec(),
        [&b"\x7a\x00\x0f\xff\xff"[..], &[b'x'; 4000]].concat(),
    ] {
        assert!(!nsm::nsm_answer(&hostile));
    }
}

/// A frame of the largest size in the smallest chunks, and lengths above it.
#[test]
fn frames_made_to_cost() {
    assert!(nsm::nsm_frame(&[&[0][..], &frame(&vec![1; MAX_ANSWER]).unwrap()].concat()));
    reached(&bounds::NSM_FRAME, [50, 50, 0, 0]);
    assert!(!nsm::nsm_frame(&[&[0][..], &frame(&vec![1; MAX_ANSWER + 1]).unwrap()].concat()));
    assert!(!nsm::nsm_frame(&[0, 0xff, 0xff, 0xff, 0xff]));
    assert!(!nsm::nsm_frame(&[0, 0, 0, 0x30, 0]));
    // One more byte than the room for the message had: it is moved into twice as much.
    let large = RoadAnswer::Bundle(vec![1; (1 << 20) + 1]).to_cbor();
    assert!(nsm::road_message(&[&[1][..], &large].concat()));
    reached(&bounds::ROAD_MESSAGE, [90, 70, 0, 0]);
}
