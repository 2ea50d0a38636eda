//! TCB info and QE identity: signer, signature, platform, dates, and the quoting enclave.

use teeproof_core::{Class, Freshness};
use teeproof_mint::x509::Name;
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{
    Chain, Collateral, CollateralKind, DocumentProblem, Error, QeField, SignedJson, TdxEvidence,
    TdxVerification, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Anchors;

use crate::support::{AT, FMSPC, Platform, parts, time};

fn problem(error: Error) -> DocumentProblem {
    match error {
        Error::Document { problem, .. } | Error::Collateral(problem) => problem,
        other => panic!("{other}"),
    }
}

#[test]
fn another_key_signs_the_collateral() {
    let platform = Platform::with(|platform| platform.collateral_key = Key::fresh(Kind::P256));
    let error = platform.refused("tdx.tcb-info", Class::NotAuthentic);
    assert_eq!(problem(error), DocumentProblem::Signature);
}

/// Every certificate under Intel's root has a key: that of a platform signs no collateral.
#[test]
fn other_certificates_sign_no_collateral() {
    let platform = Platform::with(|platform| platform.collateral_key = platform.pck.key.clone());
    platform.refused("tdx.tcb-info", Class::NotAuthentic);
    let platform = Platform::with(|platform| {
        platform.signer.certificate.subject = Name::common("Intel SGX PCK Certificate");
    });
    let error = platform.refused("tdx.collateral.signer", Class::Incomplete);
    assert_eq!(error, Error::MissingLeaf(Chain::TcbSigning));
    // A TCB signing certificate that a PCK authority issued.
    let platform = Platform::new();
    let mut evidence = platform.mint();
    let links = [platform.root.clone(), platform.ca.clone(), platform.signer.clone()];
    evidence.certificates = teeproof_mint::x509::mint_chain(&links).unwrap();
    let error = evidence.refused("tdx.collateral.signer", Class::NotAuthentic);
    assert_eq!(error, Error::Authority(Chain::TcbSigning));
}

#[test]
fn a_signer_of_another_root() {
    let platform = Platform::with(|platform| platform.signer.signer = Some(Key::fresh(Kind::P256)));
    platform.refused("tdx.collateral.signer", Class::NotAuthentic);
}

/// Each bit of the signed bytes of both documents.
#[test]
fn every_bit_of_the_collateral_is_signed() {
    let evidence = Platform::new().mint();
    for (of_tcb_info, check) in [(true, "tdx.tcb-info"), (false, "tdx.qe-identity")] {
        let whole = if of_tcb_info { &evidence.tcb_info } else { &evidence.qe_identity };
        let signed = whole.find(":{").unwrap() + 1..whole.rfind(",\"signature\"").unwrap();
        // All of the identity, and one in seven bytes of the longer TCB info.
        for at in signed.step_by(if of_tcb_info { 7 } else { 1 }) {
            for bit in 0..7 {
                let mut bytes = whole.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let mut changed = evidence.clone();
                *(if of_tcb_info { &mut changed.tcb_info } else { &mut changed.qe_identity }) = text;
                changed.verify(Freshness::Waived("a test"), |result, _| {
                    let error = result.map(|_| ()).unwrap_err();
                    // Text that is no longer JSON, or the documented refusal.
                    let malformed = matches!(error, Error::Collateral(_));
                    assert!(malformed || error.check().id == check, "{at} {bit}: {error}");
                    assert!(
                        malformed || matches!(problem(error), DocumentProblem::Signature),
                        "{at} {bit}: {error}"
                    );
                });
            }
        }
    }
}

#[test]
fn white_space_is_signed_too() {
    let mut evidence = Platform::new().mint();
    evidence.tcb_info = evidence.tcb_info.replace("\"id\":\"TDX\"", "\"id\": \"TDX\"");
    assert_eq!(problem(evidence.refused("tdx.tcb-info", Class::NotAuthentic)), DocumentProblem::Signature);
    // Around the signed member it is not.
    let mut evidence = Platform::new().mint();
    evidence.tcb_info = evidence.tcb_info.replace("{\"tcbInfo\":{", " { \"tcbInfo\" :\n {");
    evidence.accepted();
}

#[test]
fn signed_documents_for_something_else() {
    for (from, to, expected, class) in [
        ("\"id\":\"TDX\"", "\"id\":\"SGX\"", DocumentProblem::Version, Class::Unsupported),
        ("\"version\":3", "\"version\":2", DocumentProblem::Version, Class::Unsupported),
        ("\"tcbType\":0", "\"tcbType\":1", DocumentProblem::Version, Class::Unsupported),
        ("\"pceId\":\"0000\"", "\"pceId\":\"0001\"", DocumentProblem::PceId, Class::Incomplete),
        (
            "90C06F000000",
            "00806F050000",
            DocumentProblem::Fmspc { found: [0, 0x80, 0x6f, 5, 0, 0], expected: FMSPC },
            Class::Incomplete,
        ),
    ] {
        let error = Platform::with_tcb_info(from, to).refused("tdx.tcb-info", class);
        assert_eq!(problem(error), expected, "{to}");
    }
    for (from, to) in [("\"TD_QE\"", "\"QE\""), ("\"version\":2", "\"version\":3")] {
        let error = Platform::with_qe_identity(from, to).refused("tdx.qe-identity", Class::Unsupported);
        assert_eq!(problem(error), DocumentProblem::Version, "{to}");
    }
}

#[test]
fn signed_documents_of_another_shape() {
    for (from, to) in [
        ("UpToDate", "Unknown"),
        ("2026-02-18T13:58:55Z", "2026-02-30T13:58:55Z"),
        ("\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":-1"),
        ("\"fmspc\":\"90C06F000000\"", "\"fmspc\":\"90C06F0000\""),
        ("\"pceId\":\"0000\"", "\"pceId\":\"0000\",\"pceId\":\"0000\""),
        ("\"tcbLevels\"", "\"levels\""),
    ] {
        let error = Platform::with_tcb_info(from, to).refused("tdx.tcb-info", Class::Malformed);
        assert!(matches!(problem(error), DocumentProblem::Json { .. }), "{to}");
    }
}

/// Collateral is valid from issueDate to nextUpdate, both included.
#[test]
fn dates() {
    let at = |at: u64| {
        let mut evidence = Platform::new().mint();
        evidence.at = at;
        evidence
    };
    // 2026-02-18T13:58:55Z, TCB info; the QE identity was issued sixteen minutes earlier.
    let issued = 1_771_423_135;
    at(issued).accepted();
    let error = problem(at(issued - 1).refused("tdx.tcb-info", Class::Incomplete));
    assert!(matches!(error, DocumentProblem::NotYetIssued { .. }));
    // 2026-03-20T13:42:19Z, QE identity; the TCB info is valid for sixteen minutes more.
    let next = 1_774_014_139;
    at(next).accepted();
    let until = at(AT).verify(Freshness::Waived("a test"), |result, _| result.unwrap().tcb().next_update());
    assert_eq!(until, time(next));
    let error = problem(at(next + 1).refused("tdx.qe-identity", Class::Incomplete));
    assert_eq!(error, DocumentProblem::Stale { next_update: time(next), at: time(next + 1) });
    at(next + 997).refused("tdx.tcb-info", Class::Incomplete);
}

#[test]
fn the_quoting_enclave() {
    for (at, value, field) in [
        (16, 1, QeField::MiscSelect),
        (19, 0x80, QeField::MiscSelect),
        // DEBUG, bit 1 of the attributes.
        (48, 0x17, QeField::Attributes),
        (55, 1, QeField::Attributes),
        (128, 0, QeField::MrSigner),
        (159, 0, QeField::MrSigner),
        (256, 1, QeField::IsvProdId),
        (257, 1, QeField::IsvProdId),
        (258, 3, QeField::IsvSvn),
    ] {
        let platform = Platform::with(|platform| platform.qe_report[at] = value);
        assert_eq!(platform.refused("tdx.qe", Class::NotAuthentic), Error::Qe(field), "{at}");
    }
    // MRENCLAVE and masked attributes are not part of the identity.
    Platform::with(|platform| {
        platform.qe_report[64] = 1;
        platform.qe_report[48] = 0x11;
        platform.qe_report[56] = 0;
        platform.qe_report[258] = 200;
    })
    .accepted();
}

#[test]
fn responses_of_another_shape() {
    for text in [
        "",
        "{}",
        "[]",
        "{\"signature\":\"00\"}",
        "{\"tcbInfo\":{},\"signature\":\"00\"}",
        "{\"tcbInfo\":{},\"enclaveIdentity\":{},\"signature\":\"SIG\"}",
        "{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"SIG\"}",
        "{\"tcbInfo\":{},\"signature\":\"SIG\"} x",
    ] {
        let text = text.replace("SIG", &"ab".repeat(64));
        let error = SignedJson::parse(&text).unwrap_err();
        assert_eq!(error.class(), Class::Malformed, "{text}");
    }
    let deep = format!("{{\"tcbInfo\":{},\"signature\":\"00\"}}", "[".repeat(100_000));
    assert_eq!(SignedJson::parse(&deep).unwrap_err().class(), Class::Malformed);
    let large = " ".repeat(teeproof_tdx::MAX_COLLATERAL_BYTES + 1);
    assert_eq!(SignedJson::parse(&large), Err(Error::Collateral(DocumentProblem::TooLarge)));
    let large = SignedJson::from_parts(CollateralKind::TcbInfo, &large, &"ab".repeat(64));
    assert_eq!(large, Err(Error::Collateral(DocumentProblem::TooLarge)));
}

/// Of several documents the newest valid one counts, in any order; invalid ones change nothing.
#[test]
fn several_documents() {
    let platform = Platform::new();
    let minted = platform.mint();
    let key = &platform.collateral_key;
    let older = platform.tcb_info.replace("tcbEvaluationDataNumber\":18", "tcbEvaluationDataNumber\":12");
    let other = platform.tcb_info.replace("90C06F000000", "00806F050000");
    let stale = platform.tcb_info.replace("2026-03-20T13:58:55Z", "2026-02-20T13:58:55Z");
    let texts = [
        parts(CollateralKind::TcbInfo, &platform.tcb_info, key),
        parts(CollateralKind::TcbInfo, &older, key),
        parts(CollateralKind::TcbInfo, &other, key),
        parts(CollateralKind::TcbInfo, &stale, key),
        parts(CollateralKind::TcbInfo, "{", key),
        parts(CollateralKind::TcbInfo, "{}", &Key::fresh(Kind::P256)),
        parts(CollateralKind::QeIdentity, &platform.qe_identity, key),
    ];
    let mut documents: Vec<_> = texts
        .iter()
        .map(|(kind, body, signature)| SignedJson::from_parts(*kind, body, signature).unwrap())
        .collect();
    let evidence = TdxEvidence::parse(&minted.quote).unwrap();
    let certificates: Vec<_> =
        minted.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let roots = [&minted.root[..]];
    let verification = TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_aws_lc::TABLE)
        .anchors(Anchors::and(&roots));
    let number = |documents: &[SignedJson<'_>]| {
        let collateral = Collateral { documents, certificates: &certificates };
        let verified = verify(&evidence, &collateral, &verification, &mut ());
        verified.map(|verified| verified.tcb().evaluation_data_number())
    };
    // The QE identity has 17.
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        assert_eq!(number(&documents), Ok(17));
    }
    let is_newest = |one: &SignedJson<'_>| one.body() == platform.tcb_info;
    documents.retain(|one| !is_newest(one));
    assert_eq!(number(&documents), Ok(12));
    documents.retain(|one| one.body() != older);
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        let error = number(&documents).unwrap_err();
        assert!(matches!(problem(error), DocumentProblem::Stale { .. }), "{error}");
    }
    // More than sixteen of one kind are not verified.
    let bodies: Vec<_> = (0..17).map(|count| format!("{}{}", platform.tcb_info, " ".repeat(count))).collect();
    let texts: Vec<_> = bodies.iter().map(|body| parts(CollateralKind::TcbInfo, body, key)).collect();
    let mut many: Vec<_> =
        documents.iter().copied().filter(|one| one.kind() == CollateralKind::QeIdentity).collect();
    many.extend(
        texts.iter().map(|(kind, body, signature)| SignedJson::from_parts(*kind, body, signature).unwrap()),
    );
    assert_eq!(problem(number(&many).unwrap_err()), DocumentProblem::TooMany);
    many.pop();
    assert_eq!(number(&many), Ok(17));
}
