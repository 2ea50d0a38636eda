//! Description of TD quotes and TDREPORTs: every byte is in exactly one field, whose value it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests read what is not committed")]

mod described;
mod quotes;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use described::Described;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use quotes::{bytes, quote_4, version_4, version_5};
use teeproof_wire::tdx::{TdQuote, TdReport};
use teeproof_wire::{Describe, DescribedField, FieldData, Visitor};

/// The fields of a quote tile it, and each value is that of its bytes.
#[track_caller]
fn whole(structure: &impl Describe, bytes: &[u8]) -> Described {
    let described = Described::of(structure);
    described.tile(|_| true, 0, bytes.len());
    let mut values = Values { bytes, count: 0 };
    structure.describe(&mut values);
    assert_eq!(values.count, described.fields.len());
    described
}

/// A visitor that compares the data of each field with the bytes at its place.
struct Values<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl Visitor for Values<'_> {
    fn open(&mut self, _: &str) {}

    fn field(&mut self, field: DescribedField<'_>) {
        let (start, end) = field.range.unwrap();
        let place = &self.bytes[start..end];
        let number = || place.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        match field.value.data() {
            FieldData::Bytes(found) => assert_eq!(found, place, "{}", field.name),
            FieldData::Number(found) | FieldData::Flags(found) => {
                assert!(place.len() <= 8 && found == number(), "{}: {found}", field.name);
            }
            other => panic!("{}: {other:?}", field.name),
        }
        self.count += 1;
    }

    fn close(&mut self) {}
}

/// The paths of the fields, in order.
fn paths(described: &Described) -> Vec<&str> {
    described.fields.iter().map(|(path, ..)| path.as_str()).collect()
}

#[test]
fn every_byte_is_in_one_field() {
    for quote in [version_4(), version_5(2, 584), version_5(3, 648)] {
        let described = whole(&TdQuote::parse(&quote).unwrap(), &quote);
        let descriptor =
            described.fields.iter().any(|(path, ..)| path.starts_with("TD Quote Body Descriptor"));
        assert_eq!(descriptor, quote[0] == 5);
        assert_eq!(paths(&described).contains(&"TD Quote Body/MRSERVICETD"), quote[48] == 3);
        for tail in [vec![0; 3], vec![1], vec![0; 70]] {
            let longer = [&quote[..], &tail].concat();
            let described = whole(&TdQuote::parse(&longer).unwrap(), &longer);
            let (_, _, value, note) = described.fields.last().unwrap();
            assert_eq!(*value, format!("{} byte{}", tail.len(), if tail.len() == 1 { "" } else { "s" }));
            assert_eq!(note.contains("not zero"), tail == [1]);
        }
    }
}

#[test]
fn fields_have_the_names_of_the_specification() {
    let quote = version_5(3, 648);
    let described = Described::of(&TdQuote::parse(&quote).unwrap());
    let header =
        ["VERSION", "ATTESTATION_KEY_TYPE", "TEE_TYPE", "RESERVED", "RESERVED", "QE_VENDOR_ID", "USER_DATA"];
    let header = header.map(|name| format!("Quote Header/{name}"));
    let body = [
        "TEE_TCB_SVN",
        "MRSEAM",
        "MRSIGNERSEAM",
        "SEAMATTRIBUTES",
        "TDATTRIBUTES",
        "XFAM",
        "MRTD",
        "MRCONFIGID",
        "MROWNER",
        "MROWNERCONFIG",
        "RTMR0",
        "RTMR1",
        "RTMR2",
        "RTMR3",
        "REPORTDATA",
        "TEE_TCB_SVN2",
        "MRSERVICETD",
    ];
    let body = body.map(|name| format!("TD Quote Body/{name}"));
    let report = [
        "CPUSVN",
        "MISCSELECT",
        "RESERVED",
        "ATTRIBUTES.FLAGS",
        "ATTRIBUTES.XFRM",
        "MRENCLAVE",
        "RESERVED",
        "MRSIGNER",
        "RESERVED",
        "ISVPRODID",
        "ISVSVN",
        "RESERVED",
        "REPORTDATA",
    ];
    let report = report.map(|name| format!("QE Report/{name}"));
    let certification = ["Certification Data Type", "Size"]
        .map(str::to_owned)
        .into_iter()
        .chain(report)
        .chain(
            [
                "QE Report Signature/R",
                "QE Report Signature/S",
                "QE Authentication Data/Size",
                "QE Authentication Data/Data",
                "QE Certification Data/Certification Data Type",
                "QE Certification Data/Size",
                "QE Certification Data/Certification Data",
            ]
            .map(str::to_owned),
        )
        .map(|name| format!("Quote Signature Data/QE Certification Data/{name}"));
    let descriptor = ["TD Quote Body Type", "Size"].map(|name| format!("TD Quote Body Descriptor/{name}"));
    let signature =
        ["Quote Signature/R", "Quote Signature/S", "ECDSA Attestation Key/X", "ECDSA Attestation Key/Y"];
    let wanted: Vec<String> = (header.into_iter())
        .chain(descriptor)
        .chain(body)
        .chain(["Quote Signature Data Len".to_owned()])
        .chain(signature.map(|name| format!("Quote Signature Data/{name}")))
        .chain(certification)
        .chain(["rest of the buffer".to_owned()])
        .collect();
    assert_eq!(paths(&described), wanted);
}

#[test]
fn flags_are_named() {
    let mut quote = version_4();
    quote[48 + 120..48 + 128].copy_from_slice(&0x8000_0000_1000_0001_u64.to_le_bytes());
    quote[48 + 128..48 + 136].copy_from_slice(&0x10_18e7_u64.to_le_bytes());
    quote[12..28].copy_from_slice(b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07");
    let qe = 636 + 134;
    quote[qe + 16..qe + 20].copy_from_slice(&5_u32.to_le_bytes());
    quote[qe + 48..qe + 56].copy_from_slice(&0x8017_u64.to_le_bytes());
    quote[qe + 56..qe + 64].copy_from_slice(&0xe7_u64.to_le_bytes());
    let described = whole(&TdQuote::parse(&quote).unwrap(), &quote);
    let note = |path: &str| {
        let mut fields = described.fields.iter().filter(|(name, ..)| name == path);
        fields.next().unwrap_or_else(|| panic!("{path}")).3.clone()
    };
    assert_eq!(note("Quote Header/QE_VENDOR_ID"), "Intel");
    assert_eq!(
        note("TD Quote Body/TDATTRIBUTES"),
        "DEBUG: the host can read the guest's memory; SEPT_VE_DISABLE, PERFMON"
    );
    assert_eq!(
        note("TD Quote Body/XFAM"),
        "X87, SSE, AVX, OPMASK, ZMM_HI256, HI16_ZMM, CET_U, CET_S, reserved bits 0x100000"
    );
    assert_eq!(note("TD Quote Body/TEE_TCB_SVN"), "TDX module: SVN 1, major version 2; platform: SVN 3");
    let report = |name: &str| note(&format!("Quote Signature Data/QE Certification Data/QE Report/{name}"));
    assert_eq!(report("MISCSELECT"), "EXINFO, reserved bits 0x4");
    assert_eq!(report("ATTRIBUTES.FLAGS"), "INIT, DEBUG, MODE64BIT, PROVISION_KEY, reserved bits 0x8000");
    assert_eq!(report("ATTRIBUTES.XFRM"), "X87, SSE, AVX, OPMASK, ZMM_HI256, HI16_ZMM");
}

#[test]
fn pck_identifications_have_their_fields() {
    for (kind, ppid, name) in [(1, 16, "PPID"), (2, 256, "encrypted PPID"), (3, 384, "encrypted PPID")] {
        let right = [&bytes(3, ppid)[..], &bytes(70, 16), &[13, 0], &[1, 2]].concat();
        let quote = quote_4(&[7; 32], kind, &right);
        let described = whole(&TdQuote::parse(&quote).unwrap(), &quote);
        let path =
            |name: &str| format!("Quote Signature Data/QE Certification Data/QE Certification Data/{name}");
        let mut hex = String::new();
        bytes(3, ppid).iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
        assert_eq!(described.value(&path(name)), hex);
        assert_eq!(described.value(&path("PCESVN")), "13");
        assert_eq!(described.value(&path("PCEID")), "513");
        for length in [0, 1, right.len() - 1, right.len() + 1] {
            let mut wrong = right.clone();
            wrong.resize(length, 0);
            let quote = quote_4(&[], kind, &wrong);
            let described = whole(&TdQuote::parse(&quote).unwrap(), &quote);
            assert!(described.value(&path("Certification Data")).starts_with(&format!("{length} byte")));
        }
    }
}

proptest! {
    /// Sizes and types of data are free; the description is whole for all of them.
    #[test]
    fn any_quote_is_described_whole(
        authentication in vec(any::<u8>(), 0..100),
        kind in any::<u16>(),
        known in 0_u16..8,
        data in vec(any::<u8>(), 0..600),
        rest in vec(any::<u8>(), 0..40),
        flips in vec((0_usize..2000, any::<u8>()), 0..20),
    ) {
        for kind in [kind, known] {
            let mut quote = [quote_4(&authentication, kind, &data), rest.clone()].concat();
            for (at, byte) in &flips {
                let length = quote.len();
                quote[at % length] ^= byte;
            }
            if let Ok(parsed) = TdQuote::parse(&quote) {
                let described = whole(&parsed, &quote);
                prop_assert_eq!(described.fields.first().map(|(path, ..)| path.as_str()), Some("Quote Header/VERSION"));
            }
        }
    }
}

fn shared(folder: &str) -> Option<Vec<PathBuf>> {
    let Ok(shared) = std::env::var("TEEPROOF_SHARED_DATA") else {
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return None;
    };
    let folder = Path::new(&shared).join("real").join(folder);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    Some(files.map(|file| file.unwrap().path()).collect())
}

#[test]
fn shared_quotes_are_described_whole() {
    let Some(files) = shared("tdq") else { return };
    let mut notes = BTreeSet::new();
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let described = whole(&TdQuote::parse(&bytes).unwrap(), &bytes);
        let of = |name: &str| described.fields.iter().find(|(path, ..)| path == name).unwrap().3.clone();
        for name in ["TD Quote Body/TDATTRIBUTES", "TD Quote Body/XFAM"] {
            assert!(!of(name).contains("reserved"), "{}: {}", path.display(), of(name));
        }
        assert_eq!(of("Quote Header/QE_VENDOR_ID"), "Intel", "{}", path.display());
        notes.insert(of("TD Quote Body/TDATTRIBUTES"));
    }
    assert_eq!(files.len(), 17);
    let wanted = [
        "no debugging",
        "no debugging; PKS",
        "no debugging; SEPT_VE_DISABLE",
        "no debugging; SEPT_VE_DISABLE, PERFMON",
    ];
    assert_eq!(notes.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

#[test]
fn tdreports_are_described_whole() {
    let envelope = include_bytes!("../../../../testdata/azure/hcl-report-tdx.bin");
    let report = &envelope[0x20..0x420];
    let described = whole(&TdReport::parse(report).unwrap(), report);
    let note = |path: &str| described.fields.iter().find(|(name, ..)| name == path).unwrap().3.clone();
    assert_eq!(note("TDINFO/ATTRIBUTES"), "no debugging");
    assert_eq!(
        note("TDINFO/XFAM"),
        "X87, SSE, AVX, OPMASK, ZMM_HI256, HI16_ZMM, CET_U, CET_S, TILECFG, TILEDATA"
    );
    assert_eq!(note("REPORTTYPE"), "TDX, subtype 0, version 0");
}

#[test]
fn shared_tdreports_are_described_whole() {
    let Some(files) = shared("tdreport") else { return };
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        whole(&TdReport::parse(&bytes).unwrap(), &bytes);
    }
    assert_eq!(files.len(), 2);
}
