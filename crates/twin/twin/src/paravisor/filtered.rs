//! Responses of swtpm without what the paravisor's TPM does not implement.

use std::io;

use super::codes::{EVENT_SEQUENCE_COMPLETE, GET_CAPABILITY, PCR_EVENT};
use super::engine::Engine;
use super::frame::{Answer, Command, Cursor};
use super::profile::HASHES;
use super::resign::Exchange;
use super::upstream::Upstream;
use crate::say;

/// TPM_ALG_SHA512, and how long its digests are.
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
        let Some(told) = Answer::parse(&answer, false, command) else { return Ok(answer) };
        let filtered = self.filtered(command, told.parameters).filter(|filtered| filtered != told.parameters);
        let signed = filtered.and_then(|filtered| self.signed_again(command, &told, &filtered));
        self.sessions.watch(command, &told);
        if signed.is_some() {
            self.sessions.mark_audit_digests(command);
        }
        Ok(signed.unwrap_or(answer))
    }

    fn filtered(&self, command: &Command<'_>, told: &[u8]) -> Option<Vec<u8>> {
        match command.code {
            GET_CAPABILITY => self.capabilities.response(command.parameters, told),
            PCR_EVENT | EVENT_SEQUENCE_COMPLETE => digests(told),
            _ => None,
        }
    }

    fn signed_again(&self, command: &Command<'_>, told: &Answer<'_>, parameters: &[u8]) -> Option<Vec<u8>> {
        let exchange = Exchange {
            command,
            names: Vec::new(),
            tpm_names: Vec::new(),
            tpm_parameters: command.parameters,
            authorizes: &command.handles,
        };
        match exchange.response_handling(&self.sessions, told) {
            Ok(handling) => Some(exchange.to_client(&handling, &self.sessions, told, parameters)),
            Err(what) => {
                say(&format!(
                    "command {:#x} under {what}: the response is swtpm's, unfiltered",
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

/// TPML_DIGEST_VALUES without the digests of banks that the paravisor's TPM does not have.
fn digests(told: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor(told);
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
