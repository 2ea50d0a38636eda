//! A server that plays KMS' JSON protocol, as the test says, and a stand-in for attestation documents.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use teeproof_kms::{
    DataKeyLength, Documents, EncryptionContext, KmsAnswer, KmsClient, KmsError, KmsKeyId, KmsRequest,
    KmsSettings,
};

use crate::writer::Minted;

pub(crate) const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
pub(crate) const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub(crate) const OTHER_ARN: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ac";
pub(crate) const SECRET: [u8; 32] = [0x5e; 32];

/// What is no document, and carries the public key to the server.
#[derive(Default)]
pub(crate) struct Papers {
    pub(crate) made: usize,
}

const MARK: &[u8] = b"not a document:";

impl Documents for Papers {
    fn document(
        &mut self,
        public_key: &[u8],
        _: Option<&[u8]>,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        self.made += 1;
        Ok([MARK, public_key].concat())
    }
}

/// One request as received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The header part.
    pub(crate) head: String,
    /// `Decrypt`
    pub(crate) operation: String,
    pub(crate) body: Value,
}

impl Received {
    /// The public key in the stand-in for a document.
    pub(crate) fn public_key(&self) -> Vec<u8> {
        let document = self.body["Recipient"]["AttestationDocument"].as_str().unwrap();
        Base64::decode_vec(document).unwrap().strip_prefix(MARK).unwrap().to_vec()
    }

    /// The answer of KMS with this secret.
    pub(crate) fn answer(&self, secret: &[u8]) -> Value {
        let envelope = base64(&Minted::to(&self.public_key(), secret).bytes());
        match self.operation.as_str() {
            "Decrypt" => json!({
                "KeyId": ARN,
                "CiphertextForRecipient": envelope,
                "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            }),
            "GenerateDataKey" => json!({
                "KeyId": ARN,
                "CiphertextForRecipient": envelope,
                "CiphertextBlob": base64(b"the wrapped key"),
                "KeyMaterialId": "ab",
            }),
            "GenerateDataKeyPair" => json!({
                "KeyId": ARN,
                "CiphertextForRecipient": envelope,
                "PrivateKeyCiphertextBlob": base64(b"the wrapped key"),
                "PublicKey": base64(b"the public key"),
                "KeyPairSpec": "ECC_NIST_P384",
            }),
            "GenerateRandom" => json!({ "CiphertextForRecipient": envelope }),
            "DeriveSharedSecret" => json!({
                "KeyId": ARN,
                "CiphertextForRecipient": envelope,
                "KeyAgreementAlgorithm": "ECDH",
                "KeyOrigin": "AWS_KMS",
            }),
            other => panic!("{other}"),
        }
    }
}

/// A response: status, header lines, body.
pub(crate) struct Reply(pub(crate) u16, pub(crate) &'static str, pub(crate) Vec<u8>);

impl Reply {
    pub(crate) fn ok(body: &Value) -> Self {
        Self(200, "", body.to_string().into_bytes())
    }

    /// A refusal of KMS.
    pub(crate) fn refusal(status: u16, code: &str) -> Self {
        let body = json!({ "__type": code, "message": format!("of the test: {code}") });
        Self(status, "x-amzn-RequestId: 11111111-2222\r\n", body.to_string().into_bytes())
    }
}

/// A running server; its thread ends with the program.
pub(crate) struct Kms {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Kms {
    pub(crate) fn of(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                if let Some(request) = read(&mut stream) {
                    record.lock().unwrap().push(request.clone());
                    write(&mut stream, &answer(&request));
                }
            }
        });
        Self { url, received }
    }

    /// A server that changes the members of a good answer.
    pub(crate) fn altered(alter: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::of(move |received| {
            let mut answer = received.answer(&SECRET);
            alter(&mut answer);
            Reply::ok(&answer)
        })
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn settings(&self) -> KmsSettings {
        let mut settings = KmsSettings::default();
        settings.url = Some(self.url.clone());
        settings.region = Some("eu-west-1".to_owned());
        settings.timeout = Duration::from_secs(5);
        settings.retries = 0;
        settings
    }

    pub(crate) fn send(&self, request: &KmsRequest) -> Result<KmsAnswer, KmsError> {
        KmsClient::new(self.settings()).unwrap().send(request, &mut Papers::default())
    }
}

/// A request of HTTP with its body; `None` if the client ends before.
pub(crate) fn read(stream: &mut impl Read) -> Option<Received> {
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let of = |name: &str| {
                let lines = head.lines().filter_map(|line| line.split_once(": "));
                lines
                    .filter(|(own, _)| own.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_owned())
                    .next()
            };
            let length: usize = of("content-length").unwrap().parse().unwrap();
            let body = &bytes[end + 4..];
            if body.len() >= length {
                let target = of("x-amz-target").unwrap();
                let operation = target.strip_prefix("TrentService.").unwrap().to_owned();
                let body = serde_json::from_slice(body).unwrap();
                return Some(Received { head, operation, body });
            }
        }
        match stream.read(&mut block) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&block[..read]),
        }
    }
}

pub(crate) fn write(stream: &mut impl Write, Reply(status, headers, body): &Reply) {
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ =
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(crate) fn key() -> KmsKeyId {
    KmsKeyId::parse(ARN).unwrap()
}

pub(crate) fn context() -> EncryptionContext {
    EncryptionContext::Pairs([("purpose".to_owned(), "test".to_owned())].into())
}

/// A request of every operation.
pub(crate) fn requests() -> Vec<KmsRequest> {
    vec![
        KmsRequest::Decrypt { key: key(), ciphertext: b"wrapped".to_vec(), context: context() },
        KmsRequest::GenerateDataKey { key: key(), length: DataKeyLength::Aes256, context: context() },
        KmsRequest::GenerateDataKeyPair { key: key(), pair: "ECC_NIST_P384".to_owned(), context: context() },
        KmsRequest::GenerateRandom { bytes: 32 },
        KmsRequest::DeriveSharedSecret { key: key(), public_key: b"the other side".to_vec() },
    ]
}
