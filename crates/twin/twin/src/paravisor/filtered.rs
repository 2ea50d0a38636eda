//! Responses of swtpm, filtered to what the paravisor's TPM implements.

use std::io;

use super::codes::{EVENT_SEQUENCE_COMPLETE, GET_CAPABILITY, PCR_EVENT};
use super::engine::Engine;
use super::frame::{Command, Cursor, Response};
use super::profile::HASHES;
use super::resign::Exchange;
use super::upstream::Upstream;
use crate::say;

/// TPM_ALG_SHA512 and the length of its digests.
const SHA512: (u16, usize) = (0x000d, 64);

impl Engine {
    /// Forwards a command and filters the response. None of the filtered responses can be encrypted:
    /// their first parameter is not a TPM2B.
    pub(super) fn answer_filtered(
        &mut self,
        bytes: &[u8],
        command: &Command<'_>,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let answer = tpm.answer(bytes)?;
        let Some(response) = Response::parse(&answer, false, command) else { return Ok(answer) };
        let filtered =
            self.filtered(command, response.parameters).filter(|filtered| filtered != response.parameters);
        let signed = filtered.and_then(|filtered| self.signed_again(command, &response, &filtered));
        self.sessions.watch(command, &response);
        if signed.is_some() {
            self.sessions.mark_audit_digests(command);
        }
        Ok(signed.unwrap_or(answer))
    }

    fn filtered(&self, command: &Command<'_>, parameters: &[u8]) -> Option<Vec<u8>> {
        match command.code {
            GET_CAPABILITY => self.capabilities.response(command.parameters, parameters),
            PCR_EVENT | EVENT_SEQUENCE_COMPLETE => digests(parameters),
            _ => None,
        }
    }

    fn signed_again(
        &self,
        command: &Command<'_>,
        response: &Response<'_>,
        parameters: &[u8],
    ) -> Option<Vec<u8>> {
        let exchange = Exchange {
            command,
            names: Vec::new(),
            tpm_names: Vec::new(),
            tpm_parameters: command.parameters,
            authorizes: &command.handles,
        };
        match exchange.response_handling(&self.sessions, response) {
            Ok(handling) => Some(exchange.to_client(&handling, &self.sessions, response, parameters)),
            Err(what) => {
                say(&format!(
                    "command {:#x} under {what}: swtpm's response is returned unfiltered",
                    command.code
                ));
                None
            }
        }
    }
}

/// Whether responses to this command are filtered.
pub(super) const fn is_filtered(code: u32) -> bool {
    matches!(code, GET_CAPABILITY | PCR_EVENT | EVENT_SEQUENCE_COMPLETE)
}

/// TPML_DIGEST_VALUES with only the banks of the paravisor's TPM.
fn digests(parameters: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor(parameters);
    let mut kept = Vec::new();
    for _ in 0..cursor.u32()? {
        let algorithm = cursor.u16()?;
        let mut known = HASHES.iter().chain([&SHA512]);
        let (_, len) = known.find(|(known, _)| *known == algorithm)?;
        let digest = cursor.take(*len)?;
        if algorithm != SHA512.0 {
            kept.push([&algorithm.to_be_bytes()[..], digest].concat());
        }
    }
    let count = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    Some([&count.to_be_bytes()[..], &kept.concat()].concat())
}
