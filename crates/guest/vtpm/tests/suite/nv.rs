//! NV indexes.

use teeproof_vtpm::{Authority, Error, NvAttributes, NvPublic, ResponseCode, Tpm};

use crate::support::SHA256;

const INDEX: u32 = 0x0140_0002;

fn public(attributes: NvAttributes, data_size: u16) -> NvPublic {
    NvPublic { index: INDEX, name_algorithm: SHA256, attributes, policy: vec![], data_size }
}

fn by_owner() -> NvAttributes {
    NvAttributes::OWNERREAD | NvAttributes::OWNERWRITE
}

fn by_itself() -> NvAttributes {
    NvAttributes::AUTHREAD | NvAttributes::AUTHWRITE
}

pub(crate) fn an_index_is_defined_written_read_and_undefined(tpm: &mut dyn Tpm) {
    let mut wanted = public(by_owner() | NvAttributes::NO_DA, 64);
    tpm.nv_define(&wanted).unwrap();
    assert_eq!(tpm.nv_public(INDEX).unwrap(), wanted);
    tpm.nv_write(INDEX, Authority::Owner, 0, &[7; 64]).unwrap();
    tpm.nv_write(INDEX, Authority::Owner, 62, &[8, 9]).unwrap();
    assert_eq!(tpm.nv_read(INDEX, Authority::Owner, 60, 4).unwrap(), [7, 7, 8, 9]);
    assert_eq!(tpm.nv_read(INDEX, Authority::Owner, 0, 64).unwrap()[..62], [7; 62]);
    wanted.attributes |= NvAttributes::WRITTEN;
    assert_eq!(tpm.nv_public(INDEX).unwrap(), wanted);
    tpm.nv_undefine(INDEX).unwrap();
    assert!(tpm.nv_public(INDEX).unwrap_err().is_absent());
}

pub(crate) fn the_largest_piece_is_written_and_read(tpm: &mut dyn Tpm) {
    tpm.nv_define(&public(by_owner(), 2048)).unwrap();
    let bytes: Vec<u8> = (0..2048).map(|at| (at % 251) as u8).collect();
    tpm.nv_write(INDEX, Authority::Owner, 0, &bytes[..1024]).unwrap();
    tpm.nv_write(INDEX, Authority::Owner, 1024, &bytes[1024..]).unwrap();
    let first = tpm.nv_read(INDEX, Authority::Owner, 0, 1024).unwrap();
    let second = tpm.nv_read(INDEX, Authority::Owner, 1024, 1024).unwrap();
    assert_eq!([first, second].concat(), bytes);
    // More than one piece holds.
    assert!(tpm.nv_write(INDEX, Authority::Owner, 0, &bytes[..1025]).is_err());
    assert!(tpm.nv_read(INDEX, Authority::Owner, 0, 1025).is_err());
}

pub(crate) fn an_index_is_used_with_its_own_password(tpm: &mut dyn Tpm) {
    tpm.nv_define(&public(by_itself(), 4)).unwrap();
    tpm.nv_write(INDEX, Authority::Index, 0, &[1, 2, 3, 4]).unwrap();
    assert_eq!(tpm.nv_read(INDEX, Authority::Index, 1, 2).unwrap(), [2, 3]);
    let code = |error: Error| error.code();
    let read = tpm.nv_read(INDEX, Authority::Owner, 0, 4).unwrap_err();
    assert_eq!(code(read), Some(ResponseCode::NV_AUTHORIZATION));
    let written = tpm.nv_write(INDEX, Authority::Owner, 0, &[1]).unwrap_err();
    assert_eq!(code(written), Some(ResponseCode::NV_AUTHORIZATION));
}

pub(crate) fn an_absent_index_is_told_apart(tpm: &mut dyn Tpm) {
    let absent = |error: Error| assert!(error.is_absent(), "{error:?}");
    absent(tpm.nv_public(INDEX).unwrap_err());
    absent(tpm.nv_read(INDEX, Authority::Owner, 0, 1).unwrap_err());
    absent(tpm.nv_read(INDEX, Authority::Index, 0, 1).unwrap_err());
    absent(tpm.nv_write(INDEX, Authority::Owner, 0, &[1]).unwrap_err());
    absent(tpm.nv_undefine(INDEX).unwrap_err());
    tpm.nv_define(&public(by_owner(), 4)).unwrap();
    tpm.nv_public(INDEX).unwrap();
}

pub(crate) fn refusals_carry_their_codes(tpm: &mut dyn Tpm) {
    let code = |error: Error| error.code().unwrap();
    assert_eq!(code(tpm.nv_define(&public(by_owner(), 2049)).unwrap_err()), ResponseCode::SIZE);
    tpm.nv_define(&public(by_owner(), 8)).unwrap();
    assert_eq!(code(tpm.nv_define(&public(by_owner(), 8)).unwrap_err()), ResponseCode::NV_DEFINED);
    let unwritten = tpm.nv_read(INDEX, Authority::Owner, 0, 8).unwrap_err();
    assert_eq!(code(unwritten), ResponseCode::NV_UNINITIALIZED);
    let beyond = tpm.nv_write(INDEX, Authority::Owner, 1, &[0; 8]).unwrap_err();
    assert_eq!(code(beyond), ResponseCode::NV_RANGE);
    tpm.nv_write(INDEX, Authority::Owner, 0, &[0; 8]).unwrap();
    let beyond = tpm.nv_read(INDEX, Authority::Owner, 8, 1).unwrap_err();
    assert_eq!(code(beyond), ResponseCode::NV_RANGE);
}

pub(crate) fn a_policy_is_kept(tpm: &mut dyn Tpm) {
    let attributes = NvAttributes::POLICYREAD | NvAttributes::POLICYWRITE | NvAttributes::WRITE_STCLEAR;
    let wanted = NvPublic { policy: vec![0xa5; 32], ..public(attributes, 16) };
    tpm.nv_define(&wanted).unwrap();
    assert_eq!(tpm.nv_public(INDEX).unwrap(), wanted);
    assert!(tpm.nv_write(INDEX, Authority::Index, 0, &[1]).unwrap_err().code().is_some());
}
