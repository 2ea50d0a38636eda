//! TCB_VERSION: 8 bytes whose layout depends on the product line, not on the version of the report.

use core::fmt;

use super::Cpuid;

/// A product line of AMD processors; each has its own root key (ARK).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Product {
    /// EPYC 7003.
    Milan,
    /// EPYC 9004, with Bergamo and Siena.
    Genoa,
    /// EPYC 9005.
    Turin,
}

impl Product {
    /// Every product line.
    pub const ALL: &'static [Self] = &[Self::Milan, Self::Genoa, Self::Turin];

    /// The product line of a processor by its family and model; `None` for any other.
    #[must_use]
    pub const fn from_cpuid(cpuid: Cpuid) -> Option<Self> {
        match (cpuid.family, cpuid.model) {
            (0x19, 0x00..=0x0f) => Some(Self::Milan),
            (0x19, 0x10..=0x1f | 0xa0..=0xaf) => Some(Self::Genoa),
            (0x1a, 0x00..=0x11) => Some(Self::Turin),
            _ => None,
        }
    }

    /// The name in certificates and KDS URLs: `Milan`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// The name in lower case, as policies write it: `milan`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Milan => "milan",
            Self::Genoa => "genoa",
            Self::Turin => "turin",
        }
    }

    /// The layout of TCB_VERSION of this product line.
    #[must_use]
    pub const fn tcb_layout(self) -> TcbLayout {
        match self {
            Self::Milan | Self::Genoa => TcbLayout::Family19h,
            Self::Turin => TcbLayout::Family1Ah,
        }
    }

    /// The size of a chip id in bytes: 64, or 8 for Turin.
    #[must_use]
    pub const fn hwid_bytes(self) -> usize {
        match self {
            Self::Milan | Self::Genoa => 64,
            Self::Turin => 8,
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The layout of the 8 bytes of TCB_VERSION.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TcbLayout {
    /// Milan and Genoa: boot loader, TEE, four reserved bytes, SNP, microcode.
    Family19h,
    /// Turin: FMC, boot loader, TEE, SNP, three reserved bytes, microcode.
    Family1Ah,
}

impl TcbLayout {
    /// Whether the layout has an FMC component.
    #[must_use]
    pub const fn has_fmc(self) -> bool {
        matches!(self, Self::Family1Ah)
    }
}

/// A TCB version: the security patch level (SPL) of each component, 0 to 255.
///
/// Source: AMD document 56860, TCB_VERSION.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tcb {
    /// The FMC, on Turin only.
    pub fmc: Option<u8>,
    /// The boot loader of the AMD secure processor.
    pub bootloader: u8,
    /// The operating system of the AMD secure processor.
    pub tee: u8,
    /// The SNP firmware.
    pub snp: u8,
    /// The microcode.
    pub microcode: u8,
}

impl Tcb {
    /// Parses the 8 bytes of TCB_VERSION; `None` if a reserved byte is not zero.
    #[must_use]
    pub const fn parse(bytes: [u8; 8], layout: TcbLayout) -> Option<Self> {
        match (layout, bytes) {
            (TcbLayout::Family19h, [bootloader, tee, 0, 0, 0, 0, snp, microcode]) => {
                Some(Self { fmc: None, bootloader, tee, snp, microcode })
            }
            (TcbLayout::Family1Ah, [fmc, bootloader, tee, snp, 0, 0, 0, microcode]) => {
                Some(Self { fmc: Some(fmc), bootloader, tee, snp, microcode })
            }
            _ => None,
        }
    }

    /// Whether every component is at least that of `floor`. An FMC is compared only if `floor` has one, and then
    /// must be present.
    #[must_use]
    pub const fn reaches(&self, floor: &Self) -> bool {
        let fmc = match (self.fmc, floor.fmc) {
            (_, None) => true,
            (Some(own), Some(least)) => own >= least,
            (None, Some(_)) => false,
        };
        fmc && self.bootloader >= floor.bootloader
            && self.tee >= floor.tee
            && self.snp >= floor.snp
            && self.microcode >= floor.microcode
    }
}

/// `fmc 1, bootloader 1, tee 1, snp 4, microcode 81`.
impl Tcb {
    /// The name and level of each component; the level of `fmc` is `None` on product lines without an FMC.
    #[must_use]
    pub fn levels(&self) -> [(&'static str, Option<u64>); 5] {
        let Self { fmc, bootloader, tee, snp, microcode } = *self;
        [
            ("fmc", fmc.map(u64::from)),
            ("bootloader", Some(u64::from(bootloader))),
            ("tee", Some(u64::from(tee))),
            ("snp", Some(u64::from(snp))),
            ("microcode", Some(u64::from(microcode))),
        ]
    }
}

impl fmt::Display for Tcb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fmc) = self.fmc {
            write!(f, "fmc {fmc}, ")?;
        }
        let Self { bootloader, tee, snp, microcode, .. } = self;
        write!(f, "bootloader {bootloader}, tee {tee}, snp {snp}, microcode {microcode}")
    }
}
