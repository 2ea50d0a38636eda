//! Redactions: which identifier was replaced where, and which checks are impossible without it.

use teeproof_core::Technology;
use teeproof_wire::hcl::{HARDWARE_OFFSET, SLOT_BYTES};

use super::PartName;
use crate::InputKind;

/// What identifies a machine or one of its starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identifier {
    /// The chip: `CHIP_ID` of a report, the hardware id of a VCEK.
    ChipId,
    /// The platform of a TD: its quoting enclave, its PPID and its instance, in the quote.
    PlatformId,
    /// The guest from its start to its end: `REPORT_ID` and `REPORT_ID_MA` of a report.
    ReportId,
    /// The VM: `vmUniqueId` in the claims.
    VmId,
    /// The attestation key of a vTPM: the digits in its certificate's subject.
    AkId,
    /// The physical host, which requested the attestation key's certificate.
    HostName,
    /// The serial number of a certificate of one machine, VM or enclave.
    SerialNumber,
    /// The EC2 instance: in a Nitro or NitroTPM document's `module_id` and its certificates' subjects.
    InstanceId,
    /// The enclave: the second half of `module_id`.
    EnclaveId,
    /// The authority of the instance's zone: in a Nitro document's certificates' names.
    ZoneId,
}

impl Identifier {
    /// Every identifier that is replaced.
    pub const ALL: &'static [Self] = &[
        Self::ChipId,
        Self::PlatformId,
        Self::ReportId,
        Self::VmId,
        Self::AkId,
        Self::HostName,
        Self::SerialNumber,
        Self::InstanceId,
        Self::EnclaveId,
        Self::ZoneId,
    ];

    /// The name: `chip-id`, `vm-id`, `instance-id`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChipId => "chip-id",
            Self::PlatformId => "platform-id",
            Self::ReportId => "report-id",
            Self::VmId => "vm-id",
            Self::AkId => "ak-id",
            Self::HostName => "host-name",
            Self::SerialNumber => "serial-number",
            Self::InstanceId => "instance-id",
            Self::EnclaveId => "enclave-id",
            Self::ZoneId => "zone-id",
        }
    }
}

/// One place at which an identifier was replaced by a salted hash of the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Redaction {
    /// The identifier.
    pub what: Identifier,
    /// The part.
    pub part: PartName,
    /// The offset in the part, in bytes.
    pub offset: usize,
    /// The length in bytes.
    pub length: usize,
}

/// The hardware report in Azure's envelope: what the chip signed.
const SLOT: core::ops::Range<usize> = HARDWARE_OFFSET..HARDWARE_OFFSET.saturating_add(SLOT_BYTES);

/// Header and body of a TD quote, which the attestation key signed, end here at the latest; its certificates begin
/// behind the report of the quoting enclave.
const QUOTE_SIGNED: usize = 702;

impl Redaction {
    /// The redaction of an identifier at a place of a part: an offset and a length in bytes.
    #[must_use]
    pub const fn new(what: Identifier, part: PartName, offset: usize, length: usize) -> Self {
        Self { what, part, offset, length }
    }

    /// The checks that can no longer be made, by their ids.
    #[must_use]
    pub fn lost(&self, technology: Technology) -> &'static [&'static str] {
        if matches!(technology, Technology::Tdx) {
            return self.lost_of_quote();
        }
        let is_tdx = matches!(technology, Technology::AzureTdx);
        // Of a list only the serial numbers are known, which are of leaves.
        let of_list: &[_] = match technology {
            Technology::Nitro => &["nitro.chain"],
            Technology::NitroTpm => &["nitro-tpm.chain"],
            _ => &["ak.chain"],
        };
        match (self.part.kind, self.what) {
            (InputKind::SnpReport, Identifier::ChipId) => &["snp.vek.chip", "snp.signature"],
            (InputKind::SnpReport, _) => &["snp.signature"],
            (InputKind::HclReport, _) if is_tdx && SLOT.contains(&self.offset) => &["hcl.td-report"],
            (InputKind::HclReport, Identifier::ChipId) => &["snp.vek.chip", "snp.signature"],
            (InputKind::HclReport, _) if SLOT.contains(&self.offset) => &["snp.signature"],
            (InputKind::HclReport, _) => &["hcl.binding"],
            (InputKind::Certificate, Identifier::ChipId) => &["snp.chain", "snp.vek.chip"],
            (InputKind::Certificate, Identifier::PlatformId) => &["tdx.chain"],
            (InputKind::Certificate, _) => &["ak.chain"],
            (InputKind::RevocationList, _) => of_list,
            (InputKind::NitroDocument, _) => &["nitro.chain", "nitro.signature"],
            (InputKind::NitroTpmDocument, _) => &["nitro-tpm.chain", "nitro-tpm.signature"],
            (InputKind::TdQuote | InputKind::TcbInfo | InputKind::QeIdentity, _) => self.lost_of_quote(),
            (InputKind::TpmQuote | InputKind::TpmSignature, _) => &["quote.signature"],
            (InputKind::PcrValues | InputKind::PcrConcatenation, _) => &["quote.pcrs"],
            (InputKind::EventLog, _) => &["log.replay"],
            _ => &[],
        }
    }

    /// The same for a TD quote, of its own or of an Azure VM.
    const fn lost_of_quote(&self) -> &'static [&'static str] {
        match self.part.kind {
            InputKind::TdQuote if self.offset < QUOTE_SIGNED => &["tdx.signature"],
            InputKind::TdQuote | InputKind::Certificate => &["tdx.chain"],
            InputKind::RevocationList => &["tdx.revocation"],
            InputKind::TcbInfo => &["tdx.tcb-info"],
            InputKind::QeIdentity => &["tdx.qe-identity"],
            InputKind::CcEventLog => &["tdx.log.replay"],
            _ => &[],
        }
    }

    /// The same place, where `before` other parts of its kind come first.
    pub(crate) const fn moved(mut self, before: usize) -> Self {
        self.part.number = self.part.number.saturating_add(before);
        self
    }
}

/// Evidence in which identifiers were replaced: it can be inspected, and is no longer authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted<'a> {
    /// The technology that the evidence is of.
    pub technology: Technology,
    /// What was replaced.
    pub redactions: &'a [Redaction],
}

impl<'a> Redacted<'a> {
    /// Evidence of this technology with these redactions.
    #[must_use]
    pub const fn new(technology: Technology, redactions: &'a [Redaction]) -> Self {
        Self { technology, redactions }
    }

    /// The checks that can no longer be made, each once, with the first replaced place that costs
    /// it.
    pub fn lost(self) -> impl Iterator<Item = (&'static str, &'a Redaction)> {
        let Self { technology, redactions } = self;
        let all = redactions.iter().enumerate();
        let all = all.flat_map(move |(at, one)| one.lost(technology).iter().map(move |id| (at, *id, one)));
        all.filter(move |(at, id, _)| {
            let before = redactions.get(..*at).unwrap_or_default();
            !before.iter().any(|other| other.lost(technology).contains(id))
        })
        .map(|(_, id, redaction)| (id, redaction))
    }
}
