//! The response to each command: swtpm's, or that of the NitroTPM in front of it.

use std::io;

use aws_lc_rs::digest::{SHA384, digest};
use teeproof_mint::nitro::Identity;

use super::codes::{
    AUTH_UNAVAILABLE, COMMAND_CODE, COMMAND_CODE_OF_RESOURCE_MANAGER, COMMAND_SIZE, EK, FAILURE,
    FLUSH_CONTEXT, GET_CAPABILITY, HANDLE_1, HANDLE_2, NSM_REQUEST, NV_AUTHORIZATION, NV_DEFINE_SPACE,
    NV_READ, NV_READ_PUBLIC, NV_UNDEFINE_SPACE, NV_WRITE, OWNER, PCR_EXTEND, PCR_READ, READ_PUBLIC, RETRY,
    START_AUTH_SESSION,
};
use super::endorsement_key::EndorsementKey;
use super::indexes::{self, Index, Indexes, RANGE};
use super::module::Module;
use super::sessions::Sessions;
use super::{Fault, capabilities};
use crate::paravisor::frame::{Authorization, Command, Cursor, Response, refusal, stated_code};
use crate::paravisor::upstream::{Refused, Upstream, ask};
use crate::{Error, say};

/// TPM_ALG_SHA384.
const SHA384_BANK: [u8; 2] = [0x00, 0x0c];
/// PCRs of a TPM.
const PCRS: usize = 24;
/// How often the vendor command is to be sent again under [`Fault::Retry`].
const RETRIES: u32 = 2;

/// The NitroTPM, but for swtpm.
pub(super) struct Engine {
    key: EndorsementKey,
    module: Module,
    sessions: Sessions,
    indexes: Indexes,
    fault: Option<Fault>,
    vendor_commands: u32,
    has_taken: bool,
}

/// A command's own refusal, or that swtpm is gone.
enum Stopped {
    Code(u32),
    Gone(io::Error),
}

impl From<u32> for Stopped {
    fn from(code: u32) -> Self {
        Self::Code(code)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone(error) => Self::Gone(error),
            Refused::Code(_, code) => Self::Code(code),
        }
    }
}

impl Engine {
    pub(super) fn new(identity: &Identity, fault: Option<Fault>) -> Result<Self, Error> {
        Ok(Self {
            key: EndorsementKey::generate()?,
            module: Module::new(identity)?,
            sessions: Sessions::default(),
            indexes: Indexes::default(),
            fault,
            vendor_commands: 0,
            has_taken: false,
        })
    }

    /// The certificate of the root, in DER.
    pub(super) fn root(&self) -> &[u8] {
        self.module.root()
    }

    /// The response to a command.
    pub(super) fn answer(&mut self, command: &[u8], tpm: &mut dyn Upstream) -> io::Result<Vec<u8>> {
        match self.respond(command, tpm) {
            Ok(response) => Ok(response),
            Err(Stopped::Code(code)) => Ok(refusal(code)),
            Err(Stopped::Gone(error)) => Err(error),
        }
    }

    fn respond(&mut self, bytes: &[u8], tpm: &mut dyn Upstream) -> Result<Vec<u8>, Stopped> {
        // A malformed command is the TPM's to refuse.
        let Some(command) = parse(bytes) else { return Ok(tpm.answer(bytes)?) };
        let in_range = |at: usize| command.handles.get(at).copied().filter(|handle| RANGE.contains(handle));
        match (command.code, command.handles.as_slice()) {
            (NSM_REQUEST, _) => self.nsm_request(&command, tpm),
            (READ_PUBLIC, [EK]) => {
                let parameters = self.key.public_parameters();
                Ok(Response { handle: None, parameters: &parameters, sessions: Vec::new() }.write())
            }
            (START_AUTH_SESSION, [EK, _]) => Ok(self.sessions.start(&command, &self.key)?),
            (FLUSH_CONTEXT, _) => {
                let flushed = Cursor(command.parameters).u32().filter(|handle| self.sessions.has(*handle));
                let Some(handle) = flushed else { return Ok(tpm.answer(bytes)?) };
                self.sessions.flush(handle);
                Ok(Response { handle: None, parameters: &[], sessions: Vec::new() }.write())
            }
            (NV_DEFINE_SPACE, [OWNER]) if indexes::defined_handle(command.parameters).is_some() => {
                self.define(&command)
            }
            (NV_UNDEFINE_SPACE, [OWNER, _]) if in_range(1).is_some() => self.undefine(&command),
            (NV_READ_PUBLIC, [_]) if in_range(0).is_some() => {
                let parameters = self.index(&command, 0)?.public_parameters();
                Ok(Response { handle: None, parameters: &parameters, sessions: Vec::new() }.write())
            }
            (NV_READ | NV_WRITE, [_, _]) if in_range(1).is_some() => self.read_or_write(&command),
            (GET_CAPABILITY, _) if command.sessions.is_empty() => {
                let response = tpm.answer(bytes)?;
                let own = self.indexes.handles().chain(self.sessions.handles()).chain([EK]);
                Ok(capabilities::response(command.parameters, &response, own).unwrap_or(response))
            }
            _ if command.sessions.iter().any(|session| self.sessions.has(session.handle)) => {
                say(&format!(
                    "command {:#x} in a session salted to the endorsement key is not supported by this twin",
                    command.code
                ));
                Err(Stopped::Code(AUTH_UNAVAILABLE))
            }
            _ => Ok(tpm.answer(bytes)?),
        }
    }

    /// The index of the handle number `at`.
    fn index(&self, command: &Command<'_>, at: usize) -> Result<&Index, u32> {
        let absent = if at == 0 { HANDLE_1 } else { HANDLE_2 };
        command.handles.get(at).and_then(|handle| self.indexes.get(*handle)).ok_or(absent)
    }

    /// The Names of the command's handles: indexes, and the owner.
    fn names(&self, command: &Command<'_>) -> Vec<Vec<u8>> {
        let name = |handle: &u32| self.indexes.get(*handle).map(Index::name);
        let handles = command.handles.iter();
        handles.map(|handle| name(handle).unwrap_or_else(|| handle.to_be_bytes().to_vec())).collect()
    }

    fn define(&mut self, command: &Command<'_>) -> Result<Vec<u8>, Stopped> {
        let granted = self.sessions.authorize(command, &self.names(command), &[])?;
        if self.fault == Some(Fault::Taken) && !self.has_taken {
            self.has_taken = true;
            if let Some(handle) = indexes::defined_handle(&granted.parameters) {
                self.indexes.take(handle);
            }
        }
        self.indexes.define(&granted.parameters)?;
        Ok(self.sessions.respond(command.code, &granted, &[], false))
    }

    fn undefine(&mut self, command: &Command<'_>) -> Result<Vec<u8>, Stopped> {
        self.index(command, 1)?;
        let granted = self.sessions.authorize(command, &self.names(command), &[])?;
        if self.fault == Some(Fault::Undefine) {
            return Err(Stopped::Code(NV_AUTHORIZATION));
        }
        command.handles.iter().for_each(|handle| self.indexes.undefine(*handle));
        Ok(self.sessions.respond(command.code, &granted, &[], false))
    }

    fn read_or_write(&mut self, command: &Command<'_>) -> Result<Vec<u8>, Stopped> {
        let [by, handle] = *command.handles.as_slice() else { return Err(Stopped::Code(COMMAND_SIZE)) };
        let writes = command.code == NV_WRITE;
        let index = self.index(command, 1)?;
        let granted = self.sessions.authorize(command, &self.names(command), index.password(by, writes)?)?;
        let index = self.indexes.get_mut(handle).ok_or(HANDLE_2)?;
        let parameters = if writes {
            index.write(&granted.parameters).map(|()| Vec::new())?
        } else {
            index.read(&granted.parameters)?
        };
        Ok(self.sessions.respond(command.code, &granted, &parameters, false))
    }

    /// The vendor command: both handles are the message buffer, which its own password authorizes.
    fn nsm_request(&mut self, command: &Command<'_>, tpm: &mut dyn Upstream) -> Result<Vec<u8>, Stopped> {
        match self.fault {
            Some(Fault::NoCommand) => return Err(Stopped::Code(COMMAND_CODE)),
            Some(Fault::ResourceManager) => return Err(Stopped::Code(COMMAND_CODE_OF_RESOURCE_MANAGER)),
            Some(Fault::Failure) => return Err(Stopped::Code(FAILURE)),
            Some(Fault::Retry) if self.vendor_commands < RETRIES => {
                self.vendor_commands = self.vendor_commands.saturating_add(1);
                return Err(Stopped::Code(RETRY));
            }
            _ => {}
        }
        let [by, handle] = *command.handles.as_slice() else { return Err(Stopped::Code(COMMAND_SIZE)) };
        if !command.parameters.is_empty() {
            return Err(Stopped::Code(COMMAND_SIZE));
        }
        self.index(command, 0)?;
        let password = self.index(command, 1)?.password(by, true)?;
        let granted = self.sessions.authorize(command, &self.names(command), password)?;
        let pcrs = sha384_pcrs(tpm)?;
        if self.fault != Some(Fault::NoAnswer) {
            let index = self.indexes.get_mut(handle).ok_or(HANDLE_2)?;
            let answer = self.module.answer(&index.data, &pcrs, self.fault);
            let answer = if answer.len() > index.data.len() {
                b"\xa1\x65Error\x6eBufferTooSmall".to_vec()
            } else {
                answer
            };
            index.data.iter_mut().zip(answer).for_each(|(byte, new)| *byte = new);
        }
        let wrong_hmac = self.fault == Some(Fault::ResponseHmac);
        let mut response = self.sessions.respond(command.code, &granted, &[], wrong_hmac);
        if self.fault == Some(Fault::ResponseCut) {
            // The frame has the size that it states, and the authorization area of its tag is missing.
            response.truncate(10);
            if let Some(size) = response.get_mut(2..6) {
                size.copy_from_slice(&10_u32.to_be_bytes());
            }
        }
        Ok(response)
    }
}

/// A command whose handles are known here; `None` if it is malformed, or of no concern.
fn parse(bytes: &[u8]) -> Option<Command<'_>> {
    let handles = match stated_code(bytes)? {
        FLUSH_CONTEXT | GET_CAPABILITY => 0,
        NV_DEFINE_SPACE | NV_READ_PUBLIC | READ_PUBLIC => 1,
        NSM_REQUEST | NV_READ | NV_WRITE | NV_UNDEFINE_SPACE | START_AUTH_SESSION => 2,
        // Their sessions are looked at; handles and parameters are not.
        _ => {
            return Command::parse(bytes, 0)
                .or_else(|| Command::parse(bytes, 1))
                .or_else(|| Command::parse(bytes, 2));
        }
    };
    Command::parse(bytes, handles)
}

/// What firmware does before it starts the boot loader: PCRs 0 to 7 are extended, here with the separator alone.
pub(super) fn measure_boot(tpm: &mut dyn Upstream) -> Result<(), Error> {
    let separator = digest(&SHA384, &[0; 4]);
    let digests = [&1_u32.to_be_bytes()[..], &SHA384_BANK, separator.as_ref()].concat();
    for pcr in 0..=7 {
        let sessions = vec![Authorization::password(&[])];
        let command = Command { code: PCR_EXTEND, handles: vec![pcr], sessions, parameters: &digests };
        ask(tpm, false, &command)?;
    }
    Ok(())
}

/// The PCRs of the SHA-384 bank, in as many commands as it takes.
fn sha384_pcrs(tpm: &mut dyn Upstream) -> Result<Vec<Vec<u8>>, Stopped> {
    let mut values = Vec::new();
    while values.len() < PCRS {
        let left = 0x00ff_ffff_u32.checked_shl(u32::try_from(values.len()).unwrap_or(u32::MAX));
        let [a, b, c, _] = (left.unwrap_or_default() & 0x00ff_ffff).to_le_bytes();
        let selection = [&1_u32.to_be_bytes()[..], &SHA384_BANK, &[3, a, b, c]].concat();
        let command =
            Command { code: PCR_READ, handles: Vec::new(), sessions: Vec::new(), parameters: &selection };
        let (_, response) = ask(tpm, false, &command)?;
        // The update counter, and the selection of one bank.
        let mut cursor = Cursor(response.get(14..).unwrap_or_default());
        let count = cursor.u32().unwrap_or_default();
        let read: Vec<_> = (0..count).map_while(|_| cursor.sized().map(<[u8]>::to_vec)).collect();
        if read.is_empty() {
            return Err(Stopped::Code(FAILURE));
        }
        values.extend(read);
    }
    Ok(values)
}
