//! Images that are refused, each by its rule, place and offset.

use teeproof_core::Class;
use teeproof_eif::{EifError, LayoutProblem as P, Measurer};
use teeproof_rustcrypto::Sha384Stream;

use crate::support::*;

/// The image is refused for this rule at this offset; returns the message.
#[track_caller]
fn refused(bytes: &[u8], rule: P, offset: u64) -> String {
    let error = measure(bytes).unwrap_err();
    let EifError::Layout(layout) = error else { panic!("{error}") };
    assert_eq!((layout.problem, layout.offset), (rule, offset), "{error}");
    assert!(!error.hint().is_empty());
    let unsupported = matches!(rule, P::Version | P::Flags | P::SectionType);
    assert_eq!(error.class(), if unsupported { Class::Unsupported } else { Class::Malformed });
    error.to_string()
}

#[test]
fn headers() {
    let text = refused(&Raw { magic: *b"\x7fELF", ..usual() }.bytes(), P::Magic, 0);
    assert_eq!(text, "EIF header: magic: expected 0x2e656966 (.eif), got 0x7f454c46 at offset 0x0");
    for version in [0, 1, 5, u16::MAX] {
        refused(&Raw { version, ..usual() }.bytes(), P::Version, 4);
    }
    for flags in [2, 3, 0x8000, u16::MAX] {
        refused(&Raw { flags, ..usual() }.bytes(), P::Flags, 6);
    }
    refused(&Raw { reserved: 1, ..usual() }.bytes(), P::Reserved, 0x18);
    refused(&Raw { unused: 1, ..usual() }.bytes(), P::Reserved, 0x21c);
    for count in [0, 1, 33, u16::MAX] {
        let text = refused(&Raw { count: Some(count), ..usual() }.bytes(), P::SectionCount, 0x1a);
        assert!(text.contains("expected 2 to 32, got "), "{text}");
    }
    let many: Vec<_> = (0..40).map(|_| (3, &b"A"[..])).collect();
    refused(&Raw::new(&[&[(1, &b"K"[..]), (2, b"C")], &many[..]].concat()).bytes(), P::SectionCount, 0x1a);
}

#[test]
fn tables() {
    let with = |index, is_size, value| Raw { table: vec![(index, is_size, value)], ..usual() }.bytes();
    let text = refused(&with(0, false, 549), P::Gap, 0x1c);
    assert!(text.starts_with("EIF header: section_offsets[0]: expected 548 (0x224), got 549"), "{text}");
    refused(&with(0, false, 0), P::Overlap, 0x1c);
    refused(&with(1, false, u64::MAX), P::Gap, 0x24);
    refused(&with(2, false, 548), P::Overlap, 0x2c);
    // The first section is longer by the table, so that the second begins in it.
    refused(&with(0, true, 7), P::Overlap, 0x24);
    refused(&with(0, true, 5), P::Gap, 0x24);
    refused(&with(4, true, u64::MAX), P::TooLarge, 0x13c);
    refused(&with(4, true, u64::MAX - 600), P::TooLarge, 0x13c);
    // A size that is possible, and not that of the section.
    let text = refused(&with(4, true, 1 << 63), P::SizeMismatch, 621 + 4);
    assert!(text.starts_with("EIF section 4 (ramdisk): size: expected 9223372036854775808"), "{text}");
    // Entries that are not in use.
    refused(&with(5, false, 1), P::Reserved, 0x44);
    refused(&with(31, true, 1), P::Reserved, 0x214);
}

#[test]
fn sections() {
    for kind in [0, 6, 9, u16::MAX] {
        let raw = Raw::new(&[(1, b"K"), (2, b"C"), (5, b"{}"), (kind, b"x")]);
        refused(&raw.bytes(), P::SectionType, 548 + 13 + 13 + 14);
    }
    let sections =
        |sections: &[(u16, &[u8])], rule, offset| refused(&Raw::new(sections).bytes(), rule, offset);
    sections(&[(1, b"K"), (1, b"K"), (2, b"C"), (5, b"{}")], P::Duplicate, 561);
    sections(&[(1, b"K"), (2, b"C"), (2, b"C"), (5, b"{}")], P::Duplicate, 574);
    sections(&[(1, b"K"), (2, b"C"), (5, b"{}"), (5, b"{}")], P::Duplicate, 588);
    sections(&[(3, b"A"), (1, b"K"), (2, b"C"), (5, b"{}")], P::Order, 548);
    sections(&[(2, b"C"), (3, b"A"), (1, b"K"), (5, b"{}")], P::Order, 561);
    assert!(sections(&[(2, b"C"), (5, b"{}")], P::Missing, 575).contains("expected a kernel section (1)"));
    assert!(
        sections(&[(1, b"K"), (5, b"{}")], P::Missing, 575).contains("expected a command line section (2)")
    );
    let text = sections(&[(1, b"K"), (2, b"C"), (3, b"A")], P::Missing, 587);
    assert!(text.contains("a metadata section (5), required from version 4"), "{text}");
    sections(&[(1, b"K"), (2, b"a\0b"), (5, b"{}")], P::Nul, 548 + 13 + 12 + 1);
    sections(&[(1, b"K"), (2, b"C"), (5, b"{}"), (4, &[0; 32_769])], P::TooLarge, 588 + 4);
    let mut flags = usual().bytes();
    flags[548 + 3] = 1;
    refused(&flags, P::Reserved, 550);
}

#[test]
fn ends() {
    let whole = usual().bytes();
    let size = whole.len() as u64;
    for end in 1..whole.len() {
        refused(&whole[..end], P::Truncated, end as u64);
    }
    let text = refused(&whole[..whole.len() - 1], P::Truncated, size - 1);
    let start =
        format!("EIF section 4 (ramdisk): content: expected 3 bytes, got 2 at offset {:#x}", size - 1);
    assert_eq!(text, start);
    let text = refused(&whole[..548 + 5], P::Truncated, 553);
    assert_eq!(text, "EIF section 0: header: expected 12 bytes, got 5 at offset 0x229");
    let text = refused(&whole[..4], P::Truncated, 4);
    assert_eq!(text, "EIF header: expected 548 bytes, got 4 at offset 0x4");
    // Another file is refused by its magic, however short it is.
    assert_eq!(refused(b"", P::Empty, 0), "the file is empty");
    assert_eq!(refused(b"#!", P::Magic, 0), "EIF header: magic: expected 0x2e656966 (.eif) at offset 0x0");
    let text = refused(b"\x7fELF\x02", P::Magic, 0);
    assert_eq!(text, "EIF header: magic: expected 0x2e656966 (.eif), got 0x7f454c46 at offset 0x0");
    for more in [1, 11, 12, 4096] {
        refused(&[&whole[..], &vec![0; more]].concat(), P::Trailing, size);
    }
    // A size of 2^63 in table and section: nothing is allocated by it.
    let mut huge = Raw { table: vec![(4, true, 1 << 63)], ..usual() }.bytes();
    huge[621 + 4..621 + 12].copy_from_slice(&(1_u64 << 63).to_be_bytes());
    refused(&huge, P::Truncated, size);
}

#[test]
fn checksums() {
    let whole = usual().bytes();
    for at in (0..whole.len()).filter(|at| *at >= 548 + 12) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(measure(&changed).is_err(), "{at}");
    }
    let mut changed = whole.clone();
    changed[560] ^= 1;
    let text = refused(&changed, P::Checksum, 0x220);
    assert!(text.starts_with("EIF header: crc_32, of all other bytes of the file: expected "), "{text}");
    refused(&Raw { crc: Some(0), ..usual() }.bytes(), P::Checksum, 0x220);
}

#[test]
fn signature_sections() {
    let with = |content: &[u8]| {
        let raw = Raw::new(&[(1, b"K"), (2, b"C"), (5, b"{}"), (4, content)]);
        let error = measure(&raw.bytes()).unwrap_err();
        assert!(matches!(error, EifError::SignatureSection { index: 3, .. }), "{error}");
        assert!(!error.hint().is_empty());
        error.to_string()
    };
    assert!(with(b"").starts_with("EIF section 3 (signature): signature section: "));
    for content in [&b"\xff"[..], b"\x80", b"\x81\xa0", b"\x81\xa1\x61a\x80", b"\x9f\xff", &[0x81; 32_768]] {
        with(content);
    }
    assert!(with(b"\x9b\x80\0\0\0\0\0\0\0").contains("too large"), "a count of 2^63");
}

#[test]
fn an_error_stays() {
    let mut measurer = Measurer::<Sha384Stream>::new();
    let error = measurer.update(&[b'x'; 548]).unwrap_err();
    assert_eq!(measurer.update(&usual().bytes()), Err(error));
    assert_eq!(measurer.finish(), Err(error));
}
