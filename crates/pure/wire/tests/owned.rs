//! Certificates and revocation lists with their bytes have the fields that a parser reads.

use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::{OwnedCertificate, OwnedRevocationList};

/// Certificates with keys on P-384, of RSA, and with many extensions.
const FILES: [&[u8]; 4] = [
    include_bytes!("../../../../testdata/snp/milan-vcek.der"),
    include_bytes!("../../../../testdata/snp/turin-vcek.der"),
    include_bytes!("../../../../testdata/minted/ark.der"),
    include_bytes!("../../../../testdata/minted/ak-root.der"),
];

#[test]
fn a_view_has_the_fields_that_were_parsed() {
    for der in FILES {
        let parsed = Certificate::parse(der).unwrap();
        let owned = OwnedCertificate::parse(der.to_vec()).unwrap();
        // Copied bytes have another address.
        for owned in [&owned, &owned.clone()] {
            assert_eq!(format!("{:?}", owned.view()), format!("{parsed:?}"));
        }
        assert_eq!(owned.into_der(), der);
    }
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
