//! TDX: every possible check is made, and no evidence is accepted.

use teeproof_core::{Class, Outcome};
use teeproof_hcl::{Error, TdReportHash};
use teeproof_mint::azure::{TdReport, Vm};
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::Bag;

#[track_caller]
fn refused(change: impl FnOnce(&mut TdReport), expected: Error, class: Class) {
    Bag::of(&Vm::tdx()).refused(Error::TdQuoteMissing, Class::Incomplete);
    Bag::of(&Vm::tdx().with_td_report(change)).refused(expected, class);
}

fn form(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::TdReport(WireError { kind, what, offset, expected })
}

#[test]
fn a_report_alone_is_no_evidence() {
    let bag = Bag::of(&Vm::tdx());
    bag.refused(Error::TdQuoteMissing, Class::Incomplete);
    let findings = bag.findings();
    let made: Vec<_> = findings.0.iter().map(|finding| (finding.id, finding.outcome)).collect();
    let passed = ["hcl.format", "tdx.report", "hcl.binding", "ak.chain"].map(|id| (id, Outcome::Pass));
    assert_eq!(made, [&passed[..], &[("ak.revocation", Outcome::Skip)]].concat());
    assert!(Error::TdQuoteMissing.to_string().contains("no evidence"));
}

#[test]
fn a_quote_is_not_believed_without_what_it_needs() {
    for quote in [&b""[..], b"\x04\x00\x02\x00\x81\x00\x00\x00"] {
        let mut vm = Vm::tdx();
        vm.td_quote = Some(quote.to_vec());
        Bag::of(&vm).refused(Error::TdCollateralMissing, Class::Incomplete);
    }
    assert!(Error::TdCollateralMissing.to_string().contains("TCB info, QE identity, revocation lists"));
}

#[test]
fn claims_are_not_even_read() {
    // Neither JSON nor a key: only a verified quote would make them worth a look.
    let vm = Vm::tdx().with_claims(|claims| claims.raw = Some(b"not JSON".to_vec()));
    Bag::of(&vm).refused(Error::TdQuoteMissing, Class::Incomplete);
}

#[test]
fn the_report_agrees_with_itself() {
    let wrong = Error::TdReportHash;
    refused(
        |report| report.tee_tcb_info_hash = Some([1; 48]),
        wrong(TdReportHash::TeeTcbInfo),
        Class::NotAuthentic,
    );
    refused(|report| report.tee_info_hash = Some([1; 48]), wrong(TdReportHash::TdInfo), Class::NotAuthentic);
    // Made for other values than it holds.
    refused(|report| report.patch(528, &[7]), wrong(TdReportHash::TdInfo), Class::NotAuthentic);
    refused(|report| report.patch(264, &[0xee]), wrong(TdReportHash::TeeTcbInfo), Class::NotAuthentic);
    let (value, unsupported) = (Class::Malformed, Class::Unsupported);
    let kind = form(ErrorKind::Unsupported, "TDREPORT: type", 0, "type 0x81, TDX");
    refused(|report| report.report_type = [0; 4], kind, unsupported);
    let reserved = form(ErrorKind::Value, "TDREPORT: reserved bytes at 4", 4, "zero");
    refused(|report| report.reserved1[3] = 1, reserved, value);
    let reserved = form(ErrorKind::Value, "TDREPORT: reserved bytes at 960", 960, "zero");
    refused(|report| report.td_info_reserved[63] = 1, reserved, value);
}

#[test]
fn the_claims_are_the_ones_that_were_hashed() {
    for at in [0, 31, 32, 63] {
        let mut vm = Vm::tdx();
        let mut data = vm.envelope.report_data(&vm.claims.bytes().unwrap());
        data[at] ^= 1;
        vm.report_data = Some(data);
        Bag::of(&vm).refused(Error::Binding, Class::NotBound);
    }
}
