//! The envelope for a recipient: CMS EnvelopedData as KMS writes it, partly in BER's indefinite form.
//!
//! Source: RFC 5652, section 6; the layout is that of four real envelopes (RustCrypto/formats, `cms/tests/examples`).

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use teeproof_mint::x509::{Oid, der};

/// Contents above this size are written in OCTET STRINGs of it.
const CHUNK: usize = 1000;
/// The end of an element of indefinite length.
const END: [u8; 2] = [0, 0];

/// How the encrypted content is written. All three shapes are KMS'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `[0]` constructed, of indefinite length, with one OCTET STRING for each 1000 bytes.
    Chunks,
    /// `[0]` primitive: the bytes themselves.
    Primitive,
}

impl Shape {
    /// KMS writes the primitive shape where the content is one block, though not always: here every other time.
    pub(super) fn of(plaintext: &[u8], number: u64) -> Self {
        if plaintext.len() < 16 && number % 2 == 1 { Self::Primitive } else { Self::Chunks }
    }
}

/// The plain text for the owner of this public key, an RSA key as SubjectPublicKeyInfo; `None` if that is not possible.
pub(super) fn seal(plaintext: &[u8], public_key: &[u8], shape: Shape) -> Option<Vec<u8>> {
    let mut key = [0; 32];
    let mut iv = [0; 16];
    rand::fill(&mut key).ok()?;
    rand::fill(&mut iv).ok()?;
    let mut content = plaintext.to_vec();
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &key).ok()?).ok()?;
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    let DecryptionContext::Iv128(_) = cipher.less_safe_encrypt(&mut content, context).ok()? else {
        return None;
    };
    Some(written(&wrapped(&key, public_key)?, public_key, &iv, &content, shape))
}

/// The content key under the recipient's: RSAES-OAEP with SHA-256.
fn wrapped(key: &[u8; 32], public_key: &[u8]) -> Option<Vec<u8>> {
    let recipient = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(public_key).ok()?).ok()?;
    let mut out = vec![0; recipient.ciphertext_size()];
    let len = recipient.encrypt(&OAEP_SHA256_MGF1SHA256, key, &mut out, None).ok()?.len();
    out.truncate(len);
    Some(out)
}

fn written(encrypted_key: &[u8], public_key: &[u8], iv: &[u8; 16], content: &[u8], shape: Shape) -> Vec<u8> {
    let enveloped = indefinite(
        0x30,
        &[
            der::integer(2),
            // SET OF one RecipientInfo, definite down to its last byte.
            der::element(0x31, &recipient_info(encrypted_key, public_key)),
            indefinite(
                0x30,
                &[
                    Oid::new(&[1, 2, 840, 113_549, 1, 7, 1]).der(),
                    der::sequence(&[
                        Oid::new(&[2, 16, 840, 1, 101, 3, 4, 1, 42]).der(),
                        der::octet_string(iv),
                    ]),
                    match shape {
                        Shape::Primitive => der::context_primitive(0, content),
                        Shape::Chunks => indefinite(
                            0xa0,
                            &content.chunks(CHUNK).map(der::octet_string).collect::<Vec<_>>(),
                        ),
                    },
                ],
            ),
        ],
    );
    indefinite(0x30, &[Oid::new(&[1, 2, 840, 113_549, 1, 7, 3]).der(), indefinite(0xa0, &[enveloped])])
}

/// KeyTransRecipientInfo: the key is named by 32 bytes, which are SHA-256 of its SubjectPublicKeyInfo here.
fn recipient_info(encrypted_key: &[u8], public_key: &[u8]) -> Vec<u8> {
    let sha256 = der::sequence(&[Oid::SHA256.der(), der::null()]);
    let oaep = der::sequence(&[
        der::context(0, &sha256),
        der::context(1, &der::sequence(&[Oid::MGF1.der(), sha256.clone()])),
    ]);
    der::sequence(&[
        der::integer(2),
        der::context_primitive(0, digest(&SHA256, public_key).as_ref()),
        der::sequence(&[Oid::new(&[1, 2, 840, 113_549, 1, 1, 7]).der(), oaep]),
        der::octet_string(encrypted_key),
    ])
}

/// An element of indefinite length.
fn indefinite(tag: u8, elements: &[Vec<u8>]) -> Vec<u8> {
    [&[tag, 0x80], elements.concat().as_slice(), &END].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use teeproof_mint::{Key, Kind};

    use super::*;

    /// Of a real envelope (`kms_ciphertext_for_recipient_1.ber`): everything before the key identifier, between it and the
    /// key, and between key and IV.
    const HEAD: &str = "3080 0609 2a864886f70d010703 a080 3080 020102 3182016b 30820167 020102 8020";
    const MIDDLE: &str = "303c 0609 2a864886f70d010107 302f a00f 300d 0609 608648016503040201 0500 a11c 301a 0609 \
                          2a864886f70d010108 300d 0609 608648016503040201 0500 0482 0100";
    const CONTENT: &str = "3080 0609 2a864886f70d010701 301d 0609 60864801650304012a 0410";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let text = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(text).collect()
    }

    fn sealed(plaintext: &[u8], shape: Shape) -> Vec<u8> {
        let public_key = Key::shared("a recipient", Kind::Rsa2048).public_key_info().unwrap();
        seal(plaintext, &public_key, shape).unwrap()
    }

    #[test]
    fn the_layout_is_that_of_real_envelopes() {
        // 15 bytes are one block, 32 are three, as in the first two real envelopes.
        for (plaintext, size) in [(15, 461), (32, 493)] {
            let envelope = sealed(&vec![7; plaintext], Shape::Chunks);
            assert_eq!(envelope.len(), size);
            let end = if plaintext == 15 { "a080 0410" } else { "a080 0430" };
            let rest = &envelope[..];
            let (head, rest) = rest.split_at(bytes(HEAD).len());
            assert_eq!(head, bytes(HEAD));
            let (middle, rest) = rest[32..].split_at(bytes(MIDDLE).len());
            assert_eq!(middle, bytes(MIDDLE));
            let (content, rest) = rest[256..].split_at(bytes(CONTENT).len());
            assert_eq!(content, bytes(CONTENT));
            assert_eq!(rest[16..20], bytes(end));
            assert_eq!(envelope[size - 10..], [0; 10]);
        }
        // The third: primitive.
        let envelope = sealed(&[7; 15], Shape::Primitive);
        assert_eq!(envelope.len(), 457);
        assert_eq!(envelope[431..433], [0x80, 0x10]);
        assert_eq!(envelope[449..], [0; 8]);
        // The fourth: 4112 bytes in five OCTET STRINGs.
        let envelope = sealed(&[7; 4111], Shape::Chunks);
        assert_eq!(envelope.len(), 4573);
        for at in [433, 1437, 2441, 3445] {
            assert_eq!(envelope[at..at + 4], [0x04, 0x82, 0x03, 0xe8]);
        }
        assert_eq!(envelope[4449..4451], [0x04, 0x70]);
    }

    #[test]
    fn only_rsa_keys_are_recipients() {
        for kind in [Kind::P256, Kind::P384] {
            let key = Key::fresh(kind).public_key_info().unwrap();
            assert_eq!(seal(b"secret", &key, Shape::Chunks), None);
        }
        assert_eq!(seal(b"secret", b"", Shape::Chunks), None);
    }
}
