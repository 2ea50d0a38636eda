//! The formats of event logs: TPM or confidential VM, crypto-agile or TCG 1.2.

use super::kind;
use crate::tpm::REGISTERS;

/// The signature of a crypto-agile log's header.
pub(super) const SPEC_ID: &[u8; 16] = b"Spec ID Event03\0";
/// The header of the attestation agent: signature, platform class and versions, all zero.
pub(super) const NO_SPEC_ID: &[u8; 24] = &[0; 24];
/// The index of events of Windows that extend no PCR.
pub(super) const NO_REGISTER: u32 = u32::MAX;

/// A format of event logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The crypto-agile log of a TPM (Spec ID Event03): PCRs of any banks.
    CryptoAgile,
    /// A CC event log (CCEL): crypto-agile records for the measurement registers of a confidential VM.
    /// On TDX, indices 1 to 4 are RTMR0 to RTMR3.
    ///
    /// Source: UEFI 2.10, section 38 (confidential computing).
    ConfidentialComputing,
    /// The log of the Confidential Containers attestation agent on machines without a CCEL: a header
    /// without a Spec ID, then EV_EVENT_TAG events. The registers are PCRs if the machine has a TPM.
    AttestationAgent,
    /// The log of TCG 1.2: SHA-1 digests alone, without a list of algorithms.
    Sha1,
}

impl Format {
    /// The format by the first records, to choose a parser by; `None` if they are not of an event log. Later
    /// records are not checked.
    #[must_use]
    pub fn peek(bytes: &[u8]) -> Option<Self> {
        let (head, data) = record(bytes)?;
        if head.is_header() && !is_old_spec_id(data) {
            return Some(if data.starts_with(NO_SPEC_ID) { Self::AttestationAgent } else { head.agile() });
        }
        // Firmware measures itself first. Then another record follows, or the log ends.
        let size = usize::try_from(data_size(bytes)?).ok()?;
        let next = data.get(size..)?;
        let follows = Head::read(next).is_none_or(|(next, _)| next.is_event());
        (head.index == 0 && head.is_event() && follows).then_some(Self::Sha1)
    }

    /// The format's name: `TCG event log, crypto-agile`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CryptoAgile => "TCG event log, crypto-agile",
            Self::ConfidentialComputing => "confidential-computing event log (CCEL)",
            Self::AttestationAgent => "event log of the Confidential Containers attestation agent",
            Self::Sha1 => "TCG 1.2 event log, SHA-1 alone",
        }
    }

    /// Whether the registers can be PCRs. Those of a CCEL are measurement registers of a confidential VM,
    /// which a TPM quote does not cover.
    #[must_use]
    pub const fn measures_pcrs(self) -> bool {
        !matches!(self, Self::ConfidentialComputing)
    }

    /// Whether the log is written by firmware, so that it has every event of PCRs 0 to 7.
    #[must_use]
    pub const fn is_of_firmware(self) -> bool {
        matches!(self, Self::CryptoAgile | Self::Sha1)
    }
}

/// The first 28 bytes of a log: PCR index, type and SHA-1 digest of its first record.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) index: u32,
    pub(super) kind: u32,
    digest: [u8; 20],
}

impl Head {
    pub(super) const fn of(bytes: &[u8; 28]) -> Self {
        let [i0, i1, i2, i3, k0, k1, k2, k3, digest @ ..] = *bytes;
        let (index, kind) = (u32::from_le_bytes([i0, i1, i2, i3]), u32::from_le_bytes([k0, k1, k2, k3]));
        Self { index, kind, digest }
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self::of(head), rest))
    }

    /// Whether it can be that of a header: PCR index 0 or 1, EV_NO_ACTION, a digest of zeros.
    pub(super) fn is_header(&self) -> bool {
        self.index <= 1 && self.kind == kind::NO_ACTION && self.digest == [0; 20]
    }

    /// The crypto-agile format of this header: EDK II writes the header of a CCEL with index 1.
    pub(super) const fn agile(&self) -> Format {
        if self.index == 0 { Format::CryptoAgile } else { Format::ConfidentialComputing }
    }

    /// Whether it can be that of an event of TCG 1.2.
    pub(super) fn is_event(&self) -> bool {
        let measures = self.index < u32::from(REGISTERS) && self.digest != [0; 20];
        (measures && kind::kind_name(self.kind).is_some()) || self.kind == kind::NO_ACTION
    }
}

/// The head of the first record, and what follows the size of its data.
fn record(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let (head, rest) = Head::read(bytes)?;
    Some((head, rest.get(4..).unwrap_or_default()))
}

fn data_size(bytes: &[u8]) -> Option<u32> {
    bytes.get(28..)?.first_chunk().map(|size| u32::from_le_bytes(*size))
}

/// The headers of TCG 1.2: a conventional BIOS's, and that of EFI.
pub(super) fn is_old_spec_id(data: &[u8]) -> bool {
    data.starts_with(b"Spec ID Event00\0") || data.starts_with(b"Spec ID Event02\0")
}
