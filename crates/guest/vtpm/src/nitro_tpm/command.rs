//! TPM commands as bytes, for commands and sessions that the transports have no methods for.
//!
//! Source: TCG TPM 2.0 Library, Part 1, section 18.

use std::thread;
use std::time::Duration;

use teeproof_wire::{Error as WireError, ErrorKind, Reader};
use zeroize::Zeroizing;

use super::NitroTpmError;
use super::session::ParameterEncryption;
use crate::{Error, ResponseCode, Tpm};

/// TPM_ST_NO_SESSIONS.
const NO_SESSIONS: u16 = 0x8001;
/// TPM_ST_SESSIONS.
const SESSIONS: u16 = 0x8002;
/// TPM_ST_RSP_COMMAND, which goes with TPM_RC_BAD_TAG alone.
const RSP_COMMAND: u16 = 0x00c4;
/// Tag, size, and command or response code.
const HEADER_BYTES: usize = 10;
/// The most attempts of a command while the TPM asks for patience.
const TRIES: u32 = 9;
/// The first pause between two attempts; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(10);
/// The structure in errors.
const RESPONSE: &str = "TPM response";

/// A command that one session authorizes.
pub(super) struct Authorized<'a> {
    /// The name in errors.
    pub(super) name: &'static str,
    /// TPM_CC.
    pub(super) code: u32,
    /// Its handles with their Names; the session authorizes the first one.
    pub(super) handles: &'a [(u32, &'a [u8])],
    /// authValue of the first handle.
    pub(super) auth: &'a [u8],
    /// Its parameters; the first one is a TPM2B if it is to be encrypted.
    pub(super) parameters: &'a [u8],
    /// Which parameter the session encrypts.
    pub(super) encryption: ParameterEncryption,
}

/// The parts of a response to a command with one session.
pub(super) struct Acknowledged {
    /// Its parameters, encrypted or not.
    pub(super) parameters: Zeroizing<Vec<u8>>,
    /// nonceTPM for the next command.
    pub(super) nonce: Vec<u8>,
    /// sessionAttributes.
    pub(super) attributes: u8,
    /// The TPM's HMAC.
    pub(super) hmac: Vec<u8>,
}

/// A command without sessions: handles, then parameters.
pub(super) fn plain(code: u32, handles: &[u32], parameters: &[&[u8]]) -> Vec<u8> {
    let handles: Vec<u8> = handles.iter().flat_map(|handle| handle.to_be_bytes()).collect();
    framed(NO_SESSIONS, code, &[&handles, &parameters.concat()])
}

/// A command with one authorization.
pub(super) fn authorized(code: u32, handles: &[u8], authorization: &[u8], parameters: &[u8]) -> Vec<u8> {
    let size = u32::try_from(authorization.len()).unwrap_or(u32::MAX).to_be_bytes();
    framed(SESSIONS, code, &[handles, &size, authorization, parameters])
}

fn framed(tag: u16, code: u32, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len().saturating_add(HEADER_BYTES)).unwrap_or(u32::MAX);
    [&tag.to_be_bytes()[..], &size.to_be_bytes(), &code.to_be_bytes(), &body].concat()
}

/// A TPM2B.
pub(super) fn sized(bytes: &[u8]) -> Vec<u8> {
    let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&size.to_be_bytes()[..], bytes].concat()
}

/// Sends a command, and again while the TPM asks for patience; a refusal is an error.
pub(super) fn send(
    tpm: &mut dyn Tpm,
    name: &'static str,
    command: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match once(tpm, name, command) {
            Err(Error::Refused { code, .. }) if code.asks_for_patience() => thread::sleep(pause),
            done => return done,
        }
        pause = pause.saturating_mul(2);
    }
    once(tpm, name, command)
}

fn once(tpm: &mut dyn Tpm, name: &'static str, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let response = tpm.send_raw(name, command)?;
    let (tag, size, code) = header(&response).map_err(|error| malformed(name, &error))?;
    if usize::try_from(size) != Ok(response.len()) {
        let what = format!("expected {size} bytes, got {}", response.len());
        return Err(Error::Malformed { command: name, what });
    }
    if code == 0 {
        return Ok(response);
    }
    if !matches!(tag, NO_SESSIONS | RSP_COMMAND) || response.len() != HEADER_BYTES {
        let what = format!("a refusal with tag {tag:#06x} and {} bytes", response.len());
        return Err(Error::Malformed { command: name, what });
    }
    Err(Error::Refused { command: name, code: ResponseCode(code) })
}

fn header(response: &[u8]) -> Result<(u16, u32, u32), WireError> {
    let head = response.get(..HEADER_BYTES).unwrap_or(response);
    Reader::all(head, 0, RESPONSE, |reader| {
        let (tag, size) = (u16(reader, "TPM response: tag")?, u32(reader, "TPM response: responseSize")?);
        Ok((tag, size, u32(reader, "TPM response: responseCode")?))
    })
}

/// The handle and the one TPM2B of a response to a command without sessions.
pub(super) fn handle_and_sized(name: &'static str, response: &[u8]) -> Result<(u32, Vec<u8>), Error> {
    let read = Reader::all(response, 0, RESPONSE, |reader| {
        tagged(reader, NO_SESSIONS, "8001 (TPM_ST_NO_SESSIONS)")?;
        let handle = u32(reader, "TPM response: handle")?;
        Ok((handle, sized_field(reader, "TPM response: nonceTPM")?.to_vec()))
    });
    read.map_err(|error| malformed(name, &error))
}

/// The parts of a response to a command with one session.
pub(super) fn acknowledged(name: &'static str, response: &[u8]) -> Result<Acknowledged, Error> {
    let read = Reader::all(response, 0, RESPONSE, |reader| {
        tagged(reader, SESSIONS, "8002 (TPM_ST_SESSIONS)")?;
        let size = u32(reader, "TPM response: parameterSize")?;
        let parameters =
            reader.take(usize::try_from(size).unwrap_or(usize::MAX), "TPM response: parameters")?;
        let nonce = sized_field(reader, "TPM response: nonceTPM")?.to_vec();
        let attributes = reader.byte("TPM response: sessionAttributes")?;
        let hmac = sized_field(reader, "TPM response: HMAC")?.to_vec();
        Ok(Acknowledged { parameters: Zeroizing::new(parameters.to_vec()), nonce, attributes, hmac })
    });
    read.map_err(|error| malformed(name, &error))
}

fn tagged(reader: &mut Reader<'_>, tag: u16, expected: &'static str) -> Result<(), WireError> {
    let at = reader.at();
    let got = u16(reader, "TPM response: tag")?;
    if got != tag {
        return Err(at.error(ErrorKind::Value, "TPM response: tag", expected).with_got(got.into()));
    }
    reader.take(HEADER_BYTES - 2, RESPONSE).map(drop)
}

/// The one TPM2B of parameters.
pub(super) fn one_sized(name: &'static str, parameters: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let read = Reader::all(parameters, 0, "TPM response: parameters", |reader| {
        sized_field(reader, "TPM response: data").map(|data| Zeroizing::new(data.to_vec()))
    });
    read.map_err(|error| malformed(name, &error))
}

/// That a response has no parameters.
pub(super) fn expect_no_parameters(name: &'static str, parameters: &[u8]) -> Result<(), NitroTpmError> {
    match parameters.len() {
        0 => Ok(()),
        bytes => {
            let what = format!("expected no parameters, got {bytes} bytes");
            Err(NitroTpmError::Tpm(Error::Malformed { command: name, what }))
        }
    }
}

fn malformed(name: &'static str, error: &WireError) -> Error {
    Error::Malformed { command: name, what: error.to_string() }
}

fn u16(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, WireError> {
    reader.array(what).map(|bytes| u16::from_be_bytes(*bytes))
}

fn u32(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, WireError> {
    reader.array(what).map(|bytes| u32::from_be_bytes(*bytes))
}

fn sized_field<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], WireError> {
    let size = u16(reader, what)?;
    reader.take(size.into(), what)
}
