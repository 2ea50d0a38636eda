//! A quote of a real Azure machine, as a published package carries it: az-cvm-vtpm's bincode form.

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use teeproof_core::Class;
use teeproof_tpm::Error;

use crate::support::*;

/// What the quote answers.
const CHALLENGE: &[u8] = b"challenge";

/// `u64 256, signature, u64 length, message, u64 24, 24 registers`, little-endian.
fn quote() -> Bag {
    let bytes = testdata("azure/quote.bin");
    let mut rest = bytes.as_slice();
    let mut count = || {
        let (count, tail) = rest.split_first_chunk::<8>().unwrap();
        let count = usize::try_from(u64::from_le_bytes(*count)).unwrap();
        rest = tail;
        count
    };
    let signature = count();
    assert_eq!(signature, 256);
    let (signature, tail) = rest.split_at(signature);
    rest = tail;
    let (length, tail) = rest.split_first_chunk::<8>().unwrap();
    let (message, tail) = tail.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
    let (registers, values) = tail.split_first_chunk::<8>().unwrap();
    assert_eq!((u64::from_le_bytes(*registers), values.len()), (24, 24 * 32));
    let (values, _) = values.as_chunks::<32>();
    let key = SubjectPublicKeyInfoDer::from_pem_slice(&testdata("azure/akpub.pem")).unwrap();
    Bag {
        message: message.to_vec(),
        signature: signature.to_vec(),
        modulus: modulus(&key),
        exponent: vec![1, 0, 1],
        pcrs: Values::Indexed(core::array::from_fn(|index| Some(values[index]))),
        log: None,
        nonce: Some(CHALLENGE.to_vec()),
    }
}

#[test]
fn a_quote_of_azure_is_accepted() {
    let seen = quote().verify().unwrap();
    assert_eq!(seen.nonce, CHALLENGE);
    assert_eq!(seen.pcrs.len(), 24);
    // Azure's vTPM, and registers that only a late launch resets.
    assert_eq!(seen.clock.4, 0x2020_0312_0012_0003);
    assert_eq!(seen.pcrs[17], (17, [0xff; 32]));
    // The same values without numbers, and the same message behind its size.
    let mut bag = quote();
    bag.pcrs = Values::InOrder(seen.pcrs.iter().flat_map(|(_, value)| *value).collect());
    bag.message = [&122_u16.to_be_bytes()[..], &bag.message].concat();
    assert_eq!(bag.verify().unwrap(), seen);
}

#[test]
fn another_nonce_is_refused() {
    for nonce in ["challeng", "challenge1", "Challenge", "challenge\0", "hallenge", "c"] {
        let bag = Bag { nonce: Some(nonce.into()), ..quote() };
        bag.refused(Error::Nonce, Class::NotBound);
    }
    Bag { nonce: Some([CHALLENGE; 6].concat()), ..quote() }.refused(Error::NonceLength, Class::NotBound);
    Bag { nonce: None, ..quote() }.verify().expect("a waiver");
}

#[test]
fn every_flipped_bit_is_refused() {
    let bag = quote();
    let mut flipped = 0;
    for at in 0..bag.message.len() * 8 {
        let mut bag = bag.clone();
        bag.message[at / 8] ^= 1 << (at % 8);
        bag.refused(Error::Signature, Class::NotAuthentic);
        flipped += 1;
    }
    for at in 0..bag.signature.len() * 8 {
        let mut bag = bag.clone();
        bag.signature[at / 8] ^= 1 << (at % 8);
        bag.refused(Error::Signature, Class::NotAuthentic);
        flipped += 1;
    }
    for at in 0..24 * 32 * 8 {
        let mut bag = bag.clone();
        let Values::Indexed(values) = &mut bag.pcrs else { unreachable!() };
        values[at / 256].as_mut().unwrap()[at % 256 / 8] ^= 1 << (at % 8);
        let error = bag.verify_under(&teeproof_aws_lc::TABLE).unwrap_err();
        assert_eq!(error, Error::PcrDigest);
        flipped += 1;
    }
    assert_eq!(flipped, (122 + 256 + 768) * 8);
}

#[test]
fn every_other_length_is_refused() {
    let bag = quote();
    for length in 0..bag.message.len() {
        let message = bag.message[..length].to_vec();
        Bag { message, ..bag.clone() }.refused(Error::Signature, Class::NotAuthentic);
    }
    for length in 0..bag.signature.len() {
        let error = Bag { signature: bag.signature[..length].to_vec(), ..bag.clone() }.verify().unwrap_err();
        assert!(matches!(error, Error::SignatureForm(_)), "{error}");
    }
    let extended = |bytes: &[u8]| [bytes, &[0]].concat();
    Bag { message: extended(&bag.message), ..bag.clone() }.refused(Error::Signature, Class::NotAuthentic);
    let error = Bag { signature: extended(&bag.signature), ..bag.clone() }.verify().unwrap_err();
    assert!(matches!(error, Error::SignatureForm(_)), "{error}");
}

#[test]
fn another_key_is_refused() {
    let bag = quote();
    for at in [0, 100, 255] {
        let mut bag = bag.clone();
        bag.modulus[at] ^= 2;
        bag.refused(Error::Signature, Class::NotAuthentic);
    }
    // A key that no TPM made: all zero, with another exponent, of another size.
    Bag { modulus: vec![0; 256], ..bag.clone() }.refused(Error::Key, Class::Unsupported);
    Bag { exponent: vec![3], ..bag.clone() }.refused(Error::Key, Class::Unsupported);
    Bag { exponent: Vec::new(), ..bag.clone() }.refused(Error::Key, Class::Unsupported);
    let modulus = [&[0], bag.modulus.as_slice()].concat();
    Bag { modulus, ..bag.clone() }.refused(Error::Key, Class::Unsupported);
    Bag { modulus: Vec::new(), ..bag }.refused(Error::Key, Class::Unsupported);
}
