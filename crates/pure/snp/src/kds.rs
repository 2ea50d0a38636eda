//! URLs of VCEK certificates at AMD's Key Distribution Service (KDS), as text: nothing is fetched here.
//!
//! Source: AMD document 57230, section 4.1, VCEK certificate.

use core::fmt;

use teeproof_core::Hex;
use teeproof_wire::snp::{Product, Report, Tcb};

/// The KDS URL of the VCEK for one chip at one TCB:
/// `https://kdsintf.amd.com/vcek/v1/Milan/<chip id>?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcekUrl {
    product: Product,
    chip_id: [u8; 64],
    tcb: Tcb,
}

/// A field of the report that the URL needs and that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingField {
    /// CHIP_ID is zero: the host masks it, or it was redacted.
    ChipId,
    /// The report is of version 2, which has no CPUID fields.
    Processor,
    /// The processor is of no supported product line.
    ProductLine,
    /// REPORTED_TCB does not have the product line's layout.
    ReportedTcb,
}

impl VcekUrl {
    /// The URL for CHIP_ID and REPORTED_TCB of a report. The product line is that of the report's CPUID, or
    /// `line` where the report has none.
    ///
    /// # Errors
    /// The first missing field of the report.
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

    /// The chip id, at the length of the product line: 64 bytes, or 8 for Turin.
    #[must_use]
    pub fn chip(&self) -> Hex<'_> {
        Hex(self.chip_id.get(..self.product.hwid_bytes()).unwrap_or_default())
    }
}

impl fmt::Display for VcekUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (product, chip, query) = (self.product, self.chip(), self.tcb.kds_query());
        write!(f, "https://kdsintf.amd.com/vcek/v1/{product}/{chip}?{query}")
    }
}

impl fmt::Display for MissingField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChipId => "CHIP_ID is zero (the host masks it)",
            Self::Processor => "CPUID is missing (reports before version 3 do not have it)",
            Self::ProductLine => "CPUID is of no supported product line",
            Self::ReportedTcb => "REPORTED_TCB has reserved bytes that are not zero",
        })
    }
}

/// Where to get the certificate of a report's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VekSource {
    /// A VCEK: at this URL.
    Kds(VcekUrl),
    /// A VCEK whose URL cannot be derived from the report.
    NoUrl(MissingField),
    /// A VLEK: AMD gives it to the provider only.
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
                "The KDS URL of the VCEK cannot be derived from the report, because {field}. Give the VCEK as an endorsement."
            ),
            Self::Provider => f.write_str(
                "Get the VLEK certificate from the cloud provider: AMD gives it to the provider only.",
            ),
        }
    }
}
