//! The same envelopes read by the `cms` crate with the BER of `der`: where both accept, they find the same fields; and
//! what keeps it from being the reader of this crate.

use cms::content_info::ContentInfo;
use cms::enveloped_data::{EnvelopedData, RecipientIdentifier, RecipientInfo};
use der::{Decode as _, EncodingRules, Reader as _, SliceReader};
use teeproof_kms::Envelope;

use crate::writer::{Lengths, Minted, Shape};

/// The fields as the peer reads them: key identifier, encrypted key, IV, content.
fn read(bytes: &[u8]) -> der::Result<[Vec<u8>; 4]> {
    let mut reader = SliceReader::new_with_encoding_rules(bytes, EncodingRules::Ber)?;
    let info = ContentInfo::decode(&mut reader)?;
    reader.finish()?;
    let data: EnvelopedData = info.content.decode_as_encoding(EncodingRules::Ber)?;
    let none = [(); 4].map(|()| Vec::new());
    let [RecipientInfo::Ktri(recipient)] = data.recip_infos.0.as_slice() else { return Ok(none) };
    let RecipientIdentifier::SubjectKeyIdentifier(identifier) = &recipient.rid else { return Ok(none) };
    let encrypted = data.encrypted_content;
    let (iv, content) = (encrypted.content_enc_alg.parameters, encrypted.encrypted_content);
    Ok([
        identifier.0.as_bytes().to_vec(),
        recipient.enc_key.as_bytes().to_vec(),
        iv.map(|iv| iv.value().to_vec()).unwrap_or_default(),
        content.map(|content| content.as_bytes().to_vec()).unwrap_or_default(),
    ])
}

/// Whatever we accept, the peer accepts, with the same fields. Returns whether each does.
pub(crate) fn compared(bytes: &[u8]) -> [bool; 2] {
    let (ours, theirs) = (Envelope::parse(bytes), read(bytes));
    if let Ok(envelope) = &ours {
        let fields = [
            envelope.key_identifier().to_vec(),
            envelope.encrypted_key().to_vec(),
            envelope.iv().to_vec(),
            envelope.content().to_vec(),
        ];
        assert_eq!(theirs.as_ref(), Ok(&fields), "{bytes:02x?}");
    }
    [ours.is_ok(), theirs.is_ok()]
}

fn seeds() -> Vec<Vec<u8>> {
    let minted = Minted::of(&[7; 40]);
    let definite = Minted { shape: Shape::Primitive, lengths: Lengths::Definite, ..minted.clone() };
    [
        Minted { shape: Shape::Chunks(16), ..minted.clone() },
        Minted { shape: Shape::Primitive, ..minted },
        definite,
    ]
    .map(|minted| minted.bytes())
    .to_vec()
}

#[test]
fn both_readers_find_the_same_fields() {
    assert!(seeds().iter().all(|bytes| compared(bytes) == [true, true]));
    assert_eq!(compared(&Minted::of(&[8; 4_100]).bytes()), [true, true]);
    let tokens: [&[u8]; 10] = [
        &[0, 0],
        &[0x80],
        &[0x30, 0x80],
        &[0x24, 3, 4, 1, 7],
        &[0xa0, 0x80],
        &[0x84, 0xf, 0xff, 0xff, 0xff],
        &[5, 0],
        &[0xa1, 0],
        &[0x3f],
        &[0x31, 0],
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(most).unwrap()).unwrap()
    };
    let (mut both, mut only_theirs) = (0, 0);
    for _ in 0..40_000 {
        let mut bytes = seeds().swap_remove(below(3));
        for _ in 0..=below(2) {
            let at = below(bytes.len());
            let token = tokens[below(tokens.len())];
            let end = bytes.len().min(at + token.len());
            match below(4) {
                0 => bytes[at] ^= 1 << below(8),
                1 => bytes[at] = u8::try_from(below(256)).unwrap(),
                2 => drop(bytes.splice(at..at, token.iter().copied())),
                _ => drop(bytes.splice(at..end, token.iter().copied())),
            }
        }
        let [ours, theirs] = compared(&bytes);
        both += u32::from(ours);
        only_theirs += u32::from(theirs && !ours);
    }
    assert!(both > 5_000 && only_theirs > 500, "{both} by both, {only_theirs} by the peer alone");
}

/// A constructed OCTET STRING (24) has strings in it. The peer takes their headers for octets of the content, which is
/// another content than other readers find; we refuse it.
#[test]
fn the_peer_misreads_constructed_strings() {
    let content: Vec<u8> = (0..16).collect();
    let minted = Minted { shape: Shape::Chunks(16), content: content.clone(), ..Minted::of(b"") };
    let plain = minted.bytes();
    let at = plain.windows(18).position(|bytes| bytes[..2] == [4, 16] && bytes[2..] == content).unwrap();
    let mut nested = plain.clone();
    nested.splice(at..at + 18, [&[0x24, 18, 4, 16], content.as_slice()].concat());
    assert!(Envelope::parse(&nested).is_err());
    assert_eq!(read(&nested).unwrap()[3], [&[4, 16], content.as_slice()].concat());
}
