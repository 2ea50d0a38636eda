//! Where AMD's key distribution service has the VCEK of a chip: the address as text. Nothing is
//! fetched here.
//!
//! Source: AMD document 57230, section 4.1, VCEK certificate.

use core::fmt;

use teeproof_core::Hex;
use teeproof_wire::snp::{Product, Report, Tcb};

/// The address of the VCEK for one chip at one TCB:
/// `https://kdsintf.amd.com/vcek/v1/Milan/<chip id>?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcekUrl {
    product: Product,
    chip_id: [u8; 64],
    tcb: Tcb,
}

/// A field of the report without which no address can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingField {
    /// CHIP_ID is zero: the host masks it, or it was replaced.
    ChipId,
    /// The report is of version 2, which does not name the processor.
    Processor,
    /// The processor is of no product line that is supported.
    ProductLine,
    /// REPORTED_TCB is not laid out as the product line's.
    ReportedTcb,
}

impl VcekUrl {
    /// The address for the chip and the reported TCB of a report. The product line is the one given,
    /// or the one of the report's processor.
    ///
    /// # Errors
    /// The first field of the report that is missing.
    pub fn of_report(report: Report<'_>, line: Option<Product>) -> Result<Self, MissingField> {
        if *report.chip_id() == [0; 64] {
            return Err(MissingField::ChipId);
        }
        let product = match (report.cpuid(), line) {
            (Some(cpuid), _) => Product::from_cpuid(cpuid).ok_or(MissingField::ProductLine)?,
            (None, Some(line)) => line,
            (None, None) => return Err(MissingField::Processor),
        };
        let tcb =
            Tcb::parse(*report.reported_tcb(), product.tcb_layout()).ok_or(MissingField::ReportedTcb)?;
        Ok(Self { product, chip_id: *report.chip_id(), tcb })
    }

    /// The chip id, as long as the product line's are.
    #[must_use]
    pub fn chip(&self) -> Hex<'_> {
        Hex(self.chip_id.get(..self.product.hwid_bytes()).unwrap_or_default())
    }
}

impl fmt::Display for VcekUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tcb { fmc, bootloader, tee, snp, microcode } = self.tcb;
        write!(f, "https://kdsintf.amd.com/vcek/v1/{}/{}?", self.product, self.chip())?;
        if let Some(fmc) = fmc {
            write!(f, "fmcSPL={fmc:02}&")?;
        }
        write!(f, "blSPL={bootloader:02}&teeSPL={tee:02}&snpSPL={snp:02}&ucodeSPL={microcode:02}")
    }
}

impl fmt::Display for MissingField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChipId => "CHIP_ID is zero: the host masks it",
            Self::Processor => "CPUID is missing: reports before version 3 do not name the product line",
            Self::ProductLine => "CPUID is of no supported product line",
            Self::ReportedTcb => "REPORTED_TCB has reserved bytes that are not zero",
        })
    }
}

/// Where the certificate for a report's key can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VekSource {
    /// A VCEK: from this address.
    Kds(VcekUrl),
    /// A VCEK whose address cannot be made from the report.
    NoUrl(MissingField),
    /// A VLEK: AMD hands it to the provider alone.
    Provider,
}

impl VekSource {
    pub(crate) fn vcek(report: Report<'_>, line: Option<Product>) -> Self {
        VcekUrl::of_report(report, line).map_or_else(Self::NoUrl, Self::Kds)
    }
}

impl fmt::Display for VekSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kds(url) => write!(f, "Fetch the VCEK from {url}"),
            Self::NoUrl(field) => write!(
                f,
                "Give the VCEK as an endorsement: its address at AMD cannot be made from the report: {field}."
            ),
            Self::Provider => {
                f.write_str("Ask the cloud provider for its VLEK: AMD hands it to the provider alone.")
            }
        }
    }
}
