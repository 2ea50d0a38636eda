//! The index for the guest's input.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use teeproof_vtpm::{Error, NvAttributes, NvPublic, Tpm, check_input, fresh_report, handles};

use crate::machine::{Machine, PATIENCE, Transport};

/// An index for the guest's input with these attributes.
fn public(attributes: NvAttributes) -> NvPublic {
    NvPublic { index: handles::INPUT, name_algorithm: 0x000b, attributes, policy: Vec::new(), data_size: 64 }
}

fn ask(tpm: &mut dyn Tpm, byte: u8) -> Result<u32, Error> {
    fresh_report(tpm, &[byte; 64], PATIENCE, &mut |_| ()).map(|fresh| fresh.tries)
}

pub(crate) fn it_is_defined_as_it_has_to_be(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    assert!(tpm.nv_public(handles::INPUT).unwrap_err().is_absent());
    assert_eq!(ask(tpm.as_mut(), 1).unwrap(), 1);
    // As Microsoft's own tools define it.
    let attributes = NvAttributes::OWNERWRITE
        | NvAttributes::OWNERREAD
        | NvAttributes::AUTHWRITE
        | NvAttributes::AUTHREAD
        | NvAttributes::WRITTEN;
    let found = tpm.nv_public(handles::INPUT).unwrap();
    assert_eq!(found, public(attributes));
    check_input(&found).unwrap();
    // And so it stays.
    assert_eq!(ask(tpm.as_mut(), 2).unwrap(), 1);
    assert_eq!(tpm.nv_public(handles::INPUT).unwrap(), found);
}

pub(crate) fn an_index_that_is_there_is_kept(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let by_owner = NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD;
    // The last one is written with the index's own password.
    for attributes in [by_owner, by_owner | NvAttributes::NO_DA, NvAttributes::AUTHWRITE | by_owner] {
        let wanted = public(attributes);
        tpm.nv_define(&wanted).unwrap();
        assert_eq!(ask(tpm.as_mut(), 1).unwrap(), 1);
        let found = tpm.nv_public(handles::INPUT).unwrap();
        assert_eq!(found, public(attributes | NvAttributes::WRITTEN));
        tpm.nv_undefine(handles::INPUT).unwrap();
    }
    let by_password = NvAttributes::AUTHWRITE | NvAttributes::OWNERREAD;
    tpm.nv_define(&public(by_password)).unwrap();
    assert_eq!(ask(tpm.as_mut(), 1).unwrap(), 1);
}

pub(crate) fn an_index_of_somebody_elses(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let by_owner = NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD;
    let mut refused = |wanted: NvPublic| {
        tpm.nv_define(&wanted).unwrap();
        let error = ask(tpm.as_mut(), 1).unwrap_err();
        // It is left as it was.
        assert_eq!(tpm.nv_public(handles::INPUT).unwrap(), wanted);
        tpm.nv_undefine(handles::INPUT).unwrap();
        error
    };
    for size in [0, 1, 63, 65, 2048] {
        let error = refused(NvPublic { data_size: size, ..public(by_owner) });
        assert!(matches!(error, Error::InputSize { size: found } if found == size), "{error:?}");
    }
    let policy = NvAttributes::POLICYWRITE | NvAttributes::OWNERREAD;
    let error = refused(NvPublic { policy: vec![7; 32], ..public(policy) });
    assert!(matches!(error, Error::InputForeign), "{error:?}");
    let error = refused(public(NvAttributes::OWNERWRITE | NvAttributes::AUTHREAD));
    assert!(matches!(error, Error::InputUnreadable), "{error:?}");
}

pub(crate) fn a_locked_index(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    let attributes = NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD | NvAttributes::WRITE_STCLEAR;
    tpm.nv_define(&public(attributes)).unwrap();
    ask(tpm.as_mut(), 1).unwrap();
    lock(&machine);
    let error = ask(tpm.as_mut(), 2).unwrap_err();
    assert!(matches!(error, Error::InputLocked), "{error:?}");
}

/// TPM2_NV_WriteLock with the owner's empty password, which the crate has no use for.
fn lock(machine: &Machine) {
    let mut stream = TcpStream::connect(machine.running.listens_on()).unwrap();
    let handles = [handles::OWNER, handles::INPUT].map(u32::to_be_bytes).concat();
    let password = [&[0, 0, 0, 9][..], &[0x40, 0, 0, 9, 0, 0, 0, 0, 0]].concat();
    let size = u32::try_from(10 + handles.len() + password.len()).unwrap().to_be_bytes();
    let command = [&[0x80, 0x02][..], &size, &[0, 0, 1, 0x38], &handles, &password].concat();
    stream.write_all(&command).unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[6..], [0; 4], "it was locked");
}
