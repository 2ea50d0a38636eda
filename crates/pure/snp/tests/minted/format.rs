//! The report's own form: version, reserved bytes, enumerated values. All of it is signed
//! properly, so that only the form is wrong.

use teeproof_core::Class;
use teeproof_mint::snp::{Machine, Product as Line, SIGNED_BYTES};
use teeproof_snp::Error;
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::{Bag, LINES, refused, vcek, vlek};

fn report(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::Report(WireError::new(kind, what, offset, expected))
}

fn reserved(what: &'static str, offset: usize) -> Error {
    report(ErrorKind::Value, what, offset, "zero")
}

#[test]
fn other_versions_are_not_supported() {
    for version in [0, 1, 6, 7, 0x0200, 0x0002_0002, u32::MAX] {
        refused(
            &vcek(Line::Milan),
            |machine| machine.with_report(|report| report.version = version),
            report(ErrorKind::Unsupported, "SNP report: VERSION", 0, "version 2, 3, 4 or 5"),
            Class::Unsupported,
        );
    }
}

#[test]
fn other_lengths_are_no_reports() {
    let bag = Bag::of(&vcek(Line::Milan));
    for length in [0, 1, SIGNED_BYTES, 1183, 1185, 2600] {
        let mut bag = bag.clone();
        bag.report.resize(length, 0);
        let kind = if length < 1184 { ErrorKind::Truncated } else { ErrorKind::Trailing };
        let error = report(kind, "SNP report", length.min(1184), "a report of exactly 1184 bytes");
        bag.refused(error, Class::Malformed);
    }
}

/// The signed bytes that must be zero in this version: where, and by which name.
fn reserved_bytes(version: u32) -> Vec<(usize, Error)> {
    let mut places = vec![
        (0x04c..0x050, reserved("SNP report: reserved bytes at 0x04C", 0x04c)),
        (0x18b..0x1a0, reserved("SNP report: reserved bytes at 0x18B", 0x18b)),
        (0x1eb..0x1ec, reserved("SNP report: reserved byte at 0x1EB", 0x1eb)),
        (0x1ef..0x1f0, reserved("SNP report: reserved byte at 0x1EF", 0x1ef)),
        (0x208..0x2a0, reserved("SNP report: reserved bytes at 0x208", 0x208)),
    ];
    if version < 3 {
        places.push((0x188..0x18b, reserved("SNP report: reserved bytes at 0x188", 0x188)));
    }
    if version < 5 {
        places.push((0x1f8..0x208, reserved("SNP report: reserved bytes at 0x1F8", 0x1f8)));
    }
    places.into_iter().flat_map(|(range, error)| range.map(move |at| (at, error))).collect()
}

#[test]
fn every_reserved_byte_of_every_version() {
    let mut count = 0;
    for version in 2..=5 {
        let machine = vcek(Line::Genoa).version(version);
        Bag::of(&machine).verify().unwrap();
        for (at, error) in reserved_bytes(version) {
            for value in [0x01, 0x80] {
                let bag = Bag::of(&machine.clone().patch(at, &[value]));
                bag.refused(error, Class::Malformed);
                count += 1;
            }
        }
    }
    println!("{count} reserved bytes refused");
    assert_eq!(count, 2 * ((179 + 3 + 16) + 2 * (179 + 16) + 179));
}

/// Every other signed byte may have another value as far as the form goes: what is wrong then is
/// something else, if only the signature.
#[test]
fn no_other_byte_is_reserved() {
    // Versions 3 and 4 lie between these.
    for version in [2, 5] {
        let bag = Bag::of(&vcek(Line::Genoa).version(version));
        let reserved: Vec<_> = reserved_bytes(version).into_iter().map(|(at, _)| at).collect();
        let word = |at| matches!(at, 0x00..0x04 | 0x08..0x10 | 0x30..0x38 | 0x48..0x4c);
        for at in (0..SIGNED_BYTES).filter(|at| !reserved.contains(at) && !word(*at)) {
            let mut bag = bag.clone();
            bag.report[at] ^= 0x5a;
            let error = bag.verify().unwrap_err();
            assert!(!matches!(error, Error::Report(_)), "version {version}, byte {at:#x}: {error:?}");
        }
    }
}

#[test]
fn every_bit_of_the_policy() {
    for bit in 0..64 {
        let machine = vcek(Line::Turin);
        let flipped = machine.clone().with_report(|report| report.policy ^= 1 << bit);
        match bit {
            17 => refused(
                &machine,
                |_| flipped,
                report(ErrorKind::Value, "SNP report: POLICY bit 17", 0x008, "one"),
                Class::Malformed,
            ),
            26.. => refused(
                &machine,
                |_| flipped,
                reserved("SNP report: POLICY bits 63:26", 0x008),
                Class::Malformed,
            ),
            _ => {
                Bag::of(&flipped).verify().unwrap();
            }
        }
    }
}

#[test]
fn privilege_levels_above_3() {
    for vmpl in [4, 5, 0x100, 0xff00_0000, u32::MAX - 1] {
        refused(
            &vcek(Line::Milan),
            |machine| machine.with_report(|report| report.vmpl = vmpl),
            report(ErrorKind::Value, "SNP report: VMPL", 0x030, "0 to 3, or 0xFFFFFFFF"),
            Class::Malformed,
        );
    }
}

#[test]
fn every_bit_of_key_info() {
    for (line, _) in LINES {
        for (machine, key) in [(vcek(line), 0_u32), (vlek(line), 1)] {
            // AUTHOR_KEY_EN and MASK_CHIP_KEY are free.
            for bits in 0..4 {
                let machine = machine.clone().with_report(|report| report.key_info = key << 2 | bits);
                Bag::of(&machine).verify().unwrap();
            }
            for bit in 5..32 {
                refused(
                    &machine,
                    |machine| machine.with_report(|report| report.key_info |= 1 << bit),
                    reserved("SNP report: KEY_INFO bits 31:5", 0x048),
                    Class::Malformed,
                );
            }
            for signer in 2..=7 {
                refused(
                    &machine,
                    |machine| machine.with_report(|report| report.key_info = signer << 2),
                    Error::NotSigned,
                    Class::NotAuthentic,
                );
            }
        }
    }
}

#[test]
fn other_signature_algorithms() {
    for algorithm in [0, 2, 3, 0x0100, u32::MAX] {
        refused(
            &vcek(Line::Milan),
            |machine| machine.with_report(|report| report.signature_algo = algorithm),
            report(
                ErrorKind::Unsupported,
                "SNP report: SIGNATURE_ALGO",
                0x034,
                "1, ECDSA P-384 with SHA-384",
            ),
            Class::Unsupported,
        );
    }
}

#[test]
fn every_byte_of_the_signatures_padding() {
    let machine = vcek(Line::Milan);
    Bag::of(&machine).verify().unwrap();
    let places = [
        (0x2d0..0x2e8, reserved("SNP report: SIGNATURE.R above 384 bits", 0x2d0)),
        (0x318..0x330, reserved("SNP report: SIGNATURE.S above 384 bits", 0x318)),
        (0x330..0x4a0, reserved("SNP report: SIGNATURE padding", 0x330)),
    ];
    let mut count = 0;
    for (range, error) in places {
        for at in range {
            Bag::of(&machine.clone().tamper(at, &[1])).refused(error, Class::Malformed);
            count += 1;
        }
    }
    println!("{count} padding bytes refused");
    assert_eq!(count, 416);
}

#[test]
fn signatures_out_of_range() {
    let order: Vec<u8> = crate::accepted::P384_ORDER.iter().rev().copied().collect();
    let (r, s) = (0x2a0, 0x2e8);
    let one = [&[1][..], &[0; 47]].concat();
    for (r_value, s_value) in [
        (Some(vec![0; 48]), None),
        (None, Some(vec![0; 48])),
        (Some(vec![0; 48]), Some(vec![0; 48])),
        (Some(order.clone()), None),
        (None, Some(order.clone())),
        (Some(vec![0xff; 48]), None),
        (None, Some(vec![0xff; 48])),
        (Some(one.clone()), Some(one)),
    ] {
        let set = |machine: Machine, at, value: &Option<Vec<u8>>| match value {
            Some(value) => machine.tamper(at, value),
            None => machine,
        };
        refused(
            &vcek(Line::Turin),
            |machine| set(set(machine, r, &r_value), s, &s_value),
            Error::Signature,
            Class::NotAuthentic,
        );
    }
}

#[test]
fn bytes_changed_after_signing() {
    for (at, value) in [(0x04, 9), (0x0a, 0x0b), (0x50, 1), (0x90, 0xff), (0x1e8, 0)] {
        refused(
            &vcek(Line::Turin),
            |machine| machine.tamper(at, &[value]),
            Error::Signature,
            Class::NotAuthentic,
        );
    }
}
