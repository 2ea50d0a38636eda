//! Event logs of 45 KiB with matching PCR values.

use teeproof_core::{BadSignature, Crypto, Freshness, RsaKey, VerifyRsa};
use teeproof_mint::azure::{Algorithm, Event, EventLog, Guid, signature_list};
use teeproof_tpm::{Error, PcrValues, Quote, TpmVerification, VerifiedLog, VerifiedPcrs};

use crate::Azure;

/// A log and verified registers that it explains.
#[derive(Clone, Debug)]
pub struct Log {
    /// The binary log.
    pub bytes: Vec<u8>,
    /// The registers.
    pub pcrs: VerifiedPcrs,
}

/// The size that is measured, at least.
const BYTES: usize = 45 * 1024;

impl Log {
    /// As a machine has it: more than half of it are the lists of secure boot, the rest is what the
    /// boot loader did.
    #[must_use]
    pub fn of_a_boot() -> Self {
        let mut log = EventLog::booted_securely().algorithms(&BANKS);
        let hashes: Vec<[u8; 32]> =
            (0..430_u16).map(|at| [at.to_le_bytes(); 16].concat()).map(whole).collect();
        let hashes: Vec<&[u8]> = hashes.iter().map(<[u8; 32]>::as_slice).collect();
        let moduli = [[0xa5; 256]; 24];
        let moduli: Vec<&[u8]> = moduli.iter().map(<[u8; 256]>::as_slice).collect();
        let lists = [
            ("dbx", signature_list(Guid::SHA256_LIST, Guid::TWIN, &hashes)),
            ("KEK", signature_list(Guid::RSA2048_LIST, Guid::TWIN, &moduli)),
        ];
        for (name, list) in lists {
            *log.variable_mut(name).expect("a variable") = Event::driver_config(name, &list);
        }
        Self::filled(log)
    }

    /// The worst case of parsing: only small events.
    #[must_use]
    pub fn of_small_events() -> Self {
        Self::filled(EventLog::booted_securely().algorithms(&BANKS))
    }

    /// Lets the boot loader run commands until the log is long enough.
    fn filled(mut log: EventLog) -> Self {
        let command = Event::ipl(8, "grub_cmd: set timeout=0", b"set timeout=0");
        while log.bytes().expect("a log").len() < BYTES {
            log = log.with(command.clone());
        }
        let bytes = log.bytes().expect("a log");
        Self { bytes, pcrs: quoted(&log.pcrs()) }
    }

    /// Replays the log.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn replay(&self, crypto: &Crypto) -> Result<VerifiedLog<'_>, Error> {
        teeproof_tpm::replay(&self.bytes, &self.pcrs, crypto, &mut ())
    }
}

/// The banks that machines have switched on.
const BANKS: [Algorithm; 3] = [Algorithm::SHA1, Algorithm::SHA256, Algorithm::SHA384];

fn whole(bytes: Vec<u8>) -> [u8; 32] {
    bytes.try_into().expect("32 bytes")
}

/// These values as registers that a quote signed: the minted quote with another digest, under a
/// table that believes its signature.
fn quoted(values: &[[u8; 32]; 24]) -> VerifiedPcrs {
    let crypto = Crypto { rsa_pkcs1_sha256: &Believes, ..teeproof_aws_lc::TABLE };
    let azure = Azure::minted();
    let quote = azure.evidence.quote.expect("a quote");
    let vm = azure.verify(&teeproof_aws_lc::TABLE).expect("minted");
    let selection = vm.quote().expect("a quote").selection();
    let signed: Vec<u8> =
        selection.indices().filter_map(|index| values.get(usize::from(index))).flatten().copied().collect();
    let mut message = quote.message.to_vec();
    let digest = message.last_chunk_mut().expect("a digest at its end");
    *digest = crypto.sha256.digest(&[&signed]);
    let quote = Quote::new(&message, quote.signature);
    let key = vm.claims().ak().as_rsa();
    let freshness = Freshness::nonce(Azure::NONCE).expect("a nonce");
    let verification = TpmVerification::new(key, freshness, &crypto);
    let verified = teeproof_tpm::verify(&quote, &verification, &mut ()).expect("a quote");
    let values = PcrValues::InSelectionOrder(&signed);
    teeproof_tpm::verify_pcrs(&verified, values, &crypto, &mut ()).expect("registers")
}

struct Believes;

impl VerifyRsa for Believes {
    fn verify(&self, _: RsaKey<'_>, _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logs_are_as_long_as_said_and_explained() {
        for log in [Log::of_a_boot(), Log::of_small_events()] {
            assert!((BYTES..BYTES + 256).contains(&log.bytes.len()), "{}", log.bytes.len());
            let replayed = log.replay(&teeproof_aws_lc::TABLE).expect("a log");
            assert!(replayed.explains_all());
            assert!(replayed.secure_boot().is_ok_and(|secure_boot| secure_boot.enabled));
        }
    }
}
