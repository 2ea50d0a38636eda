//! Nitro documents of both kinds, distinguished by their content; and one that nobody signed.

use teeproof::{Evidence, inspect};
use teeproof_core::{Technology, Time};
use teeproof_evidence::bundle::Collection;
use teeproof_evidence::{InputError, InputKind, Inputs, Part, sniff};
use teeproof_mint::nitro::Enclave;

use crate::kinds::{Names, names};
use crate::support::{kinds_of, testdata};

#[test]
fn a_nitrotpm_document_is_told_from_an_enclaves() {
    let document = Enclave::nitrotpm().mint().unwrap().document;
    assert_eq!(kinds_of(&document).0, InputKind::NitroTpmDocument);
    let (fields, flaw) = names(&document);
    assert!(!flaw && fields.contains(&"[NitroTPM document]".to_owned()));
    assert!(fields.contains(&"[nitrotpm_pcrs]".to_owned()) && fields.contains(&"[Certificate]".to_owned()));
    let mut inputs = Inputs::new();
    inputs.add(&document, None).unwrap();
    let evidence = Evidence::from_inputs(&inputs).unwrap();
    assert_eq!((evidence.technology(), evidence), (Technology::NitroTpm, Evidence::NitroTpm(&document)));
    let bundle = inputs.clone().into_bundle(Collection::at(Time(0))).unwrap();
    assert_eq!(bundle.parts().iter().map(Part::kind).collect::<Vec<_>>(), [InputKind::NitroTpmDocument]);
    // Whatever the file is said to be, its content decides.
    let enclave = Enclave::new().mint().unwrap().document;
    let kinds = [InputKind::NitroDocument, InputKind::NitroTpmDocument];
    for (bytes, [said, found]) in [(&document, kinds), (&enclave, [kinds[1], kinds[0]])] {
        assert_eq!(sniff(bytes, Some(said)).unwrap_err(), InputError::NotOfKind { said, found });
        assert_eq!(sniff(bytes, Some(found)).unwrap().kind, found);
    }
    // Evidence of two machines, and of none.
    let two = InputError::TwoEvidences { first: Technology::NitroTpm, second: Technology::Nitro };
    assert_eq!(inputs.clone().add(&enclave, None).unwrap_err(), two);
    let report = testdata("snp/milan-vcek.der");
    inputs.add(&report, None).unwrap();
    assert_eq!(Evidence::from_inputs(&inputs).unwrap_err(), InputError::NotTogether);
}

/// What QEMU's emulation of the security module writes: a header of its own, zeros for signature and certificates.
#[test]
fn a_document_that_nobody_signed_is_described() {
    let zeros = teeproof_mint::Value::from(&[0; 64][..]);
    let bundle = teeproof_mint::Value::Array(vec![zeros.clone()]);
    let unsigned = |header: &[u8], signature: &[u8]| {
        let enclave =
            Enclave::new().with_entry("certificate", zeros.clone()).with_entry("cabundle", bundle.clone());
        let enclave = enclave.with_cose(|cose| {
            cose.protected = header.to_vec();
            cose.signature = Some(signature.to_vec());
        });
        enclave.mint().unwrap().document
    };
    let document = unsigned(&[0xa1, 0x01, 0x20], &[0; 64]);
    assert_eq!(kinds_of(&document).0, InputKind::NitroDocument);
    let (fields, flaw) = names(&document);
    assert!(flaw);
    for name in
        ["[COSE_Sign1]", "protected", "signature", "[AttestationDocument]", "module_id", "[pcrs]", "15"]
    {
        assert!(fields.contains(&name.to_owned()), "{name}: {fields:?}");
    }
    // A header alone, or a signature that is one: neither is called unsigned.
    for signed in [unsigned(&[0xa1, 0x01, 0x20], &[1; 64]), unsigned(&[0xa1, 0x01, 0x20], &[])] {
        let sniffed = sniff(&signed, None).unwrap();
        assert!(inspect(&sniffed, &mut Names::default()).is_err());
    }
    // 96 zeros under ES384 have the form of a signature, and are described as one.
    assert!(names(&unsigned(&[0xa1, 0x01, 0x38, 0x22], &[0; 96])).1);
}
