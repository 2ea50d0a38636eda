//! TD quotes as parts: the certificates in a quote are decoded once, and the quote stays as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use teeproof_evidence::{InputClass, InputError, InputKind, Inputs, Part, sniff};
use teeproof_mint::tdx::TdxMachine;

fn certificates(bytes: &[u8]) -> Vec<Vec<u8>> {
    let part = Part::new(InputKind::TdQuote, bytes).unwrap();
    assert_eq!((part.kind(), part.bytes()), (InputKind::TdQuote, bytes));
    assert_eq!(part.clone().into_bytes(), bytes);
    let mut inputs = Inputs::new();
    inputs.add_part(part).unwrap();
    assert_eq!(inputs.bytes_of(InputKind::TdQuote), Some(bytes));
    let quote = inputs.td_quote().unwrap();
    assert_eq!(quote.bytes(), bytes);
    quote.certificates().iter().map(|one| one.der().to_vec()).collect()
}

#[test]
fn a_quote_has_the_certificates_of_its_chain() {
    for machine in [TdxMachine::new(), TdxMachine::new().tdx_1_5()] {
        let minted = machine.mint().unwrap();
        let chain = [minted.pck.clone(), minted.pck_ca.clone(), minted.root.clone()];
        assert_eq!(certificates(&minted.quote), chain);
        let sniffed = sniff(&minted.quote, None).unwrap();
        assert_eq!(sniffed.kind, InputKind::TdQuote);
        assert_eq!(sniffed.parts, [Part::new(InputKind::TdQuote, &minted.quote).unwrap()]);
    }
    assert!(Inputs::new().td_quote().is_none());
}

/// What is wrong with a quote is for its verifier to say; the part is its bytes.
#[test]
fn a_malformed_quote_has_no_certificates() {
    let minted = TdxMachine::new().mint().unwrap();
    let begin = minted.quote.windows(27).position(|text| text == b"-----BEGIN CERTIFICATE-----").unwrap();
    assert!(certificates(b"").is_empty());
    assert!(certificates(&minted.quote[..begin]).is_empty());
    // A line that is no base64 makes the whole text malformed.
    let mut altered = minted.quote.clone();
    altered[begin + 40] = b'?';
    assert!(certificates(&altered).is_empty());
    // A certificate that is not one is left out.
    let mut altered = minted.quote.clone();
    altered[begin + 28] = b'A';
    assert_eq!(certificates(&altered), [minted.pck_ca, minted.root]);
    let too_large = vec![0; 16 * 1024 + 1];
    assert!(Part::new(InputKind::TdQuote, &too_large).is_err());
}

/// A quote of an SGX enclave is named as what it is, by its header alone.
#[test]
fn a_quote_of_an_sgx_enclave_is_not_supported() {
    for (version, key) in [(3, 2), (4, 2), (5, 3)] {
        let mut quote = vec![version, 0, key, 0, 0, 0, 0, 0, 10, 0, 15, 0];
        quote.extend(b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07");
        quote.extend([1; 4600]);
        let error = sniff(&quote, None).unwrap_err();
        assert_eq!(error, InputError::SgxQuote { version: u16::from(version) });
        assert_eq!(error.class(), InputClass::Unsupported);
        assert!(error.to_string().starts_with(&format!("an SGX quote, version {version}")), "{error}");
        let mut other = quote.clone();
        other[12] ^= 1;
        assert_eq!(sniff(&other, None).unwrap_err(), InputError::Unknown);
    }
}
