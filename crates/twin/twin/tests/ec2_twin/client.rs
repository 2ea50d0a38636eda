//! A client that signs its requests by hand.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use teeproof_twin::ec2::Running;

use crate::xml::Xml;

/// A request, which tests falsify before or after it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) scope: String,
    pub(crate) signed: &'static str,
}

/// An answer as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Call {
    pub(crate) fn new(twin: &Running, action: &str, parameters: &[(&str, &str)]) -> Self {
        let own = [("Action", action), ("Version", "2016-11-15")];
        let pairs: Vec<String> = own
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{}={}", url(name), url(value)))
            .collect();
        Self::of_body(twin, pairs.join("&").as_bytes())
    }

    pub(crate) fn of_body(twin: &Running, body: &[u8]) -> Self {
        let date = date(SystemTime::now());
        Self {
            method: "POST",
            path: "/",
            scope: format!("{}/{}/ec2/aws4_request", &date[..8], twin.region()),
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
                ("host", twin.listens_on().to_string()),
                ("x-amz-date", date),
            ],
            body: body.to_vec(),
            access_key_id: twin.credentials().access_key_id.clone(),
            secret: twin.credentials().secret_access_key.clone(),
            signed: "content-type;host;x-amz-date",
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
        let canonical = format!("POST\n/\n\n{lines}\n{}\n{}", self.signed, sha256(&self.body));
        let date = self.header("x-amz-date").clone();
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{}", self.scope, sha256(canonical.as_bytes()));
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{}", self.secret).as_bytes());
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

    /// Sends it. What was received is an error if it is not a whole answer.
    pub(crate) fn send(&self, twin: &Running) -> Result<Answer, Vec<u8>> {
        let mut stream = TcpStream::connect(twin.listens_on()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (method, path, len) = (self.method, self.path, self.body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{headers}content-length: {len}\r\nconnection: close\r\n\r\n"
        );
        // A body that is too large is refused before it is read.
        let _ = stream.write_all(&[head.as_bytes(), &self.body].concat());
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        whole(&received).ok_or(received)
    }
}

/// An answer that has as many bytes as it says.
fn whole(received: &[u8]) -> Option<Answer> {
    let text = String::from_utf8(received.to_vec()).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let is_whole = body.len() == len.parse::<usize>().ok()?;
    is_whole.then(|| Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// The answer to a signed request, which has to be there.
pub(crate) fn call(twin: &Running, action: &str, parameters: &[(&str, &str)]) -> Result<Xml, Refused> {
    let answer = Call::new(twin, action, parameters).sign().send(twin).unwrap();
    let xml = Xml::parse(&answer.body);
    if answer.status == 200 {
        assert_eq!(xml.name, format!("{action}Response"), "{}", answer.body);
        return Ok(xml);
    }
    Err(refused(&answer))
}

/// Status, code and message of an error.
pub(crate) fn refused(answer: &Answer) -> Refused {
    let xml = Xml::parse(&answer.body);
    let member =
        |name: &str| xml.get(&format!("Errors/Error/{name}")).unwrap_or_else(|| panic!("{}", answer.body));
    assert!(xml.get("RequestID").is_some_and(|id| !id.is_empty()), "{}", answer.body);
    Refused { status: answer.status, code: member("Code"), message: member("Message") }
}

/// The code of a refused request.
pub(crate) fn code(twin: &Running, action: &str, parameters: &[(&str, &str)]) -> String {
    call(twin, action, parameters).unwrap_err().code
}

/// Launches one instance with these parameters besides image, type and counts: its id.
pub(crate) fn run(twin: &Running, parameters: &[(&str, &str)]) -> String {
    let answer = call(twin, "RunInstances", &launch(parameters)).unwrap();
    answer.get("instancesSet/item/instanceId").unwrap()
}

/// The parameters of a launch.
pub(crate) fn launch<'a>(parameters: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual =
        [("ImageId", "ami-760aaa0f"), ("InstanceType", "m5.xlarge"), ("MinCount", "1"), ("MaxCount", "1")];
    [&usual, parameters].concat()
}

/// One instance as it is described.
pub(crate) fn described(twin: &Running, id: &str) -> Xml {
    let answer = call(twin, "DescribeInstances", &[("InstanceId.1", id)]).unwrap();
    answer.all("reservationSet/item/instancesSet/item")[0].clone()
}

fn url(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// `YYYYMMDDThhmmssZ`.
pub(crate) fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for len in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < len {
            break;
        }
        days -= len;
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year}{month:02}{:02}T{hour:02}{minute:02}{second:02}Z", days + 1)
}
