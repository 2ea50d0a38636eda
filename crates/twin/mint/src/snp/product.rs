//! Product lines: their names, their processors, and how they lay out a TCB version.

/// A product line of AMD's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Third generation EPYC, family 0x19.
    Milan,
    /// Fourth generation EPYC, family 0x19.
    Genoa,
    /// Fifth generation EPYC, family 0x1A.
    Turin,
}

/// The security versions of the firmware parts. The names are AMD's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcb {
    /// Firmware management controller, on Turin only.
    pub fmc: u8,
    /// Boot loader of the secure processor.
    pub bootloader: u8,
    /// Operating system of the secure processor.
    pub tee: u8,
    /// SNP firmware.
    pub snp: u8,
    /// Microcode.
    pub microcode: u8,
}

impl Product {
    /// The name in authorities' common names: `ARK-Milan`, `SEV-Milan`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// Family, model and stepping of a processor of this line.
    #[must_use]
    pub const fn cpuid(self) -> [u8; 3] {
        match self {
            Self::Milan => [0x19, 0x01, 0x01],
            Self::Genoa => [0x19, 0x11, 0x01],
            Self::Turin => [0x1a, 0x02, 0x01],
        }
    }

    /// The TCB version of a real machine of this line.
    #[must_use]
    pub const fn tcb(self) -> Tcb {
        match self {
            Self::Milan => Tcb { fmc: 0, bootloader: 4, tee: 0, snp: 0x18, microcode: 0xdb },
            Self::Genoa => Tcb { fmc: 0, bootloader: 10, tee: 0, snp: 0x17, microcode: 0x54 },
            Self::Turin => Tcb { fmc: 1, bootloader: 1, tee: 1, snp: 4, microcode: 0x51 },
        }
    }

    /// A TCB version as reports of this line write it.
    #[must_use]
    pub const fn tcb_bytes(self, tcb: Tcb) -> [u8; 8] {
        let Tcb { fmc, bootloader, tee, snp, microcode } = tcb;
        match self {
            Self::Milan | Self::Genoa => [bootloader, tee, 0, 0, 0, 0, snp, microcode],
            Self::Turin => [fmc, bootloader, tee, snp, 0, 0, 0, microcode],
        }
    }

    /// The first of the serial numbers of this line's authorities.
    pub(super) const fn serials(self) -> u64 {
        match self {
            Self::Milan => 0x1_0000,
            Self::Genoa => 0x2_0000,
            Self::Turin => 0x3_0000,
        }
    }

    /// The report version that recent firmware of this line writes.
    pub(super) const fn report_version(self) -> u32 {
        match self {
            Self::Milan => 3,
            Self::Genoa | Self::Turin => 5,
        }
    }
}
