//! Certificates in NV indexes.

use teeproof_vtpm::{
    NvAttributes, NvPublic, ak_certificate, ek_certificate, handles, read_index, write_index,
};
use teeproof_wire::certificate::Certificate;

use crate::machine::{Machine, Transport, bare};

pub(crate) fn that_of_the_attestation_key(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let der = ak_certificate(tpm.as_mut()).unwrap().unwrap();
    // It fills its DER, and the index holds more.
    assert_eq!(Certificate::parse(&der).unwrap().der(), der);
    let whole = read_index(tpm.as_mut(), handles::AK_CERTIFICATE).unwrap();
    assert_eq!(whole.len(), 4096);
    let (certificate, padding) = whole.split_at(der.len());
    assert!(certificate == der && !padding.is_empty() && padding.iter().all(|byte| *byte == 0));
    let (_swtpm, mut bare) = bare(transport);
    assert_eq!(ak_certificate(bare.as_mut()).unwrap(), None);
}

/// Azure's machines have none; others do, and it may not have been written yet.
pub(crate) fn that_of_the_endorsement_key(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    assert_eq!(ek_certificate(tpm.as_mut()).unwrap(), None);
    let der = ak_certificate(tpm.as_mut()).unwrap().unwrap();
    tpm.nv_define(&NvPublic {
        index: handles::EK_CERTIFICATE,
        name_algorithm: 0x000b,
        attributes: NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD,
        policy: Vec::new(),
        data_size: 2048,
    })
    .unwrap();
    assert_eq!(ek_certificate(tpm.as_mut()).unwrap(), None);
    write_index(tpm.as_mut(), handles::EK_CERTIFICATE, 0, &[0; 2048]).unwrap();
    assert_eq!(ek_certificate(tpm.as_mut()).unwrap(), None);
    write_index(tpm.as_mut(), handles::EK_CERTIFICATE, 0, &der).unwrap();
    assert_eq!(ek_certificate(tpm.as_mut()).unwrap(), Some(der));
}
