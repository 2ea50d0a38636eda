//! Reading an index of the paravisor's own: the TPM behind decides, by letting the index's shadow be
//! read under the same authorization or not.

use std::io;
use std::time::Instant;

use super::codes::{AUTH_UNAVAILABLE, NV_READ, NV_READ_PUBLIC};
use super::engine::Engine;
use super::frame::{Answer, Command, Cursor, refusal, response_code, sized};
use super::index::{Index, Wanted};
use super::input;
use super::report::Report;
use super::stand_in::Exchange;
use super::upstream::Upstream;
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
        let told = sized(&self.chunk(handle, wanted));
        self.answer_for_index(command, handle, &shadow, &told, tpm)
    }

    /// Answers the question after the public area of an own index.
    pub(super) fn read_public(
        &mut self,
        command: &Command<'_>,
        handle: u32,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let told = self.index(handle).public_parameters();
        self.answer_for_index(command, handle, &[], &told, tpm)
    }

    /// Lets the shadow be asked with these parameters, and tells the client those.
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
        let manners = match exchange.manners(&self.sessions) {
            Ok(manners) => manners,
            Err(what) => return Ok(unsupported(handle, what)),
        };
        let answer = tpm.answer(&exchange.to_tpm(&manners, &self.sessions))?;
        let Some(told) = Answer::parse(&answer, false, command) else { return Ok(answer) };
        let answer = exchange.to_client(&manners, &self.sessions, &told, parameters);
        self.sessions.watch(command, &told);
        self.sessions.answered_here(command);
        Ok(answer)
    }

    /// Passes on a command with other parameters, or about an own index, whose name is not the one that
    /// the client's HMACs are about. What cannot be signed here goes on as it came.
    pub(super) fn pass_on(
        &mut self,
        bytes: &[u8],
        command: &Command<'_>,
        tpm_parameters: &[u8],
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let [names, tpm_names] = self.names(command);
        let exchange =
            Exchange { command, names, tpm_names, tpm_parameters, authorizes: authorized(command) };
        let signed = exchange.manners(&self.sessions).ok();
        let signed = signed.map(|manners| exchange.to_tpm(&manners, &self.sessions));
        let answer = tpm.answer(signed.as_deref().unwrap_or(bytes))?;
        if let Some(told) = Answer::parse(&answer, false, command) {
            self.sessions.watch(command, &told);
            self.sessions.answered_here(command);
        }
        Ok(answer)
    }

    /// The names of a command's handles, as the client has them and as the TPM has them. Of keys and of
    /// other indexes they are not known.
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

    /// Makes a new report before the TPM sees a command that reads the report from its beginning, if
    /// it is time for one. Whether the read is authorized is not looked at, nor whether it is whole:
    /// OpenVMM's `tpm_device` renews in `refresh_device_attestation_data_on_nv_read`, which it calls
    /// before its TPM executes the command.
    pub(super) fn renew_before(
        &mut self,
        command: &[u8],
        now: Instant,
        tpm: &mut dyn Upstream,
    ) -> io::Result<()> {
        if !begins_to_read(self.report.handle, command) || !self.reporter.is_due(now) {
            return Ok(());
        }
        let Some(input) = input::read(tpm)? else {
            say("the guest's input cannot be read as the owner: the old report stays");
            return Ok(());
        };
        match self.reporter.renew(&input, now) {
            Ok(Report { head, rest }) => {
                self.head = head;
                self.report.contents = rest;
            }
            Err(error) => say(&format!("the old report stays: {error}")),
        }
        Ok(())
    }
}

/// The handles that need an authorization, of the commands that name an NV index.
fn authorized<'a>(command: &'a Command<'_>) -> &'a [u32] {
    let count = usize::from(command.code != NV_READ_PUBLIC);
    command.handles.get(..count).unwrap_or_default()
}

/// Whether these bytes are an NV_Read of this index at offset 0, as far as the paravisor looks: at
/// the code, the index, and the offset behind the authorization area.
fn begins_to_read(index: u32, command: &[u8]) -> bool {
    // A command has its code where an answer has it.
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

/// Refuses what this twin does not play, and says so.
pub(super) fn unsupported(handle: u32, what: &str) -> Vec<u8> {
    say(&format!("{what} at {handle:#010x} is not played by this twin"));
    refusal(AUTH_UNAVAILABLE)
}
