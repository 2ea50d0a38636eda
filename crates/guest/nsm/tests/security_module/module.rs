//! A module for tests, whose answers ciborium writes: PCRs by the rules of the device, documents without a signature.

use std::io::{Read, Write};
use std::time::Duration;

use ciborium::Value;
use teeproof_nsm::{Nsm, NsmError};
use zeroize::Zeroizing;

/// A module whose documents nobody signed, unless its test has another maker of documents.
#[derive(Debug, Default)]
pub(crate) struct TestModule {
    pub(crate) locked: [bool; 32],
    pub(crate) extended: [u8; 32],
    /// How long each document takes.
    pub(crate) delay: Duration,
    /// Whether PCR0, PCR1 and PCR2 are those of an image, and not zero.
    pub(crate) is_production: bool,
    /// Makes documents with `user_data`, `nonce` and `public_key` in place of [`document`].
    pub(crate) maker: Option<fn([Value; 3]) -> Vec<u8>>,
}

impl Nsm for TestModule {
    fn exchange_bytes(&mut self, _: &'static str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        Ok(Zeroizing::new(self.answer(bytes)))
    }
}

impl TestModule {
    /// A module whose documents take so long.
    #[allow(dead_code)] // not by every suite
    pub(crate) fn slow(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    /// The answer to the CBOR of a request.
    pub(crate) fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        let request: Value = ciborium::from_reader(request).unwrap();
        if let Some(name) = request.as_text() {
            return cbor(&match name {
                "DescribeNSM" => one(name, self.description()),
                "GetRandom" => one(name, map(&[("random", Value::from(vec![0x42; 256]))])),
                _ => error("InvalidOperation"),
            });
        }
        let (name, parameters) = request.as_map().unwrap()[0].clone();
        let name = name.into_text().unwrap();
        let parameter = |key: &str| {
            let all = parameters.as_map().unwrap();
            all.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value.clone()).unwrap()
        };
        let number = |key| usize::try_from(i128::from(parameter(key).as_integer().unwrap())).unwrap();
        cbor(&match name.as_str() {
            "Attestation" => {
                std::thread::sleep(self.delay);
                let chosen = ["user_data", "nonce", "public_key"].map(parameter);
                let document = self.maker.unwrap_or(document)(chosen);
                one(&name, map(&[("document", Value::from(document))]))
            }
            "LockPCRs" if number("range") <= 32 => {
                self.locked[..number("range")].fill(true);
                Value::from(name)
            }
            "LockPCRs" => error("InvalidIndex"),
            _ if number("index") >= 32 => error("InvalidIndex"),
            "DescribePCR" => {
                let at = number("index");
                one(&name, map(&[("lock", Value::from(self.locked[at])), ("data", self.value(at))]))
            }
            _ if self.locked[number("index")] => error("ReadOnlyIndex"),
            "LockPCR" => {
                self.locked[number("index")] = true;
                Value::from(name)
            }
            "ExtendPCR" => {
                self.extended[number("index")] += 1;
                one(&name, map(&[("data", self.value(number("index")))]))
            }
            _ => error("InvalidOperation"),
        })
    }

    /// A value that shows how often a PCR was extended.
    fn value(&self, at: usize) -> Value {
        let launched = u8::from(self.is_production && at < 3);
        Value::from(vec![self.extended[at] + launched; 48])
    }

    fn description(&self) -> Value {
        let locked = (0_u16..).zip(self.locked).filter(|(_, locked)| *locked);
        // In another order than Amazon's, as QEMU has it.
        map(&[
            ("digest", Value::from("SHA384")),
            ("max_pcrs", Value::from(32)),
            ("module_id", Value::from("i-1234567890abcdef0-enc0123456789abcdef")),
            ("locked_pcrs", Value::Array(locked.map(|(at, _)| Value::from(at)).collect())),
            ("version_major", Value::from(1)),
            ("version_minor", Value::from(0)),
            ("version_patch", Value::from(2)),
        ])
    }
}

/// A document with these fields, under a signature of zeros.
pub(crate) fn document([user_data, nonce, public_key]: [Value; 3]) -> Vec<u8> {
    let payload = cbor(&map(&[
        ("module_id", Value::from("i-1234567890abcdef0-enc0123456789abcdef")),
        ("digest", Value::from("SHA384")),
        ("timestamp", Value::from(1_764_000_000_000_u64)),
        ("pcrs", Value::Map((0..16).map(|at| (Value::from(at), Value::from(vec![7; 48]))).collect())),
        ("certificate", Value::from(vec![0x30; 640])),
        ("cabundle", Value::Array(vec![Value::from(vec![0x30; 533]); 4])),
        ("public_key", public_key),
        ("user_data", user_data),
        ("nonce", nonce),
    ]));
    let frame = [
        Value::from(vec![0xa1, 0x01, 0x38, 0x22]),
        Value::Map(Vec::new()),
        Value::from(payload),
        Value::from(vec![0; 96]),
    ];
    cbor(&Value::Array(frame.to_vec()))
}

pub(crate) fn map(members: &[(&str, Value)]) -> Value {
    Value::Map(members.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect())
}

/// A map of one entry.
pub(crate) fn one(key: &str, value: Value) -> Value {
    map(&[(key, value)])
}

pub(crate) fn error(name: &str) -> Value {
    one("Error", Value::from(name))
}

pub(crate) fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// Answers every connection of a listener by itself.
pub(crate) fn serve<S: Read + Write>(streams: impl Iterator<Item = S>, mut module: TestModule) {
    for mut stream in streams {
        loop {
            let mut head = [0; 4];
            if stream.read_exact(&mut head).is_err() {
                break;
            }
            let mut request = vec![0; usize::try_from(u32::from_be_bytes(head)).unwrap()];
            let Ok(()) = stream.read_exact(&mut request) else { break };
            let answer = teeproof_nsm::frame(&module.answer(&request)).unwrap();
            if stream.write_all(&answer).is_err() {
                break;
            }
        }
    }
}

/// A module with one answer to everything.
#[derive(Debug)]
#[allow(dead_code)] // not by every suite
pub(crate) struct Saying(pub(crate) Vec<u8>);

impl Nsm for Saying {
    fn exchange_bytes(&mut self, _: &'static str, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        Ok(Zeroizing::new(self.0.clone()))
    }
}
