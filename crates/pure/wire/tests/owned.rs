//! Certificates and revocation lists with their bytes have the fields that a parser reads.

use std::path::Path;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::{OwnedCertificate, OwnedRevocationList};

fn files() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata");
    let mut folders = vec![root];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "der") {
                files.push(std::fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_view_has_the_fields_that_were_parsed() {
    let mut certificates = 0;
    for der in files() {
        if let Ok(parsed) = Certificate::parse(&der) {
            let owned = OwnedCertificate::parse(der.clone()).unwrap();
            // Moved and copied bytes have other addresses.
            let moved = Box::new(owned.clone());
            for owned in [&owned, &moved] {
                assert_eq!(format!("{:?}", owned.view()), format!("{parsed:?}"));
            }
            assert_eq!(owned.into_der(), der);
            certificates += 1;
        }
    }
    assert!(certificates >= 4, "{certificates} certificates");
}

#[test]
fn what_cannot_be_parsed_comes_back_with_its_error() {
    let der = vec![0x30, 0x03, 0x01, 0x01, 0x00];
    let expected = Certificate::parse(&der).unwrap_err();
    let (error, bytes) = OwnedCertificate::parse(der.clone()).unwrap_err();
    assert_eq!((error, bytes), (expected, der.clone()));
    let expected = RevocationList::parse(&der).unwrap_err();
    let (error, bytes) = OwnedRevocationList::parse(der.clone()).unwrap_err();
    assert_eq!((error, bytes), (expected, der));
}
