//! Chains of Azure and Intel that may not be committed, from the folder of `TEEPROOF_SHARED_DATA`. Without
//! the variable the tests check nothing; with it, every file must exist.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests read vectors and say what they see"
)]

mod support;

use std::io::Write;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use support::{Chain, offered, with_other_pss};
use teeproof_core::Class;
use teeproof_wire::certificate::{Certificate, PublicKey, SignatureAlgorithm};
use teeproof_x509::{Problem, verify_signature};
use webpki::Error as Theirs;

/// 2025-12-02, when the Azure TDX evidence was made.
const AT: i64 = 1_764_662_251;

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

/// The certificates of a text, in order, as long as they were written.
fn certificates(text: &str) -> Vec<Vec<u8>> {
    let between = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    between
        .map(|rest| {
            let body = rest.split("-----END").next().unwrap();
            let letters: String = body.split_whitespace().collect();
            Base64::decode_vec(&letters).unwrap()
        })
        .collect()
}

/// The value of a key of the evidence file.
fn entry<'a>(yaml: &'a str, key: &str) -> &'a str {
    let (_, rest) = yaml.split_once(&format!("{key}: |-\n")).unwrap();
    rest.split("\n\n").next().unwrap().trim()
}

fn signed_by_itself(der: &[u8]) {
    let root = Certificate::parse(der).unwrap();
    assert_eq!(root.issuer(), root.subject());
    for table in [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE] {
        verify_signature(root.public_key(), root.algorithm(), root.tbs(), root.signature(), &table).unwrap();
    }
}

#[test]
fn shared_azures_vtpm_root_is_read_and_signs_itself() {
    let Some(text) = read("azure/azure-vtpm-root-2023.pem") else { return };
    let der = certificates(&text).remove(0);
    let root = Certificate::parse(&der).unwrap();
    assert!(matches!(root.public_key(), PublicKey::Rsa { modulus, .. } if modulus.len() == 512));
    assert_eq!(root.algorithm(), SignatureAlgorithm::RsaPkcs1Sha384);
    signed_by_itself(&der);
    assert!(webpki::anchor_from_trusted_cert(&der.as_slice().into()).is_ok());
}

/// The attestation key's certificate, whose PEM has all 4096 bytes of its NV index.
#[test]
fn shared_azures_ak_certificate_is_read_when_cut_to_its_length() {
    let Some(yaml) = read("azure/fb-az-tdx-1764662251.yaml") else { return };
    let root = certificates(&read("azure/azure-vtpm-root-2023.pem").unwrap()).remove(0);
    let padded = certificates(&yaml).remove(0);
    assert_eq!(padded.len(), 4096);
    assert!(Certificate::parse(&padded).is_err(), "zeros follow");
    let whole = Chain(vec![root.clone(), padded.clone()]).theirs(AT, &offered());
    println!("padded, webpki: {whole:?}");
    assert!(matches!(whole, Err(Theirs::TrailingData(_))), "{whole:?}");

    let length = 4 + usize::from(u16::from_be_bytes([padded[2], padded[3]]));
    let cut = padded[..length].to_vec();
    assert!(padded[length..].iter().all(|byte| *byte == 0));
    let ak = Certificate::parse(&cut).unwrap();
    assert_eq!(ak.algorithm(), SignatureAlgorithm::RsaPkcs1Sha256);
    assert_eq!(ak.issuer().common_name(), Some("Global Virtual TPM CA - 03"));
    assert!(ak.subject().common_name().unwrap().contains(".ConfidentialVM.Azure."));
    assert!(ak.extensions().key_usage().unwrap().digital_signature());

    // Its issuer is not part of the evidence, so both say that the chain does not meet.
    let chain = Chain(vec![root, cut]);
    let theirs = chain.theirs(AT, &offered());
    let ours = chain.ours(AT, 0).unwrap_err();
    println!("cut, without its issuer: webpki {theirs:?}, ours {ours}");
    assert_eq!(theirs, Err(Theirs::UnknownIssuer));
    assert_eq!((ours.problem, ours.class()), (Problem::Issuer, Class::NotAuthentic));
}

/// The PCK chain inside of the quote, leaf first as Intel writes it, and its neighbours.
#[test]
fn shared_intels_chains_are_accepted_by_both() {
    let Some(yaml) = read("azure/fb-az-tdx-1764662251.yaml") else { return };
    let quote =
        Base64UrlUnpadded::decode_vec(entry(&yaml, "tdx_quote_base64").trim_end_matches('=')).unwrap();
    let mut pck = certificates(&String::from_utf8_lossy(&quote));
    assert_eq!(pck.len(), 3);
    pck.reverse();
    signed_by_itself(&pck[0]);
    let table = teeproof_aws_lc::TABLE;
    let digest = table.sha256.digest(&[&pck[0]]);
    assert_eq!(digest[..8], [0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89], "Intel's root");
    let chain = Chain(pck);
    let (ours, theirs) = (chain.ours(AT, 0), chain.theirs(AT, &offered()));
    println!("PCK chain: webpki {theirs:?}, ours {ours:?}");
    assert_eq!((ours, theirs), (Ok(()), Ok(())));
    // As given, in this order, it is not a chain for verify_path; webpki would search.
    let mut reversed = chain;
    reversed.0.reverse();
    assert!(reversed.ours(AT, 0).is_err());

    let collateral = certificates(&read("azure/fb-az-collateral-1764662251.yaml").unwrap());
    let mut count = 0;
    for pair in collateral.chunks_exact(2) {
        let [leaf, root] = pair else { panic!() };
        let chain = Chain(vec![root.clone(), leaf.clone()]);
        let authority = Certificate::parse(leaf).unwrap().extensions().basic_constraints().unwrap().ca;
        // The PCK authority ends no path; the TCB signing certificate does.
        let problem = chain.ours(AT, 0).err().map(|error| error.problem);
        assert_eq!(problem, authority.then_some(Problem::LeafIsAuthority));
        let theirs = chain.theirs(AT, &offered()).err();
        assert_eq!(theirs, authority.then_some(Theirs::CaUsedAsEndEntity));
        count += 1;
    }
    assert_eq!(count, 3);
}

/// The VCEK chains of Azure's evidence, and the ASVK of every product.
#[test]
fn shared_amds_chains() {
    let Some(text) = read("azure/trustee-hcl-vcek-chain.pem") else { return };
    let mut chain = certificates(&text);
    chain.reverse();
    let chain = Chain(chain);
    assert_eq!(chain.ours(AT, 0), Ok(()));
    assert_eq!(chain.theirs(AT, &with_other_pss()), Ok(()));
    assert!(chain.theirs(AT, &offered()).is_err());
    for product in ["milan", "genoa", "turin"] {
        let authorities = certificates(&read(&format!("azure/trustee-{product}_ask_ark_asvk.pem")).unwrap());
        let [ask, ark, asvk] = &authorities[..] else { panic!("{product}") };
        signed_by_itself(ark);
        for below in [ask, asvk] {
            // As the end of a path, an authority is refused by nothing but that.
            let error = Chain(vec![ark.clone(), below.clone()]).ours(AT, 0).unwrap_err();
            assert_eq!((error.link, error.problem), (1, Problem::LeafIsAuthority), "{product}");
        }
    }
}
