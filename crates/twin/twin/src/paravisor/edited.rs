//! Answers of the TPM behind from which what the paravisor's TPM does not have is taken out.

use std::io;

use super::codes::{EVENT_SEQUENCE_COMPLETE, GET_CAPABILITY, PCR_EVENT};
use super::engine::Engine;
use super::frame::{Answer, Command, Cursor};
use super::profile::HASHES;
use super::stand_in::Exchange;
use super::upstream::Upstream;
use crate::say;

/// TPM_ALG_SHA512, and how long its digests are.
const SHA512: (u16, usize) = (0x000d, 64);

impl Engine {
    /// Lets the TPM answer, and takes out of the answer what clients are not to see. Nothing of what is
    /// changed can be encrypted, for no TPM2B comes first in it.
    pub(super) fn edit(
        &mut self,
        bytes: &[u8],
        command: &Command<'_>,
        tpm: &mut dyn Upstream,
    ) -> io::Result<Vec<u8>> {
        let answer = tpm.answer(bytes)?;
        let Some(told) = Answer::parse(&answer, false, command) else { return Ok(answer) };
        let edited = self.edited(command, told.parameters).filter(|edited| edited != told.parameters);
        let signed = edited.and_then(|edited| self.signed_again(command, &told, &edited));
        self.sessions.watch(command, &told);
        if signed.is_some() {
            self.sessions.answered_here(command);
        }
        Ok(signed.unwrap_or(answer))
    }

    fn edited(&self, command: &Command<'_>, told: &[u8]) -> Option<Vec<u8>> {
        match command.code {
            GET_CAPABILITY => self.capabilities.told(command.parameters, told),
            PCR_EVENT | EVENT_SEQUENCE_COMPLETE => digests(told),
            _ => None,
        }
    }

    fn signed_again(&self, command: &Command<'_>, told: &Answer<'_>, edited: &[u8]) -> Option<Vec<u8>> {
        let exchange = Exchange {
            command,
            names: Vec::new(),
            tpm_names: Vec::new(),
            tpm_parameters: command.parameters,
            authorizes: &command.handles,
        };
        match exchange.manners_of_answer(&self.sessions, told) {
            Ok(manners) => Some(exchange.to_client(&manners, &self.sessions, told, edited)),
            Err(what) => {
                say(&format!("swtpm's own answer to the command {:#x} under {what}", command.code));
                None
            }
        }
    }
}

/// Whether answers to this command are edited.
pub(super) const fn is_edited(code: u32) -> bool {
    matches!(code, GET_CAPABILITY | PCR_EVENT | EVENT_SEQUENCE_COMPLETE)
}

/// TPML_DIGEST_VALUES without the digests of banks that are not there.
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
