//! AMD's extensions of a VEK certificate: missing, of another kind, badly written.

use teeproof_core::Class;
use teeproof_mint::snp::amd::{self, Spl};
use teeproof_mint::snp::{Machine, Product as Line};
use teeproof_mint::x509::{Extension, der};
use teeproof_snp::{Component, Error};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::{Bag, LINES, is_tcb, refused, refused_as, vcek, vlek};

const WHAT: &str = "VEK certificate: AMD extensions";

fn vek(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::Vek(WireError::new(kind, what, offset, expected))
}

fn with(extension: Extension) -> impl FnOnce(Machine) -> Machine {
    |machine| machine.with_vek(|vek| vek.certificate.set_extension(extension))
}

#[test]
fn each_required_one_missing() {
    let missing = vek(ErrorKind::Missing, WHAT, 0, "product name, patch levels and structVersion");
    for (line, _) in LINES {
        for machine in [vcek(line), vlek(line)] {
            for oid in [
                amd::oid(&[1]),
                amd::oid(&[2]),
                Spl::Bootloader.oid(),
                Spl::Tee.oid(),
                Spl::Snp.oid(),
                Spl::Microcode.oid(),
            ] {
                refused(
                    &machine,
                    |machine| machine.with_vek(|vek| vek.certificate.remove_extension(&oid)),
                    missing,
                    Class::Malformed,
                );
            }
        }
    }
}

#[test]
fn reserved_levels_may_be_missing_but_not_set() {
    for (line, _) in LINES {
        let machine = vcek(line);
        for number in 4..=7 {
            let oid = Spl::Reserved(number).oid();
            let without = machine.clone().with_vek(|vek| vek.certificate.remove_extension(&oid));
            Bag::of(&without).verify().unwrap();
            refused(
                &machine,
                with(Spl::Reserved(number).extension(1)),
                vek(ErrorKind::Unsupported, WHAT, 0, "reserved patch levels of zero"),
                Class::Unsupported,
            );
        }
    }
}

#[test]
fn the_fmc_is_turins_alone() {
    let is_fmc = |error: &Error| is_tcb(error, Component::Fmc);
    refused_as(
        &vcek(Line::Turin),
        |machine| machine.with_vek(|vek| vek.certificate.remove_extension(&Spl::Fmc.oid())),
        is_fmc,
        Class::Incomplete,
    );
    for line in [Line::Milan, Line::Genoa] {
        refused_as(&vcek(line), with(Spl::Fmc.extension(0)), is_fmc, Class::Incomplete);
    }
}

#[test]
fn newer_structures_are_not_supported() {
    for version in [0, 1] {
        let machine = with(amd::structure_version(version))(vcek(Line::Genoa));
        Bag::of(&machine).verify().unwrap();
    }
    for version in [2, 255] {
        refused(
            &vcek(Line::Genoa),
            with(amd::structure_version(version)),
            vek(ErrorKind::Unsupported, WHAT, 0, "structVersion 0 or 1"),
            Class::Unsupported,
        );
    }
}

#[test]
fn levels_that_are_no_der_integers_from_0_to_255() {
    for (value, error) in [
        // The level 0x17 written with a byte too many; the levels −37 and 256.
        (&[2, 2, 0, 0x17][..], vek(ErrorKind::Value, WHAT, 2, "a minimal INTEGER")),
        (&[2, 1, 0xdb], vek(ErrorKind::Value, WHAT, 2, "an INTEGER of 0 or more")),
        (&[2, 2, 1, 0], vek(ErrorKind::Value, WHAT, 2, "an INTEGER from 0 to 255")),
        (&[2, 0], vek(ErrorKind::Value, WHAT, 2, "a minimal INTEGER")),
        (&[4, 1, 0x17], vek(ErrorKind::Value, WHAT, 0, "an INTEGER")),
        (&[2, 1, 0x17, 0], vek(ErrorKind::Trailing, WHAT, 3, "the end of the input")),
        (&[2, 1], vek(ErrorKind::Truncated, WHAT, 2, "more bytes")),
        (&[], vek(ErrorKind::Truncated, WHAT, 0, "more bytes")),
    ] {
        refused(
            &vcek(Line::Genoa),
            with(Extension::new(Spl::Snp.oid(), value.to_vec())),
            error,
            Class::Malformed,
        );
    }
}

#[test]
fn product_names_that_are_no_ia5_strings() {
    for (value, error) in [
        (der::utf8_string("Genoa"), vek(ErrorKind::Value, WHAT, 0, "an IA5String")),
        (b"Genoa".to_vec(), vek(ErrorKind::Value, WHAT, 0, "an IA5String")),
        (der::element(0x16, b"Geno\xe4"), vek(ErrorKind::Value, WHAT, 7, "an IA5String")),
    ] {
        refused(&vcek(Line::Genoa), with(Extension::new(amd::oid(&[2]), value)), error, Class::Malformed);
    }
}

#[test]
fn chip_ids_of_other_lengths() {
    let error = vek(ErrorKind::Value, "VEK certificate: hwID", 0, "8, 64 or 66 bytes");
    let wrapped = |tag, length, bytes: usize| [&[tag, length][..], &vec![0x40; bytes]].concat();
    for value in [
        vec![],
        vec![0x40; 7],
        vec![0x40; 9],
        vec![0x40; 63],
        vec![0x40; 65],
        vec![0x40; 66],
        vec![0x40; 128],
        wrapped(0x04, 0x08, 8),
        wrapped(0x04, 0x3f, 64),
        wrapped(0x03, 0x40, 64),
        wrapped(0x04, 0x40, 65),
    ] {
        refused(&vcek(Line::Genoa), with(Extension::new(amd::oid(&[4]), value)), error, Class::Malformed);
    }
}

/// An extension that is there twice could be read as either; the certificate is refused where it
/// is read, before anybody asks for one.
#[test]
fn each_one_twice() {
    let machine = vcek(Line::Turin);
    Bag::of(&machine).verify().unwrap();
    let count = machine.vek.certificate.extensions.len();
    for at in 0..count {
        let twice = machine.clone().with_vek(|vek| {
            let again = vek.certificate.extensions[at].clone();
            vek.certificate.extensions.push(again);
        });
        let error = Certificate::parse(&twice.mint().unwrap().vek).unwrap_err();
        assert_eq!((error.kind, error.what), (ErrorKind::Duplicate, "certificate: extensions"));
    }
    println!("{count} extensions refused when repeated");
}
