//! Several certificates that could be the report's: the one that verifies is found, in whatever order
//! they come; and where the right one is missing, the error says which.

use teeproof_core::{Class, Comparand, Datum};
use teeproof_mint::snp::amd::Spl;
use teeproof_mint::snp::{Machine, Product as Line};
use teeproof_mint::x509::Validity;
use teeproof_mint::{Key, Kind};
use teeproof_snp::{Chip, Error, ReportTcb};

use crate::support::{AT, Bag, LINES, vcek, vlek};

/// The VEK certificate of a machine.
fn vek(machine: &Machine) -> Vec<u8> {
    machine.mint().unwrap().vek
}

/// Gives the machine's key its own certificate, valid in this span.
fn valid(machine: &Machine, from: i64, until: i64) -> Vec<u8> {
    let validity = Validity::new(from.unsigned_abs(), until.unsigned_abs());
    vek(&machine.clone().with_vek(|vek| vek.certificate.validity = validity))
}

/// The evidence is accepted in every order of these certificates.
#[track_caller]
fn accepted_in_every_order(machine: &Machine, certificates: &[Vec<u8>]) {
    let mut bag = Bag::of(machine);
    bag.certificates.remove(0);
    bag.certificates.extend_from_slice(certificates);
    let seen = bag.verify().unwrap();
    for reversed in [false, true] {
        if reversed {
            bag.certificates.reverse();
        }
        for _ in 0..bag.certificates.len() {
            bag.certificates.rotate_left(1);
            assert_eq!(bag.verify(), Ok(seen));
        }
    }
}

/// What is reported in every order of the certificates.
#[track_caller]
fn told_in_every_order(mut bag: Bag) -> Error {
    let error = bag.verify().unwrap_err();
    for _ in 0..bag.certificates.len() {
        bag.certificates.rotate_left(1);
        assert_eq!(bag.verify(), Err(error));
    }
    error
}

#[test]
fn two_vleks_of_two_regions() {
    for (line, _) in LINES {
        let machine = vlek(line);
        let other = machine.clone().with_vek(|vek| vek.key = Key::shared("another region", Kind::P384));
        accepted_in_every_order(&machine, &[vek(&machine), vek(&other)]);
        // The other region's alone is not the report's key.
        let mut bag = Bag::of(&machine);
        bag.certificates[0] = vek(&other);
        bag.refused(Error::Signature, Class::NotAuthentic);
    }
}

#[test]
fn two_vceks_of_one_chip() {
    let machine = vcek(Line::Milan);
    let [first, second] = [1, 2].map(|day| valid(&machine, AT - day * 86_400, AT + 1_000_000));
    assert_ne!(first, second);
    accepted_in_every_order(&machine, &[first, second]);
}

#[test]
fn an_expired_vcek_before_its_reissue() {
    for machine in [vcek(Line::Genoa), vlek(Line::Genoa)] {
        let expired = valid(&machine, AT - 1000, AT - 10);
        let early = valid(&machine, AT + 10, AT + 1000);
        accepted_in_every_order(&machine, &[expired.clone(), early.clone(), vek(&machine)]);
        let mut bag = Bag::of(&machine);
        bag.certificates[0] = expired;
        bag.certificates.push(early);
        assert_eq!(told_in_every_order(bag).check().id, "snp.validity");
    }
}

/// Hosts that mask their chip ids: the signature alone tells which VCEK is the report's.
#[test]
fn a_rack_of_machines_that_mask_their_chip_ids() {
    let machine = vcek(Line::Milan);
    let mut certificates = vec![vek(&machine)];
    for number in 1..40 {
        let key = Key::shared(&format!("chip {number}"), Kind::P384);
        let other = machine.clone().chip_id([number; 64]).with_vek(|vek| vek.key = key);
        certificates.push(vek(&other));
    }
    let masked = machine.with_report(|report| report.chip_id = [0; 64]);
    let mut bag = Bag::of(&masked);
    bag.certificates.remove(0);
    bag.certificates.extend(certificates);
    for _ in 0..3 {
        bag.certificates.rotate_left(17);
        assert_eq!(bag.verify().unwrap().chip, Chip::Masked);
    }
}

const CHIP: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f\
                    606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f";

/// Genuine VCEKs of other chips: nothing is forged, one is missing. None has the id of zeros, which is shown as the
/// short id of Turin.
#[test]
fn the_vceks_of_forty_other_machines() {
    let machine = vcek(Line::Genoa);
    let mut bag = Bag::of(&machine);
    bag.certificates.remove(0);
    for number in 1..=40 {
        bag.certificates.push(vek(&vcek(Line::Genoa).chip_id([number; 64])));
    }
    let error = told_in_every_order(bag);
    assert_eq!((error.class(), error.check().id), (Class::Incomplete, "snp.vek.chip"));
    assert_eq!(error.to_string(), format!("no VCEK for chip {CHIP}, only for others"));
    let (expected, actual) = error.compared().unwrap();
    assert_eq!(expected.to_string(), format!("chip {CHIP}"));
    assert_eq!(actual.to_string().len(), "chip ".len() + 32 + "…".len(), "{actual}");
    for (side, length) in [(expected, 64), (actual, 16)] {
        side.data(&mut |_, datum| assert!(matches!(datum, Datum::Bytes(bytes) if bytes.len() == length)));
    }
    let advice = error.advice().unwrap().to_string();
    let url =
        format!("https://kdsintf.amd.com/vcek/v1/Genoa/{CHIP}?blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=84");
    assert_eq!(advice, format!("Fetch the VCEK from {url}"));
}

#[test]
fn the_vcek_of_another_line() {
    for (line, _) in LINES {
        for (other, _) in LINES.into_iter().filter(|(other, _)| *other != line) {
            let mut bag = Bag::of(&vcek(line));
            let stranger = Bag::of(&vcek(other).chip_id([9; 64]));
            bag.certificates = stranger.certificates;
            bag.anchors.extend(stranger.anchors);
            bag.refused_as(|error| matches!(error, Error::VekChip { .. }), Class::Incomplete);
        }
    }
}

/// The VCEK from before a firmware update: reported with both TCBs, and which other one of the report's
/// it is for.
#[test]
fn the_vcek_of_another_tcb_of_the_report() {
    let machine = vcek(Line::Milan);
    let old = machine.clone().with_vek(|vek| vek.certificate.set_extension(Spl::Snp.extension(5)));
    for (place, fits) in [
        (0x1e0, Some(ReportTcb::Committed)),
        (0x038, Some(ReportTcb::Current)),
        (0x1f0, Some(ReportTcb::Launch)),
        (0x1e0 + 8, None),
    ] {
        let patched = if fits.is_some() { machine.clone().patch(place + 6, &[5]) } else { machine.clone() };
        let mut bag = Bag::of(&patched);
        bag.certificates[0] = vek(&old);
        // Another chip's certificate in addition says less.
        bag.certificates.push(vek(&vcek(Line::Milan).chip_id([7; 64])));
        let error = told_in_every_order(bag);
        let Error::VekTcb { fits: found, .. } = error else { panic!("{error:?}") };
        assert_eq!((found, error.class(), error.check().id), (fits, Class::Incomplete, "snp.vek.tcb"));
        let (expected, actual) = error.compared().unwrap();
        assert_eq!(expected.to_string(), "bootloader 4, tee 0, snp 24, microcode 219");
        assert_eq!(actual.to_string(), "bootloader 4, tee 0, snp 5, microcode 219");
        let named = fits.is_none_or(|tcb| error.to_string().ends_with(&format!("for the report's {tcb}")));
        assert!(named, "{error}");
        assert!(error.advice().unwrap().to_string().contains("blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219"));
    }
}

#[test]
fn a_report_without_its_vcek_has_an_address_or_the_field_that_is_missing() {
    let advice = |machine: Machine| {
        let mut bag = Bag::of(&machine);
        bag.certificates.remove(0);
        let error = bag.verify().unwrap_err();
        assert!(matches!(error, Error::MissingVek(_)), "{error:?}");
        assert_eq!(error.class(), Class::Incomplete);
        error.advice().unwrap().to_string()
    };
    let recorded = advice(vcek(Line::Turin));
    let chip = &CHIP[..16];
    assert!(
        recorded.contains(&format!("/vcek/v1/Turin/{chip}?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04")),
        "{recorded}"
    );
    let masked = vcek(Line::Milan).with_report(|report| report.chip_id = [0; 64]);
    assert!(advice(masked).contains("CHIP_ID is zero"));
    let hint = advice(vcek(Line::Milan).version(2));
    assert!(hint.contains("because CPUID is missing"));
    assert!(hint.ends_with("Give the VCEK as an endorsement."));
    let unknown = vcek(Line::Milan).with_report(|report| report.cpuid = [0x1b, 0, 0]);
    assert!(advice(unknown).contains("CPUID is of no supported product line"));
    let vlek = advice(vlek(Line::Milan));
    assert!(vlek.contains("VLEK") && !vlek.contains("https"), "{vlek}");
}

/// So many copies of a certificate whose signatures do not hold.
fn altered(certificate: &[u8], count: u16) -> Vec<Vec<u8>> {
    let alter = |number: u16| {
        let (rest, _) = certificate.split_at(certificate.len() - 2);
        [rest, &number.to_be_bytes()].concat()
    };
    (0..count).map(alter).collect()
}

/// Self-made certificates in the name of AMD's ASK do not keep the right one from being attempted; and where
/// more are given than are attempted, the error says so.
#[test]
fn a_crowd_of_intermediates_of_one_name() {
    let machine = vcek(Line::Milan);
    let mut bag = Bag::of(&machine);
    let intermediate = bag.certificates[1].clone();
    bag.certificates.extend(altered(&intermediate, 100));
    for _ in 0..3 {
        bag.certificates.rotate_left(35);
        assert_eq!(bag.verify().unwrap().chip, Chip::Bound);
    }
    bag.certificates.retain(|one| *one != intermediate);
    bag.certificates.extend(altered(&intermediate, 400));
    let error = told_in_some_orders(bag);
    assert_eq!(error.class(), Class::Incomplete);
    assert!(error.to_string().contains("signature limit reached"), "{error}");
}

/// Masked chips: every VCEK fits, and more than 64 are attempted.
#[test]
fn a_hall_of_machines_that_mask_their_chip_ids() {
    let machine = vcek(Line::Milan).with_report(|report| report.chip_id = [0; 64]);
    let mut bag = Bag::of(&machine);
    let own = bag.certificates[0].clone();
    let other = vek(&vcek(Line::Milan).with_vek(|vek| vek.key = Key::shared("another chip", Kind::P384)));
    bag.certificates.extend(altered(&other, 200));
    for _ in 0..3 {
        bag.certificates.rotate_left(67);
        assert_eq!(bag.verify().unwrap().chip, Chip::Masked);
    }
    bag.certificates.extend(altered(&other, 300));
    bag.certificates.retain(|one| *one != own);
    let error = told_in_some_orders(bag);
    assert_eq!(error.class(), Class::Incomplete);
    assert!(error.to_string().contains("signature limit reached"), "{error}");
}

/// What is reported in a few orders of many certificates.
#[track_caller]
fn told_in_some_orders(mut bag: Bag) -> Error {
    let error = bag.verify().unwrap_err();
    for _ in 0..3 {
        bag.certificates.rotate_left(101);
        assert_eq!(bag.verify(), Err(error));
    }
    error
}
