//! The TDREPORT in the HCL report: its own form and hashes, and its comparison with the verified TD quote.
//!
//! Source: Intel document 344425 (TDX module), TDREPORT_STRUCT; Intel document 348551, appendix A.3.2.

use teeproof_core::{Crypto, Record};
use teeproof_tdx::TdBody;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::tdx::TdReport;

use crate::{Error, TdReportHash, checks};

/// Parses the TDREPORT, checks its reserved bytes and recomputes its two hashes. It remains unauthenticated: only
/// its own processor can check its MAC.
pub(super) fn parse<'a>(
    envelope: &HclReport<'a>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<TdReport<'a>, Error> {
    let bytes: &[u8] = match envelope.hardware() {
        Hardware::Tdx(bytes) => bytes,
        _ => &[],
    };
    let report = TdReport::parse(bytes).map_err(Error::TdReport)?;
    report.check_reserved().map_err(Error::TdReport)?;
    let hash = |part| crypto.sha384.digest(&[part]);
    if hash(report.tee_tcb_info_bytes()) != *report.tee_tcb_info_hash() {
        return Err(Error::TdReportHash(TdReportHash::TeeTcbInfo));
    }
    if hash(report.td_info_bytes()) != *report.tee_info_hash() {
        return Err(Error::TdReportHash(TdReportHash::TdInfo));
    }
    record.pass(checks::TD_REPORT, &"reserved bytes as specified, both hashes recomputed");
    Ok(report)
}

/// Compares every field that TDREPORT and TD quote have in common, in the order of the quote. The last two are
/// in bodies of TDX 1.5 only.
pub(super) fn compare(report: TdReport<'_>, quote: TdBody<'_>, record: &mut dyn Record) -> Result<(), Error> {
    let (module, guest) = (report.tee_tcb_info(), report.td_info());
    let seam_attributes = module.attributes().to_le_bytes();
    let (td_attributes, quoted_td_attributes) =
        (guest.attributes().to_le_bytes(), quote.td_attributes().to_le_bytes());
    let (xfam, quoted_xfam) = (guest.xfam().to_le_bytes(), quote.xfam().to_le_bytes());
    let [rtmr0, rtmr1, rtmr2, rtmr3] = guest.rtmr();
    let [quoted_rtmr0, quoted_rtmr1, quoted_rtmr2, quoted_rtmr3] = quote.rtmr();
    let fields: [(&'static str, &[u8], &[u8]); 17] = [
        ("TEE_TCB_SVN", module.tee_tcb_svn(), quote.tee_tcb_svn()),
        ("MRSEAM", module.mrseam(), quote.mrseam()),
        ("MRSIGNERSEAM", module.mrsignerseam(), quote.mrsignerseam()),
        ("SEAMATTRIBUTES", &seam_attributes, quote.seam_attributes()),
        ("TDATTRIBUTES", &td_attributes, &quoted_td_attributes),
        ("XFAM", &xfam, &quoted_xfam),
        ("MRTD", guest.mrtd(), quote.mrtd()),
        ("MRCONFIGID", guest.mrconfigid(), quote.mrconfigid()),
        ("MROWNER", guest.mrowner(), quote.mrowner()),
        ("MROWNERCONFIG", guest.mrownerconfig(), quote.mrownerconfig()),
        ("RTMR0", rtmr0, quoted_rtmr0),
        ("RTMR1", rtmr1, quoted_rtmr1),
        ("RTMR2", rtmr2, quoted_rtmr2),
        ("RTMR3", rtmr3, quoted_rtmr3),
        ("REPORTDATA", report.reportdata(), quote.report_data()),
        ("TEE_TCB_SVN2", module.tee_tcb_svn2(), quote.tee_tcb_svn2().unwrap_or(module.tee_tcb_svn2())),
        ("SERVTD_HASH", guest.servtd_hash(), quote.mrservicetd().unwrap_or(guest.servtd_hash())),
    ];
    match fields.into_iter().find(|(_, report, quote)| report != quote) {
        Some((field, ..)) => Err(Error::TdReportMismatch { field }),
        None => {
            record.pass(checks::TD_REPORT_QUOTE, &"every field of the TDREPORT is that of the TD quote");
            Ok(())
        }
    }
}
