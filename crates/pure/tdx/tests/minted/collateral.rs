//! TCB info and QE identity: signer, signature, platform, dates, and the quoting enclave.

use teeproof_core::{Class, Freshness};
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::x509::Name;
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{
    Chain, Collateral, CollateralKind, DocumentProblem, Error, QeField, SignedJson, TdxEvidence,
    TdxVerification, UnusedReason, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Anchors;

use crate::support::{AT, Checked, FMSPC, genuine, parts, time};

fn problem(error: Error) -> DocumentProblem {
    match error {
        Error::Document { problem, .. } | Error::Collateral(problem) => problem,
        other => panic!("{other}"),
    }
}

fn tcb_info_with(from: &str, to: &str) -> TdxMachine {
    genuine().with_tcb_info(|info| info.signed.replace(from, to))
}

fn qe_identity_with(from: &str, to: &str) -> TdxMachine {
    genuine().with_qe_identity(|identity| identity.signed.replace(from, to))
}

#[test]
fn another_key_signs_the_collateral() {
    let platform = genuine().with(|platform| platform.collateral_signer = Some(Key::fresh(Kind::P256)));
    let error = platform.refused("tdx.tcb-info", Class::NotAuthentic);
    assert_eq!(problem(error), DocumentProblem::Signature);
}

/// Every certificate under Intel's root has a key: that of a platform signs no collateral.
#[test]
fn other_certificates_sign_no_collateral() {
    let platform = genuine().with(|platform| platform.collateral_signer = Some(platform.pck.key.clone()));
    platform.refused("tdx.tcb-info", Class::NotAuthentic);
    let platform = genuine().with(|platform| {
        platform.tcb_signing.certificate.subject = Name::intel("Intel SGX PCK Certificate");
    });
    let error = platform.refused("tdx.collateral.signer", Class::Incomplete);
    assert_eq!(error, Error::MissingLeaf(Chain::TcbSigning));
    // A TCB signing certificate that a PCK authority issued.
    let platform = genuine();
    let mut evidence = platform.evidence();
    let links = [platform.root.clone(), platform.pck_ca.clone(), platform.tcb_signing.clone()];
    evidence.certificates = teeproof_mint::x509::mint_chain(&links).unwrap();
    let error = evidence.refused("tdx.collateral.signer", Class::NotAuthentic);
    assert_eq!(error, Error::Authority(Chain::TcbSigning));
}

#[test]
fn a_signer_of_another_root() {
    let platform = genuine().with(|platform| platform.tcb_signing.signer = Some(Key::fresh(Kind::P256)));
    platform.refused("tdx.collateral.signer", Class::NotAuthentic);
}

#[test]
fn white_space_is_signed_too() {
    let mut evidence = genuine().evidence();
    evidence.tcb_info = evidence.tcb_info.replace("\"id\":\"TDX\"", "\"id\": \"TDX\"");
    assert_eq!(problem(evidence.refused("tdx.tcb-info", Class::NotAuthentic)), DocumentProblem::Signature);
    // Around the signed member it is not.
    let mut evidence = genuine().evidence();
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
        let error = tcb_info_with(from, to).refused("tdx.tcb-info", class);
        assert_eq!(problem(error), expected, "{to}");
    }
    for (from, to) in [("\"TD_QE\"", "\"QE\""), ("\"version\":2", "\"version\":3")] {
        let error = qe_identity_with(from, to).refused("tdx.qe-identity", Class::Unsupported);
        assert_eq!(problem(error), DocumentProblem::Version, "{to}");
    }
}

#[test]
fn signed_documents_of_another_shape() {
    for (from, to, expected) in [
        ("UpToDate", "Unknown", "tcbStatus"),
        ("2026-02-18T00:00:00Z", "2026-02-30T00:00:00Z", "issueDate"),
        ("\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":-1", "tcbEvaluationDataNumber"),
        ("\"fmspc\":\"90C06F000000\"", "\"fmspc\":\"90C06F0000\"", "fmspc"),
        ("\"pceId\":\"0000\"", "\"pceId\":\"0000\",\"pceId\":\"0000\"", "pceId"),
        ("\"tcbLevels\"", "\"levels\"", "tcbLevels"),
        ("\"pcesvn\":13", "\"pcesvn\":65536", "pcesvn"),
        ("\"pcesvn\":13", "\"pcesvn\":13.5", "pcesvn"),
        ("\"svn\":", "\"svn\":256,\"x\":", "svn"),
    ] {
        let error = tcb_info_with(from, to).refused("tdx.tcb-info", Class::Malformed);
        let DocumentProblem::Json { member, .. } = problem(error) else { panic!("{to}: {error}") };
        assert_eq!(member, Some(expected), "{to}: {error}");
        assert!(error.to_string().starts_with(&format!("TCB info: `{expected}`: not JSON of")), "{error}");
    }
}

/// Collateral is valid from issueDate to nextUpdate, both included.
#[test]
fn dates() {
    let at = |at: u64| {
        let mut evidence = genuine().evidence();
        evidence.at = at;
        evidence
    };
    // TCB info; the QE identity was issued fifteen minutes earlier.
    let issued = genuine().tcb_info.issue_date;
    at(issued).accepted();
    let error = problem(at(issued - 1).refused("tdx.tcb-info", Class::Incomplete));
    assert!(matches!(error, DocumentProblem::NotYetIssued { .. }));
    // QE identity; the TCB info is valid for fifteen minutes more.
    let next = genuine().qe_identity.next_update;
    at(next).accepted();
    let until = at(AT).verify(Freshness::Waived("a test"), |result, _| result.unwrap().tcb().next_update());
    assert_eq!(until, time(next));
    let error = problem(at(next + 1).refused("tdx.qe-identity", Class::Incomplete));
    assert_eq!(error, DocumentProblem::Stale { next_update: time(next), at: time(next + 1) });
    at(next + 901).refused("tdx.tcb-info", Class::Incomplete);
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
        let platform = genuine().with_enclave(|enclave| enclave.patch(at, &[value]));
        assert_eq!(platform.refused("tdx.qe", Class::NotAuthentic), Error::Qe(field), "{at}");
    }
    // MRENCLAVE and masked attributes are not part of the identity.
    genuine()
        .with_enclave(|enclave| {
            enclave.mr_enclave = [1; 32];
            (enclave.attributes[0], enclave.attributes[8]) = (0x11, 0);
            enclave.isv_svn = 200;
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
    let platform = genuine();
    let minted = platform.evidence();
    let key = &platform.tcb_signing.key;
    let (info, qe_identity) =
        (platform.tcb_info.document().unwrap(), platform.qe_identity.document().unwrap());
    let changed =
        |change: &dyn Fn(&mut TdxMachine)| platform.clone().with(change).tcb_info.document().unwrap();
    let older = changed(&|platform| platform.tcb_info.evaluation_data_number = 12);
    let other = changed(&|platform| platform.tcb_info.fmspc = [0, 0x80, 0x6f, 5, 0, 0]);
    let stale = changed(&|platform| platform.tcb_info.next_update = AT - 1);
    let texts = [
        parts(CollateralKind::TcbInfo, &info, key),
        parts(CollateralKind::TcbInfo, &older, key),
        parts(CollateralKind::TcbInfo, &other, key),
        parts(CollateralKind::TcbInfo, &stale, key),
        parts(CollateralKind::TcbInfo, "{", key),
        parts(CollateralKind::TcbInfo, "{}", &Key::fresh(Kind::P256)),
        parts(CollateralKind::QeIdentity, &qe_identity, key),
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
    // What was not used is named with the reason, whatever the order.
    let unused = |documents: &[SignedJson<'_>]| {
        let collateral = Collateral { documents, certificates: &certificates };
        let verified = verify(&evidence, &collateral, &verification, &mut ()).unwrap();
        let mut unused: Vec<String> = verified.unused_collateral().iter().map(ToString::to_string).collect();
        assert!(verified.unused_collateral().iter().all(|one| one.kind == CollateralKind::TcbInfo));
        let reasons = verified.unused_collateral().iter().map(|one| one.reason);
        assert_eq!(reasons.filter(|one| matches!(one, UnusedReason::Older { number: 12, .. })).count(), 1);
        unused.sort_unstable();
        unused
    };
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        let unused = unused(&documents);
        let expected = [
            "TCB info: for FMSPC 00806F050000, the platform has 90C06F000000",
            "TCB info: not JSON of the documented shape, line 1, column 1",
            "TCB info: older than the one that was used: evaluation data number 12, issued 2026-02-18T00:00:00Z",
            "TCB info: stale: nextUpdate 2026-02-24T23:59:59Z, verified at 2026-02-25T00:00:00Z",
            "TCB info: the signature does not hold",
        ];
        assert_eq!(unused, expected);
    }
    // The QE identity has 17.
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        assert_eq!(number(&documents), Ok(17));
    }
    let is_newest = |one: &SignedJson<'_>| one.body() == info;
    documents.retain(|one| !is_newest(one));
    assert_eq!(number(&documents), Ok(12));
    documents.retain(|one| one.body() != older);
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        let error = number(&documents).unwrap_err();
        assert!(matches!(problem(error), DocumentProblem::Stale { .. }), "{error}");
    }
    // More than sixteen of one kind are not verified.
    let bodies: Vec<_> = (0..17).map(|count| format!("{info}{}", " ".repeat(count))).collect();
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
