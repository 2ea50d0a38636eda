//! Parsing of structures, without verification.

use std::hint::black_box;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::snp::Report;
use teeproof_wire::tdx::TdReport;
use teeproof_wire::tpm::Attest;

use crate::{Case, Snp};

const SNP_ENVELOPE: &[u8] = include_bytes!("../../../testdata/azure/hcl-report-snp.bin");
const TDX_ENVELOPE: &[u8] = include_bytes!("../../../testdata/azure/hcl-report-tdx.bin");
const QUOTE: &[u8] = include_bytes!("../../../testdata/tpm/quote-0-1.msg");

pub(super) fn cases() -> Vec<Case> {
    let envelope = HclReport::parse(TDX_ENVELOPE).expect("an envelope");
    let Hardware::Tdx(td_report) = envelope.hardware() else { return Vec::new() };
    vec![
        Case::new("fixed", "snp-report", || {
            let report = Report::parse(black_box(Snp::MILAN.report)).expect("a report");
            report.check_reserved().expect("a report as specified");
            report
        }),
        Case::new("fixed", "hcl-report", || {
            let envelope = HclReport::parse(black_box(SNP_ENVELOPE)).expect("an envelope");
            envelope.check_supported().expect("a report that can be verified");
            envelope
        }),
        Case::new("fixed", "tpms-attest", || Attest::parse(black_box(QUOTE)).expect("a quote")),
        Case::new("fixed", "td-report", move || {
            let report = TdReport::parse(black_box(td_report)).expect("a TDREPORT");
            report.check_reserved().expect("a TDREPORT as specified");
            report
        }),
        Case::new("fixed", "certificate", || {
            Certificate::parse(black_box(Snp::MILAN.vcek)).expect("a certificate")
        }),
    ]
}
