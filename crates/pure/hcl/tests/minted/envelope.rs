//! The envelope and the hash that binds the claims.

use teeproof_core::Class;
use teeproof_hcl::{Error, ReportType};
use teeproof_mint::azure::{Envelope, Platform};
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::{Bag, refused, vm};

#[track_caller]
fn envelope(change: impl FnOnce(&mut Envelope), kind: ErrorKind, what: &str, class: Class) {
    let error = Bag::of(&vm().with_envelope(change)).verify().unwrap_err();
    assert!(
        matches!(error, Error::Report(WireError { kind: k, what: w, .. }) if k == kind && w == what),
        "{error}"
    );
    assert_eq!((error.class(), error.check().id), (class, "hcl.format"));
}

#[test]
fn the_form_of_the_envelope() {
    let (malformed, unsupported) = (Class::Malformed, Class::Unsupported);
    envelope(|e| e.signature = *b"HCLB", ErrorKind::Value, "HCL report: signature", malformed);
    envelope(|e| e.header_version = 3, ErrorKind::Unsupported, "HCL report: version", unsupported);
    envelope(|e| e.request_type = 1, ErrorKind::Unsupported, "HCL report: request_type", unsupported);
    envelope(|e| e.status = 1, ErrorKind::Value, "HCL report: status", malformed);
    envelope(|e| e.reserved[2] = 1, ErrorKind::Value, "HCL report: reserved", malformed);
    envelope(|e| e.report_size = Some(1184), ErrorKind::Value, "HCL report: report_size", malformed);
    envelope(|e| e.data_size = Some(20), ErrorKind::Value, "HCL report: variable_data_size", malformed);
    envelope(
        |e| e.request_version = 3,
        ErrorKind::Unsupported,
        "HCL report: request data version",
        unsupported,
    );
    envelope(|e| e.hash_type = 0, ErrorKind::Unsupported, "HCL report: report_data_hash_type", unsupported);
    envelope(|e| e.hash_type = 4, ErrorKind::Unsupported, "HCL report: report_data_hash_type", unsupported);
    envelope(|e| e.tail = b" ".to_vec(), ErrorKind::Trailing, "HCL report: padding", malformed);
    envelope(|e| e.nv_bytes = 4097, ErrorKind::TooLarge, "HCL report", malformed);
    // A bitmap in version 1, and none in version 2: the sizes tell.
    envelope(|e| e.capabilities = Some(1), ErrorKind::Value, "HCL report: variable_data_size", malformed);
    envelope(|e| e.request_version = 2, ErrorKind::Value, "HCL report: variable_data_size", malformed);
}

#[test]
fn other_hardware() {
    for (kind, words) in [(1, "no hardware signed"), (3, "trusted-launch"), (5, "CCA")] {
        let vm = vm().with_envelope(|envelope| {
            envelope.report_type = kind;
            envelope.slot = Some(Vec::new());
        });
        let error = Bag::of(&vm).verify().unwrap_err();
        assert_eq!((error.class(), error.check().id), (Class::Unsupported, "hcl.format"));
        assert!(error.to_string().contains(words), "{error}");
    }
    // Evidence never chooses its own verifier.
    let mut bag = Bag::of(&vm());
    bag.platform = Platform::Tdx;
    let other = Error::Hardware { expected: ReportType::TDX, found: ReportType::SNP };
    bag.refused(other, Class::Unsupported);
    let mut bag = Bag::of(&teeproof_mint::azure::Vm::tdx());
    bag.platform = Platform::Snp;
    let other = Error::Hardware { expected: ReportType::SNP, found: ReportType::TDX };
    bag.refused(other, Class::Unsupported);
}

#[test]
fn the_claims_are_the_ones_that_were_hashed() {
    // Every byte of REPORT_DATA counts, the last 32 no less than the first.
    let real = {
        let vm = vm();
        vm.envelope.report_data(&vm.claims.bytes().unwrap())
    };
    for at in 0..64 {
        let mut data = real;
        data[at] ^= 1;
        refused(
            |mut vm| {
                vm.report_data = Some(data);
                vm
            },
            Error::Binding,
            Class::NotBound,
        );
    }
    // The claims altered after they were hashed, in the envelope.
    let whole = Bag::of(&vm());
    for at in [0x4d4, 0x4d4 + 500, 0x4d4 + 1109] {
        let mut bag = whole.clone();
        bag.report[at] ^= 0x20;
        bag.refused(Error::Binding, Class::NotBound);
    }
}

#[test]
fn the_hash_is_the_one_that_the_envelope_names() {
    // The right hash under another name, each way round.
    for (named, made) in [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)] {
        let made = vm().with_envelope(|envelope| envelope.hash_type = made);
        let data = made.envelope.report_data(&made.claims.bytes().unwrap());
        let mut vm = vm().with_envelope(|envelope| envelope.hash_type = named);
        vm.report_data = Some(data);
        Bag::of(&vm).refused(Error::Binding, Class::NotBound);
    }
}

#[test]
fn bitmap_and_padding_are_not_hashed() {
    let bitmap = vm().with_envelope(|envelope| envelope.set_version_2(3));
    let claims = bitmap.claims.bytes().unwrap();
    Bag::of(&bitmap).verify().unwrap();
    // As a reader has it that takes the claims to begin at 0x4D4.
    let mut with_bitmap = bitmap.clone();
    with_bitmap.report_data = Some(bitmap.envelope.report_data(&[&[3, 0, 0, 0], claims.as_slice()].concat()));
    Bag::of(&with_bitmap).refused(Error::Binding, Class::NotBound);
    // As a reader has it that hashes to the end of the NV index.
    let mut padded = vm();
    let mut longer = padded.claims.bytes().unwrap();
    longer.resize(2600 - 0x4d4, 0);
    padded.report_data = Some(padded.envelope.report_data(&longer));
    Bag::of(&padded).refused(Error::Binding, Class::NotBound);
    // Zeros that belong to the claims are hashed, and are no JSON.
    let zeros = vm().with_claims(|claims| claims.raw = Some([claims.bytes().unwrap(), vec![0]].concat()));
    let error = Bag::of(&zeros).verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Malformed, "hcl.claims"));
}
