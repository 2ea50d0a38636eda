//! NV indexes of more than one piece.

use teeproof_vtpm::{Class, Error, NvAttributes, NvPublic, ResponseCode, Tpm, read_index, write_index};

use crate::machine::{Transport, bare};
use crate::tpm::Bent;

const INDEX: u32 = 0x0150_0001;

fn define(tpm: &mut dyn Tpm, data_size: u16) {
    let attributes = NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD;
    tpm.nv_define(&NvPublic { index: INDEX, name_algorithm: 0x000b, attributes, policy: vec![], data_size })
        .unwrap();
}

pub(crate) fn any_place_and_length(transport: Transport) {
    let (_swtpm, mut tpm) = bare(transport);
    define(tpm.as_mut(), 2048);
    let mut expected = vec![0xee; 2048];
    write_index(tpm.as_mut(), INDEX, 0, &expected).unwrap();
    for (round, (offset, length)) in
        [(0, 0), (0, 1), (2047, 1), (2048, 0), (1023, 2), (1, 1024), (333, 1500), (777, 1271), (0, 2048)]
            .into_iter()
            .enumerate()
    {
        let data: Vec<u8> = (0..length).map(|at| u8::try_from((at * 7 + round) % 251).unwrap()).collect();
        write_index(tpm.as_mut(), INDEX, u16::try_from(offset).unwrap(), &data).unwrap();
        expected[offset..offset + length].copy_from_slice(&data);
        assert!(read_index(tpm.as_mut(), INDEX).unwrap() == expected, "{length} bytes at {offset}");
    }
}

pub(crate) fn nothing_is_written_beyond_the_end(transport: Transport) {
    let (_swtpm, tpm) = bare(transport);
    let mut tpm = Bent::of(tpm);
    define(&mut tpm, 2000);
    let before = vec![0xee; 2000];
    write_index(&mut tpm, INDEX, 0, &before).unwrap();
    tpm.commands.clear();
    // In several pieces, of which the first ones would fit.
    for (offset, length) in [(0, 2001), (500, 1501), (0, 70_000), (u16::MAX, 1025)] {
        let error = write_index(&mut tpm, INDEX, offset, &vec![1; length]).unwrap_err();
        assert!(matches!(error, Error::IndexEnd { index: INDEX, size: 2000 }), "{error:?}");
        assert_eq!(error.class(), Class::Usage);
    }
    assert_eq!(tpm.count("nv_write"), 0);
    // In one piece, of which the TPM takes all or nothing.
    for (offset, length, code) in [
        (1999, 2, ResponseCode::NV_RANGE),
        (2000, 1, ResponseCode::NV_RANGE),
        (2001, 1, ResponseCode::VALUE),
        (u16::MAX, 1024, ResponseCode::VALUE),
    ] {
        let error = write_index(&mut tpm, INDEX, offset, &vec![1; length]).unwrap_err();
        assert_eq!(error.code(), Some(code), "{error:?}");
    }
    assert_eq!(read_index(&mut tpm, INDEX).unwrap(), before);
}

pub(crate) fn an_index_that_nobody_wrote(transport: Transport) {
    let (_swtpm, mut tpm) = bare(transport);
    assert!(read_index(tpm.as_mut(), INDEX).unwrap_err().is_absent());
    assert!(write_index(tpm.as_mut(), INDEX, 0, &[1]).unwrap_err().is_absent());
    define(tpm.as_mut(), 8);
    let error = read_index(tpm.as_mut(), INDEX).unwrap_err();
    assert_eq!(error.code(), Some(ResponseCode::NV_UNINITIALIZED), "{error:?}");
    write_index(tpm.as_mut(), INDEX, 0, b"12345678").unwrap();
    assert_eq!(read_index(tpm.as_mut(), INDEX).unwrap(), b"12345678");
}
