//! Messages of the Nitro security module over a NitroTPM: a vendor command of AWS, with an NV index as the message
//! buffer of request and answer.
//!
//! A NitroTPM is the TPM of an EC2 instance. Its vendor command has two handles, both of which are the index, and no
//! parameters: the TPM reads the request from the index and writes the answer to it. The messages themselves are those of
//! an enclave's security module, in CBOR, and are opaque here: `teeproof-nsm` has them.
//!
//! Every command that uses the index or its password runs in a session salted to the endorsement key, which encrypts
//! password, request and answer between this process and the TPM. The key is taken as the TPM returns it, so the
//! sessions protect against those who only listen.
//!
//! Source: AWS NitroTPM Tools, nitro-tpm-attest 1.0.3; TCG TPM 2.0 Library, Part 1, sections 18, 19 and 21.

mod command;
mod endorsement_key;
mod error;
mod item;
mod message_buffer;
mod session;
#[cfg(all(test, feature = "direct"))]
mod tests;

use zeroize::Zeroizing;

use crate::{Error, ResponseCode, Tpm, index};
use command::Authorized;
use endorsement_key::EndorsementKey;
pub use error::NitroTpmError;
use item::ItemLength;
use message_buffer::MessageBuffer;
use session::{ParameterEncryption, Session};

/// The vendor command's code: bit 29 (V) marks a command of the vendor.
pub const NSM_REQUEST: u32 = 0x2000_0001;
/// The size limit of a request in bytes, that of an enclave's security module.
pub const MAX_NSM_REQUEST: usize = 0x1000;
/// The size of the message buffer in bytes. A document without optional fields has almost 5 KiB, and each of its three
/// optional fields 1 KiB at most.
pub const MESSAGE_BUFFER_BYTES: u16 = 8192;
/// The name of the vendor command in errors.
const NAME: &str = "TPM2_VENDOR_AWS_NSM_REQUEST";

/// Sends a request to the security module behind a NitroTPM, and returns the answer: one CBOR item, whose content is not
/// checked.
///
/// The message buffer is a new NV index of the owner, whose password only this call has. It is undefined and the sessions
/// are flushed before this returns, with or without an error. The number of commands is bounded by the size of the
/// buffer, and the time of each by the transport.
///
/// # Errors
/// The request is empty or longer than [`MAX_NSM_REQUEST`]; the TPM has no endorsement key or no such command; a response
/// without a valid HMAC; an answer that is missing, malformed or longer than the buffer; an index that could not be
/// undefined; and those of the commands.
pub fn nsm_exchange(tpm: &mut dyn Tpm, request: &[u8]) -> Result<Zeroizing<Vec<u8>>, NitroTpmError> {
    if !(1..=MAX_NSM_REQUEST).contains(&request.len()) {
        return Err(NitroTpmError::RequestLength(request.len()));
    }
    let piece = index::piece(tpm)?;
    let key = EndorsementKey::read(tpm)?;
    with_session(tpm, &key, true, |tpm, session| {
        let buffer = MessageBuffer::define(tpm, session, MESSAGE_BUFFER_BYTES)?;
        let answer = buffer
            .write(tpm, session, request, piece)
            .and_then(|()| run_vendor_command(tpm, &key, &buffer))
            .and_then(|()| read_answer(tpm, session, &buffer, request, piece));
        buffer.undefine_after(tpm, answer)
    })
}

/// Runs with a session salted to the endorsement key, and flushes it in any case.
fn with_session<T>(
    tpm: &mut dyn Tpm,
    key: &EndorsementKey,
    encrypts: bool,
    run: impl FnOnce(&mut dyn Tpm, &mut Session) -> Result<T, NitroTpmError>,
) -> Result<T, NitroTpmError> {
    let mut session = Session::start(tpm, key, encrypts)?;
    let done = run(tpm, &mut session);
    let flushed = tpm.flush(session.handle());
    // Why it failed says more than why the session stays.
    done.and_then(|done| Ok(flushed.map(|()| done)?))
}

/// The vendor command. It has no parameter to encrypt, so its session has no cipher.
fn run_vendor_command(
    tpm: &mut dyn Tpm,
    key: &EndorsementKey,
    buffer: &MessageBuffer,
) -> Result<(), NitroTpmError> {
    with_session(tpm, key, false, |tpm, session| {
        let name = buffer.name();
        let command = Authorized {
            name: NAME,
            code: NSM_REQUEST,
            handles: &[(buffer.index(), name.as_slice()); 2],
            auth: buffer.auth(),
            parameters: &[],
            encryption: ParameterEncryption::None,
        };
        let parameters = session.run(tpm, &command).map_err(without_vendor_command)?;
        command::expect_no_parameters(NAME, &parameters)
    })
}

/// A TPM without the command, and a resource manager that withholds it, as errors of their own.
fn without_vendor_command(error: NitroTpmError) -> NitroTpmError {
    match error {
        NitroTpmError::Tpm(Error::Refused { code, .. }) if code.base() == ResponseCode::COMMAND_CODE => {
            // Layer 11 of TSS2_RC: the resource manager (TCG TSS 2.0 Overview, section 3.3).
            NitroTpmError::NoVendorCommand { by_resource_manager: code.0 >> 16 == 11 }
        }
        error => error,
    }
}

/// Reads the message buffer as far as its CBOR item goes.
fn read_answer(
    tpm: &mut dyn Tpm,
    session: &mut Session,
    buffer: &MessageBuffer,
    request: &[u8],
    piece: u16,
) -> Result<Zeroizing<Vec<u8>>, NitroTpmError> {
    let size = buffer.size();
    let mut answer = Zeroizing::new(Vec::with_capacity(usize::from(size)));
    let mut offset = 0;
    while offset < size {
        let part = piece.min(size.saturating_sub(offset));
        answer.extend_from_slice(&buffer.read(tpm, session, offset, part)?);
        offset = offset.saturating_add(part);
        match item::length(&answer).map_err(NitroTpmError::Answer)? {
            ItemLength::Whole(length) => {
                answer.truncate(length);
                if *answer == request {
                    return Err(NitroTpmError::NoAnswer);
                }
                return Ok(answer);
            }
            ItemLength::AtLeast(bytes) if bytes > usize::from(size) => {
                return Err(NitroTpmError::AnswerTooLong { bytes, limit: size });
            }
            ItemLength::AtLeast(_) => {}
        }
    }
    Err(NitroTpmError::AnswerTooLong { bytes: usize::from(size).saturating_add(1), limit: size })
}
