//! Envelopes with one thing changed: each is refused at its place, or has the same fields.

use std::time::{Duration, Instant};

use teeproof_kms::{Envelope, MAX_ENVELOPE};
use teeproof_wire::ErrorKind;

use crate::writer::{Lengths, Minted, Shape, oid, tlv};

/// The field that is refused.
fn refused(bytes: &[u8]) -> &'static str {
    let error = Envelope::parse(bytes).expect_err("expected a refusal");
    assert!(error.offset <= bytes.len() && !error.to_string().is_empty());
    error.what
}

/// The bytes with a text replaced that is there once.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert_eq!(at.len(), 1, "{from:x?} is there {} times", at.len());
    [&bytes[..at[0]], to, &bytes[at[0] + from.len()..]].concat()
}

#[test]
fn every_algorithm_and_version_is_checked() {
    let bytes = Minted::of(b"secret").bytes();
    for (from, to, what) in [
        ("2a864886f70d010703", "2a864886f70d010702", "ContentInfo: contentType"),
        ("2a864886f70d010701", "2a864886f70d010702", "EncryptedContentInfo: contentType"),
        ("2a864886f70d010107", "2a864886f70d010101", "KeyTransRecipientInfo: keyEncryptionAlgorithm"),
        ("2a864886f70d010108", "2a864886f70d010109", "RSAES-OAEP: maskGenAlgorithm"),
        ("60864801650304012a", "608648016503040116", "EncryptedContentInfo: contentEncryptionAlgorithm"),
    ] {
        assert_eq!(refused(&replaced(&bytes, &oid(from), &oid(to))), what);
    }
    // Both hashes, one after the other.
    let sha256 = oid("608648016503040201");
    let at: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&sha256)).collect();
    for (at, what) in at.iter().zip(["RSAES-OAEP: hashAlgorithm", "MGF1: hash"]) {
        let mut altered = bytes.clone();
        altered[at + sha256.len() - 1] = 2;
        assert_eq!(refused(&altered), what);
    }
    assert_eq!(at.len(), 2);
    let versions: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&[2, 1, 2])).collect();
    for (at, what) in versions.iter().zip(["EnvelopedData: version", "KeyTransRecipientInfo: version"]) {
        for version in [0, 1, 3, 4, 0x82] {
            let mut altered = bytes.clone();
            altered[at + 2] = version;
            assert_eq!(refused(&altered), what);
        }
    }
    assert_eq!(versions.len(), 2);
    let altered = replaced(&bytes, &oid("60864801650304012a"), &oid("608648016503040116"));
    let error = Envelope::parse(&altered);
    assert_eq!(
        error.unwrap_err().to_string(),
        "EncryptedContentInfo: contentEncryptionAlgorithm: not supported at offset 0x192, expected aes256-CBC"
    );
}

#[test]
fn every_size_is_checked() {
    let good = Minted { shape: Shape::Primitive, ..Minted::of(b"secret") };
    let sized = |from: &Minted| refused(&from.bytes());
    for length in [0, 15, 17, 32] {
        assert_eq!(sized(&Minted { iv: vec![7; length], ..good.clone() }), "aes256-CBC: IV");
    }
    for length in [0, 255, 257, 384, 512] {
        let altered = Minted { encrypted_key: vec![7; length], ..good.clone() };
        assert_eq!(sized(&altered), "KeyTransRecipientInfo: encryptedKey");
    }
    for length in [0, 20, 31, 33] {
        let altered = Minted { key_identifier: vec![7; length], ..good.clone() };
        assert_eq!(sized(&altered), "KeyTransRecipientInfo: rid, subjectKeyIdentifier");
    }
    for length in [0, 1, 15, 17, 31, 4_095] {
        for (lengths, shape) in [
            (Lengths::Definite, Shape::Primitive),
            (Lengths::Definite, Shape::Chunks(5)),
            (Lengths::Indefinite, Shape::Chunks(1_000)),
        ] {
            let altered = Minted { content: vec![7; length], lengths, shape, ..good.clone() };
            assert_eq!(sized(&altered), "EncryptedContentInfo: encryptedContent", "{length}");
        }
    }
    let large = Envelope::parse(&vec![0x30; MAX_ENVELOPE + 1]).unwrap_err();
    assert_eq!((large.kind, large.what, large.offset), (ErrorKind::TooLarge, "CMS envelope", 0));
}

/// Recipients, attributes, originators, parameters and certificates that KMS never writes.
#[test]
fn nothing_is_there_that_is_not_checked() {
    for lengths in [Lengths::Definite, Lengths::Indefinite] {
        let bytes = Minted { lengths, ..Minted::of(b"secret") }.bytes();
        for at in 0..=bytes.len() {
            for extra in [&[5, 0][..], &[0xa0, 0], &[0xa1, 0], &[0x30, 0], &[0, 0], &[0x31, 0x80, 0, 0]] {
                let longer = [&bytes[..at], extra, &bytes[at..]].concat();
                // Inside of contents, lengths no longer fit; between values, nothing is expected.
                assert!(Envelope::parse(&longer).is_err(), "{extra:x?} at {at}");
            }
        }
    }
    // The recipients of good envelopes, and what KMS never writes around them.
    let good = Minted { lengths: Lengths::Definite, shape: Shape::Primitive, ..Minted::of(b"secret") };
    let (recipient, encrypted) = (good.recipient(), good.encrypted());
    let of = |parts: &[&[u8]]| {
        let enveloped = tlv(0x30, parts);
        tlv(0x30, &[&oid("2a864886f70d010703"), &tlv(0xa0, &[&enveloped])])
    };
    let version: &[u8] = &[2, 1, 2];
    assert!(Envelope::parse(&of(&[version, &tlv(0x31, &[&recipient]), &encrypted])).is_ok());
    let mut other = recipient.clone();
    other.pop();
    other.push(7);
    let attribute = tlv(0x30, &[&oid("2a864886f70d010905"), &tlv(0x31, &[&[5, 0]])]);
    let kek = tlv(
        0xa2,
        &[
            &[2, 1, 4],
            &tlv(0x30, &[&tlv(4, &[&[7]])]),
            &tlv(0x30, &[&oid("60864801650304012d")]),
            &tlv(4, &[&[7]]),
        ],
    );
    let name = tlv(0x30, &[&tlv(0x30, &[]), &[2, 1, 7]]);
    let identified = [&tlv(0x80, &[&good.key_identifier])[..], &name].map(<[u8]>::to_vec);
    let issuer =
        tlv(0x30, &[&recipient[4..][..3], &identified[1], &recipient[4 + 3 + identified[0].len()..]]);
    for (parts, what) in [
        (vec![version, &tlv(0x31, &[]), &encrypted], "KeyTransRecipientInfo"),
        (
            vec![version, &tlv(0x31, &[&recipient, &other]), &encrypted],
            "EnvelopedData: recipientInfos, one of them",
        ),
        (vec![version, &tlv(0x31, &[&kek]), &encrypted], "KeyTransRecipientInfo"),
        (
            vec![version, &tlv(0x31, &[&issuer]), &encrypted],
            "KeyTransRecipientInfo: rid, subjectKeyIdentifier",
        ),
        (
            vec![version, &tlv(0xa0, &[]), &tlv(0x31, &[&recipient]), &encrypted],
            "EnvelopedData: recipientInfos, one of them",
        ),
        (vec![version, &tlv(0x31, &[&recipient]), &encrypted, &tlv(0xa1, &[&attribute])], "EnvelopedData"),
    ] {
        assert_eq!(refused(&of(&parts)), what);
    }
    let empty = tlv(0x30, &[&oid("2a864886f70d010703")]);
    assert_eq!(refused(&empty), "ContentInfo: content");
}

#[test]
fn every_cut_and_every_bit_is_refused_or_leaves_the_structure_as_it_is() {
    for (lengths, shape) in [(Lengths::Definite, Shape::Primitive), (Lengths::Indefinite, Shape::Chunks(16))]
    {
        let minted = Minted { lengths, shape, ..Minted::of(b"a secret of forty bytes, more or less...") };
        let bytes = minted.bytes();
        for end in 0..bytes.len() {
            assert!(Envelope::parse(&bytes[..end]).is_err(), "{end}");
        }
        let mut fields = 0;
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let Ok(envelope) = Envelope::parse(&altered) else { continue };
            // One bit of one of the four fields.
            let pairs = [
                (envelope.key_identifier().as_slice(), minted.key_identifier.as_slice()),
                (envelope.encrypted_key(), &minted.encrypted_key),
                (envelope.iv(), &minted.iv),
                (envelope.content(), &minted.content),
            ];
            let bits = |(one, other): &(&[u8], &[u8])| -> u32 {
                assert_eq!(one.len(), other.len(), "bit {bit}");
                one.iter().zip(*other).map(|(a, b)| (a ^ b).count_ones()).sum()
            };
            assert_eq!(pairs.iter().map(bits).sum::<u32>(), 1, "bit {bit}");
            fields += 1;
        }
        assert_eq!(fields, 8 * (32 + 256 + 16 + minted.content.len()), "bits of the fields");
    }
}

/// Deep nesting, huge lengths, and input without an end: refused at once.
#[test]
fn hostile_structures_are_refused_at_once() {
    let begin = Instant::now();
    let oids = oid("2a864886f70d010703");
    for depth in [1_000, 20_000] {
        for nested in [[0x30, 0x80], [0xa0, 0x80], [0x24, 0x80], [0x31, 0x80]] {
            let deep: Vec<u8> = nested.iter().copied().cycle().take(depth * 2).collect();
            let ended = [deep.clone(), vec![0; depth * 2]].concat();
            for bytes in [deep, ended] {
                assert!(Envelope::parse(&bytes).is_err());
                assert!(Envelope::parse(&[&[0x30, 0x80], &oids[..], &bytes].concat()).is_err());
            }
        }
    }
    // 2^40, 2^32 - 1, 2^63, in the place of each length.
    let bytes = Minted::of(b"secret").bytes();
    for length in
        [&[0x86, 1, 0, 0, 0, 0, 0][..], &[0x84, 0xff, 0xff, 0xff, 0xff], &[0x88, 0x80, 0, 0, 0, 0, 0, 0, 0]]
    {
        for at in 1..bytes.len() {
            let long = [&bytes[..at], length, &bytes[at + 1..]].concat();
            // Where the octet is content, the content is of another length.
            assert!(Envelope::parse(&long).is_err(), "{length:x?} at {at}");
        }
    }
    // As many chunks as fit: empty ones, and such with one byte.
    for chunk in [&[4, 0][..], &[4, 1, 7]] {
        let chunks = chunk.repeat(60_000 / chunk.len());
        let content = [&[0xa0, 0x80][..], &chunks, &[0, 0]].concat();
        let bytes = replaced(
            &Minted { shape: Shape::Primitive, content: vec![0x77; 16], ..Minted::of(b"") }.bytes(),
            &tlv(0x80, &[&[0x77; 16]]),
            &content,
        );
        let parsed = Envelope::parse(&bytes);
        assert_eq!(parsed.is_ok(), chunk.len() == 3);
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}
