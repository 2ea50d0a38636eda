//! Items 3 and 4: QE identity and TCB info. And the SGX extension of the PCK certificate, which selects the latter.

use teeproof_core::{Class, Outcome, Rule};
use teeproof_mint::tdx::{TdxMachine, sgx_oid};
use teeproof_mint::x509::{Extension, Name, der};
use teeproof_tdx::{Chain, CollateralKind, DocumentProblem, Error, QeField, TdxPolicy};
use teeproof_x509::Problem;

use super::{early, expired, forgery, fresh, refused, signing_chain, with};
use crate::support::{AT, Checked, Evidence, FMSPC, genuine, time};

/// A document in which one text is another, signed all the same.
fn info_with(from: &str, to: &str) -> Evidence {
    with(|m| m.tcb_info.signed.replace(from, to))
}

fn identity_with(from: &str, to: &str) -> Evidence {
    with(|m| m.qe_identity.signed.replace(from, to))
}

/// The documents of `one` and those of `other`, of this kind.
fn mixed(one: Evidence, other: Evidence, kind: CollateralKind) -> Evidence {
    let mut evidence = one;
    match kind {
        CollateralKind::TcbInfo => evidence.minted.tcb_info = other.minted.tcb_info,
        CollateralKind::QeIdentity => evidence.minted.qe_identity = other.minted.qe_identity,
    }
    evidence
}

/// A document whose nextUpdate is a second ago, or whose issueDate is in a second, with the error.
fn outdated(stale: fn(&mut TdxMachine), early: fn(&mut TdxMachine)) -> [(Evidence, DocumentProblem); 2] {
    [
        (with(stale), DocumentProblem::Stale { next_update: time(AT - 1), at: time(AT) }),
        (with(early), DocumentProblem::NotYetIssued { issued: time(AT + 1), at: time(AT) }),
    ]
}

#[test]
fn item_3_qe_identity() {
    const KIND: CollateralKind = CollateralKind::QeIdentity;
    let document = |class, problem| ("tdx.qe-identity", class, Error::Document { kind: KIND, problem });
    let enclave = |field| ("tdx.qe", Class::NotAuthentic, Error::Qe(field));
    let unsigned = |other| mixed(genuine().evidence(), other, KIND);
    let [stale, early] =
        outdated(|m| m.qe_identity.next_update = AT - 1, |m| m.qe_identity.issue_date = AT + 1);
    refused(
        "3, QE identity",
        vec![
            forgery(
                "signer",
                unsigned(with(|m| m.collateral_signer = Some(fresh()))),
                document(Class::NotAuthentic, DocumentProblem::Signature),
            ),
            forgery(
                "signer is the PCK",
                unsigned(with(|m| m.collateral_signer = Some(m.pck.key.clone()))),
                document(Class::NotAuthentic, DocumentProblem::Signature),
            ),
            forgery(
                "id",
                identity_with("TD_QE", "QE"),
                document(Class::Unsupported, DocumentProblem::Version),
            ),
            forgery(
                "version",
                with(|m| m.qe_identity.version = 3),
                document(Class::Unsupported, DocumentProblem::Version),
            ),
            forgery("nextUpdate", stale.0, document(Class::Incomplete, stale.1)),
            forgery("issueDate", early.0, document(Class::Incomplete, early.1)),
            forgery(
                "miscselect",
                with(|m| m.qe_identity.misc_select = [1, 0, 0, 0]),
                enclave(QeField::MiscSelect),
            ),
            forgery("attributes", with(|m| m.qe_identity.attributes[0] = 0x13), enclave(QeField::Attributes)),
            forgery("mrsigner", with(|m| m.qe_identity.mr_signer[31] ^= 1), enclave(QeField::MrSigner)),
            forgery("isvprodid", with(|m| m.qe_identity.isv_prod_id = 1), enclave(QeField::IsvProdId)),
            forgery("levels above", with(|m| m.enclave.isv_svn = 3), enclave(QeField::IsvSvn)),
            forgery("no level", with(|m| m.qe_identity.levels.clear()), enclave(QeField::IsvSvn)),
            forgery("MISCSELECT", with(|m| m.enclave.misc_select[3] = 0x80), enclave(QeField::MiscSelect)),
            forgery("debug enclave", with(|m| m.enclave.attributes[0] |= 2), enclave(QeField::Attributes)),
            forgery(
                "provisioning key",
                with(|m| m.enclave.attributes[0] &= !0x10),
                enclave(QeField::Attributes),
            ),
            forgery("MRSIGNER", with(|m| m.enclave.mr_signer[0] ^= 0x80), enclave(QeField::MrSigner)),
            forgery(
                "ISVPRODID of the SGX QE",
                with(|m| m.enclave.isv_prod_id = 1),
                enclave(QeField::IsvProdId),
            ),
        ],
    );
    // Bits out of the mask do not count.
    genuine()
        .with(|m| {
            (m.qe_identity.misc_select_mask, m.enclave.misc_select) = ([0, 0xff, 0xff, 0xff], [7, 0, 0, 0]);
            m.enclave.attributes[15] = 0xff;
        })
        .accepted();
}

#[test]
fn item_4_tcb_info() {
    const KIND: CollateralKind = CollateralKind::TcbInfo;
    let document = |class, problem| ("tdx.tcb-info", class, Error::Document { kind: KIND, problem });
    let unsupported = document(Class::Unsupported, DocumentProblem::Version);
    let signer = |class, link, problem| ("tdx.collateral.signer", class, signing_chain(link, problem));
    let unsigned = |other| mixed(genuine().evidence(), other, KIND);
    let found = [0, 0x80, 0x6f, 5, 0, 0];
    let fmspc = |found, expected| document(Class::Incomplete, DocumentProblem::Fmspc { found, expected });
    let [stale, early_info] =
        outdated(|m| m.tcb_info.next_update = AT - 1, |m| m.tcb_info.issue_date = AT + 1);
    let ((ended, is_expired), (to_begin, is_early)) = (expired(), early());
    let common = |name: &str| Name::intel(name);
    refused(
        "4, TCB info",
        vec![
            forgery(
                "signer",
                unsigned(with(|m| m.collateral_signer = Some(fresh()))),
                document(Class::NotAuthentic, DocumentProblem::Signature),
            ),
            forgery(
                "signer is the PCK",
                unsigned(with(|m| m.collateral_signer = Some(m.pck.key.clone()))),
                document(Class::NotAuthentic, DocumentProblem::Signature),
            ),
            forgery(
                "TCB signing, signer",
                with(|m| m.tcb_signing.signer = Some(fresh())),
                signer(Class::NotAuthentic, 1, Problem::Signature),
            ),
            forgery(
                "TCB signing, name",
                with(|m| m.tcb_signing.certificate.subject = common("Intel SGX Other Signing")),
                ("tdx.collateral.signer", Class::Incomplete, Error::MissingLeaf(Chain::TcbSigning)),
            ),
            forgery(
                "TCB signing, notAfter",
                with(|m| m.tcb_signing.certificate.validity = ended),
                signer(Class::Incomplete, 1, is_expired),
            ),
            forgery(
                "TCB signing, notBefore",
                with(|m| m.tcb_signing.certificate.validity = to_begin),
                signer(Class::Incomplete, 1, is_early),
            ),
            forgery(
                "TCB signing, keyUsage",
                with(|m| m.tcb_signing.certificate.set_extension(Extension::key_usage(0x04))),
                signer(Class::NotAuthentic, 1, Problem::KeyUsage),
            ),
            forgery("id", info_with("\"id\":\"TDX\"", "\"id\":\"SGX\""), unsupported),
            forgery("version", with(|m| m.tcb_info.version = 2), unsupported),
            forgery("tcbType", with(|m| m.tcb_info.tcb_type = 1), unsupported),
            forgery("fmspc", with(|m| m.tcb_info.fmspc = found), fmspc(found, FMSPC)),
            forgery(
                "fmspc of the PCK",
                genuine().with_sgx(|sgx| sgx.fmspc = found).evidence(),
                fmspc(FMSPC, found),
            ),
            forgery(
                "pceId",
                with(|m| m.tcb_info.pce_id = [0, 1]),
                document(Class::Incomplete, DocumentProblem::PceId),
            ),
            forgery(
                "pceId of the PCK",
                genuine().with_sgx(|sgx| sgx.pce_id = [1, 0]).evidence(),
                document(Class::Incomplete, DocumentProblem::PceId),
            ),
            forgery("nextUpdate", stale.0, document(Class::Incomplete, stale.1)),
            forgery("issueDate", early_info.0, document(Class::Incomplete, early_info.1)),
        ],
    );
    // A QE identity under the name of TCB info: signed, and of another shape.
    let mut renamed = genuine().evidence();
    renamed.minted.tcb_info = renamed.minted.qe_identity.replace("enclaveIdentity", "tcbInfo");
    let error = renamed.refused("tdx.tcb-info", Class::Malformed);
    assert!(
        matches!(error, Error::Document { kind: KIND, problem: DocumentProblem::Json { line: 1, .. } }),
        "{error}"
    );
    // Anti-rollback: both numbers count.
    for (info, identity, least) in [(18, 17, 17), (17, 18, 17), (3, 17, 3)] {
        let evidence = with(|m| {
            (m.tcb_info.evaluation_data_number, m.qe_identity.evaluation_data_number) = (info, identity);
        });
        let at_least = |number| TdxPolicy::waived("a test").evaluation_number(Rule::at_least(number));
        assert!(evidence.appraised(&at_least(least)).0);
        let (accepted, findings) = evidence.appraised(&at_least(least + 1));
        assert!(!accepted && findings.of("tdx.tcb.evaluation-data-number").1 == Outcome::Fail);
    }
}

/// The SGX extension with each value missing, twice, of another size and of another type.
#[test]
fn pck_extension() {
    type Values = Vec<(u64, Vec<u8>)>;
    let genuine_top = || -> Values {
        vec![
            (1, der::octet_string(&[7; 16])),
            (3, der::octet_string(&[0; 2])),
            (4, der::octet_string(&FMSPC)),
        ]
    };
    let genuine_tcb = || -> Values {
        let components = (1..).zip(genuine().sgx().components);
        let mut tcb: Values = components.map(|(number, svn)| (number, der::integer(svn.into()))).collect();
        tcb.extend([(17, der::integer(13)), (18, der::octet_string(&[0; 16]))]);
        tcb
    };
    let pairs = |arc: &[u64], values: &Values| {
        let pair = |(number, value): &(u64, Vec<u8>)| {
            der::sequence(&[sgx_oid(&[arc, &[*number]].concat()).der(), value.clone()])
        };
        values.iter().map(pair).collect::<Vec<_>>()
    };
    let evidence = |top: &Values, tcb: &Values| {
        let mut all = pairs(&[], top);
        all.push(der::sequence(&[sgx_oid(&[2]).der(), der::sequence(&pairs(&[2], tcb))]));
        let extension = Extension::new(sgx_oid(&[]), der::sequence(&all));
        with(|m| m.pck.certificate.set_extension(extension))
    };
    evidence(&genuine_top(), &genuine_tcb()).accepted();
    let mut count = 0;
    let mut refuse = |top: &Values, tcb: &Values| {
        let error = evidence(top, tcb).refused("tdx.pck", Class::Malformed);
        assert!(matches!(error, Error::Pck(_)), "{error}");
        count += 1;
    };
    for (of_tcb, length) in [(false, 3), (true, 18)] {
        for at in 0..length {
            let changed = |change: &dyn Fn(&mut Values)| {
                let (mut top, mut tcb) = (genuine_top(), genuine_tcb());
                change(if of_tcb { &mut tcb } else { &mut top });
                (top, tcb)
            };
            for (top, tcb) in [
                changed(&|values| drop(values.remove(at))),
                changed(&|values| values.push(values[at].clone())),
                changed(&|values| values[at].1 = der::null()),
                changed(&|values| values[at].1 = der::integer(0x1_0000)),
                changed(&|values| values[at].1 = der::octet_string(&[0; 17])),
                changed(&|values| values[at].1 = der::octet_string(&[0; 5])),
                changed(&|values| values[at].1 = der::octet_string(&[])),
            ] {
                refuse(&top, &tcb);
            }
        }
    }
    println!("SGX extension: {count} forgeries refused");
}
