//! The suite `shared`: quotes of many clouds and one with its collateral, from the folder of `TEEPROOF_SHARED_DATA`.
//! Without the variable the tests check nothing; with it, every file must exist.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests read what is not committed")]

use std::io::Write;
use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use teeproof_core::{CheckResult, Class, Freshness, Outcome, Record, Time};
use teeproof_tdx::{
    Collateral, CollateralKind, DocumentProblem, Error, PckCa, RtmrExplanation, SignedJson, TcbStatus,
    TdxEvidence, TdxPolicy, TdxVerification, appraise, replay_rtmrs, verify, verify_signatures,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::Revocation;

/// 2026-02-25T00:00:00Z, when the collateral was current.
const CURRENT: Time = Time(1_771_977_600);
/// 2026-06-01T00:00:00Z.
const STALE: Time = Time(1_780_272_000);

fn folder() -> Option<PathBuf> {
    let Ok(folder) = std::env::var("TEEPROOF_SHARED_DATA") else {
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return None;
    };
    Some(PathBuf::from(folder))
}

fn read(path: &str) -> Option<Vec<u8>> {
    let path = folder()?.join(path);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The value of a key of the collateral file.
fn entry<'a>(yaml: &'a str, key: &str) -> &'a str {
    let (_, rest) = yaml.split_once(&format!("{key}: |-\n")).unwrap();
    rest.split("\n\n").next().unwrap().trim()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn certificates(text: &str) -> Vec<Vec<u8>> {
    let between = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    between
        .map(|rest| {
            let letters: String = rest.split("-----END").next().unwrap().split_whitespace().collect();
            Base64::decode_vec(&letters).unwrap()
        })
        .collect()
}

#[derive(Default)]
struct Findings(Vec<(&'static str, Outcome, String)>);

impl Record for Findings {
    fn record(&mut self, finding: CheckResult<'_>) {
        let because = finding.because.map(|because| because.to_string()).unwrap_or_default();
        self.0.push((finding.check.id, finding.outcome, because));
    }
}

impl Findings {
    fn of(&self, id: &str) -> (Outcome, &str) {
        let found = self.0.iter().find(|(found, ..)| *found == id).unwrap_or_else(|| panic!("no {id}"));
        (found.1, &found.2)
    }
}

/// Quotes of Azure, Google, Alibaba and others: all but one of random bytes end at the pinned root.
#[test]
fn shared_quotes_of_many_clouds_end_at_the_pinned_root() {
    let Some(folder) = folder() else { return };
    let mut verified = 0;
    for file in std::fs::read_dir(folder.join("real/tdq")).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let evidence =
            TdxEvidence::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // The first second at which all certificates of the quote are valid.
        let at = evidence.certificates().map(|one| one.not_before()).max().unwrap_or(0);
        for table in [&teeproof_aws_lc::TABLE, &teeproof_rustcrypto::TABLE] {
            let verification = TdxVerification::new(Freshness::Waived("recorded"), Time(at), table);
            let signed = verify_signatures(&evidence, &[], &verification, &mut ());
            if path.ends_with("tdq-aa2cafadb32b.bin") {
                assert_eq!(signed.map(|_| ()).unwrap_err().class(), Class::Incomplete);
                continue;
            }
            let signed = signed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(signed.path().path().anchor().is_pinned());
            assert_eq!(signed.pck().pce_id, [0, 0]);
            verified += 1;
        }
    }
    assert_eq!(verified, 32);
}

/// One quote of an Azure VM with its own collateral: accepted while that is current, incomplete afterwards.
#[test]
fn shared_azure_quote_with_its_collateral() {
    let Some(bytes) = read("real/tdq/tdq-88b73c139b9c.bin") else { return };
    let yaml = String::from_utf8(read("azure/fb-az-collateral-1764662251.yaml").unwrap()).unwrap();
    let (info, info_signature) = (entry(&yaml, "tcb_info"), entry(&yaml, "tcb_info_signature"));
    let (qe, qe_signature) = (entry(&yaml, "qe_identity"), entry(&yaml, "qe_identity_signature"));
    let documents = [
        SignedJson::from_parts(CollateralKind::TcbInfo, info, info_signature).unwrap(),
        SignedJson::from_parts(CollateralKind::QeIdentity, qe, qe_signature).unwrap(),
    ];
    // The same as responses of the service.
    let responses = [
        format!("{{\"tcbInfo\":{info},\"signature\":\"{info_signature}\"}}"),
        format!("{{\"enclaveIdentity\":{qe},\"signature\":\"{qe_signature}\"}}"),
    ];
    for (response, document) in responses.iter().zip(&documents) {
        assert_eq!(SignedJson::parse(response).as_ref(), Ok(document));
    }
    let ders = certificates(&yaml);
    let certificates: Vec<_> = ders.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let ders = [hex(entry(&yaml, "root_ca_crl")), hex(entry(&yaml, "pck_crl"))];
    let lists: Vec<_> = ders.iter().map(|der| RevocationList::parse(der).unwrap()).collect();
    let evidence = TdxEvidence::parse(&bytes).unwrap();
    let collateral = Collateral { documents: &documents, certificates: &certificates };
    let crypto = &teeproof_aws_lc::TABLE;
    let at = |at| {
        TdxVerification::new(Freshness::Waived("recorded"), at, crypto)
            .revocation(Revocation::Required(&lists))
    };
    let mut findings = Findings::default();
    let verified = verify(&evidence, &collateral, &at(CURRENT), &mut findings).unwrap();
    assert!(verified.is_production() && !verified.is_debug());
    assert_eq!(verified.pck().fmspc, [0x90, 0xc0, 0x6f, 0, 0, 0]);
    assert_eq!(verified.tcb().status(), TcbStatus::UpToDate);
    assert_eq!(verified.tcb().evaluation_data_number(), 18);
    assert_eq!(verified.tcb().days_behind(), Some(0));
    assert_eq!(verified.td().mrtd()[..4], [0x12, 0xbd, 0xbc, 0x16]);
    assert!(appraise(&verified, &TdxPolicy::genuine(), &mut findings));
    assert_eq!(findings.of("tdx.revocation").0, Outcome::Pass);
    assert_eq!(findings.of("tdx.tcb").0, Outcome::Pass);
    assert!(
        findings.of("tdx.chain").1.ends_with("Intel SGX Root CA (pinned)"),
        "{:?}",
        findings.of("tdx.chain")
    );

    // At the later time the lists have expired first; without them, the TCB info has.
    let error = verify(&evidence, &collateral, &at(STALE), &mut ()).map(|_| ()).unwrap_err();
    assert_eq!(error.class(), Class::Incomplete, "{error}");
    let later = TdxVerification::new(Freshness::Waived("recorded"), STALE, crypto);
    let error = verify(&evidence, &collateral, &later, &mut ()).map(|_| ()).unwrap_err();
    assert_eq!(error.class(), Class::Incomplete);
    assert!(
        matches!(
            error,
            Error::Document { kind: CollateralKind::TcbInfo, problem: DocumentProblem::Stale { .. } }
        ),
        "{error}"
    );

    let signed = verify_signatures(&evidence, &[], &at(CURRENT), &mut ()).unwrap();
    assert_eq!(signed.urls().ca, PckCa::Platform);
    let error = verify(&evidence, &Collateral::NONE, &at(CURRENT), &mut ()).map(|_| ()).unwrap_err();
    assert_eq!(error.class(), Class::Incomplete);
    assert!(error.urls().is_some());
    // Every certificate of the quote and of the collateral, in the other order.
    let reversed: Vec<_> = certificates.iter().rev().copied().collect();
    let collateral = Collateral { documents: &[documents[1], documents[0]], certificates: &reversed };
    verify(&evidence, &collateral, &at(CURRENT), &mut ()).unwrap();
}

/// A quote and the CCEL of the same guest, and each with another guest's.
#[test]
fn shared_rtmrs_against_event_logs() {
    use RtmrExplanation::{Explained, NoEvents, Unexplained};
    let Some(quote) = read("real/tdq/tdq-a4bbf545b89c.bin") else { return };
    let other = read("real/tdq/tdq-219cafdecd8d.bin").unwrap();
    let log = read("real/log/log-8515c1528ef6.bin").unwrap();
    let other_log = read("real/log/log-08e8363d55f4.bin").unwrap();
    let tpm_log = read("real/log/log-40493c0796b7.bin").unwrap();
    let crypto = &teeproof_rustcrypto::TABLE;
    let with = |quote: &[u8], log: &[u8]| {
        let evidence = TdxEvidence::parse(quote).unwrap();
        let at = evidence.certificates().map(|one| one.not_before()).max().unwrap();
        let verification = TdxVerification::new(Freshness::Waived("recorded"), Time(at), crypto);
        let signed = verify_signatures(&evidence, &[], &verification, &mut ()).unwrap();
        let mut findings = Findings::default();
        let log = replay_rtmrs(log, &signed, crypto, &mut findings)?;
        let outcome = findings.of("tdx.log.replay").0;
        Ok::<_, Error>((*log.rtmrs(), outcome, log.events().next().is_some()))
    };
    assert_eq!(with(&quote, &log), Ok(([Explained, Explained, Explained, NoEvents], Outcome::Pass, true)));
    // The second guest extended RTMR1 after its log was read, and RTMR3 outside of it.
    assert_eq!(
        with(&other, &other_log),
        Ok(([Explained, Unexplained, NoEvents, Unexplained], Outcome::Warn, true))
    );
    assert_eq!(
        with(&other, &log),
        Ok(([Unexplained, Unexplained, Unexplained, Unexplained], Outcome::Warn, false))
    );
    assert_eq!(with(&quote, &tpm_log), Err(Error::LogFormat));
    assert!(matches!(with(&quote, &log[..100]), Err(Error::Log(_))), "a truncated log");
}
