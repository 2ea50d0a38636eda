//! The road: a nonce in, a document or a bundle out; everything else is answered with an error or cut off.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ciborium::Value;
use teeproof_evidence::InputKind;
use teeproof_evidence::bundle::Bundle;
use teeproof_nsm::road::{
    RoadAccess, RoadAddress, RoadAnswer, RoadError, RoadForm, RoadLimits, RoadRequest, RoadServer, RoadStop,
    ServedFields, fetch,
};
use teeproof_nsm::{Nsm, check_document, frame};
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Limits};

use super::module::{Saying, TestModule, cbor, one};
use super::sockets::socket_path;

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Short times, so that tests see them pass.
pub(crate) const LIMITS: RoadLimits = RoadLimits {
    connections: 64,
    rate: 100_000,
    burst: 1000,
    request: Duration::from_millis(400),
    module: Duration::from_millis(400),
    answer: Duration::from_millis(400),
    stop: Duration::from_secs(5),
};

/// A running server.
pub(crate) struct Served {
    pub(crate) address: RoadAddress,
    stop: RoadStop,
    thread: Option<JoinHandle<Result<(), RoadError>>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

impl Served {
    pub(crate) fn start(
        address: &RoadAddress,
        limits: RoadLimits,
        fields: ServedFields,
        nsm: impl Nsm + 'static,
    ) -> Self {
        let server = RoadServer::bind(address, limits, fields).unwrap();
        let (address, stop) = (server.address().clone(), server.stopper());
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let add = move |access: &RoadAccess<'_>| {
            lines.lock().unwrap().push(format!("{} {}", access.peer, access.outcome));
        };
        let thread = Some(thread::spawn(move || server.run(Box::new(nsm), Arc::new(add))));
        Self { address, stop, thread, log }
    }

    pub(crate) fn tcp(limits: RoadLimits, nsm: impl Nsm + 'static) -> Self {
        Self::start(&any_port(), limits, ServedFields::default(), nsm)
    }

    pub(crate) fn fetch(&self, nonce: &[u8], form: RoadForm) -> Result<Vec<u8>, RoadError> {
        fetch(&self.address, &RoadRequest { nonce: nonce.to_vec(), form }, PATIENCE)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        match &self.address {
            RoadAddress::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).unwrap(),
            other => panic!("{other}"),
        }
    }

    /// The answer to these bytes, of which no more come; none if the connection just ends.
    pub(crate) fn answer(&self, bytes: &[u8]) -> Option<RoadAnswer> {
        let mut stream = self.connect();
        // The server may have answered and closed before it took everything.
        let _ = stream.write_all(bytes);
        read_answer(&mut stream)
    }

    /// The text of a refusal of these bytes.
    #[track_caller]
    pub(crate) fn refusal(&self, bytes: &[u8]) -> String {
        match self.answer(bytes) {
            Some(RoadAnswer::Error(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn stop(&mut self) {
        self.stop.stop();
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

pub(crate) fn read_answer(stream: &mut impl Read) -> Option<RoadAnswer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let (head, message) = bytes.split_first_chunk::<4>()?;
    assert_eq!(usize::try_from(u32::from_be_bytes(*head)).unwrap(), message.len());
    Some(RoadAnswer::from_cbor(message).unwrap())
}

pub(crate) fn any_port() -> RoadAddress {
    RoadAddress::Tcp { host: "127.0.0.1".into(), port: 0 }
}

pub(crate) fn request(nonce: &[u8]) -> Vec<u8> {
    let request = RoadRequest { nonce: nonce.to_vec(), form: RoadForm::Document };
    frame(&request.to_cbor().unwrap()).unwrap().to_vec()
}

#[test]
fn a_nonce_is_answered_with_a_document_or_a_bundle() {
    let path = socket_path("road");
    for address in [RoadAddress::Unix(path.clone()), any_port()] {
        let fields = ServedFields { user_data: Some(b"data".to_vec()), public_key: Some(b"key".to_vec()) };
        let mut served = Served::start(&address, LIMITS, fields, TestModule::default());
        for nonce in [&b"n"[..], &[7; 32], &[9; 512]] {
            let document = served.fetch(nonce, RoadForm::Document).unwrap();
            check_document(&document, Some(nonce)).unwrap();
            let frame = Sign1::parse(&document).unwrap();
            let payload = Document::parse(frame.payload(), 0, &Limits::USUAL).unwrap();
            assert_eq!((payload.user_data, payload.public_key), (Some(&b"data"[..]), Some(&b"key"[..])));
            let bundle = Bundle::from_cbor(&served.fetch(nonce, RoadForm::Bundle).unwrap()).unwrap();
            let parts: Vec<_> = bundle.parts().iter().map(|part| (part.kind(), part.bytes())).collect();
            assert_eq!(parts, [(InputKind::NitroDocument, &*document)]);
        }
        served.stop();
        assert_eq!(served.log.lock().unwrap().len(), 6);
        assert!(served.fetch(b"n", RoadForm::Document).is_err());
    }
    assert!(!path.exists(), "the file of the socket stays");
}

#[test]
fn an_address_in_use_is_refused() {
    let served = Served::tcp(LIMITS, TestModule::default());
    let second = RoadServer::bind(&served.address, LIMITS, ServedFields::default());
    assert!(matches!(second, Err(RoadError::Listen { .. })));
    let path = socket_path("taken");
    std::fs::write(&path, "a file").unwrap();
    let taken = RoadServer::bind(&RoadAddress::Unix(path.clone()), LIMITS, ServedFields::default());
    assert!(matches!(taken, Err(RoadError::Listen { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"a file");
}

#[test]
fn a_request_in_another_form_is_answered_with_what_is_wrong() {
    let served = Served::tcp(LIMITS, TestModule::default());
    let framed = |message: &[u8]| frame(message).unwrap().to_vec();
    let long = |bytes: usize| {
        let head = [&b"\xa2\x65nonce\x59"[..], &u16::try_from(bytes).unwrap().to_be_bytes()].concat();
        framed(&[&head[..], &vec![1; bytes], b"\x64form\x68document"].concat())
    };
    for (bytes, says) in [
        (long(513), "request: nonce: expected 1 to 512 bytes, got 513"),
        (long(0), "request: nonce: expected 1 to 512 bytes, got 0"),
        (long(1010), "request: frame: expected at most 1024 bytes, got 1034"),
        (framed(b"\xa1\x65nonce\x41n"), "request: form: missing"),
        (framed(b"\xa2\x65nonce\x41n\x64form\x65other"), "request: form: expected document or bundle"),
        (framed(b"not CBOR"), "CBOR: "),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), "request: frame: expected at most 1024 bytes"),
        (vec![0xff; 100_000], "request: frame: expected at most 1024 bytes, got 4294967295"),
        (vec![0; 4], "request: frame: expected at least 1 byte"),
    ] {
        let refusal = served.refusal(&bytes);
        assert!(refusal.contains(says), "{refusal}");
    }
    assert!(served.fetch(b"n", RoadForm::Document).is_ok());
}

#[test]
fn a_request_that_is_not_complete_in_time_is_cut_off() {
    let served = Served::tcp(LIMITS, TestModule::default());
    let whole = request(b"nonce");
    for sent in [&[][..], &whole[..2], &whole[..4], &whole[..whole.len() - 1]] {
        assert_eq!(served.refusal(sent), "request: not complete after 0.4 s", "{}", sent.len());
    }
    // The client that sends one byte at a time has no longer.
    let mut slow = served.connect();
    let mut reading = slow.try_clone().unwrap();
    let sender = thread::spawn(move || {
        for byte in &request(&[7; 200]) {
            if slow.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert!(
        matches!(read_answer(&mut reading), Some(RoadAnswer::Error(text)) if text.contains("not complete"))
    );
    sender.join().unwrap();
    // A connection that ends without a byte is a check whether somebody listens.
    let before = served.log.lock().unwrap().len();
    drop(served.connect());
    let mut half = served.connect();
    half.write_all(&whole[..3]).unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = read_answer(&mut half);
    assert!(matches!(answer, Some(RoadAnswer::Error(text)) if text.contains("ends after 3 bytes")));
    assert_eq!(served.log.lock().unwrap().len(), before + 1);
}

#[test]
fn chunks_of_any_size_make_a_request() {
    let served = Served::tcp(LIMITS, TestModule::default());
    let whole = request(b"a nonce in chunks");
    for size in 1..whole.len() {
        let mut stream = served.connect();
        stream.set_nodelay(true).unwrap();
        for chunk in whole.chunks(size) {
            stream.write_all(chunk).unwrap();
        }
        assert!(matches!(read_answer(&mut stream), Some(RoadAnswer::Document(_))), "{size}");
    }
}

#[test]
fn errors_of_the_module_reach_the_client() {
    let refusing = Served::tcp(LIMITS, Saying(b"\xa1\x65Error\x6dInternalError".to_vec()));
    let refused = refusing.fetch(b"n", RoadForm::Document);
    assert!(
        matches!(&refused, Err(RoadError::Refused(text)) if text.ends_with("refuses with InternalError")),
        "{refused:?}"
    );
    // What the module calls a document is handed out, whatever it is, such as QEMU's without a signature.
    let saying =
        |document: Vec<u8>| Saying(cbor(&one("Attestation", one("document", Value::from(document)))));
    let served = Served::tcp(LIMITS, saying(vec![0x84, 0x43]));
    assert_eq!(served.fetch(b"n", RoadForm::Document).unwrap(), [0x84, 0x43]);
    let bundle = Bundle::from_cbor(&served.fetch(b"n", RoadForm::Bundle).unwrap()).unwrap();
    assert_eq!(bundle.parts()[0].bytes(), [0x84, 0x43]);
}

/// A server that answers the first connection with these bytes.
#[allow(clippy::unwrap_in_result)]
fn says(bytes: Vec<u8>) -> Result<Vec<u8>, RoadError> {
    let path = socket_path(&format!("says-{:?}", thread::current().id()));
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _): (UnixStream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 2048]);
        let _ = stream.write_all(&bytes);
    });
    let request = RoadRequest { nonce: b"n".to_vec(), form: RoadForm::Document };
    let fetched = fetch(&RoadAddress::Unix(path.clone()), &request, PATIENCE);
    server.join().unwrap();
    std::fs::remove_file(path).unwrap();
    fetched
}

#[test]
fn a_client_takes_one_document_and_nothing_else() {
    let framed = |answer: &RoadAnswer| frame(&answer.to_cbor()).unwrap().to_vec();
    assert_eq!(says(framed(&RoadAnswer::Document(vec![1; 16_000]))).unwrap(), vec![1; 16_000]);
    let refused = says(framed(&RoadAnswer::Error("\u{1b}[2J".into())));
    assert!(matches!(refused, Err(RoadError::Refused(text)) if text == "\u{1b}[2J"));
    assert!(matches!(says(framed(&RoadAnswer::Bundle(vec![1]))), Err(RoadError::OtherForm)));
    for (bytes, part) in [
        (framed(&RoadAnswer::Document(vec![1; 16_384])), "expected at most 16384 bytes, got 16397"),
        (vec![0xff; 8], "expected at most 16384 bytes, got 4294967295"),
        (framed(&RoadAnswer::Document(vec![1; 100]))[..50].to_vec(), "ends after 50 bytes"),
        (Vec::new(), "ends after 0 bytes"),
        (frame(b"\xa2\x65error\x60\x65error\x60").unwrap().to_vec(), "key error given twice"),
        (frame(b"\xa1\x65other\x60").unwrap().to_vec(), "document, bundle or error"),
    ] {
        let error = says(bytes).unwrap_err();
        assert!(error.to_string().contains(part) && !error.hint().is_empty(), "{error}");
    }
}

#[test]
fn a_nonce_that_is_too_long_is_an_error_of_the_request_and_is_not_sent() {
    // Nobody listens there, which shows that no connection was made.
    let address = RoadAddress::Unix(socket_path("nobody"));
    for bytes in [0, 513, 1 << 20] {
        let request = RoadRequest { nonce: vec![1; bytes], form: RoadForm::Document };
        let error = fetch(&address, &request, PATIENCE).unwrap_err();
        assert!(matches!(error, RoadError::Request(_)) && error.is_usage(), "{error}");
        assert_eq!(error.to_string(), format!("request: nonce: expected 1 to 512 bytes, got {bytes}"));
        assert!(error.hint().contains("1 to 512 bytes"), "{}", error.hint());
    }
}

#[test]
fn a_server_that_does_not_answer_is_waited_for_until_the_deadline() {
    let path = socket_path("silent");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let (done, wait) = mpsc::channel::<()>();
    let server = thread::spawn(move || {
        let accepted = listener.accept().unwrap();
        let _ = wait.recv();
        drop(accepted);
    });
    let request = RoadRequest { nonce: b"n".to_vec(), form: RoadForm::Document };
    let waited = Duration::from_millis(300);
    let error = fetch(&RoadAddress::Unix(path), &request, waited).unwrap_err();
    assert!(matches!(error, RoadError::TimedOut { waited: all, .. } if all == waited), "{error}");
    drop(done);
    server.join().unwrap();
}
