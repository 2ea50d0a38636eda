//! TCG event log of firmware and boot loader.

mod booted;
mod confidential;
mod event;
mod header;
mod variable;

use std::collections::BTreeMap;

use crate::Error;
use crate::digest::sha256;
use crate::error::patch;

pub use event::Event;
pub use header::{Algorithm, Header};
pub(crate) use variable::variable as variable_data;
pub use variable::{Guid, signature_list};

pub use event::image_load;

/// An event log, every part of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EventLog {
    /// The first record, in its old form.
    pub header: Header,
    /// The records after it, in order.
    pub events: Vec<Event>,
    /// These bytes at the end: logs from ACPI are padded with 00 or FF.
    pub padding: Vec<u8>,
    /// Whether the log is one of TCG 1.2: no header, and the SHA-1 digest alone.
    pub sha1_alone: bool,
    tampers: Vec<(usize, Vec<u8>)>,
}

/// The extension of a PCR for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// The register.
    pub register: u32,
    /// A digest for each bank, by its algorithm.
    pub digests: Vec<(u16, Vec<u8>)>,
}

impl Default for EventLog {
    /// A log with a header and nothing else.
    fn default() -> Self {
        let (header, events, padding, tampers) = (Header::default(), Vec::new(), Vec::new(), Vec::new());
        Self { header, events, padding, sha1_alone: false, tampers }
    }
}

impl EventLog {
    /// The log of a machine that booted Linux with secure boot switched on: every register that
    /// it extends is explained.
    #[must_use]
    pub fn booted_securely() -> Self {
        booted::log(true)
    }

    /// The same machine with secure boot switched off.
    #[must_use]
    pub fn booted_insecurely() -> Self {
        booted::log(false)
    }

    /// The machine of [`EventLog::booted_securely`] with the firmware of an older TPM: a log of TCG
    /// 1.2, SHA-1 alone.
    #[must_use]
    pub fn of_tcg_1_2() -> Self {
        let events = Self::booted_securely().events.split_off(1);
        Self { events, sha1_alone: true, ..Self::default() }.algorithms(&[Algorithm::SHA1])
    }

    /// The CCEL of a TD that booted Linux: SHA-384, registers 1 to 3, padded as ACPI hands it out.
    #[must_use]
    pub fn ccel() -> Self {
        confidential::ccel()
    }

    /// What the Confidential Containers attestation agent logs on a machine with a TPM: these texts,
    /// tagged, in this PCR's SHA-256 bank.
    #[must_use]
    pub fn of_attestation_agent(pcr: u32, texts: &[&str]) -> Self {
        confidential::attestation_agent(pcr, texts)
    }

    /// The same with one more event.
    #[must_use]
    pub fn with(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// The same with these banks.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.header.algorithms = algorithms.to_vec();
        self
    }

    /// The first event in this register of this type.
    pub fn event_mut(&mut self, register: u32, kind: u32) -> Option<&mut Event> {
        self.events.iter_mut().find(|event| (event.register, event.kind) == (register, kind))
    }

    /// The first event about the EFI variable of this name.
    pub fn variable_mut(&mut self, name: &str) -> Option<&mut Event> {
        let found = |event: &&mut Event| variable::name_of(&event.data).as_deref() == Some(name);
        self.events.iter_mut().find(found)
    }

    /// Puts an event before the first one in this register of this type, or at the end.
    pub fn insert_before(&mut self, register: u32, kind: u32, event: Event) {
        let same = |found: &Event| (found.register, found.kind) == (register, kind);
        let at = self.events.iter().position(same).unwrap_or(self.events.len());
        self.events.insert(at, event);
    }

    /// Overwrites bytes of the finished log.
    pub fn tamper(&mut self, offset: usize, bytes: &[u8]) {
        self.tampers.push((offset, bytes.to_vec()));
    }

    /// The log's bytes.
    ///
    /// # Errors
    /// A patch reaches over the end.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let mut out = if self.sha1_alone { Vec::new() } else { self.header.write() };
        for event in &self.events {
            out.extend(match self.sha1_alone {
                true => event.write_sha1_alone(),
                false => event.write(&self.header.algorithms),
            });
        }
        out.extend(&self.padding);
        patch(&mut out, &self.tampers)?;
        Ok(out)
    }

    /// The SHA-256 registers of a TPM that measured these events. Events without a SHA-256
    /// digest extend nothing, nor do those of registers above 23.
    #[must_use]
    pub fn pcrs(&self) -> [[u8; 32]; 24] {
        let mut pcrs = untouched_pcrs();
        if let (Some(locality), [first, ..]) = (self.startup_locality(), &mut pcrs) {
            first[31] = locality;
        }
        for event in &self.events {
            let register = usize::try_from(event.register).ok().and_then(|at| pcrs.get_mut(at));
            let digest = event.extends().then(|| event.sha256(&self.header.algorithms)).flatten();
            if let (Some(register), Some(digest)) = (register, digest) {
                *register = sha256(&[register.as_slice(), &digest]);
            }
        }
        pcrs
    }

    /// What these events make of the registers of one bank, those that they extend.
    #[must_use]
    pub fn replay(&self, bank: Algorithm) -> BTreeMap<u32, Vec<u8>> {
        let mut registers = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.extends() && event.register < 24) {
            for (_, digest) in event.digests(&self.header.algorithms).iter().filter(|(id, _)| *id == bank.id)
            {
                let register = registers.entry(event.register).or_insert_with(|| bank.zeros());
                *register = bank.digest(&[register.as_slice(), digest].concat());
            }
        }
        registers
    }

    /// The PCR extensions, in order.
    #[must_use]
    pub fn measurements(&self) -> Vec<Measurement> {
        let extending = self.events.iter().filter(|event| event.extends());
        let measured = |event: &Event| Measurement {
            register: event.register,
            digests: event.digests(&self.header.algorithms),
        };
        extending.map(measured).collect()
    }

    fn startup_locality(&self) -> Option<u8> {
        self.events.iter().find_map(Event::locality)
    }
}

/// Registers that nothing was measured into: ones in 17 to 22, which only a late launch resets,
/// zeros in all others.
pub(super) fn untouched_pcrs() -> [[u8; 32]; 24] {
    core::array::from_fn(|register| if (17..=22).contains(&register) { [0xff; 32] } else { [0; 32] })
}
