//! The messages of the security module in CBOR: a request without fields is its name, every other is a map of its name
//! to its fields.
//!
//! Source: aws-nitro-enclaves-nsm-api, `src/api`: serde's external tagging.

use teeproof_mint::Value;

/// The size limit of a request, in bytes: the driver has no more room.
pub(super) const MAX_REQUEST: usize = 0x1000;
/// The size limit of an answer, in bytes.
pub(super) const MAX_ANSWER: usize = 0x3000;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    DescribeNsm,
    GetRandom,
    DescribePcr { index: u16 },
    ExtendPcr { index: u16, data: Vec<u8> },
    LockPcr { index: u16 },
    LockPcrs { range: u16 },
    Attestation(Chosen),
}

/// The fields of a document that the enclave chooses, each a byte string or null.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chosen {
    pub(super) user_data: Value,
    pub(super) nonce: Value,
    pub(super) public_key: Value,
}

impl Default for Chosen {
    fn default() -> Self {
        Self { user_data: Value::Null, nonce: Value::Null, public_key: Value::Null }
    }
}

/// The errors of the device, by its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    InvalidArgument,
    InvalidIndex,
    ReadOnlyIndex,
    InvalidOperation,
    BufferTooSmall,
    InputTooLarge,
    InternalError,
}

impl Request {
    /// Reads a request: InvalidOperation for an unknown name and for bytes that are not one request, InvalidArgument for
    /// a field that is missing or of another type.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, Code> {
        let value = ciborium::from_reader::<Value, _>(&mut bytes).or(Err(Code::InvalidOperation))?;
        if !bytes.is_empty() {
            return Err(Code::InvalidOperation);
        }
        let (name, fields) = match value {
            Value::Text(name) => (name, None),
            Value::Map(mut entries) => match (entries.pop(), entries.is_empty()) {
                (Some((Value::Text(name), Value::Map(fields))), true) => (name, Some(Fields(fields))),
                _ => return Err(Code::InvalidOperation),
            },
            _ => return Err(Code::InvalidOperation),
        };
        match (name.as_str(), fields) {
            ("DescribeNSM", None) => Ok(Self::DescribeNsm),
            ("GetRandom", None) => Ok(Self::GetRandom),
            ("DescribePCR", Some(fields)) => Ok(Self::DescribePcr { index: fields.number("index")? }),
            ("ExtendPCR", Some(fields)) => {
                Ok(Self::ExtendPcr { index: fields.number("index")?, data: fields.bytes("data")? })
            }
            ("LockPCR", Some(fields)) => Ok(Self::LockPcr { index: fields.number("index")? }),
            ("LockPCRs", Some(fields)) => Ok(Self::LockPcrs { range: fields.number("range")? }),
            ("Attestation", Some(fields)) => Ok(Self::Attestation(Chosen {
                user_data: fields.optional("user_data")?,
                nonce: fields.optional("nonce")?,
                public_key: fields.optional("public_key")?,
            })),
            _ => Err(Code::InvalidOperation),
        }
    }
}

/// The fields of a request, by name.
struct Fields(Vec<(Value, Value)>);

impl Fields {
    /// The one value of this name, if there is one.
    fn find(&self, name: &str) -> Result<Option<&Value>, Code> {
        let mut found = self.0.iter().filter(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            _ => Err(Code::InvalidArgument),
        }
    }

    /// A number of 16 bits.
    fn number(&self, name: &str) -> Result<u16, Code> {
        let number = self.find(name)?.and_then(Value::as_integer).ok_or(Code::InvalidArgument)?;
        number.try_into().or(Err(Code::InvalidArgument))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, Code> {
        self.find(name)?.and_then(Value::as_bytes).cloned().ok_or(Code::InvalidArgument)
    }

    /// A byte string or null; a field that is missing is null.
    fn optional(&self, name: &str) -> Result<Value, Code> {
        match self.find(name)? {
            None | Some(Value::Null) => Ok(Value::Null),
            Some(bytes @ Value::Bytes(_)) => Ok(bytes.clone()),
            Some(_) => Err(Code::InvalidArgument),
        }
    }
}

/// The answer of this name with these fields.
pub(super) fn answer<const N: usize>(name: &str, fields: [(&str, Value); N]) -> Vec<u8> {
    let fields = fields.into_iter().map(|(key, value)| (key.into(), value)).collect();
    written(&Value::Map(vec![(name.into(), Value::Map(fields))]))
}

/// The answer that is a name alone.
pub(super) fn done(name: &str) -> Vec<u8> {
    written(&name.into())
}

/// The answer of a request that failed.
pub(super) fn failed(code: Code) -> Vec<u8> {
    // The names are those of the variants.
    written(&Value::Map(vec![("Error".into(), format!("{code:?}").into())]))
}

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing such a value to memory cannot fail.
    let _ = ciborium::into_writer(value, &mut out);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(hex: &str) -> Result<Request, Code> {
        let digits: Vec<_> = hex.bytes().filter(|byte| *byte != b' ').collect();
        let text = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
        Request::parse(&digits.chunks(2).map(text).collect::<Vec<_>>())
    }

    #[test]
    fn requests_are_those_of_the_published_crate() {
        assert_eq!(parse("6b 44657363726962654e534d"), Ok(Request::DescribeNsm));
        assert_eq!(parse("69 47657452616e646f6d"), Ok(Request::GetRandom));
        let describe = Request::DescribePcr { index: 31 };
        assert_eq!(parse("a1 6b 4465736372696265504352 a1 65 696e646578 18 1f"), Ok(describe));
        let extend = Request::ExtendPcr { index: 16, data: vec![0xaa, 0xbb] };
        let hex = "a1 69 457874656e64504352 a2 65 696e646578 10 64 64617461 42 aabb";
        assert_eq!(parse(hex), Ok(extend));
        assert_eq!(parse("a1 67 4c6f636b504352 a1 65 696e646578 10"), Ok(Request::LockPcr { index: 16 }));
        let range = Request::LockPcrs { range: 32 };
        assert_eq!(parse("a1 68 4c6f636b50435273 a1 65 72616e6765 18 20"), Ok(range));
        let attestation = "a1 6b 4174746573746174696f6e a3 69 757365725f64617461 f6 65 6e6f6e6365 f6 6a \
                           7075626c69635f6b6579 f6";
        assert_eq!(parse(attestation), Ok(Request::Attestation(Chosen::default())));
        // serde leaves nothing to be missing, but takes it.
        let bare = "a1 6b 4174746573746174696f6e a0";
        assert_eq!(parse(bare), Ok(Request::Attestation(Chosen::default())));
    }

    #[test]
    fn everything_else_is_refused_by_its_name() {
        let operation = Err(Code::InvalidOperation);
        for hex in ["", "ff", "ffff", "63 466f6f", "6b 44657363726962654e534d 00", "a0", "01"] {
            assert_eq!(parse(hex), operation, "{hex}");
        }
        // GetRandom with fields, two requests at once.
        assert_eq!(parse("a1 69 47657452616e646f6d a0"), operation);
        assert_eq!(parse("a2 69 47657452616e646f6d f6 61 61 00"), operation);
        let argument = Err(Code::InvalidArgument);
        // No index, an index in text, one of 17 bits, a negative one, two of them.
        for index in ["a0", "a1 65 696e646578 61 30", "a1 65 696e646578 1a 00010000", "a1 65 696e646578 20"] {
            assert_eq!(parse(&format!("a1 6b 4465736372696265504352 {index}")), argument, "{index}");
        }
        let twice = "a1 6b 4465736372696265504352 a2 65 696e646578 00 65 696e646578 00";
        assert_eq!(parse(twice), argument);
        // A nonce in text, data as an array of integers.
        assert_eq!(parse("a1 6b 4174746573746174696f6e a1 65 6e6f6e6365 61 78"), argument);
        let array = "a1 69 457874656e64504352 a2 65 696e646578 10 64 64617461 82 01 02";
        assert_eq!(parse(array), argument);
    }

    #[test]
    fn errors_are_those_of_the_device() {
        assert_eq!(failed(Code::InvalidIndex), b"\xa1\x65Error\x6cInvalidIndex");
        assert_eq!(done("LockPCR"), b"\x67LockPCR");
    }
}
