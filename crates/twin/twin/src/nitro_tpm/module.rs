//! The security module behind the vendor command: a request in CBOR, and the signed document.

use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_mint::Value;
use teeproof_mint::nitro::{Enclave, Identity, Signer, newly_issued};
use teeproof_mint::x509::Link;

use super::Fault;
use crate::Error;
use crate::root::ROOT_SERIAL;

/// The size limit of a request in bytes.
const MAX_REQUEST: usize = 0x1000;
/// For how long a leaf signs, in seconds; it expires after 10803.
const LEAF_IN_USE: u64 = 8500;

/// The module: its identity, and the chain in use.
pub(super) struct Module {
    identity: Identity,
    signer: Signer,
    since: u64,
}

impl Module {
    /// A module with a new chain.
    pub(super) fn new(identity: &Identity) -> Result<Self, Error> {
        let since = now();
        let signer = Signer::new(&links(identity, since))?;
        Ok(Self { identity: identity.clone(), signer, since })
    }

    /// The certificate of the root, in DER.
    pub(super) fn root(&self) -> &[u8] {
        self.signer.root()
    }

    /// The answer to the request at the start of a message buffer, with the PCRs of the SHA-384 bank.
    pub(super) fn answer(&mut self, buffer: &[u8], pcrs: &[Vec<u8>], fault: Option<Fault>) -> Vec<u8> {
        let request = buffer.get(..MAX_REQUEST).unwrap_or(buffer);
        match (fault, chosen(request)) {
            (Some(Fault::InternalError), _) => failed("InternalError"),
            (Some(Fault::Garbage), _) => vec![0x1c; 64],
            (Some(Fault::TooLong), _) => b"\xa1\x6bAttestation\xa1\x68document\x59\xea\x60".to_vec(),
            (_, Err(name)) => failed(name),
            (fault, Ok(mut fields)) => {
                if fault == Some(Fault::Nonce) {
                    fields[1] = Value::from(vec![0xa5; 32]);
                }
                let document = self.document(fields, pcrs);
                let mut answer = document.map_or_else(
                    |_| failed("InternalError"),
                    |document| {
                        let fields = vec![("document".into(), Value::from(document))];
                        written(&Value::Map(vec![("Attestation".into(), Value::Map(fields))]))
                    },
                );
                if fault == Some(Fault::Cut) {
                    answer.truncate(answer.len() / 2);
                }
                answer
            }
        }
    }

    /// A document with user data, nonce and public key.
    fn document(&mut self, fields: [Value; 3], pcrs: &[Vec<u8>]) -> Result<Vec<u8>, teeproof_mint::Error> {
        let now = now();
        // A clock that was set back is a reason as well: the leaf would not be valid yet.
        if !(self.since..self.since.saturating_add(LEAF_IN_USE)).contains(&now) {
            self.signer = self.signer.renewed(&links(&self.identity, now))?;
            self.since = now;
        }
        let mut document = Enclave::with_identity(&self.identity, now).document;
        for (index, value) in (0..).zip(pcrs) {
            document.set_pcr(index, value);
        }
        for (key, value) in ["user_data", "nonce", "public_key"].into_iter().zip(fields) {
            document.set(key, value);
        }
        self.signer.sign(&document)
    }
}

/// User data, nonce and public key of a request for a document; otherwise the name of the error. Bytes after the request
/// are those of the buffer.
fn chosen(mut request: &[u8]) -> Result<[Value; 3], &'static str> {
    let value = ciborium::from_reader::<Value, _>(&mut request).or(Err("InvalidOperation"))?;
    let Value::Map(mut entries) = value else { return Err("InvalidOperation") };
    let (Some((Value::Text(name), Value::Map(members))), true) = (entries.pop(), entries.is_empty()) else {
        return Err("InvalidOperation");
    };
    if name != "Attestation" {
        return Err("InvalidOperation");
    }
    let member = |key: &str| {
        let mut found = members.iter().filter(|(name, _)| name.as_text() == Some(key));
        match (found.next().map(|(_, value)| value), found.next()) {
            (None | Some(Value::Null), None) => Ok(Value::Null),
            (Some(Value::Bytes(bytes)), None) if bytes.len() <= 1024 => Ok(bytes.as_slice().into()),
            (Some(Value::Bytes(_)), None) => Err("InputTooLarge"),
            _ => Err("InvalidArgument"),
        }
    };
    Ok([member("user_data")?, member("nonce")?, member("public_key")?])
}

fn failed(name: &str) -> Vec<u8> {
    written(&Value::Map(vec![("Error".into(), name.into())]))
}

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing such a value to memory cannot fail.
    let _ = ciborium::into_writer(value, &mut out);
    out
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The chain as AWS has it, but for the serial number of the root, by which it is known as a twin's.
fn links(identity: &Identity, now: u64) -> Vec<Link> {
    let mut links = newly_issued(identity, now);
    if let Some(root) = links.first_mut() {
        root.certificate.serial = ROOT_SERIAL.to_vec();
    }
    links
}
