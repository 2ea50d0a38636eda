//! Genuine quotes with the collateral of their time, as a published package carries them.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use base64ct::{Base64, Encoding};
use serde_json::Value;
use teeproof_core::{Class, Freshness, Time};
use teeproof_tdx::{
    Collateral, CollateralKind, Error, SignedJson, TcbStatus, TdxEvidence, TdxPolicy, TdxVerification,
    appraise, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::Revocation;

/// A quote with its collateral, and the first and the last second at which this is current.
struct Sample {
    quote: &'static [u8],
    collateral: &'static str,
    current: [i64; 2],
}

const V4: Sample = Sample {
    quote: include_bytes!("../../../../testdata/tdx/quote-v4.bin"),
    collateral: include_str!("../../../../testdata/tdx/collateral-v4.json"),
    // 2025-06-19T10:32:27Z, when the QE identity was issued; 2025-07-19T10:00:35Z, the PCK list's nextUpdate.
    current: [1_750_329_147, 1_752_919_235],
};

const V5: Sample = Sample {
    quote: include_bytes!("../../../../testdata/tdx/quote-v5.bin"),
    collateral: include_str!("../../../../testdata/tdx/collateral-v5.json"),
    // 2026-02-18T10:58:51Z, when the TCB info was issued; 2026-03-20T10:41:15Z, the PCK list's nextUpdate.
    current: [1_771_412_331, 1_774_003_275],
};

const TD15EX: &[u8] = include_bytes!("../../../../testdata/tdx/quote-td15ex.bin");

/// What a verification finds.
struct Found {
    status: TcbStatus,
    advisories: Vec<String>,
    genuine: bool,
    fmspc: [u8; 6],
}

impl Sample {
    fn verify(&self, at: i64) -> Result<Found, Error> {
        let collateral: Value = serde_json::from_str(self.collateral).unwrap();
        let text = |key: &str| collateral[key].as_str().unwrap();
        let document =
            |kind, key: &str| SignedJson::from_parts(kind, text(key), text(&format!("{key}_signature")));
        let documents = [
            document(CollateralKind::TcbInfo, "tcb_info")?,
            document(CollateralKind::QeIdentity, "qe_identity")?,
        ];
        let certificates = certificates(text("tcb_info_issuer_chain"));
        let certificates: Vec<_> = certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let lists = ["root_ca_crl", "pck_crl"].map(|key| hex(text(key)));
        let lists = lists.each_ref().map(|der| RevocationList::parse(der).unwrap());
        let evidence = TdxEvidence::parse(self.quote)?;
        let verification =
            TdxVerification::new(Freshness::Waived("recorded"), Time(at), &teeproof_aws_lc::TABLE)
                .revocation(Revocation::Required(&lists));
        let collateral = Collateral { documents: &documents, certificates: &certificates };
        let verified = verify(&evidence, &collateral, &verification, &mut ())?;
        assert!(verified.is_production() && verified.revocation().is_complete());
        Ok(Found {
            status: verified.tcb().status(),
            advisories: verified.tcb().advisories().into_iter().map(str::to_owned).collect(),
            genuine: appraise(&verified, &TdxPolicy::genuine(), &mut ()),
            fmspc: verified.signed().pck().fmspc,
        })
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn certificates(pem: &str) -> Vec<Vec<u8>> {
    let between = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    between
        .map(|rest| {
            let letters: String = rest.split("-----END").next().unwrap().split_whitespace().collect();
            Base64::decode_vec(&letters).unwrap()
        })
        .collect()
}

#[test]
fn a_quote_of_version_4() {
    let found = V4.verify(1_750_377_600).unwrap();
    assert_eq!(found.fmspc, [0xb0, 0xc0, 0x6f, 0, 0, 0]);
    assert_eq!((found.status, found.genuine), (TcbStatus::UpToDate, true));
    assert!(found.advisories.is_empty());
}

/// Its platform reaches no level of the TCB info: everything else holds.
#[test]
fn a_quote_of_version_5() {
    let error = V5.verify(1_771_977_600).map(|_| ()).unwrap_err();
    assert_eq!(error, Error::TcbLevel);
}

#[test]
fn collateral_is_current_for_a_month() {
    for sample in [V4, V5] {
        let [first, last] = sample.current;
        for at in [first, last] {
            assert!(matches!(sample.verify(at).map(|_| ()), Ok(()) | Err(Error::TcbLevel)));
        }
        for at in [first - 1, last + 1] {
            let error = sample.verify(at).map(|_| ()).unwrap_err();
            assert_eq!(error.class(), Class::Incomplete, "{error}");
        }
    }
}

#[test]
fn a_body_of_an_unsupported_type() {
    let error = TdxEvidence::parse(TD15EX).map(|_| ()).unwrap_err();
    assert_eq!((error.class(), error.check().id), (Class::Unsupported, "tdx.format"), "{error}");
}
