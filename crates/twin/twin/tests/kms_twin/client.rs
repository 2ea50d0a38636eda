//! A client that signs its requests by hand.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use teeproof_mint::x509::{Certificate, Name, Validity};
use teeproof_mint::{Key, Kind};
use teeproof_twin::kms::{KeyPolicy, Kms, Running, Settings};

/// A key policy that allows everything.
pub(crate) const OPEN: &str =
    r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#;

/// A KMS under this policy.
pub(crate) fn start(policy: &str, change: impl FnOnce(&mut Settings)) -> Running {
    let mut settings = Settings::new(KeyPolicy::parse(policy).unwrap()).unwrap();
    change(&mut settings);
    Kms::start(settings).unwrap()
}

/// A request, which tests falsify before or after it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) scope: String,
    pub(crate) signed: &'static str,
}

impl Call {
    pub(crate) fn new(kms: &Running, operation: &str, body: &Value) -> Self {
        let date = date(SystemTime::now());
        Self {
            method: "POST",
            path: "/",
            scope: format!("{}/{}/kms/aws4_request", &date[..8], kms.region()),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("host", kms.listens_on().to_string()),
                ("x-amz-date", date),
                ("x-amz-target", format!("TrentService.{operation}")),
            ],
            body: body.to_string(),
            access_key_id: kms.credentials().access_key_id.clone(),
            secret: kms.credentials().secret_access_key.clone(),
            signed: "content-type;host;x-amz-date;x-amz-target",
        }
    }

    pub(crate) fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(found, _)| *found == name).unwrap().1
    }

    /// Adds the Authorization header.
    pub(crate) fn sign(mut self) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let sha256 = |bytes: &[u8]| hex(digest(&SHA256, bytes).as_ref());
        let line = |name: &str| {
            let value = self.headers.iter().find(|(found, _)| *found == name);
            format!("{name}:{}\n", value.map_or("", |(_, value)| value).trim())
        };
        let lines: String = self.signed.split(';').map(line).collect();
        let canonical = format!("POST\n/\n\n{lines}\n{}\n{}", self.signed, sha256(self.body.as_bytes()));
        let date = self.header("x-amz-date").clone();
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{}", self.scope, sha256(canonical.as_bytes()));
        let secret = format!("AWS4{}", self.secret);
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        for part in self.scope.split('/') {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        let signature = hex(hmac::sign(&key, to_sign.as_bytes()).as_ref());
        let (id, scope, signed) = (&self.access_key_id, &self.scope, self.signed);
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        );
        self.headers.push(("authorization", value));
        self
    }

    /// Sends it: the status, and the body as JSON.
    pub(crate) fn send(&self, kms: &Running) -> (u16, Value) {
        let mut stream = TcpStream::connect(kms.listens_on()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (method, path, len) = (self.method, self.path, self.body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{headers}content-length: {len}\r\nconnection: close\r\n\r\n"
        );
        // A body that is too large is refused before it is read.
        let _ = stream.write_all(&[head.as_bytes(), self.body.as_bytes()].concat());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }
}

/// `YYYYMMDDThhmmssZ`, from the calendar of minted certificates.
pub(crate) fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let certificate = Certificate::new(Name::default(), Validity::new(seconds, seconds));
    let key = Key::shared("dates", Kind::P256);
    let der = certificate.sign(&key, &Name::default(), &key).unwrap();
    // UTCTime: YYMMDDhhmmssZ.
    let at = der.windows(2).position(|window| window == [0x17, 13]).unwrap() + 2;
    let text = std::str::from_utf8(&der[at..at + 13]).unwrap();
    format!("20{}T{}", &text[..6], &text[6..])
}

/// The answer to a signed request.
pub(crate) fn call(kms: &Running, operation: &str, body: &Value) -> Result<Value, Value> {
    let (status, body) = Call::new(kms, operation, body).sign().send(kms);
    if status == 200 { Ok(body) } else { Err(body) }
}

/// The name of the exception of a refused request.
pub(crate) fn refused(kms: &Running, operation: &str, body: &Value) -> String {
    let body = call(kms, operation, body).unwrap_err();
    body["__type"].as_str().unwrap().to_owned()
}

/// Bytes in base64, as a request has them.
pub(crate) fn base64(bytes: &[u8]) -> Value {
    Base64::encode_string(bytes).into()
}

/// The bytes of a member in base64.
pub(crate) fn bytes(answer: &Value, member: &str) -> Vec<u8> {
    Base64::decode_vec(answer[member].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}
