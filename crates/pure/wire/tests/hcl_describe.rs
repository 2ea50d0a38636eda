//! Envelopes and TDREPORTs telling their fields: every byte is described of, by the right name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod described;

use teeproof_wire::hcl::HclReport;
use teeproof_wire::tdx::TdReport;

use described::Described;

const SNP: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-snp.bin");
const TDX: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-tdx.bin");

#[test]
fn every_byte_of_an_envelope_is_described() {
    for whole in [SNP, TDX] {
        let report = HclReport::parse(whole).unwrap();
        let described = Described::of(&report);
        described.tile(|path| path.starts_with("header/"), 0, 0x20);
        let behind = |path: &str| path.starts_with("request data/") || path == "padding";
        described.tile(behind, 0x4c0, whole.len());
        let inner = |path: &str| path.starts_with("hardware report/");
        described.tile(inner, 0, if whole == SNP { 1184 } else { 1024 });
        let claims = std::str::from_utf8(report.claims()).unwrap();
        assert_eq!(described.value("request data/variable_data"), claims);
        assert_eq!(described.value("header/report_size"), report.report_size.to_string());
    }
    let described = Described::of(&HclReport::parse(SNP).unwrap());
    assert_eq!(described.value("hardware report/GUEST_SVN"), "2");
    let described = Described::of(&HclReport::parse(TDX).unwrap());
    assert!(described.value("hardware report/TDINFO/MRTD").starts_with("75f3acc2e1dfc3ac"));
}

#[test]
fn every_byte_of_a_td_report_is_described() {
    let described = Described::of(&TdReport::parse(&TDX[0x20..0x420]).unwrap());
    described.tile(|_| true, 0, 1024);
    assert_eq!(described.value("TEE_TCB_INFO/TEE_TCB_SVN"), "02010600000000000000000000000000");
    assert_eq!(described.value("TDINFO/XFAM"), "0x618e7");
    assert!(described.value("TDINFO/RTMR3").bytes().all(|digit| digit == b'0'));
    for (attributes, wanted) in
        [(0_u64, "no debugging"), (1, "DEBUG"), (1 << 28, "SEPT_VE_DISABLE"), (1 << 28 | 1, "DEBUG")]
    {
        let mut bytes = TDX[0x20..0x420].to_vec();
        bytes[512..520].copy_from_slice(&attributes.to_le_bytes());
        let described = Described::of(&TdReport::parse(&bytes).unwrap());
        let found = described.fields.iter().find(|(path, ..)| path == "TDINFO/ATTRIBUTES").unwrap();
        assert!(found.3.contains(wanted), "{}", found.3);
    }
}

#[test]
fn what_cannot_be_read_is_shown_as_it_is() {
    // A hardware report of no known version, and claims that would fool a terminal.
    let mut bytes = SNP.to_vec();
    bytes[0x20] = 9;
    bytes[0x4d4..0x4d8].copy_from_slice(b"\x1b[2J");
    let described = Described::of(&HclReport::parse(&bytes).unwrap());
    assert_eq!(described.value("hardware report/bytes").len(), 2 * 1184);
    assert!(described.value("request data/variable_data").starts_with("\\u{1b}[2J"));
    bytes[0x4d4] = 0xff;
    let described = Described::of(&HclReport::parse(&bytes).unwrap());
    assert!(described.value("request data/variable_data").starts_with("ff5b324a"));
    let mut bytes = TDX.to_vec();
    bytes[0x20] = 0;
    let described = Described::of(&HclReport::parse(&bytes).unwrap());
    assert_eq!(described.value("hardware report/bytes").len(), 2 * 1024);
    // The other kinds are described of, too.
    let mut bytes = SNP.to_vec();
    bytes[0x20..0x4c0].fill(0);
    for kind in [1, 3, 5] {
        bytes[0x4c8] = kind;
        let described = Described::of(&HclReport::parse(&bytes).unwrap());
        assert!(!described.value("hardware report/bytes").is_empty());
    }
}
