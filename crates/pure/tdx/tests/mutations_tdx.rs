//! Minted evidence with every signed bit flipped: quotes, PCK chain and collateral, each refused for its own signature,
//! with caches and without.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests say how much they looked at, and read the environment"
)]

#[path = "minted/caches.rs"]
mod caches;
#[path = "minted/support.rs"]
mod support;

use teeproof_core::Freshness;
use teeproof_mint::x509::pem;
use teeproof_tdx::{DocumentProblem, Error, TdxEvidence, TdxVerification, verify_signatures};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::Anchors;

use caches::{Caches, listed, machine};
use support::{AT, Checked, Evidence, genuine, time};

/// Each bit from the header to the authentication data: signed bytes, attestation key, report, and both signatures.
#[test]
fn every_bit_is_signed() {
    for platform in [genuine(), genuine().version_5(), genuine().tdx_1_5()] {
        let evidence = platform.evidence();
        let version = platform.header.version;
        let signed = match (version, platform.body.tdx_1_5) {
            (4, _) => 632,
            (_, false) => 638,
            (_, true) => 702,
        };
        let data = signed + 4;
        let ranges = [
            (data..data + 64, Error::Signature),
            (data + 64..data + 128, Error::QeBinding),
            (data + 134..data + 518, Error::QeSignature),
            (data + 518..data + 582, Error::QeSignature),
            (data + 584..data + 616, Error::QeBinding),
        ];
        let roots = [&evidence.root[..]];
        let verification =
            TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_aws_lc::TABLE)
                .anchors(Anchors::and(&roots));
        let refused = |bytes: &[u8]| match TdxEvidence::parse(bytes) {
            Ok(evidence) => verify_signatures(&evidence, &[], &verification, &mut ()).map(|_| ()).err(),
            Err(error) => Some(error),
        };
        assert_eq!(refused(&evidence.quote), None);
        let mut count = 0;
        for at in (0..signed).chain(ranges.iter().flat_map(|(range, _)| range.clone())) {
            for bit in 0..8 {
                let mut bytes = evidence.quote.clone();
                bytes[at] ^= 1 << bit;
                let error = refused(&bytes).unwrap_or_else(|| panic!("byte {at}, bit {bit}"));
                let expected = match at {
                    // Version, type of key, type of TEE, vendor of the quoting enclave; type and size of a body.
                    0..8 | 12..28 | 48..54 if version == 5 || at < 48 => error,
                    _ => {
                        let of = ranges.iter().find(|(range, _)| range.contains(&at));
                        of.map_or(Error::Signature, |(_, error)| *error)
                    }
                };
                assert_eq!(error, expected, "byte {at}, bit {bit}");
                count += 1;
            }
        }
        assert_eq!(count, 8 * (signed + 64 + 64 + 384 + 64 + 32));
        println!("version {version}, body of {} bytes: {count} bits refused", platform.body.bytes().len());
    }
}

/// Each bit of the PCK certificate and of its authority's.
#[test]
fn every_bit_of_the_chain_is_signed() {
    let mut platform = genuine();
    let root = platform.evidence().minted.root;
    platform.certification.inner = Some(pem(&root).into_bytes());
    let mut evidence = platform.evidence();
    evidence.minted.root = root;
    let roots = [&evidence.root[..]];
    let verification = TdxVerification::new(Freshness::Waived("a test"), time(AT), &teeproof_aws_lc::TABLE)
        .anchors(Anchors::and(&roots));
    let quote = TdxEvidence::parse(&evidence.quote).unwrap();
    let accepted = |pck: &[u8], ca: &[u8]| {
        let certificates: Vec<_> =
            [pck, ca].into_iter().filter_map(|der| Certificate::parse(der).ok()).collect();
        verify_signatures(&quote, &certificates, &verification, &mut ()).is_ok()
    };
    let minted = &evidence.minted;
    assert!(accepted(&minted.pck, &minted.pck_ca));
    let mut count = 0;
    for of_pck in [true, false] {
        let der = if of_pck { &minted.pck } else { &minted.pck_ca };
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut bytes = der.clone();
                bytes[at] ^= 1 << bit;
                let (pck, ca) = if of_pck { (&bytes, &minted.pck_ca) } else { (&minted.pck, &bytes) };
                assert!(!accepted(pck, ca), "{of_pck}, byte {at}, bit {bit}");
                count += 1;
            }
        }
    }
    println!("PCK chain: {count} bits refused");
}

/// Each bit of the signed bytes of both documents, and of their signatures. The TCB info has one level, to be short.
#[test]
fn every_bit_of_the_collateral_is_signed() {
    let evidence = genuine().with_tcb_info(|info| info.levels.truncate(1)).evidence();
    let step = if std::env::var_os("TEEPROOF_QUICK").is_some_and(|value| value == "1") { 7 } else { 1 };
    let [mut not_text, mut malformed, mut refused] = [0; 3];
    for (of_tcb_info, check) in [(true, "tdx.tcb-info"), (false, "tdx.qe-identity")] {
        let whole = if of_tcb_info { &evidence.tcb_info } else { &evidence.qe_identity };
        let start = whole.find(":{").unwrap() + 1;
        let end = whole.rfind(",\"signature\"").unwrap();
        let signature = end + ",\"signature\":\"".len()..whole.len() - "\"}".len();
        assert_eq!(signature.len(), 128);
        for at in (start..end).chain(signature).step_by(step) {
            for bit in 0..8 {
                let mut bytes = whole.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // The digits of the signature have two cases.
                if at > end && bytes[at].eq_ignore_ascii_case(&whole.as_bytes()[at]) {
                    continue;
                }
                let Ok(text) = String::from_utf8(bytes) else {
                    not_text += 1;
                    continue;
                };
                let mut changed = evidence.clone();
                *(if of_tcb_info { &mut changed.minted.tcb_info } else { &mut changed.minted.qe_identity }) =
                    text;
                changed.verify(Freshness::Waived("a test"), |result, _| {
                    let error = result.map(|_| ()).unwrap_err();
                    match error {
                        // Text that is no longer JSON.
                        Error::Collateral(_) => malformed += 1,
                        Error::Document { problem, .. } => {
                            assert_eq!(error.check().id, check, "{at} {bit}: {error}");
                            assert_eq!(problem, DocumentProblem::Signature, "{at} {bit}");
                            refused += 1;
                        }
                        other => panic!("{at} {bit}: {other}"),
                    }
                });
            }
        }
    }
    assert!(refused > 10_000 / step, "{refused}");
    println!("collateral: {refused} bits refused by signature, {malformed} not JSON, {not_text} not UTF-8");
}

/// A bit of each byte of the documents with their signatures, and of every third of the quote: the caches change no result.
#[test]
fn one_other_bit_is_another_document() {
    let minted = listed(&machine());
    let mut caches = Caches::of(&minted);
    let mut none = Caches::new(0);
    let mut refused = 0;
    let mut compare = |changed: &Evidence, what: &str, at: usize| {
        let (with, without) = (caches.verify(changed, false).0, none.verify(changed, false).0);
        refused += usize::from(without.is_err());
        assert_eq!(with.map(|findings| findings.0), without.map(|findings| findings.0), "{what} {at}");
    };
    let flipped = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).unwrap()
    };
    for at in 0..minted.tcb_info.len() {
        let mut changed = minted.clone();
        changed.tcb_info = flipped(&minted.tcb_info, at);
        compare(&changed, "TCB info", at);
    }
    for at in 0..minted.qe_identity.len() {
        let mut changed = minted.clone();
        changed.qe_identity = flipped(&minted.qe_identity, at);
        compare(&changed, "QE identity", at);
    }
    for at in (0..minted.quote.len()).step_by(3) {
        let mut changed = minted.clone();
        changed.quote[at] ^= 1 << (at % 8);
        compare(&changed, "quote", at);
    }
    assert!(refused > 3000, "{refused}");
}
