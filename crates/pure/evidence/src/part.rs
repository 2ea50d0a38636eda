//! One part of what a file holds, in the one form that is kept of it.

use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_wire::certificate::{Certificate, without_padding};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::tpm::{attest_bytes, public_bytes};
use teeproof_wire::{eventlog, hcl, tdx};

use crate::pcrs::{self, Registers};
use crate::{InputError, Kind, report, together};

/// One report, quote, certificate or the like, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is; never a container.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Part {
    /// A part in the form that is kept of its kind.
    ///
    /// What others write around it is taken off: zero bytes after the end of a certificate (an NV
    /// index is longer than what it holds) or a report, the head of the response with which firmware returns a
    /// report, the size in front of a TPM's quote. PCR values are kept as 33 bytes each, the index and the value, by index.
    ///
    /// # Errors
    /// A container, or register values in no form that is known.
    pub fn new(kind: Kind, bytes: &[u8]) -> Result<Self, InputError> {
        let bytes = match kind {
            Kind::Certificate => without_padding(bytes).to_vec(),
            Kind::SnpReport => report::unframed(bytes).map_or(bytes, |framed| framed.report).to_vec(),
            Kind::TpmQuote => attest_bytes(bytes).to_vec(),
            Kind::TpmPublic => public_bytes(bytes).to_vec(),
            Kind::PcrValues => match pcrs::read(bytes)?.into_part().0 {
                Self { kind: Kind::PcrValues, bytes } => bytes,
                other => return Err(InputError::OtherBank(pcrs::first_bank(&other.bytes))),
            },
            kind if kind.is_container() => return Err(InputError::Container(kind)),
            _ => bytes.to_vec(),
        };
        Ok(Self { kind, bytes })
    }

    /// The technology of which a report or document is evidence; `None` for every other part.
    #[must_use]
    pub fn technology(&self) -> Option<Technology> {
        together::technology(self)
    }

    pub(crate) fn registers(registers: &Registers) -> Self {
        Self { kind: Kind::PcrValues, bytes: pcrs::encode(registers) }
    }

    /// Reads a certificate or revocation list once, so that whoever knows the file's name can tell
    /// it, and holds everything else against the size that it may have. What evidence says is left
    /// to its verifier.
    ///
    /// # Errors
    /// The part is not what it looks like, or too large.
    pub fn check(&self) -> Result<(), InputError> {
        let wrong = |error| InputError::wire(self.kind, error, self.bytes.len());
        match self.kind {
            Kind::Certificate => drop(Certificate::parse(&self.bytes).map_err(wrong)?),
            Kind::RevocationList => drop(RevocationList::parse(&self.bytes).map_err(wrong)?),
            Kind::PcrConcatenation if !pcrs::is_concatenation(&self.bytes) => {
                return Err(InputError::Registers);
            }
            kind if self.bytes.len() > max_bytes(kind) => {
                return Err(InputError::TooLarge { kind, limit: max_bytes(kind) });
            }
            _ => {}
        }
        Ok(())
    }
}

/// The most bytes of one part. Reports and documents beyond these are refused by their readers
/// too; here they are refused before anything is kept of them.
const fn max_bytes(kind: Kind) -> usize {
    match kind {
        Kind::SnpReport | Kind::HclReport => hcl::MAX_BYTES,
        Kind::TdQuote | Kind::NitroDocument | Kind::NitroTpmDocument => 16 * 1024,
        // An attested NV index is the longest that a TPM signs; 24 values of 64 bytes are the longest.
        Kind::TpmQuote | Kind::PcrConcatenation | Kind::CcelTable => 4096,
        Kind::EventLog | Kind::CcEventLog => eventlog::MAX_BYTES,
        Kind::TpmSignature | Kind::PcrValues | Kind::TpmPublic => 1024,
        Kind::TdReport => tdx::TD_REPORT_BYTES,
        Kind::PublicKey => 64 * 1024,
        Kind::Certificate => 64 * 1024,
        _ => 1024 * 1024,
    }
}
