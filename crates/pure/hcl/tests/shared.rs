//! The suite `shared`: evidence of Azure VMs that may not be committed, from the folder of
//! `TEEPROOF_SHARED_DATA`. Without the variable the tests check nothing; with it, every file must exist.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests read what is not committed")]

use std::io::Write;

use base64ct::{Base64, Base64Url, Encoding};
use teeproof_core::{CheckResult, Class, Freshness, Outcome, Record, Time};
use teeproof_hcl::{
    Error, Ground, HclEvidence, HclPolicy, HclVerification, Origin, VerifiedTdVm, appraise_snp, appraise_tdx,
    verify_snp, verify_tdx,
};
use teeproof_tdx::{CollateralKind, SignedJson, TcbStatus, TdxEvidence, TdxPolicy};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::Revocation;

/// 2025-12-02, when the TDX evidence was made; the SNP certificates are valid then, too.
const AT: Time = Time(1_764_662_251);
/// 2026-02-25T00:00:00Z, when its collateral was current.
const CURRENT: Time = Time(1_771_977_600);
/// 2026-06-01T00:00:00Z.
const STALE: Time = Time(1_780_272_000);

/// A file of the shared data; `None` where the suite is not switched on.
fn read(path: &str) -> Option<String> {
    let Ok(folder) = std::env::var("TEEPROOF_SHARED_DATA") else {
        // Not by a macro: those are kept back for tests that pass.
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return None;
    };
    let path = std::path::Path::new(&folder).join(path);
    let text = std::fs::read_to_string(&path);
    Some(text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn verification<'a>(nonce: Option<&'a [u8]>, crypto: &'a teeproof_core::Crypto<'a>) -> HclVerification<'a> {
    HclVerification::new(
        match nonce {
            Some(nonce) => Freshness::nonce(nonce).unwrap(),
            None => Freshness::Waived("a recorded vector"),
        },
        AT,
        crypto,
    )
    .revocation(Revocation::Unchecked("the vector has no revocation list"))
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
    fn of(&self, id: &str) -> &(&'static str, Outcome, String) {
        self.0.iter().find(|(found, ..)| *found == id).unwrap_or_else(|| panic!("no {id}"))
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// What one file of the Confidential Containers attester holds.
struct Coco {
    report: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    pcrs: [Option<[u8; 32]>; 24],
    vcek: Option<Vec<u8>>,
    td_quote: Option<Vec<u8>>,
}

impl Coco {
    fn parse(text: &str) -> Self {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let url = |name: &str| json[name].as_str().map(|text| Base64Url::decode_vec(text).unwrap());
        let quote = |name: &str| hex(json["tpm_quote"][name].as_str().unwrap());
        let pcrs = json["tpm_quote"]["pcrs"].as_array().unwrap().iter();
        let pcrs: Vec<_> = pcrs.map(|pcr| hex(pcr.as_str().unwrap()).try_into().ok()).collect();
        Self {
            report: url("hcl_report").unwrap(),
            message: quote("message"),
            signature: quote("signature"),
            pcrs: pcrs.try_into().unwrap(),
            vcek: url("vcek"),
            td_quote: url("td_quote"),
        }
    }

    fn evidence(&self) -> HclEvidence<'_> {
        HclEvidence::new(&self.report)
            .quote(Quote::new(&self.message, &self.signature))
            .pcrs(PcrValues::Indexed(&self.pcrs))
    }
}

#[test]
fn an_snp_machine_is_genuine_from_root_to_registers() {
    let Some(text) = read("azure/trustee-az-snp-v1.json") else { return };
    let coco = Coco::parse(&text);
    let vcek = [Certificate::parse(coco.vcek.as_deref().unwrap()).unwrap()];
    // TPMS_ATTEST: the nonce stands after the magic, the type and the signer.
    let nonce = &coco.message[44..44 + usize::from(coco.message[43])];
    for crypto in &[teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE] {
        let mut findings = Findings::default();
        let verification = verification(Some(nonce), crypto);
        let vm = verify_snp(&coco.evidence(), &vcek, &verification, &mut findings).unwrap();
        assert!(vm.is_production() && vm.ak_path().is_none());
        assert_eq!(vm.pcrs().unwrap().iter().count(), 24);
        for id in ["hcl.format", "snp.signature", "hcl.vmpl", "hcl.binding", "hcl.claims", "quote.pcrs"] {
            assert_eq!(findings.of(id).1, Outcome::Pass, "{id}");
        }
        let id = vm.claims().vm_configuration().vm_unique_id.unwrap();
        assert_eq!(id.to_string(), "26f8bc30-774e-4290-8e7a-535f3b672aee");
        let policy = HclPolicy::genuine()
            .origin(Origin::AnyOf { grounds: [Ground::ReferenceValue].as_slice().into(), line: None });
        assert!(appraise_snp(&vm, &teeproof_snp::SnpPolicy::genuine(), &policy, &mut ()));
        let wrong = verification.freshness(Freshness::nonce(b"another question").unwrap());
        let error = verify_snp(&coco.evidence(), &vcek, &wrong, &mut ()).unwrap_err();
        assert_eq!(error, Error::Tpm(teeproof_tpm::Error::Nonce));
    }
}

/// The evidence of an Azure VM on TDX in the file of its attester, and the collateral of its time.
struct Flashbots {
    yaml: String,
    collateral: String,
}

/// What the file contains, decoded.
struct Machine {
    report: Vec<u8>,
    td_quote: Vec<u8>,
    ak: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    pcrs: [Option<[u8; 32]>; 24],
}

impl Flashbots {
    fn read() -> Option<Self> {
        let yaml = read("azure/fb-az-tdx-1764662251.yaml")?;
        Some(Self { yaml, collateral: read("azure/fb-az-collateral-1764662251.yaml")? })
    }

    /// The text of a key.
    fn entry<'t>(text: &'t str, key: &str) -> &'t str {
        let (_, rest) = text.split_once(&format!("{key}: |-\n")).unwrap();
        rest.split("\n\n").next().unwrap().trim()
    }

    /// The bytes of a list of numbers.
    fn list(text: &str) -> Vec<u8> {
        let (list, _) = text.split_once(']').unwrap();
        let (_, list) = list.split_once('[').unwrap();
        list.split(',').map(|number| number.trim().parse().unwrap()).collect()
    }

    fn machine(&self) -> Machine {
        let base64 = |key| Base64Url::decode_vec(Self::entry(&self.yaml, key)).unwrap();
        let numbers = |key: &str| Self::list(self.yaml.split_once(key).unwrap().1);
        let (_, pcrs) = self.yaml.split_once("pcrs:").unwrap();
        let (pcrs, _) = pcrs.split_once("event_log").unwrap();
        let pcrs: Vec<_> = pcrs.split("- ").skip(1).map(|list| Self::list(list).try_into().ok()).collect();
        let mut ak = pem(&self.yaml);
        // The PEM holds the whole NV index: zeros follow on the certificate.
        assert_eq!(ak.len(), 4096);
        ak.truncate(4 + usize::from(u16::from_be_bytes([ak[2], ak[3]])));
        Machine {
            report: base64("hcl_report_base64"),
            td_quote: base64("tdx_quote_base64"),
            ak,
            message: numbers("message:"),
            signature: numbers("signature:"),
            pcrs: pcrs.try_into().unwrap(),
        }
    }

    /// Verifies a machine with its collateral.
    fn verify<T>(
        &self,
        machine: &Machine,
        at: Time,
        record: &mut dyn Record,
        then: impl FnOnce(Result<VerifiedTdVm<'_>, Error>) -> T,
    ) -> T {
        let document = |kind, key: &str| {
            let signature = Self::entry(&self.collateral, &format!("{key}_signature"));
            SignedJson::from_parts(kind, Self::entry(&self.collateral, key), signature).unwrap()
        };
        let documents = [
            document(CollateralKind::TcbInfo, "tcb_info"),
            document(CollateralKind::QeIdentity, "qe_identity"),
        ];
        let mut ders = pems(&self.collateral);
        ders.push(machine.ak.clone());
        let certificates: Vec<_> = ders.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let lists = ["root_ca_crl", "pck_crl"].map(|key| hex(Self::entry(&self.collateral, key)));
        let lists: Vec<_> = lists.iter().map(|der| RevocationList::parse(der).unwrap()).collect();
        let td_quote = TdxEvidence::parse(&machine.td_quote).unwrap();
        let evidence = HclEvidence::new(&machine.report)
            .td_quote(td_quote.view())
            .quote(Quote::new(&machine.message, &machine.signature))
            .pcrs(PcrValues::Indexed(&machine.pcrs));
        let freshness = Freshness::Waived("a recorded vector");
        let verification = HclVerification::new(freshness, at, &teeproof_aws_lc::TABLE)
            .revocation(Revocation::Lists(&lists));
        then(verify_tdx(&evidence, &certificates, &documents, &verification, record))
    }
}

#[test]
fn shared_tdx_machine_is_genuine_from_root_to_pcrs() {
    let Some(shared) = Flashbots::read() else { return };
    let machine = shared.machine();
    let mut findings = Findings::default();
    shared.verify(&machine, CURRENT, &mut findings, |vm| {
        let vm = vm.unwrap();
        assert!(vm.is_production() && !vm.td_quote().is_debug());
        assert_eq!(vm.td_quote().tcb().status(), TcbStatus::UpToDate);
        assert_eq!(vm.td_quote().pck().fmspc, [0x90, 0xc0, 0x6f, 0, 0, 0]);
        assert_eq!(vm.pcrs().unwrap().iter().count(), 24);
        assert!(vm.quote().is_some() && vm.ak_path().is_none());
        assert_eq!(vm.claims().vm_configuration().secure_boot, Some(false));
        let (tdx, policy) = (TdxPolicy::genuine(), HclPolicy::genuine());
        let strict = policy.clone().origin(Origin::any_of([Ground::ReferenceValue].as_slice()));
        assert!(appraise_tdx(&vm, &tdx, &policy, &mut ()) && appraise_tdx(&vm, &tdx, &strict, &mut ()));
        assert!(vm.origin(None).is_strong());
    });
    for id in ["hcl.td-report", "tdx.signature", "tdx.revocation", "tdx.tcb", "hcl.td-report.quote"] {
        assert_eq!(findings.of(id).1, Outcome::Pass, "{id}");
    }
    for id in ["hcl.binding", "hcl.claims", "quote.signature", "quote.pcrs"] {
        assert_eq!(findings.of(id).1, Outcome::Pass, "{id}");
    }
    let (_, outcome, because) = findings.of("ak.chain");
    assert_eq!(*outcome, Outcome::Warn);
    assert!(because.contains("certificate of Global Virtual TPM CA - 03 is missing"), "{because}");
    let stale = shared.verify(&machine, STALE, &mut (), |vm| vm.map(|_| ()).unwrap_err());
    assert_eq!(stale.class(), Class::Incomplete, "{stale}");
}

#[test]
fn shared_tdx_evidence_is_refused_where_it_was_altered() {
    let Some(shared) = Flashbots::read() else { return };
    let refused = |alter: &dyn Fn(&mut Machine)| {
        let mut machine = shared.machine();
        alter(&mut machine);
        shared.verify(&machine, CURRENT, &mut (), |vm| vm.map(|_| ()).unwrap_err())
    };
    assert_eq!(refused(&|machine| machine.report[0x4d4] ^= 1), Error::Binding);
    let mismatch = Error::TdReportMismatch { field: "REPORTDATA" };
    assert_eq!(refused(&|machine| machine.report[0x20 + 128] ^= 1), mismatch);
    assert_eq!(refused(&|machine| machine.td_quote[48 + 136] ^= 1).check().id, "tdx.signature");
    let signature = Error::Tpm(teeproof_tpm::Error::Signature);
    assert_eq!(refused(&|machine| machine.message[50] ^= 1), signature);
    assert_eq!(
        refused(&|machine| machine.pcrs[4] = Some([0; 32])),
        Error::Tpm(teeproof_tpm::Error::PcrDigest)
    );
    // The TD quote of another genuine VM.
    let other = Coco::parse(&read("azure/trustee-az-tdx-v1.json").unwrap()).td_quote.unwrap();
    let error = refused(&|machine| machine.td_quote.clone_from(&other));
    // Its platform is of another FMSPC than the TCB info.
    assert_eq!((error.class(), error.check().id), (Class::Incomplete, "tdx.tcb-info"));
}

#[test]
fn shared_tdx_evidence_without_collateral_names_what_is_missing() {
    let Some(text) = read("azure/trustee-az-tdx-v1.json") else { return };
    let coco = Coco::parse(&text);
    let bytes = coco.td_quote.clone().unwrap();
    for crypto in &[teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE] {
        let mut findings = Findings::default();
        let td_quote = TdxEvidence::parse(&bytes).unwrap();
        let evidence = coco.evidence().td_quote(td_quote.view());
        let verification = verification(None, crypto);
        let error = verify_tdx(&evidence, &[], &[], &verification, &mut findings).unwrap_err();
        assert_eq!((error.class(), error.check().id), (Class::Incomplete, "tdx.collateral"), "{error}");
        assert!(error.to_string().contains("FMSPC 00806F050000"), "{error}");
        assert!(error.urls().unwrap().to_string().contains("tcb?fmspc=00806F050000"));
        assert_eq!(findings.of("hcl.td-report").1, Outcome::Pass);
        assert_eq!(findings.of("tdx.signature").1, Outcome::Pass);
        let error = verify_tdx(&coco.evidence(), &[], &[], &verification, &mut ()).unwrap_err();
        assert_eq!(error, Error::TdQuoteMissing);
    }
}

#[test]
fn shared_root_of_the_vtpms_is_the_pinned_one() {
    let Some(root) = read("azure/azure-vtpm-root-2023.pem") else { return };
    assert_eq!(teeproof_hcl::AK_ROOTS[0], pem(&root));
}

/// The certificates of a text.
fn pems(text: &str) -> Vec<Vec<u8>> {
    let blocks = text.match_indices("-----BEGIN CERTIFICATE-----");
    blocks.filter_map(|(at, _)| text.get(at..)).map(pem).collect()
}

/// The first certificate of a text.
fn pem(text: &str) -> Vec<u8> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let letters: String = rest.split("-----END").next().unwrap().split_whitespace().collect();
    Base64::decode_vec(&letters).unwrap()
}
