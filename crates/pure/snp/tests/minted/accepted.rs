//! Genuine evidence in all its forms is accepted.

use teeproof_core::Class;
use teeproof_mint::snp::amd::Spl;
use teeproof_mint::snp::{Hwid, Machine, Product as Line, Tcb as MintTcb};
use teeproof_mint::x509::{Algorithm, Content};
use teeproof_mint::{Key, Kind, SignatureHalf};
use teeproof_snp::{Chip, Component, Error, Product, Tcb, VekKind};

use crate::support::{Bag, LINES, is_tcb, refused, vcek, vlek};

/// The TCB as the verifier should see it.
fn seen(line: Line, tcb: MintTcb) -> Tcb {
    let MintTcb { fmc, bootloader, tee, snp, microcode } = tcb;
    Tcb { fmc: (line == Line::Turin).then_some(fmc), bootloader, tee, snp, microcode }
}

#[test]
fn every_version_product_kind_of_key_and_encoding() {
    let mut count = 0;
    for (line, product) in LINES {
        for (kind, chip) in [(VekKind::Vcek, Chip::Bound), (VekKind::Vlek, Chip::Shared)] {
            // AMD's authorities have keys of 4096 bits, which take their time to make: one line's.
            let machine = match (kind, line) {
                (VekKind::Vcek, Line::Milan) => Machine::vcek(line),
                (VekKind::Vlek, Line::Milan) => Machine::vlek(line),
                (VekKind::Vcek, _) => vcek(line),
                (VekKind::Vlek, _) => vlek(line),
            };
            for version in 2..=5 {
                for algorithm in [Algorithm::pss_sha384(), Algorithm::pss_sha384_without_trailer()] {
                    let machine = machine.clone().version(version).algorithm(&algorithm);
                    let verified = Bag::of(&machine).verify().unwrap();
                    assert_eq!((verified.product, verified.vek), (product, kind));
                    assert_eq!(verified.tcbs, [seen(line, line.tcb()); 4]);
                    assert_eq!(verified.chip, chip);
                    assert_eq!(verified.has_provider, kind == VekKind::Vlek);
                    assert!(!verified.production && verified.genuine);
                    count += 1;
                }
            }
        }
    }
    println!("{count} combinations accepted");
    assert_eq!(count, 48);
}

#[test]
fn the_chip_id_in_its_three_forms() {
    // Raw ids may begin like a DER header.
    for first in [0x00, 0x02, 0x04, 0x30, 0xff] {
        let mut id = [0x40; 64];
        id[..2].copy_from_slice(&[first, 0x40]);
        let mut short = [0; 64];
        short[..8].copy_from_slice(&id[..8]);
        for (line, id, form) in [
            (Line::Turin, short, Hwid::Short),
            (Line::Milan, id, Hwid::Long),
            (Line::Genoa, id, Hwid::Long),
            (Line::Milan, id, Hwid::Wrapped),
            (Line::Genoa, id, Hwid::Wrapped),
        ] {
            let machine = vcek(line).chip_id(id).hwid(form);
            assert_eq!(Bag::of(&machine).verify().unwrap().chip, Chip::Bound, "{form:?}");
        }
    }
}

#[test]
fn levels_from_128_on_have_two_bytes() {
    assert_eq!(Spl::Microcode.extension(0xdb).content, Content::Bytes(vec![0x02, 0x02, 0x00, 0xdb]));
    for (line, _) in LINES {
        for level in [0x00, 0x7f, 0x80, 0xdb, 0xff] {
            let same = MintTcb { fmc: level, bootloader: level, tee: level, snp: level, microcode: level };
            for machine in [vcek(line), vlek(line)] {
                let verified = Bag::of(&machine.tcb(same)).verify().unwrap();
                assert_eq!(verified.tcbs, [seen(line, same); 4]);
            }
        }
    }
}

#[test]
fn the_four_tcbs_are_told_apart_and_need_not_be_equal() {
    let machine = vcek(Line::Turin).with_report(|report| {
        report.committed_tcb = [2, 3, 4, 5, 0, 0, 0, 6];
        report.current_tcb = [7, 8, 9, 10, 0, 0, 0, 11];
        report.launch_tcb = [0, 0, 0, 1, 0, 0, 0, 2];
    });
    let [_, committed, current, launch] = Bag::of(&machine).verify().unwrap().tcbs;
    let levels = |tcb: Tcb| [tcb.fmc.unwrap(), tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode];
    assert_eq!(levels(committed), [2, 3, 4, 5, 6]);
    assert_eq!(levels(current), [7, 8, 9, 10, 11]);
    assert_eq!(levels(launch), [0, 0, 0, 1, 2]);
}

#[test]
fn a_genoa_report_of_version_5_keeps_the_layout_of_its_silicon() {
    let machine = vcek(Line::Genoa).version(5);
    let [reported, ..] = Bag::of(&machine).verify().unwrap().tcbs;
    let levels = [reported.bootloader, reported.tee, reported.snp, reported.microcode];
    assert_eq!((reported.fmc, levels), (None, [10, 0, 0x17, 0x54]));
    // The same numbers where Turin has them are not a TCB of Genoa.
    refused(
        &machine,
        |machine| {
            machine.with_report(|report| report.reported_tcb = Line::Turin.tcb_bytes(Line::Genoa.tcb()))
        },
        Error::TcbReserved,
        Class::NotAuthentic,
    );
}

#[test]
fn every_processor_of_a_product_line() {
    let [milan, genoa, turin] = LINES.map(|(line, _)| line);
    let mut count = 0;
    let machines = LINES.map(|(line, _)| (line, vcek(line).version(3)));
    for family in [0x00, 0x0f, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x91, 0xff] {
        for model in 0..=0xff_u8 {
            // All models of the families that matter, and a few of the others.
            if !matches!(family, 0x19 | 0x1a) && !matches!(model, 0x00 | 0x11 | 0xa0) {
                continue;
            }
            let line = match (family, model) {
                (0x19, 0x00..=0x0f) => Some(milan),
                (0x19, 0x10..=0x1f | 0xa0..=0xaf) => Some(genoa),
                (0x1a, 0x00..=0x11) => Some(turin),
                _ => None,
            };
            let on = |line: Line| {
                let (_, machine) = machines.iter().find(|(of, _)| *of == line).unwrap();
                machine.clone().with_report(|report| report.cpuid = [family, model, 0])
            };
            match line {
                Some(line) => {
                    Bag::of(&on(line)).verify().unwrap();
                    let other = if line == milan { genoa } else { milan };
                    Bag::of(&on(other)).refused(Error::VekProduct, Class::NotAuthentic);
                }
                None => Bag::of(&on(milan)).refused(Error::Processor, Class::Unsupported),
            }
            count += 1;
        }
    }
    println!("{count} processors");
}

#[test]
fn every_privilege_level_and_platform() {
    for vmpl in [0, 1, 2, 3, u32::MAX] {
        let machine = vcek(Line::Milan).with_report(|report| report.vmpl = vmpl);
        Bag::of(&machine).verify().unwrap();
    }
    // Unknown bits of the platform are the appraisal's to judge.
    for bit in 0..64 {
        let machine = vcek(Line::Milan).with_report(|report| report.platform_info = 1 << bit);
        Bag::of(&machine).verify().unwrap();
    }
}

#[test]
fn either_half_of_a_signature() {
    for half in [SignatureHalf::Low, SignatureHalf::High] {
        for (line, _) in LINES {
            let mut machine = vcek(line);
            machine.signature_half = half;
            Bag::of(&machine).verify().unwrap();
        }
    }
}

/// (r, n − s) verifies as (r, s) does, and anybody can compute it. Two different byte strings are
/// therefore the same report: never key a replay cache on signature bytes.
#[test]
fn whoever_holds_a_report_can_turn_its_signature_over() {
    let mut bag = Bag::of(&vcek(Line::Milan));
    let before = bag.verify().unwrap();
    let s: Vec<u8> = bag.report[0x2e8..0x318].iter().rev().copied().collect();
    let turned = difference(&P384_ORDER, &s);
    bag.report[0x2e8..0x318].iter_mut().zip(turned.iter().rev()).for_each(|(to, from)| *to = *from);
    assert_ne!(s, turned);
    assert_eq!(bag.verify().unwrap(), before);
}

/// The order of P-384's base point.
pub(crate) const P384_ORDER: [u8; 48] = *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\
    \x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73";

/// `left − right` for big-endian numbers of one length.
fn difference(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut out: Vec<u8> = (0..left.len())
        .rev()
        .map(|at| {
            let value = i16::from(left[at]) - i16::from(right[at]) - borrow;
            borrow = i16::from(value < 0);
            (value & 0xff) as u8
        })
        .collect();
    out.reverse();
    out
}

#[test]
fn among_many_certificates_the_right_one_is_found() {
    let machine = vcek(Line::Genoa);
    let mut bag = Bag::of(&machine);
    let right = bag.certificates[0].clone();
    let of = |machine: Machine| machine.mint().unwrap();
    let others = [
        of(vcek(Line::Milan)),
        of(vlek(Line::Genoa)),
        // The same chip at another TCB, another chip at the same TCB: other keys both.
        of(vcek(Line::Genoa).with_vek(|vek| vek.certificate.set_extension(Spl::Snp.extension(0x18)))),
        of(vcek(Line::Genoa).chip_id([7; 64])),
    ];
    for other in others {
        bag.certificates.insert(0, other.vek);
        bag.certificates.push(other.intermediate);
    }
    for turn in 0..bag.certificates.len() {
        bag.certificates.rotate_left(1);
        let verified = bag.verify().unwrap();
        assert_eq!((verified.product, verified.chip), (Product::Genoa, Chip::Bound), "{turn}");
    }
    // Without the right one, it is missing: the same chip's at another TCB says most.
    bag.certificates.retain(|der| *der != right && !is_of(der, Line::Milan));
    for _ in 0..bag.certificates.len() {
        bag.certificates.rotate_left(1);
        bag.refused_as(|error| is_tcb(error, Component::Snp), Class::Incomplete);
    }
}

/// Whether the bytes name this line.
fn is_of(certificate: &[u8], line: Line) -> bool {
    certificate.windows(line.name().len()).any(|window| window == line.name().as_bytes())
}

#[test]
fn wrong_intermediates_of_the_same_name_do_no_harm() {
    let mut bag = Bag::of(&vlek(Line::Milan));
    for _ in 0..6 {
        let mut impostor = vlek(Line::Milan);
        impostor.intermediate.key = Key::fresh(Kind::Rsa2048);
        bag.certificates.insert(0, impostor.mint().unwrap().intermediate);
    }
    let seen = bag.verify().unwrap();
    // There is a bound on the work: of more, those of the lowest bytes are attempted, whatever their order.
    for _ in 0..bag.certificates.len() {
        bag.certificates.rotate_left(1);
        assert_eq!(bag.verify(), Ok(seen));
    }
}
