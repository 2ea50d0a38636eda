//! Comparison of rustls-webpki with our path check, on real and minted chains: the measurements
//! behind `docs/decisions/certificate-paths.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests read vectors and say what they see"
)]

mod support;

use support::{Chain, OTHER_PSS, offered, with_other_pss};
use teeproof_mint::nitro::{Identity, of_length, profile};
use teeproof_mint::snp::amd::Spl;
use teeproof_mint::snp::{Machine, Product};
use teeproof_mint::x509::{Extension, Link, Oid, Validity};
use teeproof_mint::{DEFAULT_TIME, Key, Kind};
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Limits, Signers};
use teeproof_x509::{Error, Problem};
use webpki::Error as Theirs;

const AT: i64 = DEFAULT_TIME as i64;
/// The last link of a Nitro chain.
const LEAF: usize = 4;

fn read(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A short name for what webpki says: its errors carry whole certificates.
fn name(result: &Result<(), Theirs>) -> String {
    let text = match result {
        Ok(()) => "accepted".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    text.split(['(', ' ']).next().unwrap().to_owned()
}

#[test]
fn amds_real_chains_need_a_second_encoding_of_one_algorithm() {
    for (product, one_is_enough) in [("milan", true), ("turin", false)] {
        let anchors = "crates/pure/snp/anchors";
        let chain = Chain(vec![
            read(&format!("{anchors}/ark-{product}.der")),
            read(&format!("{anchors}/ask-{product}.der")),
            read(&format!("testdata/snp/{product}-vcek.der")),
        ]);
        let at = 1_790_000_000;
        assert_eq!(chain.ours(at, 0), Ok(()));
        // The ASK's parameters spell trailerField out, and webpki compares AlgorithmIdentifiers
        // as bytes with the ones it is given.
        let plain = chain.theirs(at, &offered());
        println!("{product}: {} as offered", name(&plain));
        assert_eq!(name(&plain), "UnsupportedSignatureAlgorithmContext");
        assert_eq!(chain.theirs(at, &with_other_pss()), Ok(()));
        // Leaves since 2024 leave it out: one chain, two encodings of one meaning.
        assert_eq!(chain.theirs(at, &[&OTHER_PSS]).is_ok(), one_is_enough, "{product}");
    }
}

#[test]
fn the_nitro_documents_chains_are_accepted_by_both() {
    let mut count = 0;
    for file in std::fs::read_dir(format!("{}/../../../testdata/nitro", env!("CARGO_MANIFEST_DIR"))).unwrap()
    {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let frame = Sign1::parse(&bytes).unwrap();
        let signers = Signers::find(frame.payload(), 0).unwrap();
        let made = Document::parse(frame.payload(), 0, &Limits::USUAL).unwrap().timestamp / 1000;
        let mut ders: Vec<_> = signers.cabundle.as_slice().iter().map(|der| der.to_vec()).collect();
        ders.push(signers.certificate.to_vec());
        // Half of the real ones have a serial number of 21 octets.
        let chain = Chain(ders);
        let at = i64::try_from(made).unwrap();
        assert_eq!((chain.ours(at, 0), chain.theirs(at, &offered())), (Ok(()), Ok(())));
        count += 1;
    }
    println!("{count} chains accepted by both");
    assert_eq!(count, 9);
}

fn nitro() -> Vec<Link> {
    profile(&Identity::default(), DEFAULT_TIME)
}

/// A minted Nitro chain with one certificate bent.
fn bent(link: usize, bend: impl FnOnce(&mut Link)) -> Chain {
    let mut links = nitro();
    bend(&mut links[link]);
    Chain::mint(&links)
}

fn set(link: usize, extension: Extension) -> Chain {
    bent(link, |link| link.certificate.set_extension(extension))
}

fn without(link: usize, oid: &Oid) -> Chain {
    bent(link, |link| link.certificate.remove_extension(oid))
}

fn uncritical(extension: Extension) -> Extension {
    Extension { critical: false, ..extension }
}

/// Chains that we must refuse and webpki accepts: what, the chain, and where ours refuses it.
fn accepted_by_theirs() -> Vec<(&'static str, Chain, usize, Problem)> {
    let expired = Validity::new(0, DEFAULT_TIME - 1);
    let not_yet = Validity::new(DEFAULT_TIME + 1, DEFAULT_TIME + 2);
    let at = teeproof_core::Time;
    vec![
        ("an authority without keyCertSign", set(2, Extension::key_usage(0x82)), 2, Problem::KeyUsage),
        ("an authority without key usage", without(2, &Oid::KEY_USAGE), 2, Problem::KeyUsage),
        (
            "an authority whose key usage is not critical",
            set(2, uncritical(Extension::key_usage(0x86))),
            2,
            Problem::KeyUsage,
        ),
        (
            "an authority whose basic constraints are not critical",
            set(2, uncritical(Extension::basic_constraints(true, Some(1)))),
            2,
            Problem::NotAnAuthority,
        ),
        ("a leaf without digitalSignature", set(LEAF, Extension::key_usage(0x40)), LEAF, Problem::KeyUsage),
        ("a leaf with keyCertSign", set(LEAF, Extension::key_usage(0x84)), LEAF, Problem::KeyUsage),
        (
            "a root that is no authority",
            set(0, Extension::basic_constraints(false, None)),
            0,
            Problem::NotAnAuthority,
        ),
        ("a root without keyCertSign", set(0, Extension::key_usage(0x82)), 0, Problem::KeyUsage),
        (
            "a root that allows fewer authorities",
            set(0, Extension::basic_constraints(true, Some(2))),
            0,
            Problem::PathLength,
        ),
        (
            "a root with an unknown critical extension",
            bent(0, |link| link.certificate.extensions.push(Extension::unknown_critical())),
            0,
            Problem::CriticalExtension,
        ),
        (
            "a root that has expired",
            bent(0, |link| link.certificate.validity = expired),
            0,
            Problem::Expired { not_after: at(AT - 1), at: at(AT) },
        ),
        (
            "a root that is not yet valid",
            bent(0, |link| link.certificate.validity = not_yet),
            0,
            Problem::NotYetValid { not_before: at(AT + 1), at: at(AT) },
        ),
    ]
}

#[test]
fn what_webpki_accepts_and_we_must_refuse() {
    let control = Chain::mint(&nitro());
    assert_eq!((control.ours(AT, 0), control.theirs(AT, &offered())), (Ok(()), Ok(())));
    for (what, chain, link, problem) in accepted_by_theirs() {
        println!("{what}: accepted, ours says {problem:?}");
        assert_eq!(chain.theirs(AT, &offered()), Ok(()), "{what}");
        assert_eq!(chain.ours(AT, 0), Err(Error { link, problem }), "{what}");
    }
}

/// An extension that webpki does not know may be there twice. AMD's are of that kind, and which
/// of two hwIDs counts is then up to whoever reads them.
#[test]
fn amds_extensions_twice() {
    let machine = Machine::vcek(Product::Turin).authority_keys(Kind::Rsa2048);
    let twice = |vek: &mut Link| vek.certificate.extensions.push(Spl::Microcode.extension(0xff));
    let chain = |machine: &Machine| {
        Chain::mint(&[machine.ark.clone(), machine.intermediate.clone(), machine.vek.clone()])
    };
    let control = chain(&machine);
    assert_eq!((control.ours(AT, 0), control.theirs(AT, &with_other_pss())), (Ok(()), Ok(())));
    let chain = chain(&machine.with_vek(twice));
    assert_eq!(chain.theirs(AT, &with_other_pss()), Ok(()));
    let error = chain.ours(AT, 0).unwrap_err();
    assert!(
        matches!(error.problem, Problem::Malformed(wire) if wire.kind == teeproof_wire::ErrorKind::Duplicate)
    );
}

/// webpki ignores the order of a chain and searches for one, up to 100 signatures. Ours goes
/// down the given chain, one signature for each certificate.
#[test]
fn a_chain_in_any_order() {
    let mut chain = Chain::mint(&nitro());
    chain.0[1..LEAF].reverse();
    assert_eq!(chain.theirs(AT, &offered()), Ok(()));
    assert_eq!(chain.ours(AT, 0), Err(Error { link: 1, problem: Problem::Issuer }));
}

/// One time for both ends of a validity: a clock that is behind can only be helped by verifying in
/// the future, and then what expires meanwhile is refused.
#[test]
fn a_skew_on_not_before_alone() {
    let fresh = bent(LEAF, |link| {
        link.certificate.validity = Validity::new(DEFAULT_TIME + 1, DEFAULT_TIME + 10_000);
    });
    assert_eq!(fresh.ours(AT, 300), Ok(()));
    assert_eq!(name(&fresh.theirs(AT, &offered())), "CertNotValidYet");
    assert_eq!(fresh.theirs(AT + 300, &offered()), Ok(()));
    // An instance certificate that ends within the skew.
    let mut links = nitro();
    links[LEAF].certificate.validity = Validity::new(DEFAULT_TIME + 1, DEFAULT_TIME + 10_000);
    links[3].certificate.validity = Validity::new(0, DEFAULT_TIME + 100);
    let both = Chain::mint(&links);
    assert_eq!(both.ours(AT, 300), Ok(()));
    assert_eq!(name(&both.theirs(AT, &offered())), "CertNotValidYet");
    assert_eq!(name(&both.theirs(AT + 300, &offered())), "CertExpired");
}

/// Both refuse these, and say the same in their words.
#[test]
fn where_both_agree() {
    let expired = |link: &mut Link| link.certificate.validity = Validity::new(0, DEFAULT_TIME - 1);
    let printable = |chain: &mut Vec<Link>| {
        let mut name = chain[1].certificate.subject.clone();
        name.0.iter_mut().for_each(|attribute| attribute.tag = 0x13);
        chain[2].certificate.issuer = Some(name);
    };
    let mut names = nitro();
    printable(&mut names);
    let cases = [
        (
            "another key signed",
            bent(2, |link| link.signer = Some(Key::fresh(Kind::P384))),
            "InvalidSignatureForPublicKey",
        ),
        (
            "an issuer that is not an authority",
            set(2, Extension::basic_constraints(false, None)),
            "EndEntityUsedAsCa",
        ),
        ("no basic constraints", without(2, &Oid::BASIC_CONSTRAINTS), "EndEntityUsedAsCa"),
        ("too long a path", set(1, Extension::basic_constraints(true, Some(1))), "PathLenConstraintViolated"),
        (
            "a leaf that is an authority",
            set(LEAF, Extension::basic_constraints(true, None)),
            "CaUsedAsEndEntity",
        ),
        (
            "an unknown critical extension",
            bent(2, |link| link.certificate.extensions.push(Extension::unknown_critical())),
            "UnsupportedCriticalExtension",
        ),
        ("expired", bent(2, expired), "CertExpired"),
        ("names of another string type", Chain::mint(&names), "UnknownIssuer"),
        (
            "basic constraints twice",
            bent(2, |link| {
                let again = link.certificate.extensions[0].clone();
                link.certificate.extensions.push(again);
            }),
            "ExtensionValueInvalid",
        ),
    ];
    for (what, chain, theirs) in cases {
        let ours = chain.ours(AT, 0).unwrap_err();
        println!("{what}: {theirs}, ours says {:?}", ours.problem);
        assert_eq!(name(&chain.theirs(AT, &offered())), theirs, "{what}");
    }
}

/// Chains of any length that a Nitro document can bring along.
#[test]
fn long_chains() {
    let of = |length| Chain::mint(&of_length(length, &Identity::default(), DEFAULT_TIME));
    for length in 2..=9 {
        assert_eq!(of(length).ours(AT, 0), Ok(()), "{length}");
    }
    for length in 2..=8 {
        assert_eq!(of(length).theirs(AT, &offered()), Ok(()), "{length}");
    }
    // webpki's bound is six intermediates.
    println!("nine certificates: {}", name(&of(9).theirs(AT, &offered())));
    assert!(of(9).theirs(AT, &offered()).is_err());
}

/// What makes a chain AMD's or AWS's is not for webpki to say: an end-entity certificate with any
/// key is accepted, and nothing about the chain's own validity comes back.
#[test]
fn keys_that_sign_no_evidence() {
    let chain = bent(LEAF, |link| link.key = Key::fresh(Kind::P256));
    assert_eq!((chain.theirs(AT, &offered()), chain.ours(AT, 0)), (Ok(()), Ok(())));
}
