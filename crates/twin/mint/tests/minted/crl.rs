//! Revocation lists.

use teeproof_mint::snp::{Machine, Product};
use teeproof_mint::x509::Algorithm;
use teeproof_wire::crl::RevocationList;
use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

use crate::{parse, verifies};

fn holds(crl: &[u8], ark: &[u8]) -> bool {
    let list = CertificateList::<x509_cert::certificate::Raw>::from_der(crl).unwrap();
    assert_eq!(list.to_der().unwrap(), crl);
    let tbs = list.tbs_cert_list.to_der().unwrap();
    verifies(&tbs, list.signature.raw_bytes(), &parse(ark)).is_ok()
}

#[test]
fn a_list_revokes_what_it_was_told() {
    let machine = Machine::vcek(Product::Milan);
    let ark = machine.mint().unwrap().ark;
    let serial = machine.intermediate.certificate.serial.clone();
    let crl = machine.mint_crl(&[&serial, &[7]]).unwrap();
    assert!(holds(&crl, &ark));
    let list = RevocationList::parse(&crl).unwrap();
    assert!(list.revokes(&serial));
    assert!(list.revokes(&[7]));
    assert!(!list.revokes(&[8]));
    let empty = machine.mint_crl(&[]).unwrap();
    assert!(holds(&empty, &ark));
    assert!(!RevocationList::parse(&empty).unwrap().revokes(&serial));
}

#[test]
fn a_list_can_be_bent() {
    let machine = Machine::vcek(Product::Turin);
    let ark = machine.mint().unwrap().ark;
    let mut list = machine.crl();
    list.next_update = None;
    list.this_update = 0.into();
    list.seal.algorithm = Some(Algorithm::pss_sha384_without_trailer());
    let crl = list.sign(&machine.ark).unwrap();
    assert!(holds(&crl, &ark));
    assert!(RevocationList::parse(&crl).is_err());
    let impostor = Machine::vcek(Product::Turin).with_own_authorities();
    assert!(!holds(&machine.crl().sign(&impostor.ark).unwrap(), &ark));
}
