//! The paravisor's response to each command: a state machine over swtpm.

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use super::capabilities::Capabilities;
use super::codes::{
    COMMAND_CODE, FIRST_PARAMETER_MISSING, GET_RANDOM, GET_SESSION_AUDIT_DIGEST, NV_CERTIFY, NV_READ,
    NV_READ_PUBLIC,
};
use super::filtered::is_filtered;
use super::frame::{Authorization, Command, Response, refusal, response_code, stated_code};
use super::index::{Index, Wanted};
use super::profile::{DIGEST_BYTES, TpmProfile, has_command};
use super::read::unsupported;
use super::report::Reporter;
use super::sessions::Sessions;
use super::unmarshal::{refused_parameter, too_long_for_any_tpm};
use super::upstream::Upstream;

/// The paravisor: its own indexes and the sessions that it tracks.
#[derive(Debug)]
pub(super) struct Engine {
    /// Shapes of this TPM's commands by command code.
    pub(super) shapes: BTreeMap<u32, Shape>,
    pub(super) profile: TpmProfile,
    pub(super) capabilities: Capabilities,
    /// The report's index; its contents are returned for reads at offsets other than 0.
    pub(super) report: Index,
    /// Contents of the report for reads at offset 0.
    pub(super) head: Vec<u8>,
    /// The index of the attestation key's certificate.
    pub(super) certificate: Index,
    pub(super) reporter: Reporter,
    pub(super) sessions: Sessions,
}

/// Shape of a command: TPMA_CC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Number of handles.
    pub(super) handles: usize,
    /// Whether its response has a handle.
    pub(super) gives_handle: bool,
}

impl Engine {
    /// The response to a command.
    pub(super) fn answer(
        &mut self,
        command: &[u8],
        now: Instant,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        self.renew_before(command, now, tpm)?;
        if self.lacks(command) {
            return Ok(refusal(COMMAND_CODE));
        }
        // A malformed command is the TPM's to refuse.
        let Some((parsed, shape)) = self.parse(command) else { return tpm.answer(command) };
        if let Some(answer) = self.refused(&parsed, tpm)? {
            return Ok(answer);
        }
        match (parsed.code, parsed.handles.as_slice(), Wanted::parse(parsed.parameters)) {
            (NV_READ_PUBLIC, [handle], _) if self.is_own(*handle) && parsed.parameters.is_empty() => {
                self.read_public(&parsed, *handle, tpm)
            }
            (NV_READ, [_, handle], Some(wanted)) if self.is_own(*handle) && !parsed.sessions.is_empty() => {
                self.read(&parsed, *handle, wanted, tpm)
            }
            // Re-signing would need the Name of the signing key, and swtpm counts a wrong HMAC as a guess.
            (NV_CERTIFY, [_, _, handle], _) if self.is_own(*handle) && parsed.is_signed() => {
                Ok(unsupported(*handle, "TPM2_NV_Certify under an HMAC"))
            }
            (code, handles, _) if code != NV_CERTIFY && handles.iter().any(|handle| self.is_own(*handle)) => {
                self.forward(&parsed, parsed.parameters, tpm)
            }
            (GET_RANDOM, [], _) if self.exceeds_random_bytes(parsed.parameters) => {
                self.forward(&parsed, &DIGEST_BYTES.to_be_bytes(), tpm)
            }
            (GET_SESSION_AUDIT_DIGEST, [_, _, session], _) if self.audit_digest_differs(*session) => {
                Ok(unsupported(*session, "the audit digest of a session with substituted responses"))
            }
            (code, _, _) if self.profile == TpmProfile::Paravisor && is_filtered(code) => {
                self.answer_filtered(command, &parsed, tpm)
            }
            _ => {
                let answer = tpm.answer(command)?;
                if let Some(response) = Response::parse(&answer, shape.gives_handle, &parsed) {
                    self.sessions.watch(&parsed, &response);
                }
                Ok(answer)
            }
        }
    }

    /// The paravisor's own index at this handle.
    pub(super) fn index(&self, handle: u32) -> &Index {
        if handle == self.report.handle { &self.report } else { &self.certificate }
    }

    /// A parsed command and its shape; `None` if it is malformed or unknown.
    pub(super) fn parse<'a>(&self, command: &'a [u8]) -> Option<(Command<'a>, Shape)> {
        let code = u32::from_be_bytes(*command.get(6..)?.first_chunk()?);
        let shape = *self.shapes.get(&code)?;
        Some((Command::parse(command, shape.handles)?, shape))
    }

    pub(super) fn is_own(&self, handle: u32) -> bool {
        [self.report.handle, self.certificate.handle].contains(&handle)
    }

    /// Whether swtpm implements this command, well formed or not, and the paravisor's TPM does not.
    fn lacks(&self, command: &[u8]) -> bool {
        let code = stated_code(command).filter(|code| self.shapes.contains_key(code));
        self.profile == TpmProfile::Paravisor && code.is_some_and(|code| !has_command(code))
    }

    fn audit_digest_differs(&self, session: u32) -> bool {
        self.sessions.get(session).is_some_and(|session| session.audit_digest_differs)
    }

    /// Whether TPM2_GetRandom requests more than a TPM2B_DIGEST, in which case it returns one.
    fn exceeds_random_bytes(&self, parameters: &[u8]) -> bool {
        let requested = parameters.try_into().map(u16::from_be_bytes);
        self.profile == TpmProfile::Paravisor && requested.is_ok_and(|bytes| bytes > DIGEST_BYTES)
    }

    /// The refusal of a command that the paravisor's TPM does not implement.
    fn refused(&self, command: &Command<'_>, tpm: &mut dyn Upstream) -> io::Result<Option<Vec<u8>>> {
        if self.profile == TpmProfile::Swtpm {
            return Ok(None);
        }
        if let Some(sessions) = too_long_for_any_tpm(&command.sessions) {
            return tpm.answer(&Command { sessions, ..command.clone() }.write()).map(Some);
        }
        let is_encrypted = command.sessions.iter().any(Authorization::decrypts);
        let Some(code) = refused_parameter(command.code, command.parameters, is_encrypted) else {
            return Ok(None);
        };
        // Handles and authorizations are checked before parameters. Passwords do not depend on the
        // parameters, and policies seldom, so swtpm can check both without any; HMACs do.
        if command.sessions.iter().all(Authorization::is_independent_of_parameters) {
            let sessions = command.sessions.iter().map(Authorization::without_decryption).collect();
            let answer = tpm.answer(&Command { sessions, parameters: &[], ..command.clone() }.write())?;
            if response_code(&answer) != Some(FIRST_PARAMETER_MISSING) {
                return Ok(Some(answer));
            }
        }
        Ok(Some(refusal(code)))
    }
}
