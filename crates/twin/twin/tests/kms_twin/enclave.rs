//! An enclave: the twin of the security module, an RSA key, and envelopes opened twice, once by OpenSSL.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use ciborium::Value as Cbor;
use serde_json::{Value, json};
use teeproof_twin::nsm::{Nsm, Running, Settings};

use crate::client::base64;

/// One key for all enclaves of this program.
static KEY: LazyLock<PrivateDecryptingKey> =
    LazyLock::new(|| PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap());

/// An enclave.
pub(crate) struct Enclave(pub(crate) Running);

impl Enclave {
    pub(crate) fn start(settings: &Settings) -> Self {
        Self(Nsm::start(settings).unwrap())
    }

    /// The public key of the enclave, as SubjectPublicKeyInfo.
    pub(crate) fn public_key() -> Vec<u8> {
        let public: PublicKeyX509Der<'_> = KEY.public_key().as_der().unwrap();
        public.as_ref().to_vec()
    }

    /// A document with this public key.
    pub(crate) fn attest(&self, public_key: Option<&[u8]>) -> Vec<u8> {
        let fields = vec![("public_key".into(), public_key.map_or(Cbor::Null, Cbor::from))];
        let request = Cbor::Map(vec![("Attestation".into(), Cbor::Map(fields))]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&request, &mut bytes).unwrap();
        let mut stream = TcpStream::connect(self.0.tcp().unwrap()).unwrap();
        let frame = [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
        stream.write_all(&frame).unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut answer).unwrap();
        let answer: Cbor = ciborium::from_reader(answer.as_slice()).unwrap();
        let (_, fields) = answer.into_map().unwrap().swap_remove(0);
        fields.into_map().unwrap().swap_remove(0).1.into_bytes().unwrap()
    }

    /// The Recipient of a request.
    pub(crate) fn recipient(&self) -> Value {
        recipient(&self.attest(Some(&Self::public_key())))
    }
}

/// The Recipient with this document.
pub(crate) fn recipient(document: &[u8]) -> Value {
    json!({ "AttestationDocument": base64(document), "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256" })
}

/// The content of an envelope.
pub(crate) fn open(envelope: &[u8]) -> Vec<u8> {
    let by_hand = open_by_hand(envelope);
    assert_eq!(open_with_openssl(envelope), by_hand);
    by_hand
}

fn open_with_openssl(envelope: &[u8]) -> Vec<u8> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("twin-kms-{}-{number}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let private: Pkcs8V1Der<'_> = KEY.as_der().unwrap();
    std::fs::write(folder.join("key.der"), private.as_ref()).unwrap();
    std::fs::write(folder.join("envelope"), envelope).unwrap();
    let done = Command::new("openssl")
        .args(["cms", "-decrypt", "-binary", "-inform", "DER", "-in", "envelope"])
        .args(["-inkey", "key.der", "-keyform", "DER"])
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// At the offsets of real envelopes.
fn open_by_hand(envelope: &[u8]) -> Vec<u8> {
    let key = OaepPrivateDecryptingKey::new(KEY.clone()).unwrap();
    let mut room = [0; 256];
    let content_key = key.decrypt(&OAEP_SHA256_MGF1SHA256, &envelope[131..387], &mut room, None).unwrap();
    let iv: [u8; 16] = envelope[415..431].try_into().unwrap();
    let mut content = Vec::new();
    if envelope[431] == 0x80 {
        content.extend_from_slice(element(&envelope[431..]).0);
    } else {
        let mut rest = &envelope[433..];
        while rest[..2] != [0, 0] {
            let (chunk, after) = element(rest);
            content.extend_from_slice(chunk);
            rest = after;
        }
    }
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, content_key).unwrap());
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    key.unwrap().decrypt(&mut content, context).unwrap().to_vec()
}

/// The contents of an element of definite length, and what is after it.
fn element(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (head, len) = match bytes[1] {
        0x82 => (4, usize::from(bytes[2]) * 256 + usize::from(bytes[3])),
        0x81 => (3, usize::from(bytes[2])),
        len => (2, usize::from(len)),
    };
    bytes[head..].split_at(len)
}
