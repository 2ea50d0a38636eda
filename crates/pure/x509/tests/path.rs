//! Path validation of minted chains that no technology produces.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod support;

use support::{Chain, verify_path};
use teeproof_core::{Class, Time, Validity};
use teeproof_mint::nitro::{Identity, of_length, profile};
use teeproof_mint::x509::{Algorithm, Certificate, Extension, Link, Name, Oid, Validity as MintValidity};
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Scheme};
use teeproof_wire::certificate::Certificate as Parsed;
use teeproof_x509::{Anchor, CachedSignatures, Error, MAX_CHAIN, Problem};

const AT: i64 = DEFAULT_TIME as i64;
const CRYPTO: teeproof_core::Crypto = teeproof_aws_lc::TABLE;

/// A root and a leaf, whose root has a key of this kind and signs in this way.
fn pair(kind: Kind, scheme: Scheme, says: Option<Algorithm>) -> Chain {
    let valid = MintValidity::new(0, 2 * DEFAULT_TIME);
    let mut root = Certificate::new(Name::common("root"), valid.clone());
    root.extensions = vec![Extension::basic_constraints(true, None), Extension::key_usage(0x04)];
    let mut leaf = Certificate::new(Name::common("leaf"), valid);
    leaf.seal.scheme = Some(scheme);
    leaf.seal.algorithm = says;
    Chain::mint(&[
        Link::new(root, Key::shared("pair", kind)),
        Link::new(leaf, Key::shared("leaf", Kind::P384)),
    ])
}

const RSA: [Scheme; 4] = [Scheme::PssSha384, Scheme::Pkcs1Sha256, Scheme::Pkcs1Sha384, Scheme::Pkcs1Sha512];

#[test]
fn every_algorithm_of_the_table() {
    for kind in [Kind::P256, Kind::P384] {
        assert_eq!(pair(kind, Scheme::Ecdsa, None).ours(AT, 0), Ok(()), "{kind:?}");
    }
    for kind in [Kind::Rsa2048, Kind::Rsa3072] {
        for scheme in RSA {
            assert_eq!(pair(kind, scheme, None).ours(AT, 0), Ok(()), "{kind:?} {scheme:?}");
        }
    }
}

#[test]
fn an_algorithm_is_what_it_says() {
    for done in RSA {
        for said in RSA.into_iter().filter(|said| *said != done) {
            let chain = pair(Kind::Rsa2048, done, Some(Algorithm::of(Kind::Rsa2048, said)));
            assert_eq!(chain.ours(AT, 0), Err(Error { link: 1, problem: Problem::Signature }));
        }
    }
    // Algorithms that do not go with the key, and one that no table has.
    for (kind, scheme, says) in [
        (Kind::P384, Scheme::Ecdsa, Algorithm::ecdsa_sha256()),
        (Kind::P256, Scheme::Ecdsa, Algorithm::ecdsa_sha384()),
        (Kind::P384, Scheme::Ecdsa, Algorithm::pss_sha384()),
        (Kind::Rsa2048, Scheme::PssSha384, Algorithm::ecdsa_sha384()),
        (Kind::Rsa2048, Scheme::PssSha256, Algorithm::pss(&Oid::SHA256, 32, true)),
    ] {
        let error = pair(kind, scheme, Some(says)).ours(AT, 0).unwrap_err();
        assert_eq!(error, Error { link: 1, problem: Problem::Algorithm });
        assert_eq!(error.class(), Class::Unsupported);
    }
}

/// Exit codes follow from these: another endorsement may help, or nothing does.
#[test]
fn every_problem_has_its_class() {
    let time = Time(0);
    let wire = Parsed::parse(&[]).unwrap_err();
    for (class, problems) in [
        (Class::Malformed, &[Problem::Empty, Problem::TooLong][..]),
        (Class::Unsupported, &[Problem::Algorithm, Problem::CriticalExtension]),
        (
            Class::NotAuthentic,
            &[
                Problem::Malformed(wire),
                Problem::Issuer,
                Problem::NotAnAuthority,
                Problem::PathLength,
                Problem::KeyUsage,
                Problem::LeafIsAuthority,
                Problem::Signature,
            ],
        ),
        (
            Class::Incomplete,
            &[
                Problem::NotYetValid { not_before: time, at: time },
                Problem::Expired { not_after: time, at: time },
                Problem::Revoked,
                Problem::NoRevocationList,
                Problem::RevocationScope,
            ],
        ),
    ] {
        for problem in problems {
            let error = Error { link: 1, problem: *problem };
            assert_eq!((problem.class(), error.class()), (class, class), "{problem:?}");
            assert!(error.to_string().contains(&problem.to_string()));
        }
    }
}

fn parsed(chain: &Chain) -> Vec<Parsed<'_>> {
    chain.0.iter().map(|der| Parsed::parse(der).unwrap()).collect()
}

#[test]
fn nothing_below_the_anchor_and_too_much() {
    let chain = Chain::mint(&of_length(10, &Identity::default(), DEFAULT_TIME));
    let certificates = parsed(&chain);
    let error = |below: &[Parsed<'_>]| {
        let error = verify_path(certificates[0], below, &[], CachedSignatures::NONE, &CRYPTO).unwrap_err();
        assert_eq!(error.class(), Class::Malformed);
        error
    };
    assert_eq!(error(&[]), Error { link: 0, problem: Problem::Empty });
    assert_eq!(MAX_CHAIN, 8);
    assert_eq!(error(&certificates[1..]), Error { link: 9, problem: Problem::TooLong });
}

/// A caller that checks a critical extension names it, and no other.
#[test]
fn critical_extensions_of_the_callers_profile() {
    let unknown = Extension::unknown_critical();
    let contents = unknown.oid.der()[2..].to_vec();
    for link in 0..5 {
        let mut links = profile(&Identity::default(), DEFAULT_TIME);
        links[link].certificate.extensions.push(unknown.clone());
        let chain = Chain::mint(&links);
        let certificates = parsed(&chain);
        let verify = |profile: &[&[u8]]| {
            verify_path(certificates[0], &certificates[1..], profile, CachedSignatures::NONE, &CRYPTO)
                .map(drop)
        };
        assert_eq!(verify(&[&contents]), Ok(()));
        assert_eq!(verify(&[b"\x55\x1d\x20", &contents]), Ok(()));
        let refused = Err(Error { link, problem: Problem::CriticalExtension });
        assert_eq!(verify(&[]), refused);
        assert_eq!(verify(&[b"\x55\x1d\x20"]), refused);
        assert_eq!(verify(&[&contents[1..]]), refused);
    }
}

/// A forged certificate is reported as forged, not as unsupported.
#[test]
fn the_signature_comes_before_the_extensions() {
    let mut links = profile(&Identity::default(), DEFAULT_TIME);
    links[2].certificate.extensions.push(Extension::unknown_critical());
    links[2].signer = Some(Key::fresh(Kind::P384));
    let refused = Chain::mint(&links).ours(AT, 0);
    assert_eq!(refused, Err(Error { link: 2, problem: Problem::Signature }));
}

#[test]
fn the_span_in_which_all_are_valid() {
    let mut links = profile(&Identity::default(), DEFAULT_TIME);
    for (link, (from, until)) in links.iter_mut().zip([(1, 100), (20, 90), (10, 95), (5, 80), (15, 99)]) {
        link.certificate.validity = MintValidity::new(from, until);
    }
    let chain = Chain::mint(&links);
    let certificates = parsed(&chain);
    let path =
        verify_path(certificates[0], &certificates[1..], &[], CachedSignatures::NONE, &CRYPTO).unwrap();
    assert_eq!(path.validity(), Validity { not_before: Time(20), not_after: Time(80) });
    for (at, skew_secs, good) in
        [(19, 0, false), (20, 0, true), (80, 0, true), (81, 0, false), (19, 1, true), (81, 1000, false)]
    {
        assert_eq!(path.valid_at(Time(at), skew_secs).is_ok(), good, "{at} {skew_secs}");
    }
    let verified = path.valid_at(Time(50), 0).unwrap();
    assert_eq!((verified.at(), verified.leaf().not_after()), (Time(50), 99));
    assert_eq!(verified.path().below().len(), 4);
    assert_eq!(verified.path().root().der(), chain.0[0]);
    // The ends of time do not overflow.
    for at in [i64::MIN, i64::MAX] {
        assert!(path.valid_at(Time(at), u32::MAX).is_err());
    }
}

#[test]
fn an_anchor_is_a_whole_certificate() {
    let [chain, other] = [1, 2].map(|serial| {
        let mut links = profile(&Identity::default(), DEFAULT_TIME);
        links[0].certificate.serial = vec![serial];
        Chain::mint(&links)
    });
    let root = Parsed::parse(&chain.0[0]).unwrap();
    for crypto in [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE] {
        let pin = crypto.sha256.digest(&[&chain.0[0]]);
        assert!(Anchor::Certificate(&chain.0[0]).is(&root, &crypto));
        assert!(Anchor::Sha256(pin).is(&root, &crypto));
        // The same key and name, another serial number; and one byte more or less.
        assert!(!Anchor::Certificate(&other.0[0]).is(&root, &crypto));
        assert!(!Anchor::Certificate(&chain.0[0][1..]).is(&root, &crypto));
        assert!(!Anchor::Certificate(&[]).is(&root, &crypto));
        let mut bent = chain.0[0].clone();
        *bent.last_mut().unwrap() ^= 1;
        assert!(!Anchor::Certificate(&bent).is(&root, &crypto));
        assert!(!Anchor::Sha256(crypto.sha256.digest(&[&other.0[0]])).is(&root, &crypto));
        assert!(!Anchor::Sha256([0; 32]).is(&root, &crypto));
    }
}
