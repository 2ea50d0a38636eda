//! A writer of envelopes in every form of BER, and encryption to a recipient.

use std::sync::LazyLock;

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey};
use teeproof_kms::RecipientKey;

/// The key of this suite, which takes a moment to make.
pub(crate) static RECIPIENT: LazyLock<RecipientKey> = LazyLock::new(|| RecipientKey::generate().unwrap());

pub(crate) const CONTENT_KEY: [u8; 32] = [0x5a; 32];

/// How the lengths of constructed values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lengths {
    Definite,
    /// Those that KMS writes: all but the recipients.
    Indefinite,
}

/// How the content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `[0]` with the octets.
    Primitive,
    /// `[0]` around OCTET STRINGs of at most so many octets.
    Chunks(usize),
}

/// An envelope by its fields. Each can be replaced to forge one.
#[derive(Clone, Debug)]
pub(crate) struct Minted {
    pub(crate) lengths: Lengths,
    pub(crate) shape: Shape,
    /// `NULL` behind the identifiers of SHA-256.
    pub(crate) null: bool,
    pub(crate) key_identifier: Vec<u8>,
    pub(crate) encrypted_key: Vec<u8>,
    pub(crate) iv: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

impl Minted {
    /// An envelope with this plaintext for the suite's recipient, as KMS writes a long one.
    pub(crate) fn of(plaintext: &[u8]) -> Self {
        Self::to(RECIPIENT.public_key(), plaintext)
    }

    /// The same for another recipient.
    pub(crate) fn to(public_key: &[u8], plaintext: &[u8]) -> Self {
        Self {
            lengths: Lengths::Indefinite,
            shape: Shape::Chunks(1_000),
            null: true,
            key_identifier: vec![0x11; 32],
            encrypted_key: oaep_to(public_key, &CONTENT_KEY, &OAEP_SHA256_MGF1SHA256, None),
            iv: vec![0x22; 16],
            content: cbc(&CONTENT_KEY, &[0x22; 16], &padded(plaintext)),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let recipients = tlv(0x31, &[&self.recipient()]);
        let enveloped = self.constructed(0x30, &[&[2, 1, 2], &recipients, &self.encrypted()]);
        let content = self.constructed(0xa0, &[&enveloped]);
        self.constructed(0x30, &[&oid("2a864886f70d010703"), &content])
    }

    /// KeyTransRecipientInfo.
    pub(crate) fn recipient(&self) -> Vec<u8> {
        let null: &[u8] = if self.null { &[5, 0] } else { &[] };
        let sha256 = tlv(0x30, &[&oid("608648016503040201"), null]);
        let mgf1 = tlv(0x30, &[&oid("2a864886f70d010108"), &sha256]);
        let oaep = tlv(0x30, &[&tlv(0xa0, &[&sha256]), &tlv(0xa1, &[&mgf1])]);
        let algorithm = tlv(0x30, &[&oid("2a864886f70d010107"), &oaep]);
        let identifier = tlv(0x80, &[&self.key_identifier]);
        tlv(0x30, &[&[2, 1, 2], &identifier, &algorithm, &tlv(4, &[&self.encrypted_key])])
    }

    /// EncryptedContentInfo.
    pub(crate) fn encrypted(&self) -> Vec<u8> {
        let aes = tlv(0x30, &[&oid("60864801650304012a"), &tlv(4, &[&self.iv])]);
        let content = match self.shape {
            Shape::Primitive => tlv(0x80, &[&self.content]),
            Shape::Chunks(size) => {
                let chunks: Vec<_> = self.content.chunks(size).map(|chunk| tlv(4, &[chunk])).collect();
                self.constructed(0xa0, &[&chunks.concat()])
            }
        };
        self.constructed(0x30, &[&oid("2a864886f70d010701"), &aes, &content])
    }

    fn constructed(&self, tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        match self.lengths {
            Lengths::Definite => tlv(tag, parts),
            Lengths::Indefinite => [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat(),
        }
    }
}

/// A value with a definite length in its shortest form.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut bytes = vec![tag];
    match contents.len() {
        short @ ..=0x7f => bytes.push(short.try_into().unwrap()),
        short @ ..=0xff => bytes.extend([0x81, short.try_into().unwrap()]),
        long => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    bytes.extend(contents);
    bytes
}

pub(crate) fn oid(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    tlv(6, &[&(0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>()])
}

/// A content key under the public key of the suite's recipient.
pub(crate) fn oaep(content_key: &[u8], algorithm: &'static OaepAlgorithm, label: Option<&[u8]>) -> Vec<u8> {
    oaep_to(RECIPIENT.public_key(), content_key, algorithm, label)
}

fn oaep_to(
    public_key: &[u8],
    content_key: &[u8],
    algorithm: &'static OaepAlgorithm,
    label: Option<&[u8]>,
) -> Vec<u8> {
    let key = PublicEncryptingKey::from_der(public_key).unwrap();
    let key = OaepPublicEncryptingKey::new(key).unwrap();
    let mut block = vec![0; key.ciphertext_size()];
    key.encrypt(algorithm, content_key, &mut block, label).unwrap();
    block
}

/// Whole blocks under AES-256-CBC.
pub(crate) fn cbc(key: &[u8; 32], iv: &[u8; 16], blocks: &[u8]) -> Vec<u8> {
    let cipher = EncryptingKey::cbc(UnboundCipherKey::new(&AES_256, key).unwrap()).unwrap();
    let mut content = blocks.to_vec();
    cipher.less_safe_encrypt(&mut content, EncryptionContext::Iv128(FixedLength::from(iv))).unwrap();
    content
}

/// With the padding of PKCS #7.
pub(crate) fn padded(plaintext: &[u8]) -> Vec<u8> {
    let count = 16 - plaintext.len() % 16;
    [plaintext, &vec![u8::try_from(count).unwrap(); count]].concat()
}
