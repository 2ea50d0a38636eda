//! Two real HCL reports from a published package.
//!
//! Their VCEK certificates and TD quotes are not published. So a certificate is minted for the same chip and TCB, and
//! the crypto table accepts every signature of a processor; and a TD quote with the fields of the real TDREPORT is
//! minted. Hashes, claims and everything of the vTPM are real, and so are their checks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use teeproof_core::{BadSignature, Class, Crypto, Freshness, RsaKey, Time, VerifyEcdsa, VerifyRsa};
use teeproof_hcl::{
    Error, HclEvidence, HclVerification, VerifiedTdVm, VerifiedVm, VmId, verify_snp, verify_tdx,
};
use teeproof_mint::snp::{Machine, Product};
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_tdx::{SignedJson, TdxEvidence};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

const SNP: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-snp.bin");
const TDX: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-tdx.bin");
const OTHER_CLAIMS: &[u8] = include_bytes!("../../../../testdata/azure/var-data.bin");
const QUOTE: &[u8] = include_bytes!("../../../../testdata/azure/quote.bin");
const OTHER_VCEK: &str = include_str!("../../../../testdata/azure/certs.pem");
const CLAIMS_AT: usize = 0x4d4;

struct Believe;

impl VerifyEcdsa for Believe {
    fn verify(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

impl VerifyRsa for Believe {
    fn verify(&self, _: RsaKey<'_>, _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

/// Both tables, believing what a processor or its maker signed.
fn tables() -> [Crypto<'static>; 2] {
    [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE].map(|table| Crypto {
        ecdsa_p384_sha384: &Believe,
        rsa_pss_sha384: &Believe,
        ..table
    })
}

/// Certificates for the report's chip and TCB, and their root.
struct Vek {
    certificates: Vec<Vec<u8>>,
    ark: Vec<u8>,
}

impl Vek {
    fn minted() -> Self {
        let report = teeproof_wire::snp::Report::parse(&SNP[0x20..0x4c0]).unwrap();
        let [bootloader, tee, .., snp, microcode] = *report.reported_tcb();
        let tcb = teeproof_mint::snp::Tcb { fmc: 0, bootloader, tee, snp, microcode };
        let machine = Machine::vcek(Product::Milan).authority_keys(Kind::Rsa2048);
        let evidence = machine.tcb(tcb).chip_id(*report.chip_id()).mint().unwrap();
        Self { certificates: vec![evidence.vek, evidence.intermediate], ark: evidence.ark }
    }

    fn verify<'a, T>(
        &'a self,
        evidence: &HclEvidence<'a>,
        crypto: &Crypto,
        then: impl FnOnce(Result<VerifiedVm<'_>, Error>) -> T,
    ) -> T {
        let certificates: Vec<_> =
            self.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let anchors = [self.ark.as_slice()];
        let verification =
            HclVerification::new(Freshness::Waived("a recorded vector"), Time(DEFAULT_TIME as i64), crypto)
                .anchors(Anchors::and(&anchors))
                .revocation(Revocation::Unchecked("a minted certificate"));
        then(verify_snp(evidence, &certificates, &verification, &mut ()))
    }
}

fn alone(report: &[u8]) -> HclEvidence<'_> {
    HclEvidence::new(report)
}

#[test]
fn the_claims_of_2023_are_typed() {
    let vek = Vek::minted();
    for crypto in &tables() {
        vek.verify(&alone(SNP), crypto, |vm| {
            let vm = vm.unwrap();
            let claims = vm.claims();
            let configured = claims.vm_configuration();
            assert_eq!(claims.keys().len(), 1);
            assert_eq!(
                (claims.ak().kid.as_str(), claims.ak().key_ops.as_slice()),
                ("HCLAkPub", &["encrypt".into()][..])
            );
            assert_eq!(claims.ak().modulus[..4], [0xb5, 0x85, 0x41, 0xa6]);
            assert_eq!(configured.current_time, Some(1_678_652_405));
            assert_eq!((configured.console_enabled, configured.secure_boot), (Some(true), Some(true)));
            assert_eq!((configured.tpm_enabled, configured.tpm_persisted), (Some(true), None));
            let id = VmId(0xbaef_d3e1_184b_4c4c_ab88_0bda_d260_505f_u128.to_be_bytes());
            assert_eq!(configured.vm_unique_id, Some(id));
            assert_eq!(claims.user_data(), None);
            assert!(claims.unknown().is_empty() && configured.unknown.is_empty());
            assert!(vm.quote().is_none() && vm.ak_path().is_none());
            assert_eq!(vm.report().report().guest_svn(), 2);
        });
    }
}

/// Verifies the TDX report under a minted quote of the fields of its TDREPORT.
fn verify_td<T>(bytes: &[u8], then: impl FnOnce(Result<VerifiedTdVm<'_>, Error>) -> T) -> T {
    let report = &TDX[0x20..0x420];
    // From TEE_TCB_SVN to SEAMATTRIBUTES, from TDATTRIBUTES to RTMR3, REPORTDATA.
    let body = [&report[264..384], &report[512..912], &report[128..192]].concat();
    let minted = TdxMachine::new()
        .patch(48, &body)
        .with_tcb_info(|info| {
            // The module of 2023 is older than the minted levels.
            info.levels.iter_mut().for_each(|level| level.tdx = [0; 16]);
            for module in &mut info.modules {
                module.levels.iter_mut().for_each(|level| level.isv_svn = 0);
            }
        })
        .mint()
        .unwrap();
    let documents = [&minted.tcb_info, &minted.qe_identity].map(|text| SignedJson::parse(text).unwrap());
    let certificates = [Certificate::parse(&minted.tcb_signing).unwrap()];
    let anchors = [minted.root.as_slice()];
    let freshness = Freshness::Waived("a recorded vector");
    let verification =
        HclVerification::new(freshness, Time(DEFAULT_TIME as i64), &teeproof_rustcrypto::TABLE)
            .anchors(Anchors::and(&anchors))
            .revocation(Revocation::Unchecked("minted certificates"));
    let td_quote = TdxEvidence::parse(&minted.quote).unwrap();
    let evidence = alone(bytes).td_quote(td_quote.view());
    then(verify_tdx(&evidence, &certificates, &documents, &verification, &mut ()))
}

#[test]
fn the_claims_of_a_tdx_machine_are_typed() {
    verify_td(TDX, |vm| {
        let vm = vm.unwrap();
        let (claims, configured) = (vm.claims(), vm.claims().vm_configuration());
        let ids: Vec<_> = claims.keys().iter().map(|key| key.kid.as_str()).collect();
        assert_eq!(ids, ["HCLAkPub", "HCLEkPub"]);
        assert_eq!((configured.secure_boot, configured.tpm_enabled), (Some(false), Some(true)));
        assert!(configured.vm_unique_id.is_some() && claims.user_data().is_some());
        assert_eq!(vm.td_quote().td().mrtd()[..4], [0x75, 0xf3, 0xac, 0xc2]);
    });
}

#[test]
fn the_claims_of_a_tdx_machine_bind() {
    let refused = |bytes: &[u8]| verify_td(bytes, |vm| vm.map(|_| ()).unwrap_err());
    for at in [CLAIMS_AT, CLAIMS_AT + 600, CLAIMS_AT + 1201] {
        let mut bytes = TDX.to_vec();
        bytes[at] ^= 1;
        assert_eq!(refused(&bytes), Error::Binding);
    }
    for at in [0x20 + 128, 0x20 + 128 + 63] {
        let mut bytes = TDX.to_vec();
        bytes[at] ^= 1;
        assert_eq!(refused(&bytes), Error::TdReportMismatch { field: "REPORTDATA" });
    }
    let verification = HclVerification::new(
        Freshness::Waived("a recorded vector"),
        Time(DEFAULT_TIME as i64),
        &teeproof_rustcrypto::TABLE,
    );
    let error = verify_tdx(&alone(TDX), &[], &[], &verification, &mut ()).map(|_| ()).unwrap_err();
    assert_eq!((error, error.class()), (Error::TdQuoteMissing, Class::Incomplete));
}

#[test]
fn no_bit_can_be_turned() {
    let vek = Vek::minted();
    let [crypto, _] = tables();
    let claims = CLAIMS_AT..CLAIMS_AT + 583;
    let report_data = 0x20 + 0x50..0x20 + 0x90;
    for at in (0..0x20).chain(report_data.clone()).chain(0x4c0..SNP.len()) {
        for bit in 0..8 {
            let mut bytes = SNP.to_vec();
            bytes[at] ^= 1 << bit;
            let error = vek.verify(&alone(&bytes), &crypto, |vm| vm.map(|_| ()).unwrap_err());
            let bound = claims.contains(&at) || report_data.contains(&at);
            // Turned once, SHA-256 is SHA-512.
            let other_hash = at == 0x4cc && bit == 1;
            assert_eq!(error == Error::Binding, bound || other_hash, "{at:#x} {bit}: {error}");
        }
    }
}

#[test]
fn the_claims_of_another_machine_do_not_bind() {
    let vek = Vek::minted();
    assert_eq!(OTHER_CLAIMS.len(), 1110);
    // With sizes that agree: the envelope is well formed.
    let mut bytes = SNP[..CLAIMS_AT].to_vec();
    for (at, word) in [(0x08, CLAIMS_AT + 1110), (0x4c0, 20 + 1110), (0x4d0, 1110)] {
        bytes[at..at + 4].copy_from_slice(&u32::try_from(word).unwrap().to_le_bytes());
    }
    bytes.extend(OTHER_CLAIMS);
    bytes.resize(2600, 0);
    for crypto in &tables() {
        vek.verify(&alone(&bytes), crypto, |vm| {
            let error = vm.unwrap_err();
            assert_eq!((error, error.class()), (Error::Binding, Class::NotBound));
        });
    }
}

#[test]
fn the_quote_of_another_machine_is_refused() {
    let vek = Vek::minted();
    // A length and the signature, a length and the message, a count and the registers.
    let signature = &QUOTE[8..264];
    let count = u64::from_le_bytes(*QUOTE[264..].first_chunk().unwrap()) as usize;
    let message = &QUOTE[272..272 + count];
    let pcrs = &QUOTE[272 + count + 8..];
    assert_eq!(pcrs.len(), 24 * 32);
    let quote = Some(Quote::new(message, signature));
    let evidence = alone(SNP).quote(quote).pcrs(PcrValues::InSelectionOrder(pcrs));
    for crypto in &tables() {
        vek.verify(&evidence, crypto, |vm| {
            let error = vm.unwrap_err();
            assert_eq!(error, Error::Tpm(teeproof_tpm::Error::Signature));
            assert_eq!((error.class(), error.check().id), (Class::NotAuthentic, "quote.signature"));
        });
    }
}

#[test]
fn the_package_has_another_chips_certificate() {
    let [crypto, _] = tables();
    let first = OTHER_VCEK.split("-----END").next().unwrap().split("-----\n").nth(1).unwrap();
    let letters: String = first.split_whitespace().collect();
    let der = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&letters).unwrap();
    let vek = Vek { certificates: vec![der], ark: Vek::minted().ark };
    vek.verify(&alone(SNP), &crypto, |vm| {
        let error = vm.unwrap_err();
        assert!(matches!(error, Error::Snp(_)), "{error}");
        assert_eq!(error.class(), Class::Incomplete, "{error}");
    });
}
