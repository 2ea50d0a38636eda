//! The PCK chain: authorities, dates, revocation, and the SGX extension.

use teeproof_core::{Class, Freshness, Outcome};
use teeproof_mint::x509::{Content, Extension, Name, Oid, Validity, der, mint_chain};
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{Chain, Collateral, Error, SignedJson, TdxEvidence, TdxVerification, verify};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, Problem, Revocation};

use crate::support::{AT, COMPONENTS, Evidence, FMSPC, Platform, YEAR, sgx_extension, time};

#[test]
fn a_root_that_nobody_trusts() {
    let mut evidence = Platform::new().mint();
    evidence.root.clear();
    let error = evidence.refused("tdx.chain", Class::NotAuthentic);
    assert!(matches!(error, Error::Untrusted { chain: Chain::Pck, .. }), "{error}");
}

/// A root with the name of Intel's: its certificate is found by that name, and its key did not sign.
#[test]
fn a_root_with_the_name_of_the_pinned_one() {
    let platform = Platform::with(|platform| {
        platform.omit_root = true;
        platform.root.certificate.subject = Name::common("Intel SGX Root CA")
            .with(Oid::ORGANIZATION, "Intel Corporation")
            .with(Oid::LOCALITY, "Santa Clara")
            .with(Oid::STATE, "CA")
            .with_printable(Oid::COUNTRY, "US");
    });
    let mut evidence = platform.mint();
    evidence.certificates.remove(0);
    evidence.accepted();
    evidence.root.clear();
    let error = evidence.refused("tdx.chain", Class::NotAuthentic);
    assert_eq!(error, Error::Chain { chain: Chain::Pck, link: 1, problem: Problem::Signature });
    // A root of another name is missing.
    let mut evidence = Platform::with(|platform| platform.omit_root = true).mint();
    evidence.certificates.remove(0);
    evidence.accepted();
    evidence.root.clear();
    let error = evidence.refused("tdx.chain", Class::Incomplete);
    assert!(matches!(error, Error::MissingIssuer { chain: Chain::Pck, .. }), "{error}");
}

#[test]
fn another_key_issues_the_certificate() {
    for (link, class) in [(1, Class::NotAuthentic), (2, Class::NotAuthentic)] {
        let platform = Platform::with(|platform| {
            let forged = if link == 1 { &mut platform.ca } else { &mut platform.pck };
            forged.signer = Some(Key::fresh(Kind::P256));
        });
        let error = platform.refused("tdx.chain", class);
        assert!(
            matches!(error, Error::Chain { chain: Chain::Pck, link: found, problem: Problem::Signature } if found == link),
            "{error}"
        );
    }
}

#[test]
fn other_authorities_issue_no_pck_certificates() {
    let platform = Platform::with(|platform| {
        platform.ca.certificate.subject = Name::common("Intel SGX PCK Other CA");
    });
    assert_eq!(platform.refused("tdx.chain", Class::NotAuthentic), Error::Authority(Chain::Pck));
    Platform::with(|platform| {
        platform.ca.certificate.subject = Name::common("Intel SGX PCK Processor CA");
    })
    .accepted();
}

#[test]
fn dates() {
    for link in 0..3 {
        let platform = Platform::with(|platform| {
            let link =
                [&mut platform.root, &mut platform.ca, &mut platform.pck].into_iter().nth(link).unwrap();
            link.certificate.validity = Validity::new(AT - YEAR, AT - 1);
        });
        platform.refused("tdx.validity", Class::Incomplete);
        let platform = Platform::with(|platform| {
            let link =
                [&mut platform.root, &mut platform.ca, &mut platform.pck].into_iter().nth(link).unwrap();
            link.certificate.validity = Validity::new(AT + 1, AT + YEAR);
        });
        platform.refused("tdx.validity", Class::Incomplete);
    }
}

#[test]
fn revocation() {
    let none = Platform::new().accepted();
    assert!(none.of("tdx.revocation").3, "waived without lists");
    let lists = |root: &[&[u8]], ca: &[&[u8]]| {
        Platform::with(|platform| {
            platform.crls = vec![Platform::crl(&platform.root, root), Platform::crl(&platform.ca, ca)];
        })
    };
    assert_eq!(lists(&[], &[&[0x77]]).accepted().of("tdx.revocation").1, Outcome::Pass);
    for (platform, link) in [(lists(&[&[0x11]], &[]), 1), (lists(&[], &[&[0x21]]), 2)] {
        let error = platform.refused("tdx.revocation", Class::Incomplete);
        let problem = Problem::Revoked;
        assert_eq!(error, Error::Chain { chain: Chain::Pck, link, problem });
    }
    // The signer of collateral can be revoked as well.
    let error = lists(&[&[0x22]], &[]).refused("tdx.collateral.signer", Class::Incomplete);
    assert_eq!(error, Error::Chain { chain: Chain::TcbSigning, link: 1, problem: Problem::Revoked });
    // One list of two is a warning.
    let one = Platform::with(|platform| platform.crls = vec![Platform::crl(&platform.root, &[])]);
    assert_eq!(one.accepted().of("tdx.revocation").1, Outcome::Warn);
    let mut late = lists(&[], &[]).mint();
    late.at = AT + 1001;
    let error = late.refused("tdx.revocation", Class::Incomplete);
    assert!(matches!(error, Error::RevocationList { chain: Chain::Pck, .. }), "{error}");
}

/// Where lists are required, each chain needs them.
#[test]
fn required_lists() {
    let platform = Platform::new();
    let minted = platform.mint();
    let evidence = TdxEvidence::parse(&minted.quote).unwrap();
    let documents =
        [SignedJson::parse(&minted.tcb_info).unwrap(), SignedJson::parse(&minted.qe_identity).unwrap()];
    let certificates: Vec<_> =
        minted.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let ders = [Platform::crl(&platform.root, &[]), Platform::crl(&platform.ca, &[])];
    let lists: Vec<_> = ders.iter().map(|der| RevocationList::parse(der).unwrap()).collect();
    let roots = [&minted.root[..]];
    let with = |lists: &[RevocationList<'_>]| {
        let verification =
            TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_aws_lc::TABLE)
                .anchors(Anchors::and(&roots))
                .revocation(Revocation::Required(lists));
        let collateral = Collateral { documents: &documents, certificates: &certificates };
        verify(&evidence, &collateral, &verification, &mut ()).map(|_| ())
    };
    assert_eq!(with(&lists), Ok(()));
    let missing = |link| Err(Error::Chain { chain: Chain::Pck, link, problem: Problem::NoRevocationList });
    assert_eq!(with(&[]), missing(1));
    assert_eq!(with(&lists[..1]), missing(2));
    assert_eq!(with(&lists[1..]), missing(1));
}

/// The chain in the quote may be given next to it, in any order, among other certificates.
#[test]
fn certificates_in_any_order() {
    let platform = Platform::new();
    let other = Platform::with(|platform| {
        platform.pck.key = Key::fresh(Kind::P256);
        platform.pck.certificate.serial = vec![0x55];
    });
    let chain = |platform: &Platform| {
        mint_chain(&[platform.root.clone(), platform.ca.clone(), platform.pck.clone()]).unwrap()
    };
    let mut evidence = platform.mint();
    evidence.certificates.extend(chain(&other));
    evidence.certificates.extend(chain(&platform));
    evidence.accepted();
    evidence.certificates.reverse();
    evidence.accepted();
    // A certificate of the same key under a root that nobody trusts changes nothing.
    let forged = Platform::with(|platform| {
        platform.root.key = Key::fresh(Kind::P256);
        platform.root.certificate.subject = Name::common("Another root");
    });
    evidence.certificates.extend(chain(&forged));
    evidence.accepted();
    evidence.certificates.reverse();
    evidence.accepted();
}

/// Copies count once; more than 32 different PCK certificates are not verified.
#[test]
fn many_certificates() {
    let platform = Platform::new();
    let chain = |platform: &Platform| {
        mint_chain(&[platform.root.clone(), platform.ca.clone(), platform.pck.clone()]).unwrap()
    };
    let mut evidence = platform.mint();
    for _ in 0..40 {
        evidence.certificates.extend(chain(&platform));
    }
    evidence.accepted();
    let mut evidence = platform.mint();
    for serial in 1..=32 {
        let other = Platform::with(|platform| {
            platform.pck.key = Key::shared("tdx other pck", Kind::P256);
            platform.pck.certificate.serial = vec![serial];
        });
        if serial < 32 {
            evidence.certificates.extend(chain(&other));
            continue;
        }
        evidence.accepted();
        evidence.certificates.extend(chain(&other));
    }
    let error = evidence.refused("tdx.chain", Class::Incomplete);
    assert!(matches!(error, Error::Chain { problem: Problem::TooManySignatures, .. }), "{error}");
}

fn with_extension(value: Vec<u8>) -> Evidence {
    Platform::with(|platform| {
        let oid = Oid::new(&[1, 2, 840, 113_741, 1, 13, 1]);
        platform.pck.certificate.set_extension(Extension::new(oid, value));
    })
    .mint()
}

#[test]
fn the_sgx_extension() {
    let genuine = sgx_extension(COMPONENTS, 13, FMSPC, [0, 0]);
    with_extension(genuine.clone()).accepted();
    for length in 0..genuine.len() {
        let error = with_extension(genuine[..length].to_vec()).refused("tdx.pck", Class::Malformed);
        assert!(matches!(error, Error::Pck(_)), "{length}");
    }
    // Each value once: the sequence of all values, and the first again.
    let (header, all) = genuine.split_at(4);
    assert_eq!(header[..2], [0x30, 0x82]);
    let ppid = 2 + usize::from(all[1]);
    let twice = der::sequence(&[all.to_vec(), all[..ppid].to_vec()]);
    with_extension(twice).refused("tdx.pck", Class::Malformed);
    // Without the first, and with a value of another arc in its place.
    with_extension(der::sequence(&[all[ppid..].to_vec()])).refused("tdx.pck", Class::Malformed);
    let foreign = der::sequence(&[Oid::new(&[1, 2, 3]).der(), der::octet_string(&[1; 16])]);
    with_extension(der::sequence(&[foreign.clone(), all[ppid..].to_vec()]))
        .refused("tdx.pck", Class::Malformed);
    with_extension(der::sequence(&[foreign, all.to_vec()])).accepted();
    // A PCESVN of two bytes, and one of three.
    with_extension(sgx_extension(COMPONENTS, 0xffff, FMSPC, [0, 0])).accepted();
    with_extension(sgx_extension(COMPONENTS, 0x1_0000, FMSPC, [0, 0])).refused("tdx.pck", Class::Malformed);
}

#[test]
fn a_chain_without_a_pck_certificate() {
    let platform =
        Platform::with(|platform| {
            platform.pck.certificate.extensions.retain(
                |extension| !matches!(&extension.content, Content::Bytes(bytes) if bytes.len() > 100),
            );
        });
    let error = platform.refused("tdx.chain", Class::Incomplete);
    assert_eq!(error, Error::MissingLeaf(Chain::Pck));
}
