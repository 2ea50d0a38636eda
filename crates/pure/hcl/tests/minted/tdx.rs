//! Machines on TDX: genuine evidence is accepted, and each single fault is refused for its own reason.

use teeproof_core::{Class, Outcome};
use teeproof_hcl::{Error, TdReportHash};
use teeproof_mint::azure::{Generation, TdReport, Vm};
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{CollateralKind, DocumentProblem};
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::{Bag, NONCE, td_vm};

/// Holds that a machine as it is is accepted, and altered is refused exactly so.
#[track_caller]
fn refused(alter: impl FnOnce(Vm) -> Vm, expected: Error, class: Class) {
    Bag::of(&td_vm()).verify().expect("the control");
    Bag::of(&alter(td_vm())).refused(expected, class);
}

fn form(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Error {
    Error::TdReport(WireError::new(kind, what, offset, expected))
}

/// The hint of an error about the TD quote.
fn advice(error: &Error) -> String {
    assert_eq!(error.advice(), None);
    let Error::Tdx(error) = error else { panic!("{error}") };
    error.advice().unwrap().to_string()
}

/// The TD quote of one machine with the rest of another's evidence.
fn with_quote_of(quoted: &Vm, rest: &Vm) -> Bag {
    let Bag { td_quote, collateral, .. } = Bag::of(quoted);
    Bag { td_quote, collateral, ..Bag::of(rest) }
}

#[test]
fn genuine_evidence_of_every_form() {
    type Form = fn(TdxMachine) -> TdxMachine;
    let forms: [Form; 4] =
        [|machine| machine, TdxMachine::version_5, TdxMachine::tdx_1_5, TdxMachine::processor_ca];
    for form in forms {
        let vm = td_vm().with_td_machine(form).nonce(NONCE).user_data(NONCE);
        let seen = Bag { nonce: Some(NONCE.to_vec()), ..Bag::of(&vm) }.verify().unwrap();
        assert!(seen.quoted && !seen.production);
        assert_eq!((seen.ak, seen.fresh_report, seen.log_explains), (Some(false), Some(true), Some(true)));
        assert_eq!(seen.pcrs.unwrap().len(), 24);
        for id in ["hcl.td-report", "tdx.signature", "tdx.tcb", "hcl.td-report.quote", "hcl.binding"] {
            assert_eq!(seen.findings.of(id).outcome, Outcome::Pass, "{id}");
        }
        for id in ["hcl.claims", "ak.key", "ak.chain", "quote.signature", "quote.pcrs", "hcl.user-data"] {
            assert_eq!(seen.findings.of(id).outcome, Outcome::Pass, "{id}");
        }
        seen.findings.assert_finding("tdx.nonce", Outcome::Skip, "see hcl.binding");
    }
    for generation in [Generation::LegacyGenoa, Generation::OpenHcl2025, Generation::OpenVmm] {
        Bag::of(&td_vm().generation(generation)).verify().unwrap();
    }
}

#[test]
fn the_hash_is_the_one_that_the_envelope_names() {
    for hash in [1, 2, 3] {
        Bag::of(&td_vm().with_envelope(|envelope| envelope.hash_type = hash)).verify().unwrap();
        let data = td_vm().with_envelope(|envelope| envelope.hash_type = 1 + hash % 3);
        let data = data.envelope.report_data(&data.claims.bytes().unwrap());
        refused(
            |mut vm| {
                vm.report_data = Some(data);
                vm.with_envelope(|envelope| envelope.hash_type = hash)
            },
            Error::Binding,
            Class::NotBound,
        );
    }
}

#[test]
fn a_report_alone_is_no_evidence() {
    let bag = Bag::of(&Vm::tdx());
    bag.refused(Error::TdQuoteMissing, Class::Incomplete);
    let findings = bag.findings();
    let made: Vec<_> = findings.0.iter().map(|finding| (finding.id, finding.outcome)).collect();
    assert_eq!(made, ["hcl.format", "hcl.td-report"].map(|id| (id, Outcome::Pass)));
    assert_eq!(Error::TdQuoteMissing.check().id, "hcl.td-quote");
    assert!(Error::TdQuoteMissing.to_string().contains("no evidence"));
}

#[test]
fn missing_collateral_is_named_with_its_urls() {
    for remaining in [&[][..], &[0], &[1]] {
        let mut bag = Bag::of(&td_vm());
        bag.collateral = remaining.iter().map(|at| bag.collateral[*at].clone()).collect();
        let error = bag.verify().unwrap_err();
        assert_eq!((error.class(), error.check().id), (Class::Incomplete, "tdx.collateral"));
        let kind = if remaining == [0] { CollateralKind::QeIdentity } else { CollateralKind::TcbInfo };
        assert!(
            matches!(error, Error::Tdx(teeproof_tdx::Error::MissingCollateral { kind: found, .. }) if found == kind)
        );
        let fmspc = "FMSPC 90C06F000000";
        assert!(error.to_string().contains(fmspc) && error.to_string().contains("https://"), "{error}");
        let urls = error.urls().unwrap().to_string();
        assert!(urls.contains(fmspc) && urls.matches("https://").count() == 4, "{urls}");
        // The quote's signatures were verified before.
        assert_eq!(bag.findings().of("tdx.signature").outcome, Outcome::Pass);
    }
    let mut bag = Bag::of(&td_vm());
    bag.certificates.remove(0);
    let error = bag.verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Incomplete, "tdx.collateral.signer"));
    assert_eq!((Error::Binding.urls(), error.urls()), (None, None));
}

#[test]
fn collateral_is_verified() {
    let bag = Bag { at: crate::support::AT + 60 * 86_400, ..Bag::of(&td_vm()) };
    let error = bag.verify().unwrap_err();
    assert!(matches!(
        error,
        Error::Tdx(teeproof_tdx::Error::Document { problem: DocumentProblem::Stale { .. }, .. })
    ));
    assert_eq!((error.class(), error.check().id), (Class::Incomplete, "tdx.tcb-info"));
    let other = Key::shared("another signer of collateral", Kind::P256);
    let bent = td_vm().with_td_machine(|machine| machine.with(|one| one.collateral_signer = Some(other)));
    let error = Bag::of(&bent).verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::NotAuthentic, "tdx.tcb-info"));
    let old = td_vm().with_td_machine(|machine| machine.with_tcb_info(|info| info.levels.clear()));
    let error = Bag::of(&old).verify().unwrap_err();
    assert_eq!(error, Error::Tdx(teeproof_tdx::Error::TcbLevel));
}

#[test]
fn what_the_tdx_crate_refuses_is_refused() {
    let tdx = Error::Tdx;
    let other = || Some(Key::shared("no platform", Kind::P256));
    let machine = |change: fn(&mut TdxMachine, Option<Key>)| {
        move |vm: Vm| vm.with_td_machine(|machine| machine.with(|machine| change(machine, other())))
    };
    refused(
        machine(|machine, key| machine.quote_signer = key),
        tdx(teeproof_tdx::Error::Signature),
        Class::NotAuthentic,
    );
    refused(
        machine(|machine, key| machine.enclave_signer = key),
        tdx(teeproof_tdx::Error::QeSignature),
        Class::NotAuthentic,
    );
    // An added root of Azure alone does not make the platform's chain authentic.
    let mut bag = Bag::of(&td_vm());
    bag.anchors.remove(0);
    let error = bag.verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::NotAuthentic, "tdx.chain"));
    assert!(advice(&error).contains("trust anchor"));
    // Nor a root of the name of Intel's that is not the machine's.
    let own = td_vm().with_td_machine(TdxMachine::with_own_authorities);
    let mut bag = Bag::of(&td_vm());
    bag.td_quote = Bag::of(&own).td_quote;
    assert_eq!(bag.verify().unwrap_err().class(), Class::NotAuthentic);
    // Bytes that are no quote.
    for (bytes, check) in [(&b""[..], "tdx.format"), (b"\x04\x00\x02\x00\x81\x00\x00\x00", "tdx.format")] {
        let bag = Bag { td_quote: Some(bytes.to_vec()), ..Bag::of(&td_vm()) };
        let error = bag.verify().unwrap_err();
        assert_eq!((error.class(), error.check().id), (Class::Malformed, check));
    }
}

#[test]
fn a_revoked_platform_is_refused() {
    let vm = td_vm().with_td_machine(|machine| {
        let serial = machine.pck.certificate.serial.clone();
        machine.pck_ca_revokes(&serial)
    });
    let td = vm.evidence().unwrap().td.unwrap();
    let bag = Bag { lists: Some(vec![td.root_crl, td.pck_crl]), ..Bag::of(&vm) };
    let error = bag.verify().unwrap_err();
    assert_eq!(error.check().id, "tdx.revocation");
    assert!(advice(&error).contains("revoked the certificate"));
    // Lists that name nobody.
    let td = td_vm().evidence().unwrap().td.unwrap();
    let bag = Bag { lists: Some(vec![td.root_crl, td.pck_crl]), ..Bag::of(&td_vm()) };
    assert_eq!(bag.verify().unwrap().findings.of("tdx.revocation").outcome, Outcome::Pass);
}

#[test]
fn claims_are_not_read_before_they_are_authentic() {
    // Neither JSON nor a key.
    let no_json = |vm: Vm| vm.with_claims(|claims| claims.raw = Some(b"not JSON".to_vec()));
    Bag::of(&no_json(Vm::tdx())).refused(Error::TdQuoteMissing, Class::Incomplete);
    let other = Key::shared("no platform", Kind::P256);
    let forged = td_vm().with_td_machine(|machine| machine.with(|one| one.quote_signer = Some(other)));
    Bag::of(&no_json(forged)).refused(Error::Tdx(teeproof_tdx::Error::Signature), Class::NotAuthentic);
    let error = Bag::of(&no_json(td_vm())).verify().unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Malformed, "hcl.claims"));
}

#[test]
fn the_report_agrees_with_itself() {
    let wrong = Error::TdReportHash;
    let (value, unsupported) = (Class::Malformed, Class::Unsupported);
    let report = |change: fn(&mut TdReport)| move |vm: Vm| vm.with_td_report(change);
    refused(
        report(|report| report.tee_tcb_info_hash = Some([1; 48])),
        wrong(TdReportHash::TeeTcbInfo),
        Class::NotAuthentic,
    );
    refused(
        report(|report| report.tee_info_hash = Some([1; 48])),
        wrong(TdReportHash::TdInfo),
        Class::NotAuthentic,
    );
    // Made for other values than it holds.
    refused(report(|report| report.patch(528, &[7])), wrong(TdReportHash::TdInfo), Class::NotAuthentic);
    refused(
        report(|report| report.patch(264, &[0xee])),
        wrong(TdReportHash::TeeTcbInfo),
        Class::NotAuthentic,
    );
    let kind = form(ErrorKind::Unsupported, "TDREPORT: type", 0, "type 0x81, TDX");
    refused(report(|report| report.report_type = [0; 4]), kind, unsupported);
    let reserved = form(ErrorKind::Value, "TDREPORT: reserved bytes at 4", 4, "zero");
    refused(report(|report| report.reserved1[3] = 1), reserved, value);
    let reserved = form(ErrorKind::Value, "TDREPORT: reserved bytes at 960", 960, "zero");
    refused(report(|report| report.td_info_reserved[63] = 1), reserved, value);
}

/// Changes one field of a TDREPORT.
type Change = fn(&mut TdReport);

/// The fields that TDREPORT and quote have in common, in the order of the quote.
const FIELDS: [(&str, Change); 17] = [
    ("TEE_TCB_SVN", |report| report.tee_tcb_svn[15] ^= 1),
    ("MRSEAM", |report| report.mr_seam[47] ^= 1),
    ("MRSIGNERSEAM", |report| report.mr_signer_seam[0] ^= 1),
    ("SEAMATTRIBUTES", |report| report.seam_attributes[7] ^= 0x80),
    ("TDATTRIBUTES", |report| report.attributes[0] ^= 1),
    ("XFAM", |report| report.xfam[7] ^= 1),
    ("MRTD", |report| report.mr_td[0] ^= 1),
    ("MRCONFIGID", |report| report.mr_config_id[47] ^= 1),
    ("MROWNER", |report| report.mr_owner[0] ^= 1),
    ("MROWNERCONFIG", |report| report.mr_owner_config[47] ^= 1),
    ("RTMR0", |report| report.rtmrs[0][0] ^= 1),
    ("RTMR1", |report| report.rtmrs[1][47] ^= 1),
    ("RTMR2", |report| report.rtmrs[2][0] ^= 1),
    ("RTMR3", |report| report.rtmrs[3][47] ^= 1),
    ("REPORTDATA", |_| {}),
    ("TEE_TCB_SVN2", |report| report.tee_tcb_svn2[0] ^= 1),
    ("SERVTD_HASH", |report| report.service_td_hash[47] ^= 1),
];

#[test]
fn every_field_of_the_report_is_the_quotes() {
    for tdx_1_5 in [false, true] {
        let form = if tdx_1_5 { TdxMachine::tdx_1_5 } else { |machine| machine };
        let quoted = td_vm().with_td_machine(form);
        with_quote_of(&quoted, &quoted).verify().expect("the control");
        for (at, (field, change)) in FIELDS.iter().enumerate() {
            let mut other = td_vm().with_td_report(change);
            if *field == "REPORTDATA" {
                let mut data = other.envelope.report_data(&other.claims.bytes().unwrap());
                data[63] ^= 1;
                other.report_data = Some(data);
            }
            let bag = with_quote_of(&quoted, &other);
            if at < 15 || tdx_1_5 {
                bag.refused(Error::TdReportMismatch { field }, Class::NotBound);
            } else {
                // A body of TDX 1.0 does not have them.
                bag.verify().unwrap();
            }
        }
    }
    let error = Error::TdReportMismatch { field: "MRTD" };
    assert_eq!(error.to_string(), "MRTD of the TDREPORT is not that of the TD quote");
    assert_eq!(error.check().id, "hcl.td-report.quote");
}

#[test]
fn parts_of_several_machines_are_refused() {
    let other_ak = || Key::shared("another AK", Kind::Rsa2048);
    let other = td_vm().attestation_key(other_ak());
    Bag::of(&other).verify().unwrap();
    let report_data = Error::TdReportMismatch { field: "REPORTDATA" };
    // The quote of another machine, and its whole report without the quote.
    with_quote_of(&other, &td_vm()).refused(report_data, Class::NotBound);
    with_quote_of(&td_vm(), &other).refused(report_data, Class::NotBound);
    // Its vTPM's quote.
    let signature = Error::Tpm(teeproof_tpm::Error::Signature);
    let bag = Bag { quote: Bag::of(&other).quote, ..Bag::of(&td_vm()) };
    bag.refused(signature, Class::NotAuthentic);
    refused(|vm| vm.with_quote(|quote| quote.signer = Some(other_ak())), signature, Class::NotAuthentic);
    let mut bag = Bag::of(&td_vm());
    bag.pcrs.as_mut().unwrap()[7] = Some([7; 32]);
    bag.refused(Error::Tpm(teeproof_tpm::Error::PcrDigest), Class::NotBound);
    let bag = Bag { nonce: Some(b"another nonce".to_vec()), ..Bag::of(&td_vm().nonce(NONCE)) };
    bag.refused(Error::Tpm(teeproof_tpm::Error::Nonce), Class::NotBound);
    let bag = Bag { nonce: Some(NONCE.to_vec()), ..Bag::of(&td_vm()).without_quote() };
    bag.refused(Error::Nonce, Class::NotBound);
    let bag = Bag { quote: None, ..Bag::of(&td_vm()) };
    bag.refused(Error::PcrsWithoutQuote, Class::NotBound);
    // Another machine's AK certificate is ignored.
    let mut bag = Bag::of(&td_vm());
    bag.certificates = Bag::of(&other).certificates;
    let seen = bag.verify().unwrap();
    assert_eq!(seen.ak, None);
    seen.findings.assert_finding("ak.key", Outcome::Warn, "for a key other than HCLAkPub");
}

#[test]
fn the_claims_are_the_ones_that_were_hashed() {
    // The quote is over another REPORTDATA than the hash.
    for at in [0, 31, 32, 63] {
        let mut data = td_vm().envelope.report_data(&td_vm().claims.bytes().unwrap());
        data[at] ^= 1;
        refused(
            |mut vm| {
                vm.report_data = Some(data);
                vm
            },
            Error::Binding,
            Class::NotBound,
        );
    }
    // The claims altered after they were hashed, in the envelope.
    for at in [0x4d4, 0x4d4 + 500, 0x4d4 + 1100] {
        let mut bag = Bag::of(&td_vm());
        bag.report[at] ^= 0x20;
        bag.refused(Error::Binding, Class::NotBound);
    }
}
