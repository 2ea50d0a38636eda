//! The PCR bank of an enclave: 32 values of SHA-384, of which those from 0 to 15 are locked at launch.
//!
//! Source: aws-nitro-enclaves-nsm-api, docs; AWS Nitro Enclaves user guide, "Cryptographic attestation"; the driver and
//! QEMU's module for the errors.

use aws_lc_rs::digest::{self, SHA384};

use super::Settings;
use super::messages::Code;
use crate::Error;

/// The number of PCRs.
pub(super) const MAX_PCRS: u16 = 32;
/// PCRs from 0 to 15 are locked at launch.
const LOCKED_AT_LAUNCH: usize = 16;
const ZERO: Digest = [0; 48];

type Digest = [u8; 48];

/// The bank.
#[derive(Clone, Debug)]
pub(super) struct Bank([Pcr; MAX_PCRS as usize]);

/// One PCR.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcr {
    pub(super) value: Digest,
    pub(super) locked: bool,
}

impl Bank {
    /// The bank of an enclave that was just launched.
    pub(super) fn launched(settings: &Settings) -> Result<Self, Error> {
        let mut values = [ZERO; LOCKED_AT_LAUNCH];
        for (index, value) in (0..3_u8).zip(&mut values) {
            *value = extended(&ZERO, &sha384(&[b"no image: teeproof-twin", &[index]]));
        }
        values[3] = settings.role.as_ref().map_or(ZERO, |arn| extended(&ZERO, arn.as_bytes()));
        values[4] = extended(&ZERO, settings.identity.instance.as_bytes());
        for (index, value) in &settings.pcrs {
            *values.get_mut(usize::from(*index)).ok_or(Error::PcrIndex(*index))? = *value;
        }
        if settings.debug {
            // Of the values that the image determines none is left; role and instance are.
            for index in [0, 1, 2, 8] {
                values[index] = ZERO;
            }
        }
        let mut bank = Self([Pcr { value: ZERO, locked: false }; MAX_PCRS as usize]);
        for (pcr, value) in bank.0.iter_mut().zip(values) {
            *pcr = Pcr { value, locked: true };
        }
        Ok(bank)
    }

    pub(super) fn describe(&self, index: u16) -> Result<Pcr, Code> {
        self.0.get(usize::from(index)).copied().ok_or(Code::InvalidIndex)
    }

    /// The new value: SHA-384 of the old one and the data, which is not hashed first.
    pub(super) fn extend(&mut self, index: u16, data: &[u8]) -> Result<Digest, Code> {
        let pcr = self.unlocked(index)?;
        pcr.value = extended(&pcr.value, data);
        Ok(pcr.value)
    }

    pub(super) fn lock(&mut self, index: u16) -> Result<(), Code> {
        self.unlocked(index)?.locked = true;
        Ok(())
    }

    /// Locks the PCRs below `range`, also those that are locked.
    pub(super) fn lock_range(&mut self, range: u16) -> Result<(), Code> {
        let pcrs = self.0.get_mut(..usize::from(range)).ok_or(Code::InvalidIndex)?;
        for pcr in pcrs {
            pcr.locked = true;
        }
        Ok(())
    }

    /// Index and value of the locked PCRs, which are those of a document.
    pub(super) fn locked(&self) -> impl Iterator<Item = (u16, &Digest)> {
        (0..).zip(&self.0).filter(|(_, pcr)| pcr.locked).map(|(index, pcr)| (index, &pcr.value))
    }

    fn unlocked(&mut self, index: u16) -> Result<&mut Pcr, Code> {
        let pcr = self.0.get_mut(usize::from(index)).ok_or(Code::InvalidIndex)?;
        if pcr.locked { Err(Code::ReadOnlyIndex) } else { Ok(pcr) }
    }
}

fn extended(old: &Digest, data: &[u8]) -> Digest {
    sha384(&[old, data])
}

fn sha384(parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(&SHA384);
    for part in parts {
        context.update(part);
    }
    let mut out = ZERO;
    out.copy_from_slice(context.finish().as_ref());
    out
}
