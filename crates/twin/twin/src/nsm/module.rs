//! The security module: one PCR bank, one chain, and the answer to each request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use teeproof_mint::nitro::{Cose, Document, Enclave, Identity};
use teeproof_mint::{Key, Kind, Value};

use super::bank::{Bank, MAX_PCRS};
use super::issuer::Issuer;
use super::messages::{Chosen, Code, MAX_ANSWER, MAX_REQUEST, Request, answer, done, failed};
use super::{Fault, Settings};
use crate::Error;

/// The size of GetRandom's answer, in bytes.
const RANDOM_BYTES: usize = 256;
/// What is added to a document for [`Fault::Oversize`], in bytes.
const OVERSIZE: usize = 17_000;

/// A module.
#[derive(Debug)]
pub(super) struct Module {
    identity: Identity,
    bank: Mutex<Bank>,
    issuer: Issuer,
    /// A document without PCRs, time and what the enclave chooses.
    template: Document,
    fault: Option<Fault>,
    delay: Duration,
    /// The first document, for [`Fault::Replay`].
    first: Mutex<Option<Vec<u8>>>,
}

/// What goes into the frame of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The whole answer.
    Whole(Vec<u8>),
    /// The first half of it, though its length was announced.
    Half(Vec<u8>),
}

impl Module {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let now = since_1970().as_secs();
        Ok(Self {
            identity: settings.identity.clone(),
            bank: Mutex::new(Bank::launched(settings)?),
            issuer: Issuer::new(&settings.identity, now)?,
            template: Enclave::with_identity(&settings.identity, now).document,
            fault: settings.fault,
            delay: settings.delay,
            first: Mutex::new(None),
        })
    }

    pub(super) fn id(&self) -> String {
        self.identity.module_id()
    }

    pub(super) fn root(&self) -> &[u8] {
        self.issuer.root()
    }

    /// The answer to a request, which is never an error: those of the device are answers.
    pub(super) fn answer(&self, request: &[u8]) -> Answer {
        if self.fault == Some(Fault::Slow) {
            thread::sleep(self.delay);
        }
        if request.len() > MAX_REQUEST {
            return Answer::Whole(failed(Code::InputTooLarge));
        }
        let request = match Request::parse(request) {
            Ok(request) => request,
            Err(code) => return Answer::Whole(failed(code)),
        };
        if let Request::Attestation(chosen) = request {
            return self.attest(chosen);
        }
        Answer::Whole(bounded(self.perform(request).unwrap_or_else(failed)))
    }

    fn perform(&self, request: Request) -> Result<Vec<u8>, Code> {
        match request {
            Request::DescribeNsm => Ok(self.describe()),
            Request::GetRandom => {
                Ok(answer("GetRandom", [("random", Value::Bytes(random::<RANDOM_BYTES>()?.to_vec()))]))
            }
            Request::DescribePcr { index } => {
                let pcr = self.bank().describe(index)?;
                Ok(answer("DescribePCR", [("lock", pcr.locked.into()), ("data", bytes(&pcr.value))]))
            }
            Request::ExtendPcr { index, data } => {
                let value = self.bank().extend(index, &data)?;
                Ok(answer("ExtendPCR", [("data", bytes(&value))]))
            }
            Request::LockPcr { index } => self.bank().lock(index).map(|()| done("LockPCR")),
            Request::LockPcrs { range } => self.bank().lock_range(range).map(|()| done("LockPCRs")),
            Request::Attestation(chosen) => Ok(document_answer(self.document(chosen, &Cose::default())?)),
        }
    }

    fn describe(&self) -> Vec<u8> {
        let locked = self.bank().locked().map(|(index, _)| Value::from(index)).collect::<Vec<_>>();
        let fields = [
            ("version_major", 1.into()),
            ("version_minor", 0.into()),
            ("version_patch", 0.into()),
            ("module_id", self.id().into()),
            ("max_pcrs", MAX_PCRS.into()),
            ("locked_pcrs", locked.into()),
            ("digest", "SHA384".into()),
        ];
        answer("DescribeNSM", fields)
    }

    fn attest(&self, chosen: Chosen) -> Answer {
        let made = match self.fault {
            Some(Fault::Replay) => self.replayed(chosen),
            Some(Fault::Nonce) => random::<32>()
                .and_then(|nonce| self.document(Chosen { nonce: bytes(&nonce), ..chosen }, &Cose::default())),
            Some(Fault::Unsigned) => self.unsigned(chosen),
            Some(Fault::Forged) => self.forged(chosen),
            Some(Fault::Oversize) => {
                let chosen = Chosen { user_data: bytes(&[0x5a; OVERSIZE]), ..chosen };
                return match self.document(chosen, &Cose::default()) {
                    Ok(document) => Answer::Whole(document_answer(document)),
                    Err(code) => Answer::Whole(failed(code)),
                };
            }
            Some(Fault::InternalError) => Err(Code::InternalError),
            _ => self.document(chosen, &Cose::default()),
        };
        let whole = bounded(made.map_or_else(failed, document_answer));
        match self.fault {
            Some(Fault::Cut) => Answer::Whole(whole.get(..whole.len() / 2).unwrap_or_default().to_vec()),
            Some(Fault::HalfFrame) => Answer::Half(whole),
            Some(Fault::WrongKind) => Answer::Whole(self.perform(Request::GetRandom).unwrap_or_else(failed)),
            Some(Fault::Garbage) => Answer::Whole(vec![0xff; 64]),
            _ => Answer::Whole(whole),
        }
    }

    /// A document of this moment.
    fn payload(&self, chosen: Chosen, now: Duration) -> Document {
        let mut document = self.template.clone();
        let pcrs = self.bank().locked().map(|(index, value)| (index.into(), bytes(value))).collect();
        document.set("timestamp", u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        document.set("pcrs", Value::Map(pcrs));
        document.set("public_key", chosen.public_key);
        document.set("user_data", chosen.user_data);
        document.set("nonce", chosen.nonce);
        document
    }

    fn document(&self, chosen: Chosen, cose: &Cose) -> Result<Vec<u8>, Code> {
        let now = since_1970();
        let document = self.payload(chosen, now);
        let internal = |_| Code::InternalError;
        self.issuer.signer(now.as_secs()).map_err(internal)?.sign_in(&document, cose).map_err(internal)
    }

    fn replayed(&self, chosen: Chosen) -> Result<Vec<u8>, Code> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(self.document(chosen, &Cose::default())?);
        }
        first.clone().ok_or(Code::InternalError)
    }

    /// A document in the form of QEMU's module (`hw/virtio/virtio-nsm.c`): algorithm -1, zeros for the signature and for
    /// each certificate, a time in whole seconds.
    fn unsigned(&self, chosen: Chosen) -> Result<Vec<u8>, Code> {
        let now = Duration::from_secs(since_1970().as_secs());
        let zero = || bytes(&[0; 64]);
        let mut document = self.payload(chosen, now);
        document.set("certificate", zero());
        document.set("cabundle", vec![zero()]);
        document.set_definite(true);
        let mut cose = Cose::default();
        cose.protected = vec![0xa1, 0x01, 0x20];
        cose.signature = Some(vec![0; 64]);
        let signer = self.issuer.signer(now.as_secs()).or(Err(Code::InternalError))?;
        signer.sign_in(&document, &cose).or(Err(Code::InternalError))
    }

    fn forged(&self, chosen: Chosen) -> Result<Vec<u8>, Code> {
        // A valid signature by another key, over other bytes.
        let signature = Key::fresh(Kind::P384).sign(Kind::P384.scheme(), b"another document");
        let mut cose = Cose::default();
        cose.signature = Some(signature.or(Err(Code::InternalError))?);
        self.document(chosen, &cose)
    }

    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn document_answer(document: Vec<u8>) -> Vec<u8> {
    answer("Attestation", [("document", Value::Bytes(document))])
}

/// The answer, or BufferTooSmall in place of one that the device has no room for.
fn bounded(answer: Vec<u8>) -> Vec<u8> {
    if answer.len() > MAX_ANSWER { failed(Code::BufferTooSmall) } else { answer }
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn random<const N: usize>() -> Result<[u8; N], Code> {
    let mut out = [0; N];
    rand::fill(&mut out).or(Err(Code::InternalError))?;
    Ok(out)
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_room_is_an_error() {
        assert_eq!(bounded(vec![0; MAX_ANSWER]).len(), MAX_ANSWER);
        assert_eq!(bounded(vec![0; MAX_ANSWER + 1]), b"\xa1\x65Error\x6eBufferTooSmall");
    }
}
