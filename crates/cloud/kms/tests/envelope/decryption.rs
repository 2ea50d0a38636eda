//! Decryption: every length and form, and one error for everything that is wrong.

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384};
use teeproof_kms::{DecryptionError, Envelope, RecipientKey};

use crate::writer::{CONTENT_KEY, Lengths, Minted, RECIPIENT, Shape, cbc, oaep, padded};

fn decrypted(minted: &Minted) -> Result<Vec<u8>, DecryptionError> {
    let bytes = minted.bytes();
    let envelope = Envelope::parse(&bytes).unwrap_or_else(|error| panic!("{error}: {minted:?}"));
    RECIPIENT.decrypt(&envelope).map(|secret| secret.as_bytes().to_vec())
}

#[test]
fn every_form_of_every_length_is_decrypted() {
    for length in [0_usize, 1, 15, 16, 17, 32, 1_000, 4_096, 16_384] {
        let plaintext: Vec<u8> = (0..=250).cycle().take(length).collect();
        for lengths in [Lengths::Definite, Lengths::Indefinite] {
            for shape in [Shape::Primitive, Shape::Chunks(1_000), Shape::Chunks(7), Shape::Chunks(60_000)] {
                for null in [true, false] {
                    let minted = Minted { lengths, shape, null, ..Minted::of(&plaintext) };
                    assert_eq!(decrypted(&minted).unwrap(), plaintext, "{length} {lengths:?} {shape:?}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_content_key_is_the_one_error() {
    let wrong = |encrypted_key| decrypted(&Minted { encrypted_key, ..Minted::of(b"secret") }).unwrap_err();
    let mut blocks = vec![
        // Other parameters of OAEP, content keys of other lengths.
        oaep(&CONTENT_KEY, &OAEP_SHA1_MGF1SHA1, None),
        oaep(&CONTENT_KEY, &OAEP_SHA384_MGF1SHA384, None),
        oaep(&CONTENT_KEY, &OAEP_SHA256_MGF1SHA256, Some(b"label")),
        oaep(&CONTENT_KEY[..31], &OAEP_SHA256_MGF1SHA256, None),
        oaep(&[CONTENT_KEY.as_slice(), &[0]].concat(), &OAEP_SHA256_MGF1SHA256, None),
        oaep(&[], &OAEP_SHA256_MGF1SHA256, None),
        oaep(&[7; 190], &OAEP_SHA256_MGF1SHA256, None),
        // Another content key, whose plaintext has a wrong padding. One in 256 would have a valid one.
        oaep(&[1; 32], &OAEP_SHA256_MGF1SHA256, None),
        // Numbers that are no ciphertext: 0, 1, above the modulus.
        vec![0; 256],
        [&[0; 255][..], &[1]].concat(),
        vec![0xff; 256],
    ];
    let good = Minted::of(b"secret").encrypted_key;
    for bit in (0..good.len() * 8).step_by(61) {
        let mut altered = good.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        blocks.push(altered);
    }
    for block in blocks {
        assert_eq!(wrong(block), DecryptionError);
    }
    let other = RecipientKey::generate().unwrap();
    let bytes = Minted::of(b"secret").bytes();
    assert_eq!(other.decrypt(&Envelope::parse(&bytes).unwrap()).map(drop), Err(DecryptionError));
    assert_ne!(other.public_key(), RECIPIENT.public_key());
}

#[test]
fn a_wrong_padding_is_the_same_error() {
    let of = |blocks: &[u8]| {
        decrypted(&Minted { content: cbc(&CONTENT_KEY, &[0x22; 16], blocks), ..Minted::of(b"") })
    };
    for count in 0..=255_u8 {
        for blocks in 1..=2 {
            let content = vec![count; 16 * blocks];
            let valid =
                (1..=16).contains(&count).then(|| content[..content.len() - usize::from(count)].to_vec());
            assert_eq!(of(&content).ok(), valid, "{count}");
        }
    }
    let whole = padded(&[0x33; 20]);
    for at in 20..32 {
        let mut content = whole.clone();
        content[at] ^= 0x80;
        assert_eq!(of(&content), Err(DecryptionError), "{at}");
    }
    assert_eq!(
        DecryptionError.to_string(),
        "CiphertextForRecipient does not decrypt under this process's key"
    );
    assert!(!DecryptionError.hint().is_empty());
}

/// What an envelope cannot show, and the documentation says so: whoever forwards one can change the plaintext, and
/// whoever knows the public key can make a whole one.
#[test]
fn an_envelope_is_not_authenticated() {
    let minted = Minted::of(b"pay 100 to alice");
    let mut altered = minted.clone();
    altered.iv[4] ^= b'1' ^ b'9';
    assert_eq!(decrypted(&altered).unwrap(), b"pay 900 to alice");
    let forged = Minted { encrypted_key: oaep(&[9; 32], &OAEP_SHA256_MGF1SHA256, None), ..minted };
    let content = cbc(&[9; 32], &[0x22; 16], &padded(b"a key of the parent's"));
    assert_eq!(decrypted(&Minted { content, ..forged }).unwrap(), b"a key of the parent's");
}

/// The median time until each error, to be read by a person: other programs on the machine move it.
#[test]
#[ignore = "a measurement: run it alone with --nocapture"]
fn the_time_until_each_error() {
    const ROUNDS: usize = 2_000;
    let good = Minted::of(&[0x33; 4_000]);
    let mut padding = good.clone();
    *padding.content.last_mut().unwrap() ^= 1;
    let forged = [
        ("OAEP", Minted { encrypted_key: vec![0x11; 256], ..good.clone() }),
        (
            "length of the content key",
            Minted { encrypted_key: oaep(&CONTENT_KEY[..31], &OAEP_SHA256_MGF1SHA256, None), ..good.clone() },
        ),
        ("padding", padding),
        ("none", good),
    ];
    let bytes = forged.map(|(name, minted)| (name, minted.bytes()));
    let mut times: Vec<_> = bytes.iter().map(|(name, _)| (*name, Vec::with_capacity(ROUNDS))).collect();
    for _ in 0..ROUNDS {
        for ((_, bytes), (_, times)) in bytes.iter().zip(&mut times) {
            let envelope = Envelope::parse(bytes).unwrap();
            let begin = std::time::Instant::now();
            let decrypted = RECIPIENT.decrypt(&envelope);
            times.push(begin.elapsed());
            drop(decrypted);
        }
    }
    for (name, times) in &mut times {
        times.sort();
        println!("{name}: median {:?}, first decile {:?}", times[ROUNDS / 2], times[ROUNDS / 10]);
    }
}
