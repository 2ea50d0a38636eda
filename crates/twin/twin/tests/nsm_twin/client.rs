//! A client of raw frames, and requests written by hand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ciborium::Value;
use teeproof_twin::nsm::{Nsm, Running, Settings};

/// A connection to a module.
pub(crate) struct Client<S = TcpStream>(pub(crate) S);

impl Client {
    pub(crate) fn of(running: &Running) -> Self {
        let stream = TcpStream::connect(running.tcp().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }
}

impl Client<UnixStream> {
    pub(crate) fn of_path(path: &str) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(stream)
    }
}

impl<S: Read + Write> Client<S> {
    /// One exchange of bytes.
    pub(crate) fn bytes(&mut self, request: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(request.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(request);
        self.0.write_all(&frame).unwrap();
        self.frame().unwrap()
    }

    pub(crate) fn frame(&mut self) -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut answer)?;
        Ok(answer)
    }

    pub(crate) fn exchange(&mut self, request: &Value) -> Value {
        let mut bytes = Vec::new();
        ciborium::into_writer(request, &mut bytes).unwrap();
        let answer = self.bytes(&bytes);
        let mut rest = answer.as_slice();
        let value = ciborium::from_reader(&mut rest).unwrap();
        assert!(rest.is_empty());
        value
    }

    /// The answer to a request with these fields.
    pub(crate) fn call<const N: usize>(&mut self, name: &str, fields: [(&str, Value); N]) -> Value {
        let fields = fields.into_iter().map(|(key, value)| (key.into(), value)).collect();
        self.exchange(&map(name, Value::Map(fields)))
    }

    /// The document with these user data, nonce and public key.
    pub(crate) fn attest(
        &mut self,
        user_data: Option<&[u8]>,
        nonce: Option<&[u8]>,
        public_key: Option<&[u8]>,
    ) -> Vec<u8> {
        let value = |bytes: Option<&[u8]>| bytes.map_or(Value::Null, Value::from);
        let fields =
            [("user_data", value(user_data)), ("nonce", value(nonce)), ("public_key", value(public_key))];
        let answer = self.call("Attestation", fields);
        field(&answer, "Attestation", "document").into_bytes().unwrap()
    }
}

/// A healthy module with these settings, on TCP.
pub(crate) fn start(settings: Settings) -> Running {
    Nsm::start(&settings).unwrap()
}

/// A map of one entry.
pub(crate) fn map(name: &str, value: impl Into<Value>) -> Value {
    Value::Map(vec![(name.into(), value.into())])
}

/// A field of an answer of this name.
pub(crate) fn field(answer: &Value, name: &str, key: &str) -> Value {
    let [(found, Value::Map(fields))] = answer.as_map().unwrap().as_slice() else { panic!("{answer:?}") };
    assert_eq!(found.as_text(), Some(name), "{answer:?}");
    fields.iter().find(|(found, _)| found.as_text() == Some(key)).unwrap().1.clone()
}

/// The entry of a document's payload.
pub(crate) fn entry(document: &[u8], key: &str) -> Value {
    let frame: Value = ciborium::from_reader(document).unwrap();
    let payload = frame.into_array().unwrap().swap_remove(2).into_bytes().unwrap();
    let payload: Value = ciborium::from_reader(payload.as_slice()).unwrap();
    payload.into_map().unwrap().into_iter().find(|(found, _)| found.as_text() == Some(key)).unwrap().1
}
