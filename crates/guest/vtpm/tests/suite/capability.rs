//! What a TPM says that it has.

use teeproof_vtpm::{NvAttributes, NvPublic, Tpm, handles};

use crate::support::{SHA256, SHA384};

pub(crate) fn properties_are_told(tpm: &mut dyn Tpm) {
    // TPM_PT_FAMILY_INDICATOR, TPM_PT_NV_BUFFER_MAX and TPM_PT_NV_INDEX_MAX.
    assert_eq!(tpm.property(0x100).unwrap(), Some(u32::from_be_bytes(*b"2.0\0")));
    assert_eq!(tpm.property(0x12c).unwrap(), Some(1024));
    assert_eq!(tpm.property(0x117).unwrap(), Some(2048));
    // None: between two groups, where a TPM names the next one that it has, and after the last one.
    assert_eq!(tpm.property(0x1ff).unwrap(), None);
    assert_eq!(tpm.property(0x7fff_ffff).unwrap(), None);
}

pub(crate) fn handles_are_listed(tpm: &mut dyn Tpm) {
    assert_eq!(tpm.handles(handles::FIRST_NV_INDEX).unwrap(), [0_u32; 0]);
    assert_eq!(tpm.handles(handles::FIRST_PERSISTENT).unwrap(), [0_u32; 0]);
    for index in [0x0140_0002, 0x0180_0000, 0x0150_0000] {
        let attributes = NvAttributes::OWNERREAD | NvAttributes::OWNERWRITE;
        let public = NvPublic { index, name_algorithm: SHA256, attributes, policy: vec![], data_size: 8 };
        tpm.nv_define(&public).unwrap();
    }
    assert_eq!(tpm.handles(handles::FIRST_NV_INDEX).unwrap(), [0x0140_0002, 0x0150_0000, 0x0180_0000]);
    assert_eq!(tpm.handles(0x0140_0003).unwrap(), [0x0150_0000, 0x0180_0000]);
}

pub(crate) fn banks_are_listed(tpm: &mut dyn Tpm) {
    let banks = tpm.banks().unwrap();
    for bank in [SHA256, SHA384] {
        let found = banks.iter().find(|selection| selection.bank == bank).unwrap();
        assert_eq!(found.bitmap, 0x00ff_ffff);
    }
}
