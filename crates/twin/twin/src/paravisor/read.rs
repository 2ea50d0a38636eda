//! Reads of the paravisor's own indexes, and of the guest's input. swtpm decides on a read of an own index by a
//! read of its shadow under the same authorization.

use std::io;
use std::time::Instant;

use super::codes::{ABSENT, AUTH_UNAVAILABLE, INPUT, NV_READ, NV_READ_PUBLIC, OWNER, UNWRITTEN};
use super::engine::Engine;
use super::frame::{Authorization, Command, Cursor, Response, refusal, response_code, sized};
use super::index::{Index, Wanted};
use super::report::{INPUT_BYTES, Report};
use super::resign::{Exchange, Handling};
use super::upstream::{Refused, Upstream, ask};
use crate::say;

impl Engine {
    /// Answers a read of an own index.
    pub(super) fn read(
        &mut self,
        command: &Command<'_>,
        handle: u32,
        wanted: Wanted,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let shadow = self.index(handle).shadow_read(wanted).write();
        let parameters = sized(&self.chunk(handle, wanted));
        self.answer_for_index(command, handle, &shadow, &parameters, tpm)
    }

    /// Answers TPM2_NV_ReadPublic of an own index.
    pub(super) fn read_public(
        &mut self,
        command: &Command<'_>,
        handle: u32,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let parameters = self.index(handle).public_parameters();
        self.answer_for_index(command, handle, &[], &parameters, tpm)
    }

    /// Sends the command to the shadow with these parameters, and responds with others.
    fn answer_for_index(
        &mut self,
        command: &Command<'_>,
        handle: u32,
        shadow_parameters: &[u8],
        parameters: &[u8],
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let [names, tpm_names] = self.names(command);
        let exchange = Exchange {
            command,
            names,
            tpm_names,
            tpm_parameters: shadow_parameters,
            authorizes: authorized(command),
        };
        let handling = match exchange.handling(&self.sessions) {
            Ok(handling) => handling,
            Err(what) => return Ok(unsupported(handle, what)),
        };
        let bytes = exchange.to_tpm(&handling, &self.sessions);
        exchange.resigned(&handling).for_each(|session| self.sessions.prove_key(session));
        let answer = tpm.answer(&bytes)?;
        let Some(response) = Response::parse(&answer, false, command) else { return Ok(answer) };
        let answer = exchange.to_client(&handling, &self.sessions, &response, parameters);
        self.sessions.watch(command, &response);
        self.sessions.mark_audit_digests(command);
        Ok(answer)
    }

    /// Forwards a command with other parameters, or about an own index, whose Name in swtpm is not the one in
    /// the client's HMACs. A command whose HMAC cannot be made here is refused: swtpm would count it as a guess.
    pub(super) fn forward(
        &mut self,
        command: &Command<'_>,
        tpm_parameters: &[u8],
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let [names, tpm_names] = self.names(command);
        let exchange =
            Exchange { command, names, tpm_names, tpm_parameters, authorizes: authorized(command) };
        let handling = match exchange.handling(&self.sessions) {
            Ok(handling) => handling,
            // Without an HMAC, as under most policies.
            Err(_) if command.sessions.iter().all(|session| session.hmac.is_empty()) => {
                vec![Handling::Unchanged; command.sessions.len()]
            }
            Err(what) => {
                say(&format!("command {:#x} under {what} is not supported by this twin", command.code));
                return Ok(refusal(AUTH_UNAVAILABLE));
            }
        };
        let bytes = exchange.to_tpm(&handling, &self.sessions);
        exchange.resigned(&handling).for_each(|session| self.sessions.prove_key(session));
        let answer = tpm.answer(&bytes)?;
        if let Some(response) = Response::parse(&answer, false, command) {
            self.sessions.watch(command, &response);
            self.sessions.mark_audit_digests(command);
        }
        Ok(answer)
    }

    /// The Names of a command's handles for the client and for swtpm. Keys and other indexes get their handle,
    /// which is not their Name, so that HMACs over them do not verify.
    fn names(&self, command: &Command<'_>) -> [Vec<Vec<u8>>; 2] {
        let own = |handle: &u32| self.is_own(*handle).then(|| self.index(*handle));
        let reserved = |handle: &u32| handle.to_be_bytes().to_vec();
        let handles = || command.handles.iter();
        [
            handles().map(|at| own(at).map_or_else(|| reserved(at), Index::name)).collect(),
            handles()
                .map(|at| own(at).map_or_else(|| reserved(at), |index| index.shadow.name.clone()))
                .collect(),
        ]
    }

    fn chunk(&self, handle: u32, wanted: Wanted) -> Vec<u8> {
        if handle == self.report.handle && wanted.offset == 0 {
            wanted.of(&self.head)
        } else {
            wanted.of(&self.index(handle).contents)
        }
    }

    /// Renews the report before the TPM executes an NV_Read of it at offset 0, if the refresh interval is over. Neither authorization nor size is checked: OpenVMM's `tpm_device` calls
    /// `refresh_device_attestation_data_on_nv_read` before its TPM executes the command.
    pub(super) fn renew_before(
        &mut self,
        command: &[u8],
        now: Instant,
        tpm: &mut dyn Upstream,
    ) -> io::Result<()> {
        if !is_nv_read_at_offset_0(self.report.handle, command) || !self.reporter.is_due(now) {
            return Ok(());
        }
        let Some(input) = guest_input(tpm)? else {
            say("cannot read the guest's input as the owner: the report is not renewed");
            return Ok(());
        };
        match self.reporter.renew(&input, now) {
            Ok(Report { head, rest }) => {
                self.head = head;
                self.report.contents = rest;
            }
            Err(error) => say(&format!("the report is not renewed: {error}")),
        }
        Ok(())
    }
}

/// The handles that need an authorization, for commands that name an NV index.
fn authorized<'a>(command: &'a Command<'_>) -> &'a [u32] {
    let count = usize::from(command.code != NV_READ_PUBLIC);
    command.handles.get(..count).unwrap_or_default()
}

/// Whether these bytes are an NV_Read of this index at offset 0. As in the paravisor, only the code,
/// the index and the offset behind the authorization area count.
fn is_nv_read_at_offset_0(index: u32, command: &[u8]) -> bool {
    // Commands and responses have their code at the same offset.
    if response_code(command) != Some(NV_READ) {
        return false;
    }
    let mut cursor = Cursor(command.get(10..).unwrap_or_default());
    let mut read = || {
        let _authorizes = cursor.u32()?;
        let handle = cursor.u32()?;
        let area = usize::try_from(cursor.u32()?).ok()?;
        cursor.take(area)?;
        let _size = cursor.u16()?;
        Some((handle, cursor.u16()?))
    };
    read() == Some((index, 0))
}

/// The guest's input: empty if the index is missing or unwritten, `None` if the owner may not read it.
fn guest_input(tpm: &mut dyn Upstream) -> io::Result<Option<Vec<u8>>> {
    match input_size(tpm).and_then(|size| input_contents(tpm, size.min(INPUT_BYTES))) {
        Ok(input) => Ok(Some(input)),
        Err(Refused::Code(_, ABSENT | UNWRITTEN)) => Ok(Some(Vec::new())),
        Err(Refused::Code(..)) => Ok(None),
        Err(Refused::Gone(error)) => Err(error),
    }
}

fn input_size(tpm: &mut dyn Upstream) -> Result<u16, Refused> {
    let command =
        Command { code: NV_READ_PUBLIC, handles: vec![INPUT], sessions: Vec::new(), parameters: &[] };
    let (_, parameters) = ask(tpm, false, &command)?;
    let public = Cursor(&parameters).sized().unwrap_or_default();
    let size = public.last_chunk().map(|size| u16::from_be_bytes(*size));
    size.ok_or(Refused::Code(NV_READ_PUBLIC, 0))
}

fn input_contents(tpm: &mut dyn Upstream, size: u16) -> Result<Vec<u8>, Refused> {
    let command = Command {
        code: NV_READ,
        handles: vec![OWNER, INPUT],
        sessions: vec![Authorization::password(&[])],
        parameters: &Wanted { size, offset: 0 }.write(),
    };
    let (_, parameters) = ask(tpm, false, &command)?;
    Cursor(&parameters).sized().map(<[u8]>::to_vec).ok_or(Refused::Code(NV_READ, 0))
}

/// Refuses a command that the twin does not support, with a message.
pub(super) fn unsupported(handle: u32, what: &str) -> Vec<u8> {
    say(&format!("{what} at {handle:#010x} is not supported by this twin"));
    refusal(AUTH_UNAVAILABLE)
}
