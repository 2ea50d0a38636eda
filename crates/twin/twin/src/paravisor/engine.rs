//! What the paravisor answers to each command: a state machine over the TPM behind it.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use super::codes::{NV_READ, NV_READ_PUBLIC};
use super::frame::{Answer, Command};
use super::index::{Index, Wanted};
use super::read::unsupported;
use super::report::Reporter;
use super::sessions::Sessions;
use super::upstream::Upstream;

/// The paravisor: which indexes it answers for, and whose sessions it knows.
#[derive(Debug)]
pub(super) struct Engine {
    /// How commands of this TPM look, by their code.
    pub(super) shapes: BTreeMap<u32, Shape>,
    /// The report's index; its contents are what reads at other offsets than 0 see.
    pub(super) report: Index,
    /// What reads of the report at offset 0 see.
    pub(super) head: Vec<u8>,
    /// The index of the attestation key's certificate.
    pub(super) certificate: Index,
    pub(super) reporter: Reporter,
    pub(super) sessions: Sessions,
}

/// How a command looks: TPMA_CC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many handles it has.
    pub(super) handles: usize,
    /// Whether its answer has one.
    pub(super) gives_handle: bool,
}

impl Engine {
    /// The answer to a command.
    pub(super) fn answer(
        &mut self,
        command: &[u8],
        now: Instant,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        // Of what is malformed, the TPM says so.
        let Some((parsed, shape)) = self.parse(command) else { return tpm.answer(command) };
        match (parsed.code, parsed.handles.as_slice(), Wanted::parse(parsed.parameters)) {
            (NV_READ_PUBLIC, [handle], _) if self.is_own(*handle) && parsed.parameters.is_empty() => {
                Ok(self.read_public(*handle, &parsed))
            }
            (NV_READ, [_, handle], Some(wanted)) if self.is_own(*handle) && !parsed.sessions.is_empty() => {
                self.read(&parsed, *handle, wanted, now, tpm)
            }
            _ => {
                let answer = tpm.answer(command)?;
                if let Some(told) = Answer::parse(&answer, shape.gives_handle, &parsed) {
                    self.sessions.watch(&parsed, &told);
                }
                Ok(answer)
            }
        }
    }

    /// The index of this handle, one of the paravisor's own.
    pub(super) fn index(&self, handle: u32) -> &Index {
        if handle == self.report.handle { &self.report } else { &self.certificate }
    }

    /// A command taken apart, and its shape; `None` if it is malformed or unknown.
    pub(super) fn parse<'a>(&self, command: &'a [u8]) -> Option<(Command<'a>, Shape)> {
        let code = u32::from_be_bytes(*command.get(6..)?.first_chunk()?);
        let shape = *self.shapes.get(&code)?;
        Some((Command::parse(command, shape.handles)?, shape))
    }

    fn is_own(&self, handle: u32) -> bool {
        [self.report.handle, self.certificate.handle].contains(&handle)
    }

    fn read_public(&self, handle: u32, command: &Command<'_>) -> Vec<u8> {
        if command.sessions.is_empty() {
            self.index(handle).public_answer()
        } else {
            unsupported(handle, "NV_ReadPublic with a session")
        }
    }
}
