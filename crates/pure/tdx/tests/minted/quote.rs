//! Quote, quoting enclave and nonce.

use teeproof_core::{Class, Freshness, Outcome};
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::x509::Name;
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{
    Chain, Collateral, Error, TdxEvidence, TdxEvidenceView, TdxVerification, verify, verify_signatures,
};
use teeproof_wire::OwnedCertificate;
use teeproof_x509::Anchors;

use crate::support::{AT, Checked, genuine, time};

#[test]
fn genuine_quotes_of_both_versions() {
    let findings = genuine().accepted();
    for id in ["tdx.format", "tdx.chain", "tdx.pck", "tdx.qe.signature", "tdx.qe.binding", "tdx.signature"] {
        assert_eq!(findings.of(id).1, Outcome::Pass, "{id}");
    }
    for id in ["tdx.validity", "tdx.tcb-info", "tdx.qe-identity", "tdx.qe", "tdx.module", "tdx.tcb"] {
        assert_eq!(findings.of(id).1, Outcome::Pass, "{id}");
    }
    genuine().version_5().accepted();
    genuine().tdx_1_5().accepted();
    // Authentication data may have any length.
    genuine().with(|platform| platform.certification.authentication.clear()).accepted();
}

#[test]
fn another_key_signs_the_report_of_the_quoting_enclave() {
    let platform = genuine().with(|platform| platform.enclave_signer = Some(Key::fresh(Kind::P256)));
    assert_eq!(platform.refused("tdx.qe.signature", Class::NotAuthentic), Error::QeSignature);
}

#[test]
fn the_attestation_key_is_bound() {
    let unbound = genuine().with_enclave(|enclave| enclave.report_data = Some([0; 64]));
    assert_eq!(unbound.refused("tdx.qe.binding", Class::NotAuthentic), Error::QeBinding);
    // The second half of REPORTDATA is zero.
    for at in [352, 383] {
        let platform = genuine().with_enclave(|enclave| enclave.patch(at, &[1]));
        platform.refused("tdx.qe.binding", Class::NotAuthentic);
    }
}

#[test]
fn bytes_after_the_quote_are_not_part_of_it() {
    let mut evidence = genuine().evidence();
    let length = evidence.quote.len();
    evidence.quote.truncate(length - 70);
    assert_eq!(evidence.accepted().of("tdx.format").1, Outcome::Pass);
    evidence.quote.extend([0; 3065]);
    assert_eq!(evidence.accepted().of("tdx.format").1, Outcome::Pass);
    evidence.quote.push(1);
    assert_eq!(evidence.accepted().of("tdx.format").1, Outcome::Warn);
}

#[test]
fn other_vendors_and_other_certification_data() {
    let mut evidence = genuine().evidence();
    evidence.quote[12] ^= 1;
    assert_eq!(evidence.refused("tdx.format", Class::Unsupported), Error::Vendor);

    let mut evidence = genuine().evidence();
    let at = 636 + 584 + 32;
    assert_eq!(evidence.quote[at..at + 2], [5, 0]);
    for kind in [1, 2, 3, 4, 7] {
        evidence.quote[at] = kind;
        let error = evidence.refused("tdx.chain", Class::Unsupported);
        assert_eq!(error, Error::CertificationData { kind: kind.into() });
    }
}

/// Attributes that the specification reserves are a warning; a policy can refuse them with a mask.
#[test]
fn reserved_attributes_are_a_warning() {
    let findings = genuine().with_body(|body| body.attributes[2] = 0x10).accepted();
    let (_, outcome, because, _) = findings.of("tdx.format");
    assert_eq!((*outcome, because.as_str()), (Outcome::Warn, "TDATTRIBUTES has the reserved bits 0x100000"));
    let known = genuine().with_body(|body| body.attributes[3] = 0x10).accepted();
    assert_eq!(known.of("tdx.format").1, Outcome::Pass);
}

#[test]
fn the_nonce_is_report_data() {
    let evidence = genuine().nonce(b"sixteen bytes!!!").evidence();
    let with = |nonce: &[u8]| {
        let freshness = Freshness::nonce(nonce).unwrap();
        evidence.verify(freshness, |result, findings| {
            (
                result.map(|_| ()),
                findings.0.iter().any(|(id, outcome, ..)| *id == "tdx.nonce" && *outcome == Outcome::Pass),
            )
        })
    };
    assert_eq!(with(b"sixteen bytes!!!"), (Ok(()), true));
    let padded = [&b"sixteen bytes!!!"[..], &[0; 48]].concat();
    assert_eq!(with(&padded), (Ok(()), true));
    assert_eq!(with(b"sixteen bytes!!"), (Err(Error::Nonce), false));
    assert_eq!(with(b"sixteen bytes!!!!"), (Err(Error::Nonce), false));
    assert_eq!(with(&[0; 65]), (Err(Error::NonceLength), false));
    assert_eq!(Error::Nonce.class(), Class::NotBound);
}

/// Without collateral the quote is incomplete, and the error names what to fetch.
#[test]
fn a_quote_without_collateral() {
    let minted = genuine().evidence();
    let roots = [&minted.root[..]];
    let verification =
        TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_rustcrypto::TABLE)
            .anchors(Anchors::and(&roots));
    let evidence = TdxEvidence::parse(&minted.quote).unwrap();
    let signed = verify_signatures(&evidence, &[], &verification, &mut ()).unwrap();
    assert_eq!(signed.pck().fmspc, [0x90, 0xc0, 0x6f, 0, 0, 0]);
    let error = verify(&evidence, &Collateral::NONE, &verification, &mut ()).map(|_| ()).unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Incomplete, "tdx.collateral"));
    assert_eq!(
        error.to_string(),
        "the TCB info of FMSPC 90C06F000000 is missing: \
         https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=90C06F000000"
    );
    let text = error.urls().unwrap().to_string();
    for address in [
        "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=90C06F000000",
        "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity",
        "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
    ] {
        assert!(text.contains(address), "{text}");
    }
    let mut minted = genuine().evidence();
    minted.qe_identity.clear();
    let error = minted.refused("tdx.collateral", Class::Incomplete);
    assert_eq!(
        error.to_string(),
        "the QE identity for FMSPC 90C06F000000 is missing: \
         https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity"
    );
}

/// Bytes and certificates that somebody else owns are verified as the quote alone is.
#[test]
fn a_borrowed_quote() {
    let minted = genuine().evidence();
    let roots = [&minted.root[..]];
    let verification =
        TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_rustcrypto::TABLE)
            .anchors(Anchors::and(&roots));
    let owned = TdxEvidence::parse(&minted.quote).unwrap();
    let chain: Vec<_> = owned
        .certificates()
        .map(|one| OwnedCertificate::parse(one.der().to_vec()).map_err(|(error, _)| error).unwrap())
        .collect();
    let verified = |bytes, chain| {
        let view = TdxEvidenceView::new(bytes, chain);
        verify_signatures(view, &[], &verification, &mut ()).map(|signed| signed.path().path().anchor())
    };
    assert_eq!(TdxEvidenceView::new(&minted.quote, &chain), owned.view());
    assert!(!verified(&minted.quote, &chain).unwrap().is_pinned());
    // The certificates may be in any order, and are those of a chain.
    let backwards: Vec<_> = chain.iter().rev().cloned().collect();
    verified(&minted.quote, &backwards).unwrap();
    let leaf = verified(&minted.quote, &chain[..1]).unwrap_err();
    assert_eq!((leaf.class(), leaf.check().id), (Class::Incomplete, "tdx.chain"));
    // A text with a certificate that could not be decoded, and one without any.
    assert_eq!(verified(&minted.quote, &[]), Err(Error::Pem));
    let mut without = minted.quote.clone();
    for at in 0..without.len() - 16 {
        if without[at..].starts_with(b"BEGIN CERTIFICATE") {
            without[at + 5] = b'_';
        }
    }
    assert_eq!(verified(&without, &[]), Err(Error::MissingLeaf(Chain::Pck)));
    // Malformed bytes are an error of the verification.
    let error = verified(&minted.quote[..500], &chain).unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Malformed, "tdx.format"));
    let mut other = minted.quote.clone();
    other[12] ^= 1;
    assert_eq!(verified(&other, &chain), Err(Error::Vendor));
}

/// The addresses of collateral before anything is verified, as the PCK certificate says.
#[test]
fn the_platform_of_an_unverified_quote() {
    let urls = |platform: &TdxMachine| {
        let quote = platform.mint().unwrap().quote;
        TdxEvidence::parse(&quote).unwrap().collateral_urls()
    };
    let minted = genuine().evidence();
    let roots = [&minted.root[..]];
    let verification =
        TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_rustcrypto::TABLE)
            .anchors(Anchors::and(&roots));
    let evidence = TdxEvidence::parse(&minted.quote).unwrap();
    let signed = verify_signatures(&evidence, &[], &verification, &mut ()).unwrap();
    assert_eq!(evidence.collateral_urls(), Some(signed.urls()));
    // A platform that no signature vouches for has them too; one without an SGX extension has none.
    let forged = genuine().with(|platform| platform.pck.signer = Some(Key::fresh(Kind::P256)));
    assert_eq!(urls(&forged), Some(signed.urls()));
    assert_eq!(urls(&genuine().with(|platform| platform.pck.certificate.extensions.clear())), None);
    let renamed = genuine().with(|platform| platform.pck_ca.certificate.subject = Name::common("Another CA"));
    assert_eq!(urls(&renamed), None);
}
