//! The AK certificate: its chain, its subject, its key.

use std::sync::atomic::Ordering;

use teeproof_core::{Class, Outcome};
use teeproof_hcl::{Error, verify_snp};
use teeproof_mint::azure::{AkChain, Vm};
use teeproof_mint::x509::{Algorithm, Crl, Extension, Link, Name, Oid, Validity, der};
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Scheme};
use teeproof_x509::Problem;

use crate::again::counting;
use crate::support::{AT, Bag, refused, vm};

const GLOBAL: &str = "Global Virtual TPM CA - 01";
const CLOUD_24: &str = "Azure Cloud Virtual TPM CA - 24";
const CLOUD_2025: &str = "Azure Cloud Virtual TPM CA 2025";
const ROOT: &str = "Azure Virtual TPM Root Certificate Authority 2023";

fn at(link: usize, problem: Problem) -> Error {
    Error::AkChain { link, problem }
}

fn leaf(change: impl FnOnce(&mut Link)) -> impl FnOnce(Vm) -> Vm {
    move |vm| vm.with_ak_chain(|chain| change(&mut chain.leaf))
}

fn authority(change: impl FnOnce(&mut Link)) -> impl FnOnce(Vm) -> Vm {
    move |vm| vm.with_ak_chain(|chain| change(&mut chain.intermediates[0]))
}

fn cloud() -> Vm {
    vm().with_ak_chain(|chain| *chain = AkChain::cloud(&chain.leaf.key, DEFAULT_TIME))
}

/// The path is not verified, for this reason, and the evidence is accepted without it.
#[track_caller]
fn only_warned(bag: &Bag, words: &str) {
    let seen = bag.verify().unwrap();
    assert_eq!(seen.ak, None);
    seen.findings.assert_finding("ak.chain", Outcome::Warn, words);
    seen.findings.assert_finding("ak.key", Outcome::Skip, "no AK certificate was verified");
}

#[test]
fn what_is_missing_is_named() {
    let bag = Bag::of(&vm());
    only_warned(
        &bag.clone().without_certificate(GLOBAL),
        "certificate of Global Virtual TPM CA - 01 is missing",
    );
    let bag = Bag::of(&cloud());
    for name in [CLOUD_24, CLOUD_2025] {
        let words = format!("certificate of {name} is missing");
        only_warned(&bag.clone().without_certificate(name), &words);
    }
    let mut rootless = bag;
    rootless.anchors.truncate(1);
    only_warned(&rootless, &format!("certificate of {ROOT} is missing"));
    // Where it can be had: as the certificate says, or on Microsoft's page.
    only_warned(&rootless, "as a trust anchor");
    only_warned(&rootless, "Microsoft publishes it by this name, see https://learn.microsoft.com/");
    let url = "http://www.microsoft.com/pkiops/certs/Authority.crt";
    let access = der::sequence(&[der::sequence(&[
        Oid::new(&[1, 3, 6, 1, 5, 5, 7, 48, 2]).der(),
        der::element(0x86, url.as_bytes()),
    ])]);
    let access = Extension::new(Oid::new(&[1, 3, 6, 1, 5, 5, 7, 1, 1]), access);
    let with_access = leaf(|link| link.certificate.extensions.push(access))(vm());
    let bag = Bag::of(&with_access).without_certificate(GLOBAL);
    only_warned(&bag, &format!("fetch it from {url}"));
}

#[test]
fn the_order_of_certificates_does_not_matter() {
    let mut bag = Bag::of(&cloud());
    for _ in 0..bag.certificates.len() {
        bag.certificates.rotate_left(1);
        assert_eq!(bag.verify().unwrap().ak, Some(false));
    }
    bag.certificates.reverse();
    assert_eq!(bag.verify().unwrap().ak, Some(false));
}

#[test]
fn dates_are_held() {
    let (before, after) = (DEFAULT_TIME - 10, DEFAULT_TIME + 10);
    for (validity, words) in [
        (Validity::new(before - 100, before), "expired: notAfter"),
        (Validity::new(after, after + 100), "not yet valid: notBefore"),
    ] {
        let dated = leaf(|link| link.certificate.validity = validity.clone())(vm());
        only_warned(&Bag::of(&dated), words);
        let dated = authority(|link| link.certificate.validity = validity.clone())(vm());
        only_warned(&Bag::of(&dated), words);
        let dated = vm().with_ak_chain(|chain| chain.root.certificate.validity = validity.clone());
        only_warned(&Bag::of(&dated), words);
    }
    let edge = leaf(|link| link.certificate.validity = Validity::new(before, AT as u64))(vm());
    assert_eq!(Bag::of(&edge).verify().unwrap().ak, Some(false));
}

#[test]
fn a_signature_that_does_not_hold_is_refused() {
    let other = || Some(Key::shared("somebody", Kind::Rsa2048));
    refused(leaf(|link| link.signer = other()), at(2, Problem::Signature), Class::NotAuthentic);
    refused(authority(|link| link.signer = other()), at(1, Problem::Signature), Class::NotAuthentic);
    // Another Azure of the same name.
    let mut bag = Bag::of(&vm());
    let impostor = vm().with_ak_chain(|chain| *chain = chain.clone().with_own_authorities());
    bag.anchors[1] = Bag::of(&impostor).anchors.remove(1);
    bag.refused(at(1, Problem::Signature), Class::NotAuthentic);
}

#[test]
fn a_root_that_is_no_anchor_is_refused() {
    let mut bag = Bag::of(&vm());
    // The impostor's own root, sent along, is no anchor, and is named with what to do.
    let root = bag.anchors.remove(1);
    bag.certificates.push(root);
    let error = bag.verify().unwrap_err();
    assert!(matches!(error, Error::AkUntrusted { .. }), "{error:?}");
    assert_eq!(error.class(), Class::NotAuthentic);
    for words in [ROOT, "O=teeproof twin", "is not trusted"] {
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(error.advice().unwrap().to_string().contains("as a trust anchor"));
    // A chain that is longer than any real one.
    let mut bag = Bag::of(&vm().with_ak_chain(|chain| {
        let template = chain.intermediates[0].clone();
        chain.intermediates = (0..9_u8)
            .map(|number| {
                let mut link = template.clone();
                link.certificate.subject = Name::common(&format!("CA {number}"));
                link
            })
            .collect();
    }));
    bag.refused(at(8, Problem::TooLong), Class::Malformed);
    bag.certificates.retain(|der| !String::from_utf8_lossy(der).contains("CA 2"));
    bag.verify().expect("the chain is incomplete then");
}

#[test]
fn authorities_are_authorities() {
    refused(
        authority(|link| link.certificate.set_extension(Extension::basic_constraints(false, None))),
        at(1, Problem::NotAnAuthority),
        Class::NotAuthentic,
    );
    refused(
        authority(|link| link.certificate.set_extension(Extension::key_usage(0x80))),
        at(1, Problem::KeyUsage),
        Class::NotAuthentic,
    );
    refused(
        |vm| {
            vm.with_ak_chain(|chain| {
                chain.root.certificate.set_extension(Extension::basic_constraints(true, Some(0)));
            })
        },
        at(0, Problem::PathLength),
        Class::NotAuthentic,
    );
    refused(
        leaf(|link| link.certificate.set_extension(Extension::key_usage(0x04))),
        at(2, Problem::KeyUsage),
        Class::NotAuthentic,
    );
    refused(
        leaf(|link| {
            let unknown = Extension::new(Oid::new(&[1, 3, 9999]), vec![5, 0]);
            link.certificate.extensions.push(unknown.critical());
        }),
        at(2, Problem::CriticalExtension),
        Class::Unsupported,
    );
    refused(
        leaf(|link| {
            link.certificate.seal.scheme = Some(Scheme::PssSha256);
            link.certificate.seal.algorithm = Some(Algorithm::pss(&Oid::SHA256, 32, true));
        }),
        at(2, Problem::Algorithm),
        Class::Unsupported,
    );
}

#[test]
fn signatures_of_every_kind_that_azure_uses() {
    for scheme in [Scheme::Pkcs1Sha256, Scheme::Pkcs1Sha384, Scheme::Pkcs1Sha512] {
        let vm = vm().with_ak_chain(|chain| *chain = chain.clone().scheme(scheme));
        assert_eq!(Bag::of(&vm).verify().unwrap().ak, Some(false));
    }
    // The purpose may be said critically: it is looked after.
    let critical = leaf(|link| {
        let purpose = link.certificate.extension_mut(&Oid::new(&[2, 5, 29, 37])).unwrap();
        *purpose = purpose.clone().critical();
    });
    assert_eq!(Bag::of(&critical(vm())).verify().unwrap().ak, Some(false));
}

#[test]
fn a_trusted_launch_machine_is_no_confidential_one() {
    for name in [
        "0123456789ab.TrustedVM.Azure.windows.net",
        "0123456789ab.ConfidentialVM.Azure",
        "ConfidentialVM.Azure.windows.net",
        "0123456789ab.confidentialvm.azure.windows.net",
        "",
    ] {
        let named = leaf(|link| link.certificate.subject = Name::common(name));
        refused(named, Error::AkSubject, Class::NotAuthentic);
    }
    let old = leaf(|link| link.certificate.subject = Name::common("01.ConfidentialVM.Azure.Microsoft"));
    assert_eq!(Bag::of(&old(vm())).verify().unwrap().ak, Some(false));
    // Two common names say nothing.
    let two = leaf(|link| {
        let name = link.certificate.subject.clone();
        link.certificate.subject = name.with(Oid::COMMON_NAME, "01.TrustedVM.Azure.windows.net");
    });
    refused(two, Error::AkSubject, Class::NotAuthentic);
}

#[test]
fn a_certificate_of_another_purpose_is_passed_over() {
    for purposes in [vec![], vec![Oid::new(&[2, 23, 133, 8, 1])]] {
        let other = leaf(|link| link.certificate.set_extension(Extension::extended_key_usage(&purposes)));
        let seen = Bag::of(&other(vm())).verify().unwrap();
        seen.findings.assert_finding("ak.chain", Outcome::Skip, "the AK certificate is missing");
    }
    let authority = leaf(|link| {
        link.certificate.extensions.push(Extension::basic_constraints(true, None));
    });
    let seen = Bag::of(&authority(vm())).verify().unwrap();
    seen.findings.assert_finding("ak.chain", Outcome::Skip, "the AK certificate is missing");
    let malformed = leaf(|link| {
        link.certificate.set_extension(Extension::new(Oid::new(&[2, 5, 29, 37]), vec![0x30, 1, 6]));
    });
    let seen = Bag::of(&malformed(vm())).verify().unwrap();
    seen.findings.assert_finding("ak.chain", Outcome::Skip, "the AK certificate is missing");
}

/// Another VM's certificate is as if it were absent, and named.
#[test]
fn the_certificate_of_another_key_is_passed_over() {
    let other = || Key::shared("another AK", Kind::Rsa2048);
    for key in [other(), Key::shared("P-384", Kind::P384)] {
        let seen = Bag::of(&leaf(|link| link.key = key)(vm())).verify().unwrap();
        assert_eq!(seen.ak, None);
        let named =
            "the AK certificate of 0123456789ab.ConfidentialVM.Azure.windows.net: for a key other than";
        seen.findings.assert_finding("ak.key", Outcome::Warn, named);
        seen.findings.assert_finding("ak.chain", Outcome::Skip, "the AK certificate of this VM is missing");
    }
    // Among several, the one that the claims name is taken, wherever it stands.
    let mut bag = Bag::of(&vm());
    let own = bag.certificates.remove(2);
    let stranger = Bag::of(&leaf(|link| link.key = other())(vm())).certificates.remove(2);
    for (places, expected) in [
        (vec![&own, &stranger], Some(false)),
        (vec![&stranger, &own], Some(false)),
        (vec![&stranger, &stranger], None),
    ] {
        let mut bag = bag.clone();
        bag.certificates.extend(places.into_iter().cloned());
        assert_eq!(bag.verify().unwrap().ak, expected);
    }
}

/// A folder with the AK certificates of a whole fleet: those of other keys cost no signature.
#[test]
fn a_folder_of_many_ak_certificates() {
    let mut bag = Bag::of(&vm());
    let own = bag.certificates.remove(2);
    for number in 0..70_u8 {
        let other = leaf(|link| {
            link.key = Key::shared("another AK", Kind::Rsa2048);
            link.certificate.serial = vec![1, number];
        });
        bag.certificates.push(Bag::of(&other(vm())).certificates.remove(2));
    }
    assert_eq!(bag.verify().unwrap().ak, None);
    bag.certificates.push(own);
    assert_eq!(bag.verify().unwrap().ak, Some(false));
    bag.certificates.reverse();
    assert_eq!(bag.verify().unwrap().ak, Some(false));
}

/// A certificate that was renewed over the same key: the valid one is taken, wherever it stands.
#[test]
fn an_old_ak_certificate_before_the_renewed_one() {
    let past = Validity::new(DEFAULT_TIME - 1000, DEFAULT_TIME - 10);
    let mut bag = Bag::of(&vm());
    let renewed = bag.certificates.remove(2);
    let old = leaf(|link| link.certificate.validity = past)(vm());
    let old = Bag::of(&old).certificates.remove(2);
    bag.certificates.push(old.clone());
    only_warned(&bag, "expired");
    for places in [[&old, &renewed], [&renewed, &old]] {
        let mut bag = bag.clone();
        bag.certificates.pop();
        bag.certificates.extend(places.into_iter().cloned());
        let seen = bag.verify().unwrap();
        assert_eq!(seen.ak, Some(false));
        seen.findings.assert_finding("ak.key", Outcome::Pass, "HCLAkPub");
    }
}

#[test]
fn names_chosen_to_mislead_cost_no_more_than_the_budget() {
    // Many authorities of the right name that did not sign: the search ends, and says so.
    let mut bag = Bag::of(&vm()).without_certificate(GLOBAL);
    for number in 0..40_u8 {
        let other = vm().with_ak_chain(|chain| {
            chain.intermediates[0].certificate.serial = vec![number.saturating_add(1)];
            chain.intermediates[0].signer = Some(Key::shared("somebody", Kind::Rsa2048));
        });
        bag.certificates.push(Bag::of(&other).certificates.remove(3));
    }
    bag.refused(at(1, Problem::Signature), Class::NotAuthentic);
    let (table, counter) = counting();
    bag.with_input(&table, |evidence, certificates, verification| {
        assert!(verify_snp(evidence, certificates, verification, &mut ()).is_err());
    });
    // Each is verified; the rest is the report's.
    let signatures = counter.load(Ordering::Relaxed);
    assert!((40..=40 + 5).contains(&signatures), "{signatures}");
    // Among them the right one is found, wherever it stands.
    let right = Bag::of(&vm()).certificates.remove(3);
    for at in [0, 20, 40] {
        let mut bag = bag.clone();
        bag.certificates.insert(at, right.clone());
        assert_eq!(bag.verify().unwrap().ak, Some(false));
    }
    // Beyond the limit: the error says so, and calls nothing forged.
    let forged = bag.certificates.last().unwrap().clone();
    bag.certificates.extend(altered(&forged, 300));
    only_warned(&bag, "signature limit reached");
}

/// So many copies of a certificate whose signatures do not hold.
fn altered(certificate: &[u8], count: u16) -> Vec<Vec<u8>> {
    let alter = |number: u16| {
        let (rest, _) = certificate.split_at(certificate.len() - 2);
        [rest, &number.to_be_bytes()].concat()
    };
    (0..count).map(alter).collect()
}

/// A list is searched once for each certificate, and not in each comparison of two: this took minutes.
#[test]
fn many_certificates_of_the_same_key_beside_a_long_list() {
    let vm = vm();
    let mut crowd = Bag::of(&vm);
    let own = crowd.certificates[2].clone();
    crowd.certificates.extend(altered(&own, 600));
    let serials = (0..2000_u16).map(|number| [[0x44, 0x01], number.to_be_bytes()].concat());
    let list = serials.fold(Crl::new(0, 2 * DEFAULT_TIME), |list, serial| list.revoke(&serial));
    crowd.lists = Some(vec![list.sign(&vm.ak_chain.intermediates[0]).unwrap()]);
    // More certificates than the budget of signatures has room for: nothing rests on any of them.
    assert_eq!(crowd.verify().unwrap().ak, None);
}

/// Certificates of the VM's own key that nobody issued, and some that were revoked, together with the right one.
#[test]
fn many_certificates_of_the_same_key() {
    let vm = vm();
    let bag = Bag::of(&vm);
    let own = bag.certificates[2].clone();
    let mut crowd = bag.clone();
    crowd.certificates.extend(altered(&own, 60));
    for _ in 0..3 {
        crowd.certificates.rotate_left(31);
        assert_eq!(crowd.verify().unwrap().ak, Some(false));
    }
    let serials: Vec<_> = (0..60_u8).map(|number| vec![0x33, number]).collect();
    let mut revoked = bag;
    for serial in &serials {
        let other = leaf(|link| link.certificate.serial.clone_from(serial))(vm.clone());
        revoked.certificates.push(Bag::of(&other).certificates.remove(2));
    }
    let list = serials.iter().fold(Crl::new(0, 2 * DEFAULT_TIME), |list, serial| list.revoke(serial));
    revoked.lists = Some(vec![list.sign(&vm.ak_chain.intermediates[0]).unwrap()]);
    for _ in 0..3 {
        revoked.certificates.rotate_left(29);
        assert_eq!(revoked.verify().unwrap().ak, Some(false));
    }
}
