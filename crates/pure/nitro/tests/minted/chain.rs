//! The chain that a document brings along, from a pinned root to the leaf that signed it.

use teeproof_core::{Class, Time};
use teeproof_mint::nitro::{Enclave, Identity, of_length};
use teeproof_mint::x509::{Algorithm, Extension, Link, Name, Oid, Time as MintTime, Validity};
use teeproof_mint::{DEFAULT_TIME, Key, Kind as KeyKind, Scheme, Value};
use teeproof_nitro::{Error, Moment};
use teeproof_wire::ErrorKind;
use teeproof_x509::Problem;

use crate::support::{AT, Bag, Expected, SIGNATURE, UNTRUSTED, entry_refused, refused};

pub(crate) const MODULE_ID: Expected = Expected::Exactly(Error::ModuleId, Class::NotBound);
const CABUNDLE: &str = "Nitro document: cabundle";
const LEAF: usize = 4;

/// Changes the certificate at a link: 0 is the root, 4 the leaf.
fn bend(link: usize, change: impl FnOnce(&mut Link)) -> impl FnOnce(Enclave) -> Enclave {
    move |enclave| enclave.with_chain(|chain| change(&mut chain[link]))
}

/// The bundle's certificates as the enclave wrote them, rearranged.
fn bundle(enclave: &Enclave, arrange: impl FnOnce(&mut Vec<Vec<u8>>)) -> Bag {
    let first = enclave.mint().unwrap();
    let (leaf, authorities) = first.chain.split_last().unwrap();
    let mut authorities = authorities.to_vec();
    arrange(&mut authorities);
    let list: Vec<_> = authorities.into_iter().map(Value::Bytes).collect();
    let again = enclave
        .clone()
        .with_entry("certificate", Value::Bytes(leaf.clone()))
        .with_entry("cabundle", Value::Array(list));
    Bag { anchors: vec![first.root().to_vec()], ..Bag::of(&again) }
}

#[test]
fn an_impostor_is_refused_under_the_pinned_roots() {
    let mut bag = Bag::of(&Enclave::new());
    assert!(!bag.verify().unwrap().production, "an added anchor is not AWS's");
    let root = bag.anchors.remove(0);
    bag.refused(UNTRUSTED);
    // Another root of the same name, and no certificate at all.
    let impostor = Bag::of(&Enclave::new().with_own_authorities());
    bag.anchors = impostor.anchors;
    bag.refused(UNTRUSTED);
    bag.anchors.push(b"no certificate".to_vec());
    bag.refused(UNTRUSTED);
    bag.anchors.push(root);
    bag.verify().unwrap();
}

#[test]
fn the_bundle_rearranged() {
    let enclave = Enclave::new();
    bundle(&enclave, |_| {}).verify().unwrap();
    bundle(&enclave, |list| list.reverse()).refused(UNTRUSTED);
    bundle(&enclave, |list| list.rotate_left(1)).refused(UNTRUSTED);
    bundle(&enclave, Vec::clear).refused(UNTRUSTED);
    // The root alone did not issue the leaf; nor does a link make up for one that is missing.
    bundle(&enclave, |list| list.truncate(1)).refused(Expected::Chain(1, Problem::Issuer));
    for missing in 1..4 {
        bundle(&enclave, |list| drop(list.remove(missing)))
            .refused(Expected::Chain(missing, Problem::Issuer));
    }
    bundle(&enclave, |list| list.swap(1, 2)).refused(Expected::Chain(1, Problem::Issuer));
    // The root issued itself: there twice, it does no harm.
    bundle(&enclave, |list| list.insert(1, list[0].clone())).verify().unwrap();
    bundle(&enclave, |list| list.insert(2, list[1].clone())).refused(Expected::Chain(1, Problem::PathLength));
    // A foreign root before the right one, and in its place.
    let foreign = Enclave::new().with_own_authorities().mint().unwrap().chain.remove(0);
    bundle(&enclave, |list| list.insert(0, foreign.clone())).refused(UNTRUSTED);
    bundle(&enclave, |list| list[0] = foreign.clone()).refused(UNTRUSTED);
    // Trusted, it did not sign what follows.
    let mut bag = bundle(&enclave, |list| list[0] = foreign.clone());
    bag.anchors.push(foreign);
    bag.refused(Expected::Chain(1, Problem::Signature));
}

#[test]
fn bundles_that_hold_something_else() {
    for value in [Value::Null, Value::from(1), Value::Text("x".to_owned()), Value::Array(vec![])] {
        entry_refused("cabundle", Value::Array(vec![value]), Expected::Format(ErrorKind::Value, CABUNDLE));
    }
    for length in [0, 1025] {
        let value = Value::Array(vec![Value::Bytes(vec![0x30; length])]);
        entry_refused("cabundle", value, Expected::Format(ErrorKind::Value, CABUNDLE));
    }
    entry_refused("cabundle", Value::Array(vec![]), UNTRUSTED);
    // One more certificate than is read.
    let enclave = Enclave::new();
    bundle(&enclave, |list| list.resize(9, vec![0x30, 0]))
        .refused(Expected::Format(ErrorKind::TooLarge, CABUNDLE));
    bundle(&enclave, |list| list.resize(8, vec![0x30, 0])).verify().unwrap_err();
    // What is no certificate, at each link.
    for link in 0..4 {
        let error = bundle(&enclave, |list| list[link].truncate(500)).verify().unwrap_err();
        let Error::Chain { link: found, problem: Problem::Malformed(_) } = error else { panic!("{error:?}") };
        assert_eq!((found.0, error.class()), (link, Class::NotAuthentic));
    }
}

#[test]
fn chains_of_every_length() {
    let of = |length| {
        let chain = of_length(length, &Identity::default(), DEFAULT_TIME);
        Bag::of(&Enclave::new().with_chain(|own| *own = chain))
    };
    for length in 2..=9 {
        of(length).verify().unwrap_or_else(|error| panic!("{length}: {error}"));
    }
    of(1).refused(UNTRUSTED);
    for length in [10, 12] {
        of(length).refused(Expected::Format(ErrorKind::TooLarge, CABUNDLE));
    }
}

#[test]
fn signed_by_another_key() {
    for link in 1..=LEAF {
        refused(
            bend(link, |link| link.signer = Some(Key::fresh(KeyKind::P384))),
            Expected::Chain(link, Problem::Signature),
        );
    }
    // The root's own signature is not checked: its bytes are pinned.
    let enclave = bend(0, |link| link.signer = Some(Key::fresh(KeyKind::P384)))(Enclave::new());
    Bag::of(&enclave).verify().unwrap();
}

#[test]
fn authorities_that_may_not_issue() {
    let not_critical = |extension: Extension| Extension { critical: false, ..extension };
    for link in 0..LEAF {
        for (extension, problem) in [
            (Extension::basic_constraints(false, None), Problem::NotAnAuthority),
            (not_critical(Extension::basic_constraints(true, None)), Problem::NotAnAuthority),
            (Extension::key_usage(0x82), Problem::KeyUsage),
            (not_critical(Extension::key_usage(0x86)), Problem::KeyUsage),
        ] {
            refused(
                bend(link, |link| link.certificate.set_extension(extension)),
                Expected::Chain(link, problem),
            );
        }
        for (oid, problem) in
            [(Oid::BASIC_CONSTRAINTS, Problem::NotAnAuthority), (Oid::KEY_USAGE, Problem::KeyUsage)]
        {
            refused(
                bend(link, |link| link.certificate.remove_extension(&oid)),
                Expected::Chain(link, problem),
            );
        }
    }
}

#[test]
fn path_lengths() {
    for link in 0..LEAF {
        // So many authorities follow between the link and the leaf.
        let below = u64::try_from(LEAF - 1 - link).unwrap();
        let with = |length| {
            let basic = Extension::basic_constraints(true, Some(length));
            bend(link, |link| link.certificate.set_extension(basic))
        };
        for enough in [below, below + 1, 255] {
            Bag::of(&with(enough)(Enclave::new())).verify().unwrap();
        }
        if let Some(short) = below.checked_sub(1) {
            refused(with(short), Expected::Chain(link, Problem::PathLength));
        }
    }
}

#[test]
fn leaves_that_are_no_leaves() {
    let set = |extension: Extension| bend(LEAF, |link| link.certificate.set_extension(extension));
    refused(set(Extension::basic_constraints(true, None)), Expected::Chain(LEAF, Problem::LeafIsAuthority));
    for usage in [0x04, 0x84, 0x40, 0x02] {
        refused(set(Extension::key_usage(usage)), Expected::Chain(LEAF, Problem::KeyUsage));
    }
    for usage in [0x80, 0xc0] {
        Bag::of(&set(Extension::key_usage(usage))(Enclave::new())).verify().unwrap();
    }
    for oid in [Oid::BASIC_CONSTRAINTS, Oid::KEY_USAGE] {
        refused(
            bend(LEAF, |link| link.certificate.remove_extension(&oid)),
            Expected::Chain(LEAF, Problem::KeyUsage),
        );
    }
}

#[test]
fn extensions_that_nobody_knows_or_that_are_there_twice() {
    for link in 0..=LEAF {
        refused(
            bend(link, |link| link.certificate.extensions.push(Extension::unknown_critical())),
            Expected::Chain(link, Problem::CriticalExtension),
        );
        let twice = bend(link, |link| {
            let again = link.certificate.extensions[0].clone();
            link.certificate.extensions.push(again);
        })(Enclave::new());
        let error = Bag::of(&twice).verify().unwrap_err();
        let Error::Chain { link: found, problem: Problem::Malformed(wire) } = error else {
            panic!("{error:?}")
        };
        assert_eq!((found.0, wire.kind, error.class()), (link, ErrorKind::Duplicate, Class::NotAuthentic));
    }
}

#[test]
fn names_that_only_look_the_same() {
    for link in 1..=LEAF {
        refused(
            |enclave| {
                enclave.with_chain(|chain| {
                    let mut name = chain[link - 1].certificate.subject.clone();
                    // Every UTF8String becomes a PrintableString of the same letters.
                    name.0.iter_mut().for_each(|attribute| attribute.tag = 0x13);
                    chain[link].certificate.issuer = Some(name);
                })
            },
            Expected::Chain(link, Problem::Issuer),
        );
        refused(
            bend(link, |link| link.certificate.issuer = Some(Name::default())),
            Expected::Chain(link, Problem::Issuer),
        );
    }
}

#[test]
fn leaves_with_other_keys() {
    for kind in [KeyKind::P256, KeyKind::Rsa2048] {
        refused(
            |mut enclave| {
                enclave.document_signer = Some(enclave.chain[LEAF].key.clone());
                bend(LEAF, |link| link.key = Key::shared("another kind", kind))(enclave)
            },
            SIGNATURE,
        );
    }
    // The signature of such a leaf is not even of the right length.
    refused(
        bend(LEAF, |link| link.key = Key::fresh(KeyKind::P256)),
        Expected::Format(ErrorKind::Value, "COSE_Sign1: signature"),
    );
}

#[test]
fn algorithms_that_do_not_go_with_the_key() {
    for link in 1..=LEAF {
        refused(
            bend(link, |link| link.certificate.seal.algorithm = Some(Algorithm::ecdsa_sha256())),
            Expected::Chain(link, Problem::Algorithm),
        );
        refused(
            bend(link, |link| link.certificate.seal.algorithm = Some(Algorithm::pss_sha384())),
            Expected::Chain(link, Problem::Algorithm),
        );
    }
    assert_eq!(KeyKind::P384.scheme(), Scheme::Ecdsa);
}

#[test]
fn leaves_of_another_module() {
    let id = Identity::default().module_id();
    for name in [
        "",
        &id,
        "i-0123456789abcdef0-enc0123456789abcdee.eu-central-1.aws",
        "i-0123456789abcdef0.eu-central-1.aws.nitro-enclaves",
        // Longer than the module's id by something else than a dot.
        &format!("{id}0.eu-central-1.aws"),
        &format!(" {id}.eu-central-1.aws"),
        &format!("{id}-eu-central-1.aws"),
    ] {
        refused(bend(LEAF, |link| link.certificate.subject.set_common_name(name)), MODULE_ID);
    }
    // A second common name leaves none.
    refused(
        bend(LEAF, |link| {
            let name = std::mem::take(&mut link.certificate.subject);
            link.certificate.subject = name.with(Oid::COMMON_NAME, "another");
        }),
        MODULE_ID,
    );
    refused(|enclave| enclave.with_entry("module_id", "i-0-enc0"), MODULE_ID);
}

#[test]
fn each_certificate_expired_or_not_yet_valid() {
    for link in 0..=LEAF {
        let valid = |from: i64, until: i64| {
            let validity = Validity::new(from.unsigned_abs(), until.unsigned_abs());
            bend(link, move |link| link.certificate.validity = validity)
        };
        Bag::of(&valid(AT, AT)(Enclave::new())).verify().unwrap();
        refused(
            valid(0, AT - 1),
            Expected::Chain(link, Problem::Expired { not_after: Time(AT - 1), at: Time(AT) }),
        );
        // The skew is taken off notBefore, and never added to notAfter.
        Bag::of(&valid(AT + 300, AT + 301)(Enclave::new())).verify().unwrap();
        refused(
            valid(AT + 301, AT + 400),
            Expected::Chain(link, Problem::NotYetValid { not_before: Time(AT + 301), at: Time(AT) }),
        );
    }
}

/// GovCloud's root: another name, and an end after 2049, which is written as GeneralizedTime.
#[test]
fn a_root_with_generalized_time() {
    let govcloud = |link: &mut Link| {
        link.certificate.subject.set_common_name("aws-us-gov.nitro-enclaves");
        link.certificate.validity.not_before = MintTime::Unix(1_599_743_026);
        link.certificate.validity.not_after = MintTime::Generalized(2_546_427_826);
    };
    let bag = Bag::of(&bend(0, govcloud)(Enclave::new()));
    assert!(bag.anchors[0].windows(15).any(|window| window == b"20500910130346Z"));
    bag.verify().unwrap();
    let all = Enclave::new().with_chain(|chain| {
        for link in chain {
            for time in [&mut link.certificate.validity.not_before, &mut link.certificate.validity.not_after]
            {
                if let MintTime::Unix(seconds) = *time {
                    *time = MintTime::Generalized(seconds);
                }
            }
        }
    });
    Bag { at: Moment::OfDocument, ..Bag::of(&all) }.verify().unwrap();
}
