//! Registers.

use sha2::{Digest, Sha256, Sha384};
use teeproof_vtpm::{Error, Tpm};
use teeproof_wire::tpm::Selection;

use crate::support::{SHA256, SHA384};

/// SM3, a hash that swtpm does not have.
const SM3: u16 = 0x0012;

pub(crate) fn registers_are_read_and_extended(tpm: &mut dyn Tpm) {
    let one = Selection { bank: SHA256, bitmap: 1 << 7 };
    assert_eq!(tpm.pcr_read(one).unwrap().values, [vec![0; 32]]);
    tpm.pcr_extend(7, SHA256, &[0x11; 32]).unwrap();
    let after = Sha256::digest([[0; 32], [0x11; 32]].concat()).to_vec();
    let some = Selection { bank: SHA256, bitmap: 1 << 7 | 1 << 8 | 1 << 17 };
    let read = tpm.pcr_read(some).unwrap();
    assert_eq!(read.selection, some);
    // In the order of their numbers; those of the dynamic launch start with ones.
    assert_eq!(read.values, [after, vec![0; 32], vec![0xff; 32]]);
}

pub(crate) fn registers_come_in_several_answers(tpm: &mut dyn Tpm) {
    let mut left = Selection { bank: SHA256, bitmap: 0x00ff_ffff };
    let mut answers = 0;
    while left.bitmap != 0 {
        let read = tpm.pcr_read(left).unwrap();
        assert!((1..=8).contains(&read.values.len()));
        assert_eq!(read.values.len(), read.selection.count() as usize);
        assert_eq!(read.selection.bitmap & !left.bitmap, 0);
        left.bitmap &= !read.selection.bitmap;
        answers += 1;
    }
    assert_eq!(answers, 3);
}

pub(crate) fn other_banks_are_read(tpm: &mut dyn Tpm) {
    tpm.pcr_extend(0, SHA384, &[0x22; 48]).unwrap();
    let read = tpm.pcr_read(Selection { bank: SHA384, bitmap: 1 }).unwrap();
    assert_eq!(read.values, [Sha384::digest([[0; 48], [0x22; 48]].concat()).to_vec()]);
    // TPM_RC_HASH. A TPM that has the hash and not the bank answers with no registers instead.
    let error = tpm.pcr_read(Selection { bank: SM3, bitmap: 1 }).unwrap_err();
    assert_eq!(error.code(), Some(0x083), "{error:?}");
}

pub(crate) fn registers_are_refused(tpm: &mut dyn Tpm) {
    // TPM_RC_LOCALITY: the register of a dynamic launch.
    assert_eq!(tpm.pcr_extend(17, SHA256, &[1; 32]).unwrap_err().code(), Some(0x907));
    // TPM_RC_VALUE: no register.
    assert_eq!(tpm.pcr_extend(24, SHA256, &[1; 32]).unwrap_err().code(), Some(0x084));
    for digest in [&[1; 31][..], &[1; 33], &[]] {
        let error = tpm.pcr_extend(7, SHA256, digest).unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    }
    let read = tpm.pcr_read(Selection { bank: SHA256, bitmap: 1 << 7 }).unwrap();
    assert_eq!(read.values, [vec![0; 32]]);
}
