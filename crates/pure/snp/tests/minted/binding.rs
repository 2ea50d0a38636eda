//! Report and certificate must belong together: kind of key, product line, TCB, chip.

use teeproof_core::Class;
use teeproof_mint::snp::amd::{self, Spl};
use teeproof_mint::snp::{Hwid, Machine, Product as Line, Tcb as MintTcb};
use teeproof_mint::{Key, Kind};
use teeproof_snp::{
    Advice, Chip, Component, Error, Product, Report, VcekUrl, VekChainCertificate, VekKind, VekSource,
};
use teeproof_x509::Problem;

use crate::support::{Bag, LINES, is_tcb, refused, refused_as, vcek, vlek};

const REPORT_SIGNER: u32 = 2;

#[test]
fn the_kind_of_key_that_the_report_names() {
    // Nothing is forged: the certificate of the other kind is missing.
    for (line, _) in LINES {
        for (machine, key_info, signer, hint) in [
            (
                vcek(line),
                1 << REPORT_SIGNER,
                VekKind::Vlek,
                "Get the VLEK certificate from the cloud provider",
            ),
            (vlek(line), 0, VekKind::Vcek, "VCEK"),
        ] {
            let bag = Bag::of(&machine.with_report(|report| report.key_info = key_info));
            let error = bag.verify().unwrap_err();
            assert_eq!((error.class(), error.check().id), (Class::Incomplete, "snp.vek.type"));
            let (expected, actual) = error.compared().unwrap();
            assert_eq!(expected.to_string(), signer.to_string());
            assert_ne!(expected, actual);
            let advice = error.advice().unwrap().to_string();
            assert!(advice.contains(hint), "{advice}");
        }
    }
}

/// A name is not enough: a VCEK under the authority for VLEKs, and the other way round.
#[test]
fn the_kind_of_key_that_the_intermediate_issues() {
    let name = |name: &'static str| {
        move |machine: Machine| machine.with_vek(|vek| vek.certificate.subject.set_common_name(name))
    };
    for (line, _) in LINES {
        refused(
            &vlek(line),
            |machine| {
                let id = [1; 64];
                let machine = name("SEV-VCEK")(machine).with_report(|report| report.key_info = 0);
                machine.with_vek(|vek| vek.certificate.set_extension(amd::hwid(Hwid::of(line), &id)))
            },
            Error::VekType { certificate: VekKind::Vcek },
            Class::NotAuthentic,
        );
        refused(
            &vcek(line),
            |machine| {
                let machine = name("SEV-VLEK")(machine);
                let machine = machine.with_report(|report| report.key_info = 1 << REPORT_SIGNER);
                machine.with_vek(|vek| vek.certificate.remove_extension(&amd::oid(&[4])))
            },
            Error::VekType { certificate: VekKind::Vlek },
            Class::NotAuthentic,
        );
    }
}

#[test]
fn a_vcek_names_its_chip_and_a_vlek_does_not() {
    refused(
        &vcek(Line::Milan),
        |machine| machine.with_vek(|vek| vek.certificate.remove_extension(&amd::oid(&[4]))),
        Error::VekType { certificate: VekKind::Vcek },
        Class::NotAuthentic,
    );
    refused(
        &vlek(Line::Milan),
        |machine| machine.with_vek(|vek| vek.certificate.set_extension(amd::hwid(Hwid::Long, &[0; 64]))),
        Error::VekType { certificate: VekKind::Vlek },
        Class::NotAuthentic,
    );
}

/// The real names are SEV-VCEK and SEV-VLEK; a verifier that looks for "VCEK" never checks a chip.
#[test]
fn other_common_names_are_no_endorsement_keys() {
    for name in ["VCEK", "SEV-VCEK ", "sev-vcek", "SEV-Milan", "SEV-VCEK-Milan", ""] {
        refused_as(
            &vcek(Line::Milan),
            |machine| machine.with_vek(|vek| vek.certificate.subject.set_common_name(name)),
            |error| matches!(error, Error::MissingVek(VekSource::Kds(_))),
            Class::Incomplete,
        );
    }
}

#[test]
fn the_processor_is_of_the_chains_product_line() {
    for (line, _) in LINES {
        for (other, _) in LINES.into_iter().filter(|(other, _)| *other != line) {
            for machine in [vcek(line), vlek(line)] {
                for version in 3..=5 {
                    refused(
                        &machine,
                        |machine| machine.version(version).with_report(|report| report.cpuid = other.cpuid()),
                        Error::VekProduct,
                        Class::NotAuthentic,
                    );
                }
            }
        }
    }
}

#[test]
fn the_certificate_is_of_the_chains_product_line() {
    for (line, _) in LINES {
        let name = |name: &str| {
            let extension = amd::product_name(name);
            move |machine: Machine| machine.with_vek(|vek| vek.certificate.set_extension(extension))
        };
        for stepping in ["", "-B0", "-B1"] {
            let machine = name(&format!("{}{stepping}", line.name()))(vcek(line));
            Bag::of(&machine).verify().unwrap();
        }
        let others = LINES.into_iter().filter(|(other, _)| *other != line);
        let mut names: Vec<_> = others.map(|(other, _)| other.name().to_owned()).collect();
        names.extend(["", "-B0", "x"].map(str::to_owned));
        names.extend([format!("{}X", line.name()), line.name().to_lowercase()]);
        for wrong in names {
            refused(&vcek(line), name(&wrong), Error::VekProduct, Class::NotAuthentic);
        }
    }
}

/// Chips of EPYC 8004 have authorities, processors, TCB layout and KDS path of Genoa, and a product name of their own
/// (AMD document 57230).
#[test]
fn siena_is_a_product_name_of_genoa() {
    let siena = amd::product_name("Siena");
    let named = |machine: Machine| machine.with_vek(|vek| vek.certificate.set_extension(siena.clone()));
    for model in [0xa0, 0xaf, 0x11] {
        let machine = vcek(Line::Genoa).with_report(|report| report.cpuid = [0x19, model, 2]);
        let verified = Bag::of(&named(machine)).verify().unwrap();
        assert_eq!((verified.product, verified.chip), (Product::Genoa, Chip::Bound));
    }
    for line in [Line::Milan, Line::Turin] {
        refused(&vcek(line), named, Error::VekProduct, Class::NotAuthentic);
    }
    let authorities = |machine: Machine| {
        machine
            .with_ark(|link| link.certificate.subject.set_common_name("ARK-Siena"))
            .with_intermediate(|link| link.certificate.subject.set_common_name("SEV-Siena"))
    };
    refused(&named(vcek(Line::Genoa)), authorities, Error::VekProduct, Class::NotAuthentic);
    let machine = vcek(Line::Genoa).version(5).with_report(|report| report.cpuid = [0x19, 0xa0, 2]);
    let minted = named(machine).mint().unwrap();
    let url = VcekUrl::of_report(Report::parse(&minted.report).unwrap(), None).unwrap().to_string();
    assert!(url.starts_with("https://kdsintf.amd.com/vcek/v1/Genoa/"), "{url}");
}

#[test]
fn the_hint_about_another_processor_names_every_product_line() {
    let Some(Advice::Text(hint)) = Error::Processor.advice() else { panic!("a hint") };
    assert!(Product::ALL.iter().all(|line| hint.contains(line.as_str())), "{hint}");
}

/// Root and intermediate name the line as well; both are AMD's to name.
#[test]
fn the_authorities_are_of_one_product_line() {
    let named = |ark: &'static str, ask: &'static str| {
        move |machine: Machine| {
            machine
                .with_ark(|link| link.certificate.subject.set_common_name(ark))
                .with_intermediate(|link| link.certificate.subject.set_common_name(ask))
        }
    };
    for (ark, ask) in [
        ("ARK-Genoa", "SEV-Milan"),
        ("ARK-Milan", "SEV-Genoa"),
        ("ARK-Venice", "SEV-Venice"),
        ("Milan", "SEV-Milan"),
        ("ARK-Milan", "Milan"),
        ("ARK-", "SEV-"),
    ] {
        refused(&vcek(Line::Milan), named(ark, ask), Error::VekProduct, Class::NotAuthentic);
    }
    for (ark, asvk) in [
        ("ARK-Genoa", "SEV-VLEK-Milan"),
        ("ARK-Milan", "SEV-VLEK-Genoa"),
        ("ARK-Milan", "SEV-VLEK-"),
        ("ARK-VLEK-Milan", "SEV-VLEK-Milan"),
    ] {
        refused(&vlek(Line::Milan), named(ark, asvk), Error::VekProduct, Class::NotAuthentic);
    }
}

#[test]
fn every_component_of_the_tcb_must_be_equal() {
    let components = [
        (Spl::Fmc, Component::Fmc),
        (Spl::Bootloader, Component::Bootloader),
        (Spl::Tee, Component::Tee),
        (Spl::Snp, Component::Snp),
        (Spl::Microcode, Component::Microcode),
    ];
    let mut count = 0;
    for (line, _) in LINES {
        let level = 0x80;
        let same = MintTcb { fmc: level, bootloader: level, tee: level, snp: level, microcode: level };
        for machine in [vcek(line).tcb(same), vlek(line).tcb(same)] {
            for (spl, component) in &components[usize::from(line != Line::Turin)..] {
                // Higher is as wrong as lower.
                for other in [level - 1, level + 1, 0, 0xff] {
                    refused_as(
                        &machine,
                        |machine| machine.with_vek(|vek| vek.certificate.set_extension(spl.extension(other))),
                        |error| is_tcb(error, *component),
                        Class::Incomplete,
                    );
                    count += 1;
                }
            }
        }
    }
    println!("{count} differing levels refused");
    assert_eq!(count, (4 + 4 + 5) * 2 * 4);
}

#[test]
fn reserved_bytes_of_the_four_tcbs() {
    for (line, _) in LINES {
        let machine = vcek(line);
        Bag::of(&machine).verify().unwrap();
        let reserved = if line == Line::Turin { 4..7 } else { 2..6 };
        for field in [0x038, 0x180, 0x1e0, 0x1f0] {
            for at in reserved.clone() {
                let bag = Bag::of(&machine.clone().patch(field + at, &[1]));
                bag.refused(Error::TcbReserved, Class::NotAuthentic);
            }
        }
    }
}

#[test]
fn every_byte_of_the_chip_id() {
    // Turin's id has eight bytes; the others must be zero.
    for machine in [vcek(Line::Milan), vcek(Line::Genoa).hwid(Hwid::Wrapped), vcek(Line::Turin)] {
        Bag::of(&machine).verify().unwrap();
        for (at, byte) in machine.report.chip_id.into_iter().enumerate() {
            let bag = Bag::of(&machine.clone().patch(0x1a0 + at, &[byte ^ 1]));
            bag.refused_as(|error| matches!(error, Error::VekChip { .. }), Class::Incomplete);
        }
    }
}

#[test]
fn a_short_id_does_not_stand_for_a_long_one() {
    for line in [Line::Milan, Line::Genoa] {
        let machine = vcek(line);
        let is_chip = |error: &Error| matches!(error, Error::VekChip { .. });
        refused_as(&machine, |machine| machine.hwid(Hwid::Short), is_chip, Class::Incomplete);
    }
}

#[test]
fn another_key_signed() {
    for (line, _) in LINES {
        for machine in [vcek(line), vlek(line)] {
            refused(
                &machine,
                |mut machine| {
                    machine.report_signer = Some(Key::fresh(Kind::P384));
                    machine
                },
                Error::Signature,
                Class::NotAuthentic,
            );
        }
    }
}

#[test]
fn keys_that_reports_are_not_signed_with() {
    for kind in [Kind::P256, Kind::Rsa2048] {
        refused(
            &vcek(Line::Milan),
            |mut machine| {
                machine.report_signer = Some(machine.vek.key.clone());
                machine.with_vek(|vek| vek.key = Key::shared("another kind", kind))
            },
            Error::Chain { link: VekChainCertificate::Vek, problem: Problem::Algorithm },
            Class::Unsupported,
        );
    }
}
