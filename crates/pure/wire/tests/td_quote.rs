//! The TD quote: every field at its place, both versions, and every size that contradicts another.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests read what is not committed")]

mod quotes;

use std::io::Write;

use quotes::{bytes, header, signature_data, size, version_4, version_5};
use teeproof_wire::ErrorKind;
use teeproof_wire::tdx::TdQuote;

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
