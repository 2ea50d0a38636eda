//! A VEK certificate held against the report that it is to endorse: kind, product, TCB, chip.
//!
//! Source: AMD document 57230, section 3; AMD document 56860, ATTESTATION_REPORT.

use teeproof_core::Record;
use teeproof_wire::snp::{Product, Report, Tcb};
use teeproof_x509::SignedPath;

use crate::vek::VekClaims;
use crate::{Chip, Error, VekKind, checks};

/// What the names of a chain say: the kind of key that the intermediate issues, and the product
/// line that root and intermediate share.
fn authorities(path: &SignedPath<'_>) -> Option<(VekKind, Product)> {
    let line = path.root().subject().common_name()?.strip_prefix("ARK-")?;
    let intermediate = path.below().first()?.subject().common_name()?.strip_prefix("SEV-")?;
    let kind = match intermediate.strip_prefix("VLEK-") {
        Some(vlek) if vlek == line => VekKind::Vlek,
        None if intermediate == line => VekKind::Vcek,
        _ => return None,
    };
    let product = Product::ALL.iter().find(|product| product.as_str() == line)?;
    Some((kind, *product))
}

/// Checks kind and product line of the VEK against its chain and the report.
pub(crate) fn vek_product(
    path: &SignedPath<'_>,
    vek: VekKind,
    claims: &VekClaims<'_>,
    report: &Report,
    record: &mut dyn Record,
) -> Result<Product, Error> {
    let (issued, product) = authorities(path).ok_or(Error::VekProduct)?;
    let signer = VekKind::signing(report)?;
    // A VCEK belongs to a chip and says to which; a VLEK does not.
    let of_chip = claims.hwid.is_some();
    if issued != vek || signer != vek || of_chip != (vek == VekKind::Vcek) {
        return Err(Error::VekType { certificate: vek });
    }
    record.pass(checks::VEK_TYPE, &format_args!("SIGNING_KEY is {vek}"));
    let processor = match report.cpuid() {
        None => "reports before version 3 name no processor",
        Some(cpuid) if Product::from_cpuid(cpuid).ok_or(Error::Processor)? == product => {
            "so is the processor"
        }
        Some(_) => return Err(Error::VekProduct),
    };
    if !claims.is_of(product) {
        return Err(Error::VekProduct);
    }
    let name = claims.product_name;
    record.pass(checks::VEK_PRODUCT, &format_args!("{product}: root and certificate ({name}); {processor}"));
    Ok(product)
}

/// Checks the VEK's TCB against the report's; reads the report's four.
pub(crate) fn vek_tcb(
    claims: &VekClaims<'_>,
    product: Product,
    report: &Report,
    record: &mut dyn Record,
) -> Result<[Tcb; 4], Error> {
    let read = |bytes| Tcb::read(bytes, product.tcb_layout()).ok_or(Error::TcbReserved);
    let reported = read(report.reported_tcb)?;
    let tcbs = [reported, read(report.committed_tcb)?, read(report.current_tcb)?, read(report.launch_tcb)?];
    if let Some(component) = claims.differs_from(&reported) {
        return Err(Error::VekTcb(component));
    }
    record.pass(checks::VEK_TCB, &reported);
    Ok(tcbs)
}

/// Checks the VEK's chip against the report's, where both name one.
pub(crate) fn vek_chip(
    claims: &VekClaims<'_>,
    vek: VekKind,
    report: &Report,
    record: &mut dyn Record,
) -> Result<Chip, Error> {
    if vek == VekKind::Vlek {
        record.skip(checks::VEK_CHIP, &"a VLEK belongs to a provider and not to one chip");
        return Ok(Chip::Shared);
    }
    if report.chip_id.iter().all(|byte| *byte == 0) {
        record.warn(checks::VEK_CHIP, &"the host masks CHIP_ID, so the key could not be held against it");
        return Ok(Chip::Masked);
    }
    if !claims.is_on(&report.chip_id) {
        return Err(Error::VekChip);
    }
    record.pass(checks::VEK_CHIP, &"hwID is CHIP_ID, whole");
    Ok(Chip::Bound)
}
