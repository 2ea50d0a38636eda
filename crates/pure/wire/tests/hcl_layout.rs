//! The envelope of Azure's paravisor: two real ones, and every way in which one can be wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use teeproof_wire::hcl::{Capabilities, Hardware, HashType, HclReport, ReportType};
use teeproof_wire::snp::Report;
use teeproof_wire::tdx::TdReport;
use teeproof_wire::{Error, ErrorKind};

const SNP: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-snp.bin");
const TDX: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-tdx.bin");

/// A real envelope with these bytes at this offset.
fn patched(whole: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut whole = whole.to_vec();
    whole[offset..offset + bytes.len()].copy_from_slice(bytes);
    whole
}

fn with_word(whole: &[u8], offset: usize, word: u32) -> Vec<u8> {
    patched(whole, offset, &word.to_le_bytes())
}

/// The same envelope with request data of version 2.
fn version_2(whole: &[u8], bitmap: u32) -> Vec<u8> {
    let word = |at: usize| u32::from_le_bytes(*whole[at..].first_chunk().unwrap());
    let mut out = whole.to_vec();
    out.splice(0x4d4..0x4d4, bitmap.to_le_bytes());
    for (offset, value) in [(0x08, word(0x08) + 4), (0x4c0, word(0x4c0) + 4), (0x4c4, 2)] {
        out = with_word(&out, offset, value);
    }
    out
}

#[track_caller]
fn refused(bytes: &[u8], kind: ErrorKind, what: &str, offset: usize) -> Error {
    let error = HclReport::parse(bytes).expect_err("accepted");
    assert_eq!((error.kind, error.what, error.offset), (kind, what, offset), "{error}");
    error
}

#[test]
fn a_real_snp_envelope() {
    let report = HclReport::parse(SNP).unwrap();
    assert_eq!((report.version, report.request_data_version), (1, 1));
    assert_eq!((report.report_size, report.data_size, report.variable_data_size), (1819, 603, 583));
    assert_eq!((report.request_type, report.status), (2, 0));
    assert_eq!((report.report_type, report.report_data_hash_type), (ReportType::SNP, HashType::SHA256));
    assert_eq!(report.capability_bitmap, None);
    assert_eq!((report.claims_offset(), report.claims().len(), report.padding_bytes()), (0x4d4, 583, 229));
    assert!(report.claims().starts_with(b"{\"keys\":[{\"kid\":\"HCLAkPub\""));
    assert!(report.claims().ends_with(b"}}"));
    let Hardware::Snp(bytes) = report.hardware() else { panic!("{:?}", report.hardware()) };
    assert_eq!(bytes.as_slice(), &SNP[0x20..0x4c0]);
    Report::parse(bytes).unwrap().check_reserved().unwrap();
    report.check_supported().unwrap();
}

#[test]
fn a_real_tdx_envelope() {
    let report = HclReport::parse(TDX).unwrap();
    assert_eq!((report.version, report.request_data_version), (2, 1));
    assert_eq!((report.report_size, report.data_size, report.variable_data_size), (2438, 1222, 1202));
    assert_eq!((report.report_type, report.padding_bytes()), (ReportType::TDX, 162));
    let Hardware::Tdx(bytes) = report.hardware() else { panic!("{:?}", report.hardware()) };
    assert_eq!(bytes.as_slice(), &TDX[0x20..0x420]);
    TdReport::parse(bytes).unwrap().check_reserved().unwrap();
    report.check_supported().unwrap();
}

#[test]
fn only_padding_may_be_missing_or_more() {
    for (whole, size) in [(SNP, 1819), (TDX, 2438)] {
        let claims = HclReport::parse(whole).unwrap().claims();
        for length in 0..whole.len() {
            match HclReport::parse(&whole[..length]) {
                Ok(report) => assert!(length >= size && report.claims() == claims, "{length}"),
                Err(error) => {
                    assert!(length < size && error.kind == ErrorKind::Truncated, "{length}: {error}")
                }
            }
        }
        // NV indices of today, of tomorrow, and the largest.
        for length in [2900, 4096] {
            let mut longer = whole.to_vec();
            longer.resize(length, 0);
            assert_eq!(HclReport::parse(&longer).unwrap().claims(), claims);
            *longer.last_mut().unwrap() = 1;
            refused(&longer, ErrorKind::Trailing, "HCL report: padding", length - 1);
            longer[size] = b' ';
            refused(&longer, ErrorKind::Trailing, "HCL report: padding", size);
        }
        let mut longest = whole.to_vec();
        longest.resize(4097, 0);
        refused(&longest, ErrorKind::TooLarge, "HCL report", 4096);
    }
}

#[test]
fn no_bit_around_report_and_claims_can_be_turned_unseen() {
    for (whole, turned) in [
        // Hash type 1 to 3: the hash of the claims is another one then.
        (SNP, vec![(0x4cc, 1)]),
        // The same, and TDX to CCA, which is refused as not supported.
        (TDX, vec![(0x4c8, 0), (0x4cc, 1)]),
    ] {
        let mut accepted = Vec::new();
        for at in (0..0x20).chain(0x4c0..0x4d4) {
            for bit in 0..8 {
                if HclReport::parse(&patched(whole, at, &[whole[at] ^ 1 << bit])).is_ok() {
                    accepted.push((at, bit));
                }
            }
        }
        assert_eq!(accepted, turned);
    }
}

#[test]
fn every_field_of_the_header_is_held() {
    let word = |offset, value| with_word(SNP, offset, value);
    refused(b"", ErrorKind::Truncated, "HCL report: signature", 0);
    refused(&patched(SNP, 0, b"HCLB"), ErrorKind::Value, "HCL report: signature", 0);
    for version in [0, 3, u32::MAX] {
        refused(&word(0x04, version), ErrorKind::Unsupported, "HCL report: version", 4);
    }
    for version in [1, 2] {
        assert_eq!(HclReport::parse(&word(0x04, version)).unwrap().version, version);
    }
    // The hardware report's length stood here in old documents.
    for size in [1184, 1818, 1820, 0, u32::MAX] {
        refused(&word(0x08, size), ErrorKind::Value, "HCL report: report_size", 8);
    }
    for request in [0, 1, 3] {
        refused(&word(0x0c, request), ErrorKind::Unsupported, "HCL report: request_type", 0x0c);
    }
    refused(&word(0x10, 1), ErrorKind::Value, "HCL report: status", 0x10);
    for offset in [0x14, 0x18, 0x1c] {
        refused(&word(offset, 1), ErrorKind::Value, "HCL report: reserved", offset);
    }
}

#[test]
fn every_size_of_the_request_data_is_held() {
    let what = "HCL report: variable_data_size";
    for data_size in [0, 20, 583, 602, 604, 607, u32::MAX] {
        refused(&with_word(SNP, 0x4c0, data_size), ErrorKind::Value, what, 0x4d0);
    }
    for claims in [0, 582, 584, u32::MAX, u32::MAX - 19] {
        refused(&with_word(SNP, 0x4d0, claims), ErrorKind::Value, what, 0x4d0);
    }
    // Sizes that agree with each other but not with the report's.
    for claims in [0_u32, 582, 584] {
        let bent = with_word(&with_word(SNP, 0x4c0, claims + 20), 0x4d0, claims);
        refused(&bent, ErrorKind::Value, "HCL report: report_size", 8);
    }
    // All three agree, and the last letter of the claims is padding then.
    let shorter = with_word(&with_word(&with_word(SNP, 0x08, 1818), 0x4c0, 602), 0x4d0, 582);
    refused(&shorter, ErrorKind::Trailing, "HCL report: padding", 1818);
    // A zero byte becomes part of the claims: laid out, for only the hash can tell.
    let longer = with_word(&with_word(&with_word(SNP, 0x08, 1820), 0x4c0, 604), 0x4d0, 584);
    assert_eq!(HclReport::parse(&longer).unwrap().claims().last(), Some(&0));
    let beyond = 4096_u32;
    let bent =
        with_word(&with_word(&with_word(SNP, 0x08, 0x4d4 + beyond), 0x4c0, 20 + beyond), 0x4d0, beyond);
    refused(&bent, ErrorKind::Truncated, "HCL report: variable_data", 0x4d4);
}

#[test]
fn request_data_of_version_2_has_a_bitmap() {
    for (whole, bitmap, words) in [
        (SNP, 0, "none"),
        (SNP, 0b11, "error_code, retry"),
        (TDX, 0b1_1100, "skip_hw_unsealing, use_rsa_aes_key_wrap_384, corim_endorsement"),
        (TDX, 0x8000_0020, "unknown bits 0x80000020"),
        (TDX, 0x21, "error_code, unknown bits 0x20"),
    ] {
        let bytes = version_2(whole, bitmap);
        let report = HclReport::parse(&bytes).unwrap();
        assert_eq!((report.request_data_version, report.claims_offset()), (2, 0x4d8));
        assert_eq!(report.capability_bitmap, Some(Capabilities(bitmap)));
        assert_eq!(report.claims(), HclReport::parse(whole).unwrap().claims());
        assert_eq!(Capabilities(bitmap).to_string(), words);
        // Without the bitmap's four bytes in the sizes, and of no other version.
        let size = u32::from_le_bytes(*bytes[0x4c0..].first_chunk().unwrap());
        let bent = with_word(&bytes, 0x4c0, size - 4);
        refused(&bent, ErrorKind::Value, "HCL report: variable_data_size", 0x4d0);
        for version in [0, 3] {
            let bent = with_word(&bytes, 0x4c4, version);
            refused(&bent, ErrorKind::Unsupported, "HCL report: request data version", 0x4c4);
        }
    }
}

#[test]
fn other_hardware_is_laid_out_and_not_supported() {
    for kind in [0, 6, u32::MAX] {
        refused(&with_word(SNP, 0x4c8, kind), ErrorKind::Unsupported, "HCL report: report_type", 0x4c8);
    }
    for hash in [0, 4, u32::MAX] {
        refused(
            &with_word(SNP, 0x4cc, hash),
            ErrorKind::Unsupported,
            "HCL report: report_data_hash_type",
            0x4cc,
        );
    }
    let empty = patched(SNP, 0x20, &[0; 0x4a0]);
    for (kind, name) in [(1, "VBS (1)"), (3, "TVM (3), a trusted-launch VM"), (5, "CCA (5)")] {
        let bytes = with_word(&empty, 0x4c8, kind);
        let report = HclReport::parse(&bytes).unwrap();
        let error = report.check_supported().unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::Unsupported, 0x4c8));
        assert!(error.to_string().contains(name), "{error}");
        match report.hardware() {
            Hardware::Vbs(bytes) => assert_eq!((kind, bytes.len()), (1, 0x230)),
            Hardware::Tvm => assert_eq!(kind, 3),
            Hardware::Cca => assert_eq!(kind, 5),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_hardware_report_leaves_of_its_slot_is_zero() {
    let what = "HCL report: slot after the hardware report";
    for offset in [0x420, 0x4bf] {
        refused(&patched(TDX, offset, &[1]), ErrorKind::Value, what, offset);
    }
    let empty = patched(SNP, 0x20, &[0; 0x4a0]);
    for (kind, used) in [(1, 0x230), (3, 0)] {
        let bent = patched(&with_word(&empty, 0x4c8, kind), 0x20 + used, &[1]);
        refused(&bent, ErrorKind::Value, what, 0x20 + used);
    }
    // An SNP report passed off as a trusted-launch VM's nothing.
    let error = HclReport::parse(&with_word(SNP, 0x4c8, 3)).unwrap_err();
    assert_eq!((error.kind, error.what), (ErrorKind::Value, what));
}

#[test]
fn names_of_the_enumerations() {
    let types = [1, 2, 3, 4, 5, 6].map(|kind| ReportType(kind).to_string());
    assert_eq!(types, ["VBS", "SNP", "TVM", "TDX", "CCA", "6"]);
    let hashes = [0, 1, 2, 3].map(|kind| HashType(kind).to_string());
    assert_eq!(hashes, ["0", "SHA-256", "SHA-384", "SHA-512"]);
}
