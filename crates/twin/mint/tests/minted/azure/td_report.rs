//! The TDREPORT in the envelope.

use teeproof_mint::azure::{Platform, Vm};
use teeproof_mint::tdx::TdxMachine;
use teeproof_wire::tdx::TdQuote;

use super::{sha256, sha384, u32_le};

#[test]
fn the_report_fills_its_part_of_the_slot() {
    let evidence = Vm::tdx().evidence().unwrap();
    let bytes = &evidence.hcl_report;
    assert_eq!(evidence.platform, Platform::Tdx);
    assert_eq!(u32_le(bytes, 0x4c8), 4);
    assert_eq!(bytes[0x420..0x4c0], [0; 160]);
    assert!(evidence.vek.is_empty() && evidence.intermediate.is_empty() && evidence.ark.is_empty());
    let report = &bytes[0x20..0x420];
    assert_eq!(report[..16], *b"\x81\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(report[32..80], sha384(&report[256..495]));
    assert_eq!(report[80..128], sha384(&report[512..]));
    assert_eq!(report[128..160], sha256(&evidence.claims()));
    assert_eq!(report[160..192], [0; 32]);
    assert_eq!(report[512..520], [0, 0, 0, 0x10, 0, 0, 0, 0]);
    assert_eq!(report[720..912], [0; 192]);
}

/// Every field lies where the table has it, and the hashes follow.
#[test]
fn fields_lie_at_their_offsets() {
    let vm = Vm::tdx().with_td_report(|report| {
        report.report_type = [1; 4];
        report.reserved1 = [2; 12];
        report.cpu_svn = [3; 16];
        report.reserved2 = [4; 32];
        report.mac = [5; 32];
        report.valid = [6; 8];
        report.tee_tcb_svn = [7; 16];
        report.mr_seam = [8; 48];
        report.mr_signer_seam = [9; 48];
        report.seam_attributes = [10; 8];
        report.tee_tcb_svn2 = [11; 16];
        report.tcb_info_reserved = [12; 95];
        report.reserved3 = [13; 17];
        report.attributes = [14; 8];
        report.xfam = [15; 8];
        report.mr_td = [16; 48];
        report.mr_config_id = [17; 48];
        report.mr_owner = [18; 48];
        report.mr_owner_config = [19; 48];
        report.rtmrs = [[20; 48], [21; 48], [22; 48], [23; 48]];
        report.service_td_hash = [24; 48];
        report.td_info_reserved = [25; 64];
    });
    let report = &vm.evidence().unwrap().hcl_report[0x20..0x420];
    let starts = [
        0, 4, 16, 192, 224, 256, 264, 280, 328, 376, 384, 400, 495, 512, 520, 528, 576, 624, 672, 720, 768,
        816, 864, 912, 960,
    ];
    for (at, value) in starts.into_iter().zip(1..) {
        assert_eq!(report[at], value, "{at}");
        let before = at.checked_sub(1).map(|at| report[at]);
        assert_ne!(before, Some(value), "{at}");
    }
    assert_eq!(report[1023], 25);
    assert_eq!(report[32..80], sha384(&report[256..495]));
    assert_eq!(report[80..128], sha384(&report[512..]));
}

#[test]
fn hashes_can_be_wrong_and_bytes_patched() {
    let vm = Vm::tdx().with_td_report(|report| {
        report.tee_tcb_info_hash = Some([1; 48]);
        report.tee_info_hash = Some([2; 48]);
        report.patch(528, &[9]);
    });
    let report = &vm.evidence().unwrap().hcl_report[0x20..0x420];
    assert_eq!(report[32..80], [1; 48]);
    assert_eq!(report[80..128], [2; 48]);
    assert_eq!(report[528..530], [9, 0x4d]);
}

/// The body of the quote is that of the TDREPORT, for the same claims.
#[test]
fn the_quote_has_the_fields_of_the_report() {
    for vm in [
        Vm::tdx_with_quote(),
        Vm::tdx_with_quote().with_td_machine(TdxMachine::tdx_1_5).at(1_800_000_000),
        Vm::tdx_with_quote().user_data(&[7; 64]).with_td_report(|report| report.mr_config_id = [9; 48]),
    ] {
        let evidence = vm.evidence().unwrap();
        let minted = evidence.td.as_ref().unwrap();
        assert_eq!(evidence.td_quote.as_ref(), Some(&minted.quote));
        let report = &evidence.hcl_report[0x20..0x420];
        let body = TdQuote::parse(&minted.quote).unwrap().body;
        assert_eq!(body[..120], [&report[264..384]].concat());
        assert_eq!(body[120..520], report[512..912]);
        assert_eq!(body[520..584], report[128..192]);
        if let Some(more) = body.get(584..).filter(|more| !more.is_empty()) {
            assert_eq!(more, [&report[384..400], &report[912..960]].concat());
        }
    }
    let other =
        Vm::tdx_with_quote().with_td_machine(|machine| machine.patch(48 + 136, &[1])).evidence().unwrap();
    let quote = other.td_quote.unwrap();
    assert_eq!((quote[48 + 136], other.hcl_report[0x20 + 528]), (1, 0x4d));
    let mut vm = Vm::tdx_with_quote();
    vm.td_quote = Some(vec![1, 2]);
    assert_eq!(vm.evidence().unwrap().td_quote, Some(vec![1, 2]));
    assert_eq!(Vm::tdx().evidence().unwrap().td_quote, None);
}
