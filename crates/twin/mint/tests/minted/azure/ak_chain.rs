//! The certificate of the attestation key and those above it.

use x509_cert::der::Encode;

use super::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, Vm,
    pkcs1,
};
use crate::{extension, parse, two_integers};
use teeproof_mint::azure::{AkChain, Evidence};
use teeproof_mint::snp::Product;
use teeproof_mint::{DEFAULT_TIME, Scheme};

/// Whether `issuer` signed `certificate` in the way that the certificate says.
fn signed_by(certificate: &[u8], issuer: &[u8]) -> bool {
    let (certificate, issuer) = (parse(certificate), parse(issuer));
    let named = certificate.tbs_certificate().issuer() == issuer.tbs_certificate().subject();
    let parameters: &RsaParameters = match certificate.signature_algorithm().oid.to_string().as_str() {
        "1.2.840.113549.1.1.11" => &RSA_PKCS1_2048_8192_SHA256,
        "1.2.840.113549.1.1.12" => &RSA_PKCS1_2048_8192_SHA384,
        "1.2.840.113549.1.1.13" => &RSA_PKCS1_2048_8192_SHA512,
        _ => return false,
    };
    let tbs = certificate.tbs_certificate().to_der().unwrap();
    let key = issuer.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec();
    let (modulus, _) = two_integers(&key).unwrap();
    named && pkcs1(parameters, &modulus, &tbs, certificate.signature().raw_bytes())
}

fn chain_holds(evidence: &Evidence) -> bool {
    let issuers = evidence.ak_intermediates.iter().chain([&evidence.ak_root, &evidence.ak_root]);
    let chain = [&evidence.ak_certificate].into_iter().chain(&evidence.ak_intermediates);
    chain.chain([&evidence.ak_root]).zip(issuers).all(|(certificate, issuer)| signed_by(certificate, issuer))
}

fn algorithm(der: &[u8]) -> String {
    parse(der).signature_algorithm().oid.to_string()
}

#[test]
fn the_short_chain_has_the_profile_of_real_ones() {
    let evidence = Vm::snp(Product::Genoa).evidence().unwrap();
    assert!(chain_holds(&evidence));
    assert_eq!(evidence.ak_intermediates.len(), 1);
    let subject = |der: &[u8]| parse(der).tbs_certificate().subject().to_string();
    let leaf = &evidence.ak_certificate;
    assert_eq!(subject(leaf), "CN=0123456789ab.ConfidentialVM.Azure.windows.net");
    assert_eq!(subject(&evidence.ak_intermediates[0]), "CN=Global Virtual TPM CA - 01,O=teeproof twin,C=US");
    let root = "CN=Azure Virtual TPM Root Certificate Authority 2023,O=teeproof twin,C=US";
    assert_eq!(subject(&evidence.ak_root), root);
    let parsed = parse(leaf);
    assert_eq!(extension(&parsed, "2.5.29.15"), Some((true, vec![3, 2, 7, 0x80])));
    let purposes = b"\x30\x13\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x0c\x06\x05\x67\x81\x05\x08\x03";
    assert_eq!(extension(&parsed, "2.5.29.37"), Some((false, purposes.to_vec())));
    let policy = b"\x30\x0f\x30\x0d\x06\x0b\x2b\x06\x01\x04\x01\x82\x37\x6c\x81\x48\x01";
    assert_eq!(extension(&parsed, "2.5.29.32"), Some((false, policy.to_vec())));
    assert!(extension(&parsed, "2.5.29.19").is_none());
    assert_eq!(algorithm(leaf), "1.2.840.113549.1.1.11");
    assert_eq!(algorithm(&evidence.ak_intermediates[0]), "1.2.840.113549.1.1.12");
}

#[test]
fn the_long_chain_is_signed_with_sha512() {
    let vm = Vm::snp(Product::Genoa);
    let chain = AkChain::cloud(&vm.ak, DEFAULT_TIME);
    let evidence = vm.with_ak_chain(|place| *place = chain).evidence().unwrap();
    assert!(chain_holds(&evidence));
    let name = |at: usize| parse(&evidence.ak_intermediates[at]).tbs_certificate().subject().to_string();
    assert!(name(0).starts_with("CN=Azure Cloud Virtual TPM CA - 24,"));
    assert!(name(1).starts_with("CN=Azure Cloud Virtual TPM CA 2025,"));
    assert_eq!(algorithm(&evidence.ak_certificate), "1.2.840.113549.1.1.13");
}

#[test]
fn any_hash_signs_and_impostors_share_names_only() {
    let genuine = Vm::snp(Product::Genoa).evidence().unwrap();
    for scheme in [Scheme::Pkcs1Sha256, Scheme::Pkcs1Sha384, Scheme::Pkcs1Sha512] {
        let vm = Vm::snp(Product::Genoa).with_ak_chain(|chain| *chain = chain.clone().scheme(scheme));
        assert!(chain_holds(&vm.evidence().unwrap()), "{scheme:?}");
    }
    let vm = Vm::snp(Product::Genoa).with_ak_chain(|chain| *chain = chain.clone().with_own_authorities());
    let forged = vm.evidence().unwrap();
    assert!(chain_holds(&forged));
    let names = |der: &[u8]| parse(der).tbs_certificate().subject().to_string();
    assert_eq!(names(&forged.ak_root), names(&genuine.ak_root));
    assert!(!signed_by(&forged.ak_intermediates[0], &genuine.ak_root));
}

#[test]
fn the_index_holds_the_certificate_and_zeros() {
    let evidence = Vm::snp(Product::Genoa).evidence().unwrap();
    let index = evidence.ak_certificate_nv();
    let len = evidence.ak_certificate.len();
    assert_eq!((index.len(), &index[..len]), (4096, evidence.ak_certificate.as_slice()));
    assert!(index[len..].iter().all(|&byte| byte == 0));
}
