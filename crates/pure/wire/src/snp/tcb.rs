//! TCB_VERSION: 8 bytes whose layout depends on the product line, not on the version of the report.

use core::fmt;

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

    /// The query of a VCEK's URL at KDS, with every level in at least two decimal digits:
    /// `blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219`, after `fmcSPL=01&` on Turin (AMD document 57230, section 4.1).
    #[must_use]
    pub const fn kds_query(&self) -> impl fmt::Display {
        KdsQuery(*self)
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

/// `fmc 1, bootloader 1, tee 1, snp 4, microcode 81`.
impl fmt::Display for Tcb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fmc) = self.fmc {
            write!(f, "fmc {fmc}, ")?;
        }
        let Self { bootloader, tee, snp, microcode, .. } = self;
        write!(f, "bootloader {bootloader}, tee {tee}, snp {snp}, microcode {microcode}")
    }
}

/// See [`Tcb::kds_query`].
struct KdsQuery(Tcb);

impl fmt::Display for KdsQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tcb { fmc, bootloader, tee, snp, microcode } = self.0;
        if let Some(fmc) = fmc {
            write!(f, "fmcSPL={fmc:02}&")?;
        }
        write!(f, "blSPL={bootloader:02}&teeSPL={tee:02}&snpSPL={snp:02}&ucodeSPL={microcode:02}")
    }
}
