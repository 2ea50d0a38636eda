//! The chain from the ARK to the VEK. Machines with a VLEK, unless a VCEK matters: their ASVK is
//! not known to the verifier, so nothing stands in for a given one.

use teeproof_core::{Class, Time};
use teeproof_mint::snp::{Machine, Product as Line};
use teeproof_mint::x509::{Algorithm, Extension, Link, Oid, Validity};
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_snp::{Error, VekChainCertificate, VekSource};
use teeproof_wire::ErrorKind as WireKind;
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Problem;

use crate::support::{AT, Bag, LINES, refused, refused_as, vcek, vlek};

const CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;

fn at(link: VekChainCertificate, problem: Problem) -> Error {
    Error::Chain { link, problem }
}

/// A machine under authorities whose names no pinned ones have, so that what is wrong with it is reported.
fn apart(line: Line) -> Machine {
    let rename = |link: &mut Link| {
        let name = std::mem::take(&mut link.certificate.subject);
        link.certificate.subject = name.with(Oid::ORGANIZATIONAL_UNIT, "Tests");
    };
    vlek(line).with_ark(rename).with_intermediate(rename)
}

/// The chain ends at a root whose name has these letters.
fn is_untrusted(error: &Error, letters: &str) -> bool {
    matches!(error, Error::Untrusted { root } if root.to_string().contains(letters))
}

/// Changes the certificate at a link.
fn bend(link: VekChainCertificate, change: impl FnOnce(&mut Link)) -> impl FnOnce(Machine) -> Machine {
    move |machine| match link {
        VekChainCertificate::Ark => machine.with_ark(change),
        VekChainCertificate::Intermediate => machine.with_intermediate(change),
        _ => machine.with_vek(change),
    }
}

const LINKS: [VekChainCertificate; 3] =
    [VekChainCertificate::Ark, VekChainCertificate::Intermediate, VekChainCertificate::Vek];

#[test]
fn an_impostor_is_refused_under_the_pinned_anchors() {
    for (line, _) in LINES {
        for machine in [vcek(line), vlek(line)] {
            let mut bag = Bag::of(&machine);
            assert!(!bag.verify().unwrap().production, "an added anchor is not AMD's");
            // The impostor's own root, sent along, is no anchor, and is named.
            let ark = bag.anchors.remove(0);
            bag.refused(at(VekChainCertificate::Intermediate, Problem::Signature), Class::NotAuthentic);
            bag.certificates.push(ark);
            bag.refused_as(|error| is_untrusted(error, "CN=ARK-"), Class::NotAuthentic);
            // Without its intermediate, AMD's own is attempted, which did not sign the key.
            bag.certificates.remove(1);
            bag.refused(at(VekChainCertificate::Vek, Problem::Signature), Class::NotAuthentic);
        }
    }
}

#[test]
fn another_amd_of_the_same_name_is_refused() {
    let machine = vlek(Line::Genoa);
    let mut bag = Bag::of(&machine);
    bag.verify().unwrap();
    let impostor = machine.authority_keys(Kind::Rsa3072);
    bag.anchors = Bag::of(&impostor).anchors;
    bag.refused(at(VekChainCertificate::Intermediate, Problem::Signature), Class::NotAuthentic);
}

#[test]
fn an_anchor_is_chosen_among_several() {
    let machine = vlek(Line::Milan);
    let mut bag = Bag::of(&machine);
    let own = bag.anchors.remove(0);
    let other = Bag::of(&vlek(Line::Turin)).anchors.remove(0);
    bag.anchors = vec![b"no certificate".to_vec(), other, own];
    assert!(!bag.verify().unwrap().production);
}

#[test]
fn a_missing_intermediate_is_incomplete() {
    for (line, _) in LINES {
        let mut bag = Bag::of(&apart(line));
        bag.verify().unwrap();
        bag.certificates.truncate(1);
        bag.refused(Error::Missing(VekChainCertificate::Intermediate), Class::Incomplete);
        bag.certificates.clear();
        bag.refused(Error::MissingVek(VekSource::Provider), Class::Incomplete);
    }
}

#[test]
fn a_root_that_nobody_trusts() {
    let mut bag = Bag::of(&apart(Line::Milan));
    bag.verify().unwrap();
    bag.certificates.append(&mut bag.anchors);
    bag.refused_as(|error| is_untrusted(error, "OU=Tests"), Class::NotAuthentic);
}

#[test]
fn signed_by_another_key() {
    for link in [VekChainCertificate::Intermediate, VekChainCertificate::Vek] {
        for line in [Line::Milan, Line::Turin] {
            refused(
                &vlek(line),
                bend(link, |link| link.signer = Some(Key::shared("somebody", Kind::Rsa2048))),
                at(link, Problem::Signature),
                Class::NotAuthentic,
            );
        }
    }
    // The ARK of another line issued the intermediate, in its own name.
    let genoa = vlek(Line::Genoa);
    refused(
        &vlek(Line::Milan),
        |machine| {
            machine
                .with_ark(|ark| ark.certificate = genoa.ark.certificate.clone())
                .with_ark(|ark| ark.key = genoa.ark.key.clone())
        },
        Error::VekProduct,
        Class::NotAuthentic,
    );
    // The key of another line signed, in the name of the right one.
    refused(
        &vlek(Line::Milan),
        bend(VekChainCertificate::Intermediate, |link| link.signer = Some(genoa.ark.key.clone())),
        at(VekChainCertificate::Intermediate, Problem::Signature),
        Class::NotAuthentic,
    );
}

#[test]
fn a_wrong_ask_is_told_rather_than_that_amds_own_does_not_fit() {
    refused(
        &vcek(Line::Milan),
        bend(VekChainCertificate::Intermediate, |link| {
            link.signer = Some(Key::shared("somebody", Kind::Rsa2048))
        }),
        at(VekChainCertificate::Intermediate, Problem::Signature),
        Class::NotAuthentic,
    );
}

#[test]
fn each_certificate_expired_or_not_yet_valid() {
    for (position, link) in LINKS.into_iter().enumerate() {
        for line in [Line::Milan, Line::Genoa] {
            let (before, after) = (AT as u64 - 1, AT as u64 + 1);
            let valid = |validity: Validity| bend(link, move |link| link.certificate.validity = validity);
            for good in [Validity::new(0, AT as u64), Validity::new(AT as u64, after)] {
                Bag::of(&valid(good)(vlek(line))).verify().unwrap();
            }
            refused(
                &vlek(line),
                valid(Validity::new(0, before)),
                at(link, Problem::Expired { not_after: Time(AT - 1), at: Time(AT) }),
                Class::Incomplete,
            );
            refused(
                &vlek(line),
                valid(Validity::new(after, 2 * after)),
                at(link, Problem::NotYetValid { not_before: Time(AT + 1), at: Time(AT) }),
                Class::Incomplete,
            );
            // A span that ends before it begins is never valid.
            let bag = Bag::of(&valid(Validity::new(after, before))(vlek(line)));
            assert_eq!(bag.verify().unwrap_err().class(), Class::Incomplete, "{position}");
        }
    }
}

#[test]
fn critical_extensions_that_nobody_knows() {
    for link in LINKS {
        refused(
            &apart(Line::Turin),
            bend(link, |link| link.certificate.extensions.push(Extension::unknown_critical())),
            at(link, Problem::CriticalExtension),
            Class::Unsupported,
        );
        // Not critical, it is nobody's business.
        let mut known = Extension::unknown_critical();
        known.critical = false;
        let machine = bend(link, |link| link.certificate.extensions.push(known))(apart(Line::Turin));
        Bag::of(&machine).verify().unwrap();
    }
    // AMD's own extensions are not looked after when they are critical: real ones never are.
    refused(
        &vlek(Line::Turin),
        bend(VekChainCertificate::Vek, |link| link.certificate.extensions[0].critical = true),
        at(VekChainCertificate::Vek, Problem::CriticalExtension),
        Class::Unsupported,
    );
}

#[test]
fn extensions_that_are_there_twice() {
    for link in LINKS {
        let machine = bend(link, |link| {
            let again = link.certificate.extensions[0].clone();
            link.certificate.extensions.push(again);
        })(vlek(Line::Milan));
        let evidence = machine.mint().unwrap();
        let der = match link {
            VekChainCertificate::Ark => evidence.ark,
            VekChainCertificate::Intermediate => evidence.intermediate,
            _ => evidence.vek,
        };
        assert_eq!(Certificate::parse(&der).unwrap_err().kind, WireKind::Duplicate);
    }
}

#[test]
fn authorities_that_may_not_issue() {
    let not_critical = |extension: Extension| Extension { critical: false, ..extension };
    let usage = |bits| Extension::key_usage(bits);
    for (extension, problem) in [
        (Extension::basic_constraints(false, None), Problem::NotAnAuthority),
        (not_critical(Extension::basic_constraints(true, None)), Problem::NotAnAuthority),
        (usage(CRL_SIGN), Problem::KeyUsage),
        (usage(0x80), Problem::KeyUsage),
        (not_critical(usage(CERT_SIGN | CRL_SIGN)), Problem::KeyUsage),
    ] {
        for link in [VekChainCertificate::Ark, VekChainCertificate::Intermediate] {
            let extension = extension.clone();
            refused(
                &apart(Line::Genoa),
                bend(link, |link| link.certificate.set_extension(extension)),
                at(link, problem),
                Class::NotAuthentic,
            );
        }
    }
    for (oid, problem) in
        [(Oid::BASIC_CONSTRAINTS, Problem::NotAnAuthority), (Oid::KEY_USAGE, Problem::KeyUsage)]
    {
        for link in [VekChainCertificate::Ark, VekChainCertificate::Intermediate] {
            refused(
                &apart(Line::Genoa),
                bend(link, |link| link.certificate.remove_extension(&oid)),
                at(link, problem),
                Class::NotAuthentic,
            );
        }
    }
}

/// The pinned root of the same name did not sign the given certificate; that is not the reason that is reported.
#[test]
fn what_is_wrong_under_the_added_root_is_told() {
    for machine in [vcek(Line::Milan), vlek(Line::Milan)] {
        refused(
            &machine,
            bend(VekChainCertificate::Intermediate, |link| {
                link.certificate.set_extension(Extension::key_usage(CRL_SIGN))
            }),
            at(VekChainCertificate::Intermediate, Problem::KeyUsage),
            Class::NotAuthentic,
        );
    }
}

#[test]
fn a_root_that_allows_no_authority_below() {
    for (length, good) in [(0, false), (1, true), (255, true)] {
        let bend = |machine| {
            let basic = Extension::basic_constraints(true, Some(length));
            bend(VekChainCertificate::Ark, |link| link.certificate.set_extension(basic))(machine)
        };
        if good {
            Bag::of(&bend(apart(Line::Milan))).verify().unwrap();
        } else {
            let error = at(VekChainCertificate::Ark, Problem::PathLength);
            refused(&apart(Line::Milan), bend, error, Class::NotAuthentic);
        }
    }
}

#[test]
fn a_vek_that_is_an_authority() {
    refused(
        &vlek(Line::Milan),
        bend(VekChainCertificate::Vek, |link| {
            link.certificate.set_extension(Extension::basic_constraints(true, None))
        }),
        at(VekChainCertificate::Vek, Problem::LeafIsAuthority),
        Class::NotAuthentic,
    );
    for (usage, good) in [(0x80, true), (0xc0, true), (0x40, false), (0x04, false), (0x84, false)] {
        let machine = bend(VekChainCertificate::Vek, |link| {
            link.certificate.set_extension(Extension::key_usage(usage))
        })(vlek(Line::Milan));
        match good {
            true => drop(Bag::of(&machine).verify().unwrap()),
            false => Bag::of(&machine)
                .refused(at(VekChainCertificate::Vek, Problem::KeyUsage), Class::NotAuthentic),
        }
    }
}

#[test]
fn names_that_only_look_the_same() {
    let printable = |link: &mut Link, of: &Link| {
        let mut name = of.certificate.subject.clone();
        name.0.iter_mut().for_each(|attribute| attribute.tag = 0x13);
        link.certificate.issuer = Some(name);
    };
    let machine = vlek(Line::Milan);
    refused(
        &machine,
        bend(VekChainCertificate::Vek, |link| printable(link, &machine.intermediate)),
        Error::Missing(VekChainCertificate::Intermediate),
        Class::Incomplete,
    );
    refused_as(
        &machine,
        bend(VekChainCertificate::Intermediate, |link| printable(link, &machine.ark)),
        |error| is_untrusted(error, "CN=ARK-Milan"),
        Class::NotAuthentic,
    );
}

#[test]
fn other_salts_hashes_and_paddings() {
    let said = |scheme, says: Option<Algorithm>| {
        move |link: &mut Link| {
            link.certificate.seal.scheme = Some(scheme);
            link.certificate.seal.algorithm = says;
        }
    };
    for link in [VekChainCertificate::Intermediate, VekChainCertificate::Vek] {
        // What is said is what is done, and no table has it.
        for scheme in [Scheme::PssSha384Salt32, Scheme::PssSha256] {
            refused(
                &vlek(Line::Milan),
                bend(link, said(scheme, None)),
                at(link, Problem::Algorithm),
                Class::Unsupported,
            );
        }
        // Genuine signatures of a kind that the tables have and AMD's authorities never make.
        for (scheme, oid) in [
            (Scheme::Pkcs1Sha256, &Oid::SHA256_WITH_RSA),
            (Scheme::Pkcs1Sha384, &Oid::SHA384_WITH_RSA),
            (Scheme::Pkcs1Sha512, &Oid::SHA512_WITH_RSA),
        ] {
            refused(
                &vlek(Line::Milan),
                bend(link, said(scheme, Some(Algorithm::pkcs1(oid)))),
                at(link, Problem::Algorithm),
                Class::Unsupported,
            );
        }
        // AMD's parameters are said, and something else is done.
        for scheme in [
            Scheme::PssSha384Salt32,
            Scheme::PssSha256,
            Scheme::Pkcs1Sha256,
            Scheme::Pkcs1Sha384,
            Scheme::Pkcs1Sha512,
        ] {
            for says in [Algorithm::pss_sha384(), Algorithm::pss_sha384_without_trailer()] {
                refused(
                    &vlek(Line::Milan),
                    bend(link, said(scheme, Some(says))),
                    at(link, Problem::Signature),
                    Class::NotAuthentic,
                );
            }
        }
    }
}

/// The algorithm inside of the signature is the outer one, byte for byte.
#[test]
fn two_algorithms_that_mean_the_same_are_not_the_same() {
    let machine = vlek(Line::Milan).with_vek(|vek| {
        vek.certificate.seal.algorithm = Some(Algorithm::pss_sha384());
        vek.certificate.seal.outer_algorithm = Some(Algorithm::pss_sha384_without_trailer());
    });
    let error = Certificate::parse(&machine.mint().unwrap().vek).unwrap_err();
    assert_eq!((error.kind, error.what), (WireKind::Value, "certificate: signatureAlgorithm"));
}
