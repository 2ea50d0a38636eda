//! Comparison of a VEK certificate with a report: kind of key, chip, product line, TCB.
//!
//! Source: AMD document 57230, section 3; AMD document 56860, ATTESTATION_REPORT.

use core::fmt;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::{AmdAuthority, Product, Report, Tcb};
use teeproof_x509::AnchoredPath;

use crate::kds::VekSource;
use crate::vek::VekClaims;
use crate::{Chip, Error, VekKind};

/// The kind of key that the intermediate issues, and the product line of root and intermediate, both by
/// their common names.
pub(crate) fn authorities(path: &AnchoredPath<'_>) -> Option<(VekKind, Product)> {
    let authority =
        |certificate: &Certificate<'_>| AmdAuthority::from_common_name(certificate.subject().common_name()?);
    let (root, intermediate) = (authority(path.root())?, authority(path.below().first()?)?);
    match (root, intermediate) {
        (AmdAuthority::Ark(line), AmdAuthority::Ask(same)) if line == same => Some((VekKind::Vcek, line)),
        (AmdAuthority::Ark(line), AmdAuthority::Asvk(same)) if line == same => Some((VekKind::Vlek, line)),
        _ => None,
    }
}

/// Checks the kind of the VEK against its chain and the report; returns the chain's product line.
pub(crate) fn vek_type(
    path: &AnchoredPath<'_>,
    vek: VekKind,
    claims: &VekClaims<'_>,
    report: Report<'_>,
) -> Result<Product, Error> {
    let (issued, product) = authorities(path).ok_or(Error::VekProduct)?;
    let signer = VekKind::signing(report)?;
    // A VCEK certificate has a hwID; a VLEK certificate has none.
    let of_chip = claims.hwid.is_some();
    if issued != vek || of_chip != (vek == VekKind::Vcek) {
        return Err(Error::VekType { certificate: vek });
    }
    if signer != vek {
        let source = match signer {
            VekKind::Vcek => VekSource::vcek(report, line_without_cpuid(product)),
            VekKind::Vlek => VekSource::Provider,
        };
        return Err(Error::OtherVekType { signer, certificate: vek, source });
    }
    Ok(product)
}

/// Checks the VEK's chip against the report's, where both have one.
pub(crate) fn vek_chip(
    claims: &VekClaims<'_>,
    vek: VekKind,
    line: Product,
    report: Report<'_>,
) -> Result<Chip, Error> {
    if vek == VekKind::Vlek {
        return Ok(Chip::Shared);
    }
    if *report.chip_id() == [0; 64] {
        return Ok(Chip::Masked);
    }
    if claims.is_on(report.chip_id()) {
        return Ok(Chip::Bound);
    }
    Err(Error::VekChip {
        other: ChipPrefix::of(claims.hwid.unwrap_or_default()),
        source: VekSource::vcek(report, line_without_cpuid(line)),
        expected: ChipPrefix::of(report.chip_id()),
    })
}

/// The product line of a report without CPUID whose certificate is not this report's: that of the certificate's
/// chain, unless every report of that line has CPUID.
fn line_without_cpuid(of_chain: Product) -> Option<Product> {
    Some(of_chain).filter(|line| !line.has_cpuid_in_every_report())
}

/// Checks the product line of the VEK against its chain and the report; reads the report's four TCBs in the
/// product line's layout.
pub(crate) fn vek_product(
    claims: &VekClaims<'_>,
    product: Product,
    report: Report<'_>,
) -> Result<[Tcb; 4], Error> {
    let processor = report.cpuid().map(|cpuid| Product::from_cpuid(cpuid).ok_or(Error::Processor));
    let same = processor.transpose()?.is_none_or(|processor| processor == product);
    if !same || claims.product() != Some(product) {
        return Err(Error::VekProduct);
    }
    let read = |bytes| Tcb::parse(bytes, product.tcb_layout()).ok_or(Error::TcbReserved);
    let reported = read(*report.reported_tcb())?;
    Ok([reported, read(*report.committed_tcb())?, read(*report.current_tcb())?, read(*report.launch_tcb())?])
}

/// Checks the VEK's TCB against the report's.
pub(crate) fn vek_tcb(
    claims: &VekClaims<'_>,
    vek: VekKind,
    product: Product,
    report: Report<'_>,
    tcbs: &[Tcb; 4],
) -> Result<(), Error> {
    let [reported, ..] = *tcbs;
    let Some(component) = claims.differs_from(&reported) else { return Ok(()) };
    let source = match vek {
        VekKind::Vcek => VekSource::vcek(report, Some(product)),
        VekKind::Vlek => VekSource::Provider,
    };
    let certificate = claims.tcb;
    Err(Error::VekTcb { vek, component, certificate, reported, fits: ReportTcb::of(claims, tcbs), source })
}

/// A TCB of a report other than REPORTED_TCB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportTcb {
    /// COMMITTED_TCB.
    Committed,
    /// CURRENT_TCB.
    Current,
    /// LAUNCH_TCB.
    Launch,
}

impl ReportTcb {
    /// The first of committed, current and launch TCB that the certificate is for.
    pub(crate) fn of(claims: &VekClaims<'_>, [_, committed, current, launch]: &[Tcb; 4]) -> Option<Self> {
        let others = [(Self::Committed, committed), (Self::Current, current), (Self::Launch, launch)];
        others.into_iter().find_map(|(name, tcb)| claims.differs_from(tcb).is_none().then_some(name))
    }
}

impl fmt::Display for ReportTcb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Committed => "COMMITTED_TCB",
            Self::Current => "CURRENT_TCB",
            Self::Launch => "LAUNCH_TCB",
        })
    }
}

/// The first 16 bytes of a chip id, or the eight of a Turin chip: enough to identify the chip in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChipPrefix {
    bytes: [u8; 16],
    cut: bool,
}

impl ChipPrefix {
    pub(crate) fn of(hwid: &[u8]) -> Self {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hwid).for_each(|(slot, byte)| *slot = *byte);
        let rest = hwid.get(16..).unwrap_or_default();
        Self { bytes, cut: rest.iter().any(|byte| *byte != 0) }
    }

    /// The bytes: 16, or 8 where the others are zero, as on Turin.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        let (first, second) = self.bytes.split_at_checked(8).unwrap_or_default();
        if !self.cut && second.iter().all(|byte| *byte == 0) { first } else { &self.bytes }
    }
}

impl fmt::Display for ChipPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chip {}{}", teeproof_core::Hex(self.as_bytes()), if self.cut { "…" } else { "" })
    }
}
