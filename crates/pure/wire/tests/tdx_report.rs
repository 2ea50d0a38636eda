//! The TDREPORT: a real one, and every byte that has to be as it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use teeproof_wire::ErrorKind;
use teeproof_wire::tdx::TdReport;

const ENVELOPE: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-tdx.bin");

fn real() -> &'static [u8] {
    &ENVELOPE[0x20..0x420]
}

#[test]
fn a_real_report() {
    let report = TdReport::parse(real()).unwrap();
    report.check_reserved().unwrap();
    assert_eq!(*report.report_type(), [0x81, 0, 0, 0]);
    assert_eq!(*report.td_info().mrtd(), real()[528..576]);
    assert_eq!(report.td_info().xfam(), 0x0006_18e7);
    assert_eq!(report.td_info().attributes(), 0);
    assert_eq!(*report.td_info().rtmr(), [[0; 48]; 4]);
    assert_eq!(*report.reportdata(), real()[128..192]);
    assert_eq!(report.tee_tcb_info().tee_tcb_svn()[..3], [2, 1, 6]);
    assert_eq!(report.tee_tcb_info_bytes(), &real()[256..495]);
    assert_eq!(report.td_info_bytes(), &real()[512..1024]);
}

#[test]
fn exactly_one_report() {
    for length in 0..1024 {
        let error = TdReport::parse(&real()[..length]).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::Truncated, length));
    }
    let error = TdReport::parse(&ENVELOPE[0x20..0x421]).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::Trailing, 1024));
}

#[test]
fn its_type_is_tdx() {
    for (kind, wanted) in [
        ([0x81, 0, 0, 0], None),
        ([0x81, 0, 1, 0], None),
        ([0x00, 0, 0, 0], Some((ErrorKind::Unsupported, 0))),
        ([0x81, 1, 0, 0], Some((ErrorKind::Unsupported, 1))),
        ([0x81, 0, 2, 0], Some((ErrorKind::Unsupported, 2))),
        ([0x81, 0, 0, 1], Some((ErrorKind::Value, 3))),
    ] {
        let mut bytes = real().to_vec();
        bytes[..4].copy_from_slice(&kind);
        let found = TdReport::parse(&bytes).err().map(|error| (error.kind, error.offset));
        assert_eq!(found, wanted, "{kind:x?}");
    }
}

#[test]
fn reserved_bytes_are_zero() {
    let reserved = [4..16, 192..224, 400..495, 495..512, 960..1024];
    for at in 4..1024 {
        let mut bytes = real().to_vec();
        bytes[at] ^= 0x10;
        let found = TdReport::parse(&bytes).unwrap().check_reserved().err();
        let wanted = reserved.iter().find(|range| range.contains(&at));
        assert_eq!(found.map(|error| error.offset), wanted.map(|range| range.start), "{at}");
    }
}
