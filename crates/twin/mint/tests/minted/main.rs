//! Minted evidence, read back by independent readers and verified by another library.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod azure;
mod certificate;
mod crl;
mod nitro;
mod snp;
mod tdx;

use teeproof_core::{BadSignature, RsaKey};
use teeproof_rustcrypto::TABLE;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};

/// A certificate as x509-cert reads it, serial numbers of any length included.
type Parsed = CertificateInner<Raw>;

/// Reads a certificate, which must write itself back to the same bytes.
#[track_caller]
fn parse(der: &[u8]) -> Parsed {
    let parsed = Parsed::from_der(der).unwrap();
    assert_eq!(parsed.to_der().unwrap(), der);
    parsed
}

/// Whether `issuer`'s key signed `certificate` with the algorithm that goes with its key.
fn signed_by(certificate: &[u8], issuer: &[u8]) -> bool {
    let certificate = parse(certificate);
    let tbs = certificate.tbs_certificate().to_der().unwrap();
    verifies(&tbs, certificate.signature().raw_bytes(), &parse(issuer)).is_ok()
}

/// Verifies a signature as certificates and revocation lists have it.
fn verifies(message: &[u8], signature: &[u8], issuer: &Parsed) -> Result<(), BadSignature> {
    let key = issuer.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    match key.len() {
        97 => TABLE.ecdsa_p384_sha384.verify(key, &[message], &fixed_signature(signature, 48)?),
        65 => TABLE.ecdsa_p256_sha256.verify(key, &[message], &fixed_signature(signature, 32)?),
        _ => {
            let (modulus, exponent) = two_integers(key)?;
            let key = RsaKey { modulus: &modulus, exponent: &exponent };
            TABLE.rsa_pss_sha384.verify(key, &[message], signature)
        }
    }
}

/// `r ‖ s` from a SEQUENCE of two INTEGERs.
fn fixed_signature(signature: &[u8], len: usize) -> Result<Vec<u8>, BadSignature> {
    let (r, s) = two_integers(signature)?;
    let padded = |number: &[u8]| [&vec![0; len - number.len()], number].concat();
    Ok([padded(&r), padded(&s)].concat())
}

/// Also the shape of an RSAPublicKey.
fn two_integers(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>), BadSignature> {
    let bytes = |number: UintRef<'_>| number.as_bytes().to_vec();
    let mut reader = SliceReader::new(der).or(Err(BadSignature))?;
    reader
        .sequence(|reader| Ok::<_, x509_cert::der::Error>((bytes(reader.decode()?), bytes(reader.decode()?))))
        .or(Err(BadSignature))
}

/// The value of an extension, by its identifier.
fn extension(certificate: &Parsed, oid: &str) -> Option<(bool, Vec<u8>)> {
    let extensions = certificate.tbs_certificate().extensions()?;
    let found = extensions.iter().find(|extension| extension.extn_id.to_string() == oid)?;
    Some((found.critical, found.extn_value.as_bytes().to_vec()))
}
