//! Completeness: every check can fail, and its error names it.

use std::collections::BTreeSet;

use teeproof_core::{Class, Outcome, Rule};
use teeproof_hcl::{Error, HclPolicy, Origin, TdReportHash, VmId, checks};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::azure::Vm;
use teeproof_mint::x509::{Crl, Name};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Problem;

use crate::support::{Bag, td_vm, vm};

#[test]
fn every_check_of_a_verification() {
    let bent = |vm: Vm| Bag::of(&vm).verify().unwrap_err();
    let other_mrtd = Vm::tdx_with_quote().with_td_report(|report| report.mr_td = [1; 48]);
    let other_quote = Bag { td_quote: Bag::of(&other_mrtd).td_quote, ..Bag::of(&td_vm()) };
    let chain = vm().ak_chain;
    let list = Crl::new(0, 2 * DEFAULT_TIME).revoke(&chain.leaf.certificate.serial);
    let list = list.sign(&chain.intermediates[0]).unwrap();
    let revoked = Bag { lists: Some(vec![list]), ..Bag::of(&vm()) };
    let errors = [
        bent(vm().with_envelope(|envelope| envelope.status = 1)),
        bent(vm().with_machine(|machine| machine.report.vmpl = 2)),
        bent(td_vm().with_td_report(|report| report.tee_info_hash = Some([0; 48]))),
        bent(Vm::tdx()),
        other_quote.verify().unwrap_err(),
        bent(vm().with_envelope(|envelope| envelope.tamper(0x4d4, b" "))),
        bent(vm().with_claims(|claims| claims.keys.clear())),
        bent(vm().with_ak_chain(|chain| chain.leaf.certificate.subject = Name::common("somebody"))),
        revoked.verify().unwrap_err(),
        Bag { nonce: Some(vec![1; 16]), ..Bag::of(&vm()).without_quote() }.verify().unwrap_err(),
    ];
    let failed: Vec<_> = errors.iter().map(|error| error.check().id).collect();
    let fails = checks::VERIFY.iter().filter(|check| !check.classes.is_empty());
    let all: Vec<_> = fails.map(|check| check.id).collect();
    assert_eq!(failed, all);
    for error in &errors {
        assert!(!error.to_string().is_empty());
        // A failure is of a class that the check names.
        let classes = error.check().classes;
        assert!(classes.contains(&error.class()), "{}: {classes:?}", error.check().id);
    }
}

#[test]
fn every_check_of_an_appraisal() {
    let policy = HclPolicy::waived("each field is set")
        .origin(Origin::AnyOf { grounds: Vec::new().into(), line: None })
        .ak_certificate(Rule::exactly(false))
        .quote(Rule::exactly(false))
        .vm_id(Rule::exactly(VmId([0; 16])))
        .user_data(Rule::exactly([1; 64]))
        .fresh_report(Rule::exactly(true))
        .ak_revocation_list(Rule::exactly(true))
        .secure_boot_configured(Rule::exactly(false))
        .tpm_enabled(Rule::exactly(false))
        .tpm_persisted(Rule::exactly(true))
        .console(Rule::exactly(false))
        .interactive_console(Rule::exactly(true))
        .tpm(|_| teeproof_tpm::TpmPolicy::waived("the TPM's own tests fail those"));
    let (accepted, findings) = Bag::of(&vm()).appraise(&teeproof_snp::SnpPolicy::genuine(), &policy);
    assert!(!accepted);
    let failed =
        findings.0.iter().filter(|finding| finding.outcome == Outcome::Fail).map(|finding| finding.id);
    assert!(failed.eq(checks::APPRAISE.iter().map(|check| check.id)));
    // A list that is missing is an endorsement that is missing.
    let missing = |check: &teeproof_core::Check| check.id == "ak.revocation-list";
    let class = |check| if missing(check) { [Class::Incomplete] } else { [Class::Refused] };
    assert!(checks::APPRAISE.iter().all(|check| check.classes == class(check)));
}

#[test]
fn every_error_has_words_of_its_own() {
    let minted = Bag::of(&vm());
    let root = Certificate::parse(&minted.anchors[1]).unwrap();
    let untrusted = Error::AkUntrusted { root: root.subject().into() };
    let errors = [
        untrusted,
        Error::AkSubject,
        Error::AkChain { link: 0, problem: Problem::Signature },
        Error::AkChain { link: 2, problem: Problem::Signature },
        Error::Vmpl(2),
        Error::Vmpl(u32::MAX),
        Error::Binding,
        Error::AkRevocationList { issuer: 0, problem: Problem::Signature },
        Error::AkRevocationList { issuer: 1, problem: Problem::Signature },
        Error::PcrsWithoutQuote,
        Error::Nonce,
        Error::UserData,
        Error::NoUserData,
        Error::UserDataLength,
        Error::TdReportHash(TdReportHash::TeeTcbInfo),
        Error::TdReportHash(TdReportHash::TdInfo),
        Error::TdQuoteMissing,
        Error::TdReportMismatch { field: "MRTD" },
        Error::TdReportMismatch { field: "RTMR0" },
        Error::Tdx(teeproof_tdx::Error::Signature),
    ];
    let words: BTreeSet<_> = errors.iter().map(Error::to_string).collect();
    assert_eq!(words.len(), errors.len());
    assert!(errors.iter().all(|error| error.class() != Class::Malformed));
}
