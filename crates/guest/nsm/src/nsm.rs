//! The seam to a module: one exchange of bytes, and every request as a method.

use core::fmt;

use zeroize::Zeroizing;

use crate::cbor::MessageError;
use crate::{AttestationFields, MAX_ANSWER, ModuleDescription, NsmError, PcrState, Request, Response};

/// A Nitro security module.
///
/// An implementation has to carry bytes; the messages and their checks are here.
pub trait Nsm: fmt::Debug + Send {
    /// Sends the CBOR of a request and returns the CBOR of the answer, which is not checked; `request` is its name,
    /// for errors.
    ///
    /// # Errors
    /// [`NsmError::Io`], [`NsmError::TimedOut`], [`NsmError::AnswerTooLong`].
    fn exchange_bytes(&mut self, request: &'static str, bytes: &[u8])
    -> Result<Zeroizing<Vec<u8>>, NsmError>;

    /// Sends a request; the answer is that of a success, and of the request.
    ///
    /// # Errors
    /// Any but those of addresses and of opening.
    fn exchange(&mut self, request: &Request<'_>) -> Result<Response, NsmError> {
        let name = request.name();
        let answer = self.exchange_bytes(name, &request.to_cbor()?)?;
        // The driver cuts an answer to the room for it and reports a success.
        if answer.len() >= MAX_ANSWER {
            return Err(NsmError::AnswerFull { request: name, bytes: answer.len() });
        }
        match Response::from_cbor(&answer) {
            Ok(Response::Error(code)) => Err(NsmError::Refused { request: name, code }),
            Ok(response) if response.name() == name => Ok(response),
            Ok(response) => Err(NsmError::OtherAnswer { request: name, answer: response.name() }),
            Err(MessageError::Cut { bytes }) => Err(NsmError::AnswerCut { request: name, bytes }),
            Err(problem) => Err(NsmError::Undecodable { request: name, problem }),
        }
    }

    /// Version, module id, number of PCRs and locked PCRs.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`], here and below.
    fn describe(&mut self) -> Result<ModuleDescription, NsmError> {
        match self.exchange(&Request::DescribeNsm)? {
            Response::DescribeNsm(description) => Ok(description),
            other => Err(other_answer("DescribeNSM", &other)),
        }
    }

    /// Random bytes of the module, up to 256.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`].
    fn random(&mut self) -> Result<Zeroizing<Vec<u8>>, NsmError> {
        match self.exchange(&Request::GetRandom)? {
            Response::Random(random) => Ok(random),
            other => Err(other_answer("GetRandom", &other)),
        }
    }

    /// The value of a PCR, and whether it is locked.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`].
    fn describe_pcr(&mut self, index: u16) -> Result<PcrState, NsmError> {
        match self.exchange(&Request::DescribePcr { index })? {
            Response::DescribePcr(state) => Ok(state),
            other => Err(other_answer("DescribePCR", &other)),
        }
    }

    /// Extends a PCR and returns its new value.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`].
    fn extend_pcr(&mut self, index: u16, data: &[u8]) -> Result<Vec<u8>, NsmError> {
        match self.exchange(&Request::ExtendPcr { index, data })? {
            Response::ExtendPcr(value) => Ok(value),
            other => Err(other_answer("ExtendPCR", &other)),
        }
    }

    /// Locks a PCR. A locked one is refused.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`].
    fn lock_pcr(&mut self, index: u16) -> Result<(), NsmError> {
        self.exchange(&Request::LockPcr { index }).map(drop)
    }

    /// Locks the first `range` PCRs, whether they are locked or not.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`].
    fn lock_pcrs(&mut self, range: u16) -> Result<(), NsmError> {
        self.exchange(&Request::LockPcrs { range }).map(drop)
    }

    /// An attestation document with these fields, as received.
    ///
    /// # Errors
    /// Those of [`Nsm::exchange`].
    fn attest(&mut self, fields: AttestationFields<'_>) -> Result<Vec<u8>, NsmError> {
        match self.exchange(&Request::Attestation(fields))? {
            Response::Attestation(document) => Ok(document),
            other => Err(other_answer("Attestation", &other)),
        }
    }
}

/// The error of an answer to another request.
fn other_answer(request: &'static str, answer: &Response) -> NsmError {
    NsmError::OtherAnswer { request, answer: answer.name() }
}
