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
use teeproof_core::{CheckResult, Freshness, Outcome, Record, Time};
use teeproof_hcl::{
    Error, Ground, HclEvidence, HclPolicy, HclVerification, Origin, appraise_snp, verify_snp, verify_tdx,
};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Revocation;

/// 2025-12-02, when the TDX evidence was made; the SNP certificates are valid then, too.
const AT: Time = Time(1_764_662_251);

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
            .td_quote(self.td_quote.as_deref())
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

#[test]
fn a_tdx_machine_binds_and_its_quote_is_not_looked_at() {
    let Some(text) = read("azure/trustee-az-tdx-v1.json") else { return };
    let coco = Coco::parse(&text);
    let crypto = teeproof_aws_lc::TABLE;
    let mut findings = Findings::default();
    let error = verify_tdx(&coco.evidence(), &[], &verification(None, &crypto), &mut findings).unwrap_err();
    assert_eq!(error, Error::TdCollateralMissing);
    assert_eq!(findings.of("tdx.report").1, Outcome::Pass);
    assert_eq!(findings.of("hcl.binding").1, Outcome::Pass);
    let mut alone = coco.evidence();
    alone.td_quote = None;
    let error = verify_tdx(&alone, &[], &verification(None, &crypto), &mut ()).unwrap_err();
    assert_eq!(error, Error::TdQuoteMissing);
}

#[test]
fn a_real_ak_certificate_names_its_missing_intermediate() {
    let Some(yaml) = read("azure/fb-az-tdx-1764662251.yaml") else { return };
    let root = read("azure/azure-vtpm-root-2023.pem").unwrap();
    let entry = |key: &str| {
        let (_, rest) = yaml.split_once(&format!("{key}: |-\n")).unwrap();
        rest.split("\n\n").next().unwrap().split_whitespace().collect::<String>()
    };
    let report = Base64Url::decode_vec(&entry("hcl_report_base64")).unwrap();
    let mut ak = pem(&yaml);
    // The PEM holds the whole NV index: zeros follow on the certificate.
    assert_eq!(ak.len(), 4096);
    ak.truncate(4 + usize::from(u16::from_be_bytes([ak[2], ak[3]])));
    let root = pem(&root);
    let ders = [ak, root];
    let certificates: Vec<_> = ders.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let evidence = HclEvidence::new(&report);
    assert_eq!(teeproof_hcl::AK_ROOTS[0], certificates[1].der());
    for crypto in &[teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE] {
        let mut findings = Findings::default();
        let verification = verification(None, crypto);
        let error = verify_tdx(&evidence, &certificates, &verification, &mut findings).unwrap_err();
        assert_eq!(error, Error::TdQuoteMissing);
        let (_, outcome, because) = findings.of("ak.chain");
        assert_eq!(*outcome, Outcome::Warn);
        assert!(because.contains("certificate of Global Virtual TPM CA - 03 is missing"), "{because}");
    }
}

/// The first certificate of a text.
fn pem(text: &str) -> Vec<u8> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let letters: String = rest.split("-----END").next().unwrap().split_whitespace().collect();
    Base64::decode_vec(&letters).unwrap()
}
