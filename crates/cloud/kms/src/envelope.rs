//! The CMS envelope of `CiphertextForRecipient`: exactly the form that KMS writes.
//!
//! Source: RFC 5652, section 6 (EnvelopedData); RFC 8017, appendix A.2.1 (RSAES-OAEP); RFC 3565 (AES-CBC); and four
//! envelopes of AWS.

use teeproof_wire::{Error, ErrorKind, Reader};

use crate::ber::{Tag, constructed, count, exactly, fixed, is_at_end, primitive};

/// The most bytes of an envelope; KMS encrypts at most 6,144 bytes of ciphertext, and private keys of RSA-4096.
pub const MAX_ENVELOPE: usize = 64 * 1024;
/// Bytes of the encrypted content key: one block of RSA-2048.
pub const ENCRYPTED_KEY_BYTES: usize = 256;
/// Bytes of a block of AES, and of the IV.
pub(crate) const BLOCK_BYTES: usize = 16;

/// An envelope of KMS: EnvelopedData with one KeyTransRecipientInfo, RSAES-OAEP with SHA-256, AES-256-CBC.
///
/// Nothing in it is authenticated: whoever knows the recipient's public key can make a whole envelope, and whoever
/// forwards one can alter the content. See [`crate::RecipientKey::decrypt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    key_identifier: &'a [u8; 32],
    encrypted_key: &'a [u8; ENCRYPTED_KEY_BYTES],
    iv: &'a [u8; BLOCK_BYTES],
    content: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// Parses an envelope, in BER: lengths are definite in their shortest form, or indefinite.
    ///
    /// # Errors
    /// Another structure, version, algorithm, parameter or size; bytes after the end; more than [`MAX_ENVELOPE`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_ENVELOPE {
            let error = Error::new(ErrorKind::TooLarge, WHOLE, 0, "at most 65536 bytes");
            return Err(error.with_got(count(bytes.len())));
        }
        Reader::all(bytes, 0, WHOLE, |reader| {
            constructed(reader, Tag::SEQUENCE, "ContentInfo", |reader| {
                let what = "ContentInfo: contentType";
                exactly(reader, Tag::OBJECT_IDENTIFIER, ENVELOPED_DATA, what, "envelopedData")?;
                constructed(reader, Tag::CONSTRUCTED_0, "ContentInfo: content", |reader| {
                    constructed(reader, Tag::SEQUENCE, "EnvelopedData", enveloped_data)
                })
            })
        })
    }

    /// The subject key identifier of the recipient, 32 bytes. Its derivation is not documented by AWS, so it is not
    /// compared with a key.
    #[must_use]
    pub const fn key_identifier(&self) -> &[u8; 32] {
        self.key_identifier
    }

    /// The content key under RSAES-OAEP with SHA-256, MGF1 with SHA-256 and an empty label.
    #[must_use]
    pub const fn encrypted_key(&self) -> &[u8; ENCRYPTED_KEY_BYTES] {
        self.encrypted_key
    }

    /// The IV of AES-256-CBC.
    #[must_use]
    pub const fn iv(&self) -> &[u8; 16] {
        self.iv
    }

    /// The content under AES-256-CBC with the padding of PKCS #7: 16 bytes or a larger multiple.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

fn enveloped_data<'a>(reader: &mut Reader<'a>) -> Result<Envelope<'a>, Error> {
    exactly(reader, Tag::INTEGER, &[2], "EnvelopedData: version", "2")?;
    let (key_identifier, encrypted_key) = constructed(reader, Tag::SET, RECIPIENTS, |reader| {
        constructed(reader, Tag::SEQUENCE, "KeyTransRecipientInfo", recipient)
    })?;
    let (iv, content) = constructed(reader, Tag::SEQUENCE, "EncryptedContentInfo", |reader| {
        let what = "EncryptedContentInfo: contentType";
        exactly(reader, Tag::OBJECT_IDENTIFIER, DATA, what, "data")?;
        let what = "EncryptedContentInfo: contentEncryptionAlgorithm";
        let iv = constructed(reader, Tag::SEQUENCE, what, |reader| {
            exactly(reader, Tag::OBJECT_IDENTIFIER, AES_256_CBC, what, "aes256-CBC")?;
            fixed(reader, Tag::OCTET_STRING, "aes256-CBC: IV", "16 bytes")
        })?;
        Ok((iv, content(reader)?))
    })?;
    Ok(Envelope { key_identifier, encrypted_key, iv, content })
}

fn recipient<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8; 32], &'a [u8; ENCRYPTED_KEY_BYTES]), Error> {
    exactly(reader, Tag::INTEGER, &[2], "KeyTransRecipientInfo: version", "2")?;
    let what = "KeyTransRecipientInfo: rid, subjectKeyIdentifier";
    let key_identifier = fixed(reader, Tag::PRIMITIVE_0, what, "32 bytes")?;
    let what = "KeyTransRecipientInfo: keyEncryptionAlgorithm";
    constructed(reader, Tag::SEQUENCE, what, |reader| {
        exactly(reader, Tag::OBJECT_IDENTIFIER, RSAES_OAEP, what, "RSAES-OAEP")?;
        constructed(reader, Tag::SEQUENCE, "RSAES-OAEP parameters", |reader| {
            let what = "RSAES-OAEP: hashAlgorithm";
            constructed(reader, Tag::CONSTRUCTED_0, what, |reader| sha_256(reader, what))?;
            let what = "RSAES-OAEP: maskGenAlgorithm";
            constructed(reader, Tag::CONSTRUCTED_1, what, |reader| {
                constructed(reader, Tag::SEQUENCE, what, |reader| {
                    exactly(reader, Tag::OBJECT_IDENTIFIER, MGF1, what, "MGF1")?;
                    sha_256(reader, "MGF1: hash")
                })
            })
        })
    })?;
    let what = "KeyTransRecipientInfo: encryptedKey";
    let encrypted_key = fixed(reader, Tag::OCTET_STRING, what, "256 bytes, a block of RSA-2048")?;
    Ok((key_identifier, encrypted_key))
}

/// The identifier of SHA-256, with NULL as parameters, as KMS writes it, or without any, as OpenSSL does: RFC 4055,
/// section 2.1, has both.
fn sha_256(reader: &mut Reader<'_>, what: &'static str) -> Result<(), Error> {
    constructed(reader, Tag::SEQUENCE, what, |reader| {
        exactly(reader, Tag::OBJECT_IDENTIFIER, SHA_256, what, "SHA-256")?;
        if is_at_end(reader) {
            Ok(())
        } else {
            exactly(reader, Tag::NULL, &[], what, "NULL without contents")
        }
    })
}

/// The encrypted content in each of its shapes: `[0]` primitive, or constructed of OCTET STRINGs.
fn content(reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    const WHAT: &str = "EncryptedContentInfo: encryptedContent";
    let at = reader.at();
    let content = if Tag::PRIMITIVE_0.is_next(reader) {
        primitive(reader, Tag::PRIMITIVE_0, WHAT)?.to_vec()
    } else {
        constructed(reader, Tag::CONSTRUCTED_0, WHAT, |reader| {
            // What is left of the input has the octets and their headers.
            let mut content = Vec::with_capacity(reader.remaining());
            while !is_at_end(reader) {
                content.extend_from_slice(primitive(reader, Tag::OCTET_STRING, WHAT)?);
            }
            Ok(content)
        })?
    };
    if content.is_empty() || !content.len().is_multiple_of(BLOCK_BYTES) {
        let error = at.error(ErrorKind::Value, WHAT, "a non-zero multiple of 16 bytes");
        return Err(error.with_got(count(content.len())));
    }
    Ok(content)
}

const WHOLE: &str = "CMS envelope";
const RECIPIENTS: &str = "EnvelopedData: recipientInfos, one of them";

/// 1.2.840.113549.1.7.3
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.1.7
const RSAES_OAEP: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07];
/// 1.2.840.113549.1.1.8
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
/// 2.16.840.1.101.3.4.2.1
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 2.16.840.1.101.3.4.1.42
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];
