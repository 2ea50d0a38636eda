//! The TD quote: every field at its place, both versions, and every size that contradicts another.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests read what is not committed")]

use std::io::Write;

use teeproof_wire::ErrorKind;
use teeproof_wire::tdx::TdQuote;

/// `count` bytes that differ from their neighbours and begin with `first`.
fn bytes(first: u8, count: usize) -> Vec<u8> {
    (0..count).map(|at| first.wrapping_add(u8::try_from(at % 251).unwrap())).collect()
}

fn size(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap().to_le_bytes()
}

fn header(version: u8) -> Vec<u8> {
    [&[version, 0, 2, 0, 0x81, 0, 0, 0, 0, 0, 0, 0][..], &bytes(0x30, 16), &bytes(0x60, 20)].concat()
}

/// Signature data whose outer and inner certification data have these types.
fn signature_data(outer: u8, inner: u16, data: &[u8]) -> Vec<u8> {
    let inner =
        [&bytes(9, 384)[..], &bytes(8, 64), &[3, 0, 0xa, 0xb, 0xc], &inner.to_le_bytes(), &size(data), data]
            .concat();
    [&bytes(6, 64)[..], &bytes(7, 64), &[outer, 0], &size(&inner), &inner].concat()
}

fn version_4() -> Vec<u8> {
    let data = signature_data(6, 5, b"PEM\0");
    [&header(4)[..], &bytes(1, 584), &size(&data), &data].concat()
}

fn version_5(kind: u8, body: usize) -> Vec<u8> {
    let data = signature_data(6, 5, b"PEM");
    let body = bytes(1, body);
    [&header(5)[..], &[kind, 0], &size(&body), &body, &size(&data), &data].concat()
}

#[test]
fn every_field_is_at_its_place() {
    let v4 = version_4();
    let v5 = version_5(3, 648);
    for (bytes, base, tail) in [(&v4, 48, 0), (&v5, 54, 64)] {
        let quote = TdQuote::parse(bytes).unwrap();
        let body = &bytes[base..base + 584 + tail];
        assert_eq!(quote.body, body);
        assert_eq!(quote.signed(), &bytes[..base + body.len()]);
        assert_eq!(quote.qe_vendor_id()[..], bytes[12..28]);
        assert_eq!(quote.user_data()[..], bytes[28..48]);
        let td = quote.td();
        let number = |at: usize| u64::from_le_bytes(body[at..at + 8].try_into().unwrap());
        for (found, at) in [
            (&td.tee_tcb_svn()[..], 0),
            (td.mrseam(), 16),
            (td.mrsignerseam(), 64),
            (td.seam_attributes(), 112),
            (td.mrtd(), 136),
            (td.mrconfigid(), 184),
            (td.mrowner(), 232),
            (td.mrownerconfig(), 280),
            (&td.rtmr()[0], 328),
            (&td.rtmr()[3], 472),
            (td.report_data(), 520),
        ] {
            assert_eq!(found, &body[at..at + found.len()], "{at}");
        }
        assert_eq!((td.td_attributes(), td.xfam()), (number(120), number(128)));
        assert_eq!(td.tee_tcb_svn2().map(|svn| &svn[..]), body.get(584..600));
        assert_eq!(td.mrservicetd().map(|hash| &hash[..]), body.get(600..648));

        let qe = quote.certification.qe();
        let report = quote.certification.qe_report;
        for (found, at) in [
            (&qe.cpusvn()[..], 0),
            (qe.attributes(), 48),
            (qe.mrenclave(), 64),
            (qe.mrsigner(), 128),
            (qe.report_data(), 320),
        ] {
            assert_eq!(found, &report[at..at + found.len()], "{at}");
        }
        assert_eq!(qe.miscselect().to_le_bytes(), report[16..20]);
        assert_eq!(qe.isvprodid().to_le_bytes(), report[256..258]);
        assert_eq!(qe.isvsvn().to_le_bytes(), report[258..260]);
        assert_eq!(quote.certification.qe_authentication_data, [0xa, 0xb, 0xc]);
        // A closing NUL is not part of the chain, and not every quote has one.
        assert_eq!(quote.certification.pck_chain(), Some(&b"PEM"[..]));
    }
    let v5 = version_5(2, 584);
    assert_eq!(TdQuote::parse(&v5).unwrap().td().tee_tcb_svn2(), None);
}

#[test]
fn certification_data_of_other_types() {
    for inner in [0, 1, 2, 3, 4, 6, 7, 0x105] {
        let data = signature_data(6, inner, b"PEM");
        let quote = [&header(4)[..], &bytes(1, 584), &size(&data), &data].concat();
        assert_eq!(TdQuote::parse(&quote).unwrap().certification.pck_chain(), None, "{inner}");
    }
    for outer in [0, 1, 3, 5, 7] {
        let data = signature_data(outer, 5, b"PEM");
        let quote = [&header(4)[..], &bytes(1, 584), &size(&data), &data].concat();
        let error = TdQuote::parse(&quote).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::Unsupported, 636 + 128), "{outer}");
    }
}

#[test]
fn a_body_has_the_size_of_its_type() {
    for (kind, size, wanted) in [
        (2, 648, ErrorKind::Value),
        (3, 584, ErrorKind::Value),
        (3, 649, ErrorKind::Value),
        (1, 384, ErrorKind::Unsupported),
        (4, 648, ErrorKind::Unsupported),
    ] {
        let error = TdQuote::parse(&version_5(kind, size)).unwrap_err();
        assert_eq!((error.kind, error.offset), (wanted, 48), "{kind} {size}");
    }
}

#[test]
fn truncated_quotes() {
    for whole in [version_4(), version_5(3, 648)] {
        for length in 0..whole.len() {
            let error = TdQuote::parse(&whole[..length]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Truncated, "{length}");
        }
        let longer = [&whole[..], &[0; 70], &[1]].concat();
        let quote = TdQuote::parse(&longer).unwrap();
        assert_eq!(quote.trailing_bytes(), 71);
        assert_eq!(quote.check_trailing().unwrap_err().offset, whole.len() + 70);
    }
}

/// A quote of random bytes from a library's tests, with DER in the place of PEM.
const RANDOM: &str = "tdq-aa2cafadb32b.bin";

/// Quotes of many clouds: every one has a chain of PEM, and TDX 1.5 fields only in version 5.
#[test]
fn shared_quotes_of_many_clouds() {
    let Ok(folder) = std::env::var("TEEPROOF_SHARED_DATA") else {
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return;
    };
    let folder = std::path::Path::new(&folder).join("real/tdq");
    let mut count = 0;
    for file in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let quote = TdQuote::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(quote.td().tee_tcb_svn2().is_some(), quote.body.len() == 648);
        count += 1;
        if path.ends_with(RANDOM) {
            continue;
        }
        assert_eq!(quote.certification.qe().isvprodid(), 2, "{}", path.display());
        let pem = quote.certification.pck_chain();
        assert!(pem.is_some_and(|pem| pem.starts_with(b"-----BEGIN")), "{}", path.display());
    }
    assert_eq!(count, 17);
}
