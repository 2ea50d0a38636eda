//! Azure VMs: every part by its published layout, parsed by hand and not by our parsers.

mod ak_chain;
mod claims;
mod envelope;
mod event_log;
mod paravisor;
mod quote;
mod shapes;
mod td_report;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use teeproof_mint::azure::{Evidence, Generation, Platform, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::{Error, Key, Kind};
use teeproof_rustcrypto::TABLE;

use crate::parse;

const PRODUCTS: [Product; 3] = [Product::Milan, Product::Genoa, Product::Turin];
const EXPONENT: [u8; 3] = [1, 0, 1];

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

fn sha384(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA384, bytes).as_ref().to_vec()
}

fn u32_le(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()).try_into().unwrap()
}

fn pkcs1(parameters: &RsaParameters, modulus: &[u8], message: &[u8], signature: &[u8]) -> bool {
    RsaPublicKeyComponents { n: modulus, e: &EXPONENT[..] }.verify(parameters, message, signature).is_ok()
}

fn quote_holds(evidence: &Evidence, key: &Key) -> bool {
    let modulus = key.modulus().unwrap();
    let (message, signature) = (&evidence.quote_message, &evidence.quote_signature);
    pkcs1(&RSA_PKCS1_2048_8192_SHA256, &modulus, message, signature)
}

/// Whether the hardware report inside of the envelope is signed by the VEK.
fn report_holds(evidence: &Evidence) -> bool {
    let report = &evidence.hcl_report[0x20..0x4c0];
    let vek = parse(&evidence.vek);
    let key = vek.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    let scalar = |at: usize| report[at..at + 48].iter().rev().copied().collect::<Vec<_>>();
    let signature = [scalar(0x2a0), scalar(0x2e8)].concat();
    TABLE.ecdsa_p384_sha384.verify(key, &[&report[..0x2a0]], &signature).is_ok()
}

#[test]
fn untouched_machines_of_every_line_hold() {
    for product in PRODUCTS {
        let vm = Vm::snp(product);
        let evidence = vm.evidence().unwrap();
        assert_eq!(evidence.platform, Platform::Snp);
        assert!(report_holds(&evidence), "{product:?}");
        assert!(quote_holds(&evidence, &vm.ak), "{product:?}");
        let report = &evidence.hcl_report[0x20..0x4c0];
        assert_eq!(report[0x50..0x70], sha256(&evidence.claims()));
        assert_eq!(report[0x70..0x90], [0; 32]);
        assert_eq!(evidence.pcrs, vm.log.unwrap().pcrs());
    }
}

/// The fields that tell a machine of Azure's from any other.
#[test]
fn the_report_is_that_of_a_paravisor() {
    let milan = Vm::snp(Product::Milan).evidence().unwrap().hcl_report;
    let report = &milan[0x20..];
    assert_eq!(report[0x04..0x08], [0x0a, 0, 0, 0]);
    assert_eq!(report[0x08..0x10], [0x1f, 0, 3, 0, 0, 0, 0, 0]);
    assert_eq!(report[0x10..0x14], [2, 0x21, 0x20, 0]);
    assert_eq!(report[0x20..0x22], [2, 0]);
    assert_eq!(report[0x30..0x34], [0; 4]);
    assert_eq!(report[0xc0..0xe0], [0; 32]);
    assert_eq!(report[0xe0..0xe4], [0x94, 0x2f, 0xd9, 0x3e]);
    assert_eq!(report[0x10c..0x110], [0x56, 0xaf, 0x41, 0x77]);
    let genoa = Vm::snp(Product::Genoa).evidence().unwrap().hcl_report;
    assert_eq!(genoa[0x30..0x34], [1, 0x23, 0x20, 0]);
}

#[test]
fn the_machine_below_can_be_bent() {
    let vm = Vm::snp(Product::Genoa).with_machine(|machine| machine.report.vmpl = 2);
    let evidence = vm.evidence().unwrap();
    assert_eq!(evidence.hcl_report[0x50..0x54], [2, 0, 0, 0]);
    assert!(report_holds(&evidence));
    let mut vm = Vm::snp(Product::Genoa);
    vm.report_data = Some([7; 64]);
    let evidence = vm.evidence().unwrap();
    assert_eq!(evidence.hcl_report[0x70..0xb0], [7; 64]);
    assert!(report_holds(&evidence));
}

#[test]
fn another_moment_moves_every_certificate() {
    let later = 2_000_000_000;
    let oldest = Vm::snp(Product::Milan).generation(Generation::Legacy2022).at(later);
    let evidence = oldest.evidence().unwrap();
    assert!(String::from_utf8(evidence.claims()).unwrap().contains("\"current-time\":2000000000,"));
    let chain = [&evidence.ak_certificate, &evidence.ak_root, &evidence.vek, &evidence.intermediate];
    for der in chain.into_iter().chain(&evidence.ak_intermediates).chain([&evidence.ark]) {
        let validity = *parse(der).tbs_certificate().validity();
        assert!(validity.not_before.to_unix_duration().as_secs() <= later);
        assert!(validity.not_after.to_unix_duration().as_secs() >= later);
    }
}

#[test]
fn another_key_is_another_key_everywhere() {
    let key = Key::fresh(Kind::Rsa2048);
    let vm = Vm::snp(Product::Genoa).attestation_key(key.clone());
    let evidence = vm.evidence().unwrap();
    assert!(quote_holds(&evidence, &key));
    assert!(!quote_holds(&evidence, &Vm::snp(Product::Genoa).ak));
    let modulus = key.modulus().unwrap();
    let leaf = &evidence.ak_certificate;
    assert!(leaf.windows(256).any(|window| window == modulus));
    let claimed = claims::modulus_text(&modulus);
    assert!(String::from_utf8(evidence.claims()).unwrap().contains(&claimed));
}

/// A key without a modulus cannot be an attestation key, and says so.
#[test]
fn a_key_of_another_kind_is_refused() {
    let vm = Vm::snp(Product::Genoa).attestation_key(Key::fresh(Kind::P256));
    assert_eq!(vm.evidence().unwrap_err(), Error::NoModulus(Kind::P256));
}

#[test]
fn generations_bring_their_versions_and_sizes() {
    let header = |generation| {
        let bytes = Vm::snp(Product::Milan).generation(generation).evidence().unwrap().hcl_report;
        (bytes[4], bytes.len())
    };
    assert_eq!(header(Generation::Legacy2022), (1, 2048));
    assert_eq!(header(Generation::LegacyMilan), (1, 2600));
    assert_eq!(header(Generation::LegacyGenoa), (2, 2600));
    assert_eq!(header(Generation::OpenHcl2025), (2, 2600));
    assert_eq!(header(Generation::OpenHcl2026), (2, 2600));
    assert_eq!(header(Generation::OpenVmm), (2, 2900));
}
