//! Replay of an unverified event log, bank by bank, for comparison with PCR values from elsewhere.

use alloc::format;
use alloc::string::String;

use teeproof_core::{Crypto, Digest};
use teeproof_wire::eventlog::{EventLog, Format};
use teeproof_wire::tpm::{SHA1, SHA256, bank_name};
use teeproof_wire::{DescribedField, HexBytes, Visitor};

use teeproof_evidence::{InputKind, Sniffed};

/// The hash functions of a replay, one for each bank.
#[derive(Clone, Copy)]
pub struct ReplayHashes<'a> {
    /// The crypto table, for the banks SHA-256, SHA-384 and SHA-512.
    pub crypto: &'a Crypto<'a>,
    /// SHA-1, which is not in crypto tables because no verification uses it.
    pub sha1: &'a dyn Digest<20>,
}

/// Describes the PCR (of a CCEL: RTMR) values that the events of each log in a file extend, for each bank of the log.
///
/// Proves: nothing. The author of a log chooses these values; [`verify()`](crate::verify()) compares them with a quote.
pub fn inspect_replay(sniffed: &Sniffed, hashes: &ReplayHashes<'_>, visitor: &mut dyn Visitor) {
    let is_log = |kind| matches!(kind, InputKind::EventLog | InputKind::CcEventLog);
    for part in sniffed.parts.iter().filter(|part| is_log(part.kind())) {
        let Ok(log) = EventLog::parse(part.bytes()) else { continue };
        for (bank, _) in log.algorithms().iter() {
            bank_of(&log, bank, hashes, visitor);
        }
    }
}

fn bank_of(log: &EventLog<'_>, bank: u16, hashes: &ReplayHashes<'_>, visitor: &mut dyn Visitor) {
    let registers = if log.format().measures_pcrs() { "PCRs" } else { "measurement registers" };
    visitor.open(&format!("replayed {registers}, {}", bank_name(bank)));
    match bank {
        SHA1 => replayed(log, bank, hashes.sha1, visitor),
        SHA256 => replayed(log, bank, hashes.crypto.sha256, visitor),
        0x000c => replayed(log, bank, hashes.crypto.sha384, visitor),
        0x000d => replayed(log, bank, hashes.crypto.sha512, visitor),
        _ => visitor.field(DescribedField::new("not replayed", &"this version has no such hash")),
    }
    visitor.close();
}

fn replayed<const N: usize>(log: &EventLog<'_>, bank: u16, hash: &dyn Digest<N>, visitor: &mut dyn Visitor) {
    let values = log.replay(bank, |_| true, |old: &[u8; N], digest| hash.digest(&[old, digest]));
    let mut any = false;
    for (index, value) in (0_u8..).zip(values) {
        let Some(value) = value else { continue };
        any = true;
        visitor.field(DescribedField::new(&register_name(log.format(), index), &HexBytes(&value)));
    }
    if !any {
        visitor.field(DescribedField::new("none", &"no event extends this bank"));
    }
}

/// `PCR7`; of a CCEL the name on TDX, `RTMR0`.
fn register_name(format: Format, index: u8) -> String {
    match (format.measures_pcrs(), index) {
        (true, _) => format!("PCR{index}"),
        (false, 0) => String::from("MRTD"),
        (false, 1..=4) => format!("RTMR{}", index.saturating_sub(1)),
        (false, _) => format!("MR{index}"),
    }
}
