//! Minting for a paravisor with a real TPM: keys with only a public half, reports without a quote, one root above
//! everything.

use teeproof_mint::Scheme;
use teeproof_mint::azure::{EventLog, Measurement};

use super::*;

fn somebody_elses() -> Key {
    Key::public_only(&Key::fresh(Kind::Rsa2048).modulus().unwrap()).unwrap()
}

#[test]
fn a_public_key_is_claimed_and_certified_but_signs_nothing() {
    let own = Key::fresh(Kind::Rsa2048);
    let public = Key::public_only(&own.modulus().unwrap()).unwrap();
    assert_eq!(public.kind(), Kind::Rsa2048);
    assert_eq!(public.modulus().unwrap(), own.modulus().unwrap());
    assert_eq!(public.public_key_info().unwrap(), own.public_key_info().unwrap());
    assert_eq!(public.sign(Scheme::Pkcs1Sha256, b"no"), Err(Error::NoPrivateKey(Kind::Rsa2048)));
}

#[test]
fn what_is_no_modulus_makes_no_key() {
    let modulus = Key::fresh(Kind::Rsa2048).modulus().unwrap();
    let mut small = modulus.clone();
    small[0] &= 0x7f;
    for wrong in [&modulus[1..], &small, &[]] {
        assert_eq!(Key::public_only(wrong).err(), Some(Error::Modulus(wrong.len())));
    }
}

#[test]
fn a_report_needs_no_private_attestation_key() {
    let (ak, ek) = (somebody_elses(), somebody_elses());
    let vm = Vm::snp(Product::Genoa).attestation_key(ak.clone()).endorsement_key(ek.clone());
    let report = vm.clone().user_data(b"nonce").hcl_report().unwrap();
    assert_eq!(report.len(), 2600);
    let size = u32_le(&report, 0x4d0);
    let claims = &report[0x4d4..0x4d4 + size];
    assert_eq!(report[0x70..0x90], sha256(claims), "REPORT_DATA");
    for key in [&ak, &ek] {
        let modulus = teeproof_mint::azure::Json::Modulus(key.clone()).write().unwrap();
        assert!(claims.windows(modulus.len()).any(|window| window == modulus.as_bytes()));
    }
    // A generation that is chosen afterwards keeps both.
    let again = vm.clone().generation(Generation::LegacyGenoa).user_data(b"nonce").hcl_report().unwrap();
    assert_eq!(again[0x4d4..][..size], *claims);
    assert_eq!(vm.evidence().err(), Some(Error::NoPrivateKey(Kind::Rsa2048)), "the quote");
}

#[test]
fn one_root_signs_the_attestation_keys_certificate_too() {
    let ak = somebody_elses();
    let vm = Vm::snp(Product::Milan).attestation_key(ak.clone()).one_root().at(2_000_000_000);
    let certificates = vm.certificates().unwrap();
    assert_eq!(certificates.ak_root, certificates.ark);
    assert!(certificates.ak_intermediates.is_empty());
    let (leaf, root) = (parse(&certificates.ak), parse(&certificates.ark));
    let (leaf, root) = (leaf.tbs_certificate(), root.tbs_certificate());
    assert_eq!(leaf.issuer(), root.subject());
    assert_eq!(leaf.subject_public_key_info().subject_public_key.raw_bytes(), ak.public_key().unwrap());
    assert!(leaf.validity().not_after.to_unix_duration().as_secs() > 2_000_000_000);
}

#[test]
fn one_root_on_tdx_is_that_of_virtual_tpms() {
    let certificates = Vm::tdx().one_root().certificates().unwrap();
    assert!(certificates.ark.is_empty() && certificates.vek.is_empty());
    assert!(certificates.ak_intermediates.is_empty());
    let (leaf, root) = (parse(&certificates.ak), parse(&certificates.ak_root));
    assert_eq!(leaf.tbs_certificate().issuer(), root.tbs_certificate().subject());
}

#[test]
fn measurements_lead_to_the_registers() {
    let log = EventLog::booted_securely();
    let mut registers = [[0; 32]; 24];
    for Measurement { register, digests } in log.measurements() {
        assert_eq!(digests.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [4, 0xb, 0xc]);
        let value = &mut registers[usize::try_from(register).unwrap()];
        *value = sha256(&[value.as_slice(), &digests[1].1].concat()).try_into().unwrap();
    }
    assert_eq!(registers[..17], log.pcrs()[..17]);
}
