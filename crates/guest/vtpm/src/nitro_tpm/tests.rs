//! Sessions and message buffers against swtpm, a TPM of other authors. Its indexes have 2048 bytes at most, and it has no
//! vendor command.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic)]

use teeproof_twin::swtpm::Swtpm;

use super::*;
use crate::direct::Direct;
use crate::{Created, handles};

/// The most bytes of an index of swtpm.
const SIZE: u16 = 2048;

/// TPMT_PUBLIC of template L-1 of the EK Credential Profile, before a key is made.
fn template() -> Vec<u8> {
    const POLICY: [u8; 32] = [
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd,
        0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
    ];
    let head = [0, 1, 0, 0x0b, 0, 3, 0, 0xb2, 0, 32];
    let tail = [0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0];
    [&head[..], &POLICY, &tail, &[0; 256]].concat()
}

/// swtpm with a persistent endorsement key, as a NitroTPM has it.
fn furnished() -> (Swtpm, Direct) {
    let swtpm = Swtpm::start().unwrap();
    let mut tpm = Direct::open(&swtpm.address().parse().unwrap()).unwrap();
    let Created { handle, .. } = tpm.create_primary(handles::ENDORSEMENT, &template()).unwrap();
    // TPM2_EvictControl with an empty password.
    let password = [0x40, 0, 0, 9, 0, 0, 1, 0, 0];
    let named = [handles::OWNER.to_be_bytes(), handle.to_be_bytes()].concat();
    let evict = command::authorized(0x120, &named, &password, &handles::EK.to_be_bytes());
    command::send(&mut tpm, "TPM2_EvictControl", &evict).unwrap();
    tpm.flush(handle).unwrap();
    (swtpm, tpm)
}

fn nothing_is_left(tpm: &mut dyn Tpm) {
    assert_eq!(tpm.handles(0x0180_0000).unwrap(), [0_u32; 0], "indexes");
    assert_eq!(tpm.handles(0x0200_0000).unwrap(), [0_u32; 0], "sessions");
}

#[test]
fn a_buffer_is_written_and_read_in_encrypted_sessions() {
    let (_swtpm, mut tpm) = furnished();
    let key = EndorsementKey::read(&mut tpm).unwrap();
    let request: Vec<u8> = (0..SIZE).map(|at| at.to_be_bytes()[1] ^ 0x5a).collect();
    let read = with_session(&mut tpm, &key, true, |tpm, session| {
        let buffer = MessageBuffer::define(tpm, session, SIZE).unwrap();
        assert_eq!(buffer.index(), 0x0180_0000);
        buffer.write(tpm, session, &request, 512).unwrap();
        let public = tpm.nv_public(buffer.index()).unwrap();
        assert_eq!((public.data_size, public.name_algorithm), (SIZE, 0x000d));
        // Nobody without its password may read it, the owner included.
        assert!(tpm.nv_read(buffer.index(), crate::Authority::Owner, 0, 8).is_err());
        let first = buffer.read(tpm, session, 0, 1024).unwrap();
        let rest = buffer.read(tpm, session, 1024, 1024).unwrap();
        buffer.undefine_after(tpm, Ok([first.to_vec(), rest.to_vec()].concat()))
    });
    assert_eq!(read.unwrap(), request);
    nothing_is_left(&mut tpm);
}

#[test]
fn a_session_without_a_cipher_authorizes_too() {
    let (_swtpm, mut tpm) = furnished();
    let key = EndorsementKey::read(&mut tpm).unwrap();
    with_session(&mut tpm, &key, true, |tpm, session| {
        let buffer = MessageBuffer::define(tpm, session, 16).unwrap();
        buffer.write(tpm, session, b"sixteen bytes :)", 16).unwrap();
        // TPM2_NV_ReadLock would change the Name; TPM2_NV_Read has the handles of the vendor command.
        let read = with_session(tpm, &key, false, |tpm, plain| {
            let name = buffer.name();
            let command = Authorized {
                name: "TPM2_NV_Read",
                code: 0x14e,
                handles: &[(buffer.index(), name.as_slice()); 2],
                auth: buffer.auth(),
                parameters: &[0, 16, 0, 0],
                encryption: ParameterEncryption::None,
            };
            Ok(command::one_sized("TPM2_NV_Read", &plain.run(tpm, &command)?)?)
        });
        assert_eq!(read.unwrap().as_slice(), b"sixteen bytes :)");
        buffer.undefine_after(tpm, Ok(()))
    })
    .unwrap();
    nothing_is_left(&mut tpm);
}

#[test]
fn a_tpm_without_the_command_is_named_and_left_as_it_was() {
    let (_swtpm, mut tpm) = furnished();
    let key = EndorsementKey::read(&mut tpm).unwrap();
    let refused = with_session(&mut tpm, &key, true, |tpm, session| {
        let buffer = MessageBuffer::define(tpm, session, SIZE).unwrap();
        let answer = buffer
            .write(tpm, session, b"\x69GetRandom", 512)
            .and_then(|()| run_vendor_command(tpm, &key, &buffer));
        buffer.undefine_after(tpm, answer)
    });
    assert!(
        matches!(refused, Err(NitroTpmError::NoVendorCommand { by_resource_manager: false })),
        "{refused:?}"
    );
    nothing_is_left(&mut tpm);
    // The whole exchange needs an index larger than swtpm's.
    let refused = nsm_exchange(&mut tpm, b"\x69GetRandom").unwrap_err();
    assert!(
        refused.to_string().contains("TPM2_NV_DefineSpace: the TPM refuses with TPM_RC_SIZE"),
        "{refused}"
    );
    nothing_is_left(&mut tpm);
}

#[test]
fn defined_indexes_are_stepped_over() {
    let (_swtpm, mut tpm) = furnished();
    let key = EndorsementKey::read(&mut tpm).unwrap();
    for index in [0x0180_0000, 0x0180_0001, 0x0180_0003] {
        let attributes = crate::NvAttributes::OWNERREAD | crate::NvAttributes::OWNERWRITE;
        let public =
            crate::NvPublic { index, name_algorithm: 0x0b, attributes, policy: Vec::new(), data_size: 8 };
        tpm.nv_define(&public).unwrap();
    }
    with_session(&mut tpm, &key, true, |tpm, session| {
        let buffer = MessageBuffer::define(tpm, session, 16).unwrap();
        assert_eq!(buffer.index(), 0x0180_0002);
        buffer.undefine_after(tpm, Ok(()))
    })
    .unwrap();
    assert_eq!(tpm.handles(0x0180_0000).unwrap(), [0x0180_0000, 0x0180_0001, 0x0180_0003]);
}

#[test]
fn a_tpm_without_the_key_is_an_error_before_anything_is_made() {
    let swtpm = Swtpm::start().unwrap();
    let mut tpm = Direct::open(&swtpm.address().parse().unwrap()).unwrap();
    let none = nsm_exchange(&mut tpm, b"\x69GetRandom").unwrap_err();
    assert!(matches!(none, NitroTpmError::NoEndorsementKey), "{none:?}");
    for length in [0, MAX_NSM_REQUEST + 1] {
        let refused = nsm_exchange(&mut tpm, &vec![0; length]).unwrap_err();
        assert!(matches!(refused, NitroTpmError::RequestLength(bytes) if bytes == length));
    }
    nothing_is_left(&mut tpm);
}
