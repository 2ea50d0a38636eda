//! The PCK chain: authorities, dates, revocation, and the SGX extension.

use teeproof_core::{Class, Freshness, Outcome};
use teeproof_mint::tdx::{SgxExtension, TdxMachine, sgx_oid};
use teeproof_mint::x509::{Extension, Name, Oid, Validity, der, mint_chain};
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{Chain, Collateral, Error, SignedJson, TdxEvidence, TdxVerification, verify};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, Problem, Revocation};

use crate::support::{AT, Checked, Evidence, YEAR, genuine, time};

#[test]
fn a_root_that_nobody_trusts() {
    let named = |platform: &mut TdxMachine| platform.root.certificate.subject = Name::common("A root");
    let mut evidence = genuine().with(named).evidence();
    evidence.root.clear();
    let error = evidence.refused("tdx.chain", Class::NotAuthentic);
    assert!(matches!(error, Error::Untrusted { chain: Chain::Pck, .. }), "{error}");
}

/// A root with the name of Intel's: its certificate is found by that name, and its key did not sign.
#[test]
fn a_root_with_the_name_of_the_pinned_one() {
    let omitted = genuine().with(|platform| platform.certification.omit_root = true);
    let mut evidence = omitted.evidence();
    evidence.certificates.remove(0);
    evidence.accepted();
    evidence.root.clear();
    let error = evidence.refused("tdx.chain", Class::NotAuthentic);
    assert_eq!(error, Error::Chain { chain: Chain::Pck, link: 1, problem: Problem::Signature });
    // A root of another name is missing.
    let named = |platform: &mut TdxMachine| platform.root.certificate.subject = Name::common("A root");
    let mut evidence = omitted.with(named).evidence();
    evidence.certificates.remove(0);
    evidence.accepted();
    evidence.root.clear();
    let error = evidence.refused("tdx.chain", Class::Incomplete);
    assert!(matches!(error, Error::MissingIssuer { chain: Chain::Pck, .. }), "{error}");
}

#[test]
fn another_key_issues_the_certificate() {
    for (link, class) in [(1, Class::NotAuthentic), (2, Class::NotAuthentic)] {
        let platform = genuine().with(|platform| {
            let forged = if link == 1 { &mut platform.pck_ca } else { &mut platform.pck };
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
    let platform = genuine().with(|platform| {
        platform.pck_ca.certificate.subject = Name::intel("Intel SGX PCK Other CA");
    });
    assert_eq!(platform.refused("tdx.chain", Class::NotAuthentic), Error::Authority(Chain::Pck));
    genuine().processor_ca().accepted();
}

#[test]
fn dates() {
    for link in 0..3 {
        let platform = genuine().with(|platform| {
            let link =
                [&mut platform.root, &mut platform.pck_ca, &mut platform.pck].into_iter().nth(link).unwrap();
            link.certificate.validity = Validity::new(AT - YEAR, AT - 1);
        });
        platform.refused("tdx.validity", Class::Incomplete);
        let platform = genuine().with(|platform| {
            let link =
                [&mut platform.root, &mut platform.pck_ca, &mut platform.pck].into_iter().nth(link).unwrap();
            link.certificate.validity = Validity::new(AT + 1, AT + YEAR);
        });
        platform.refused("tdx.validity", Class::Incomplete);
    }
}

#[test]
fn revocation() {
    let none = genuine().accepted();
    assert!(none.of("tdx.revocation").3, "waived without lists");
    let lists = |change: &dyn Fn(TdxMachine) -> TdxMachine| {
        let mut evidence = change(genuine()).evidence();
        evidence.crls = vec![evidence.minted.root_crl.clone(), evidence.minted.pck_crl.clone()];
        evidence
    };
    assert_eq!(
        lists(&|platform| platform.pck_ca_revokes(&[0x77])).accepted().of("tdx.revocation").1,
        Outcome::Pass
    );
    for (evidence, link) in [
        (lists(&|platform| platform.root_revokes(&[0x11; 20])), 1),
        (lists(&|platform| platform.pck_ca_revokes(&[0x21; 20])), 2),
    ] {
        let error = evidence.refused("tdx.revocation", Class::Incomplete);
        let problem = Problem::Revoked;
        assert_eq!(error, Error::Chain { chain: Chain::Pck, link, problem });
    }
    // The signer of collateral can be revoked as well.
    let error = lists(&|platform| platform.root_revokes(&[0x23; 20]))
        .refused("tdx.collateral.signer", Class::Incomplete);
    assert_eq!(error, Error::Chain { chain: Chain::TcbSigning, link: 1, problem: Problem::Revoked });
    // One list of two is a warning.
    let mut one = lists(&|platform| platform);
    one.crls.truncate(1);
    assert_eq!(one.accepted().of("tdx.revocation").1, Outcome::Warn);
    let mut late = lists(&|platform| platform);
    // A list is valid until 29 days later.
    late.at = AT + 29 * 86_400 + 1;
    let error = late.refused("tdx.revocation", Class::Incomplete);
    assert!(matches!(error, Error::RevocationList { chain: Chain::Pck, .. }), "{error}");
}

/// Where lists are required, each chain needs them.
#[test]
fn required_lists() {
    let minted = genuine().evidence();
    let evidence = TdxEvidence::parse(&minted.quote).unwrap();
    let documents =
        [SignedJson::parse(&minted.tcb_info).unwrap(), SignedJson::parse(&minted.qe_identity).unwrap()];
    let certificates: Vec<_> =
        minted.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let ders = [&minted.minted.root_crl, &minted.minted.pck_crl];
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

fn chain(platform: &TdxMachine) -> Vec<Vec<u8>> {
    mint_chain(&[platform.root.clone(), platform.pck_ca.clone(), platform.pck.clone()]).unwrap()
}

/// The chain in the quote may be given next to it, in any order, among other certificates.
#[test]
fn certificates_in_any_order() {
    let platform = genuine();
    let other = platform.clone().with(|platform| {
        platform.pck.key = Key::fresh(Kind::P256);
        platform.pck.certificate.serial = vec![0x55];
    });
    let mut evidence = platform.evidence();
    evidence.certificates.extend(chain(&other));
    evidence.certificates.extend(chain(&platform));
    evidence.accepted();
    evidence.certificates.reverse();
    evidence.accepted();
    // A certificate of the same key under a root that nobody trusts changes nothing.
    let forged = platform.clone().with(|platform| {
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
    let platform = genuine();
    let mut evidence = platform.evidence();
    for _ in 0..40 {
        evidence.certificates.extend(chain(&platform));
    }
    evidence.accepted();
    let mut evidence = platform.evidence();
    for serial in 1..=32 {
        let other = genuine().with(|platform| {
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
    genuine()
        .with(|platform| {
            platform.pck.certificate.set_extension(Extension::new(sgx_oid(&[]), value));
        })
        .evidence()
}

#[test]
fn the_sgx_extension() {
    let genuine = SgxExtension::default().value();
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
    let with_pce_svn = |pce_svn| {
        let mut sgx = SgxExtension::default();
        sgx.pce_svn = pce_svn;
        with_extension(sgx.value())
    };
    with_pce_svn(0xffff).accepted();
    with_pce_svn(0x1_0000).refused("tdx.pck", Class::Malformed);
}

#[test]
fn a_chain_without_a_pck_certificate() {
    let platform = genuine().with(|platform| platform.pck.certificate.remove_extension(&sgx_oid(&[])));
    let error = platform.refused("tdx.chain", Class::Incomplete);
    assert_eq!(error, Error::MissingLeaf(Chain::Pck));
}

/// A result shows what passed before revocation failed.
#[test]
fn validity_is_recorded_before_revocation() {
    let machine = genuine();
    let serial = machine.pck.certificate.serial.clone();
    let mut evidence = machine.pck_ca_revokes(&serial).evidence();
    evidence.crls = vec![evidence.root_crl.clone(), evidence.pck_crl.clone()];
    evidence.verify(Freshness::Waived("a test"), |result, findings| {
        assert_eq!(result.map(|_| ()).unwrap_err().check().id, "tdx.revocation");
        assert_eq!(findings.of("tdx.validity").1, Outcome::Pass);
    });
}
