//! HMAC sessions over the paravisor's own indexes.

use teeproof_twin::paravisor::Settings;

use crate::connections::flush;
use crate::raw::{
    AK_CERTIFICATE, CALLER, Client, INPUT, NULL, NV_READ, NV_READ_PUBLIC, OWNER, READABLE, REPORT, Session,
    command, len16, password, start, u32_at, wanted,
};

const STAY: u8 = 1;
/// TPM_RC_AUTH_FAIL, or TPM_RC_BAD_AUTH where wrong guesses do not count, about the first session.
const WRONG: [u32; 2] = [0x98e, 0x9a2];

#[test]
fn chunks_under_one_session_of_every_kind() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let expected = client.nv_read_all(AK_CERTIFICATE);
    for (hash, bound) in [(0xb, NULL), (0xb, OWNER), (4, NULL), (0xc, OWNER)] {
        let mut session = Session::start(&mut client, hash, bound);
        let mut read = Vec::new();
        for offset in [0, 1024, 2048, 3072] {
            read.extend(session.nv_read(&mut client, AK_CERTIFICATE, (1024, offset), STAY).unwrap());
        }
        assert_eq!(read, expected, "hash {hash:#x}, bound to {bound:#x}");
        client.run(0x165, &[], &[], &session.handle.to_be_bytes()).unwrap();
    }
}

#[test]
fn nonces_stay_in_step_with_the_tpm() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    client.put_in(&[0x5a; 64], READABLE);
    let mut session = Session::start(&mut client, 0xb, NULL);
    // The one is the paravisor's, the other the TPM's own.
    for _ in 0..3 {
        let report = session.nv_read(&mut client, REPORT, (1024, 0), STAY).unwrap();
        assert_eq!(report[..4], *b"HCLA");
        assert_eq!(session.nv_read(&mut client, INPUT, (64, 0), STAY), Ok(vec![0x5a; 64]));
    }
    // A refused command does not change the nonces.
    for (wanted, code) in [((1025, 0), 0x1c4), ((1, 2601), 0x2c4), ((1024, 2000), 0x146)] {
        assert_eq!(session.nv_read(&mut client, REPORT, wanted, STAY), Err(code), "{wanted:?}");
    }
    assert!(session.nv_read(&mut client, REPORT, (552, 2048), STAY).is_ok());
    // The last one under this session.
    assert!(session.nv_read(&mut client, REPORT, (1, 0), 0).is_ok());
    assert_eq!(session.nv_read(&mut client, REPORT, (1, 0), STAY), Err(0x918));
}

#[test]
fn an_hmac_that_is_wrong_is_refused_by_the_tpm() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut session = Session::start(&mut client, 0xb, NULL);
    let tampered =
        [&session.handle.to_be_bytes()[..], &len16(&CALLER), &CALLER, &[STAY], &len16(&[0; 32]), &[0xee; 32]];
    let answer = client.bytes(&command(NV_READ, &[OWNER, REPORT], &tampered.concat(), &wanted(64, 0)));
    assert!(WRONG.contains(&u32_at(&answer, 6)), "{answer:02x?}");
    assert_eq!(answer.len(), 10, "nothing but a code");
    assert!(session.nv_read(&mut client, REPORT, (64, 0), STAY).is_ok(), "the session goes on");
}

#[test]
fn hmacs_use_the_names_that_clients_see() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut session = Session::start(&mut client, 0xb, NULL);
    // The Name of another index of the same size, and an empty one.
    let (_, other) = client.nv_public(AK_CERTIFICATE).unwrap();
    for name in [other.as_slice(), &[]] {
        let names: [&[u8]; 2] = [&OWNER.to_be_bytes(), name];
        let read = session.run(&mut client, NV_READ, (&[OWNER, REPORT], &names), &wanted(64, 0), STAY);
        assert!(read.is_err_and(|code| WRONG.contains(&code)));
    }
}

#[test]
fn sessions_of_several_clients_at_once() {
    let running = start(Settings::default());
    let mut clients: Vec<_> = (0..3).map(|_| Client::of(&running)).collect();
    let mut sessions: Vec<_> = clients.iter_mut().map(|client| Session::start(client, 0xb, NULL)).collect();
    let expected = clients[0].nv_read(AK_CERTIFICATE, 0, 1024).unwrap();
    for _ in 0..4 {
        for (client, session) in clients.iter_mut().zip(&mut sessions) {
            assert_eq!(session.nv_read(client, AK_CERTIFICATE, (1024, 0), STAY).as_ref(), Ok(&expected));
        }
    }
}

const AUDIT: u8 = 0x80;
const AUDIT_RESET: u8 = 4;

/// TPM2_NV_ReadPublic under a session: the public area and the name.
fn read_public(
    session: &mut Session,
    client: &mut Client,
    index: u32,
    attributes: u8,
) -> Result<Vec<u8>, u32> {
    let (_, name) = client.nv_public(index)?;
    session.run(client, NV_READ_PUBLIC, (&[index], &[&name]), &[], attributes)
}

#[test]
fn a_public_area_under_an_audit_session() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    client.put_in(&[1; 64], READABLE);
    for (hash, bound) in [(0xb, NULL), (0xc, OWNER)] {
        let mut session = Session::start(&mut client, hash, bound);
        for index in [REPORT, AK_CERTIFICATE, INPUT, REPORT] {
            let without = client.run(NV_READ_PUBLIC, &[index], &[], &[]).unwrap();
            assert_eq!(read_public(&mut session, &mut client, index, STAY | AUDIT), Ok(without));
        }
        // A session without a purpose: TPM_RC_ATTRIBUTES, as for every other index.
        for index in [REPORT, INPUT] {
            assert_eq!(read_public(&mut session, &mut client, index, STAY), Err(0x982));
        }
        client.run(0x165, &[], &[], &session.handle.to_be_bytes()).unwrap();
    }
}

#[test]
fn a_read_that_is_authorized_and_audited() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let expected = client.nv_read(AK_CERTIFICATE, 0, 100).unwrap();
    let mut session = Session::start(&mut client, 0xb, NULL);
    for _ in 0..2 {
        let read = session.nv_read(&mut client, AK_CERTIFICATE, (100, 0), STAY | AUDIT);
        assert_eq!(read.as_ref(), Ok(&expected));
    }
}

/// swtpm's audit digest differs from the client's, so that the command is refused until the session begins a
/// new digest.
#[test]
fn the_audit_digest_is_refused_after_a_substituted_response() {
    const ENDORSEMENT: u32 = 0x4000_000b;
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut session = Session::start(&mut client, 0xb, NULL);
    let digest = |client: &mut Client, session: u32| {
        let auth = password(b"").repeat(2);
        client.run(0x14d, &[ENDORSEMENT, NULL, session], &auth, &[0, 0, 0, 0x10]).map(|_| ())
    };
    read_public(&mut session, &mut client, REPORT, STAY | AUDIT).unwrap();
    assert_eq!(digest(&mut client, session.handle), Err(0x12f));
    // TPM2_GetRandom, which is forwarded unchanged.
    session.run(&mut client, 0x17b, (&[], &[]), &[0, 8], STAY | AUDIT).unwrap();
    assert_eq!(digest(&mut client, session.handle), Err(0x12f));
    session.run(&mut client, 0x17b, (&[], &[]), &[0, 8], STAY | AUDIT | AUDIT_RESET).unwrap();
    assert_eq!(digest(&mut client, session.handle), Ok(()));
}

/// Forwarded commands about the indexes have the TPM's codes under HMACs too.
#[test]
fn commands_refused_to_the_owner_keep_the_codes_of_the_tpm() {
    const UNDEFINE: u32 = 0x122;
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut session = Session::start(&mut client, 0xb, NULL);
    for index in [REPORT, AK_CERTIFICATE] {
        let (_, name) = client.nv_public(index).unwrap();
        let names: [&[u8]; 2] = [&OWNER.to_be_bytes(), &name];
        for (code, parameters) in [(UNDEFINE, &[][..]), (0x137, &[0, 1, 0, 0, 0])] {
            let done = session.run(&mut client, code, (&[OWNER, index], &names), parameters, STAY);
            assert_eq!(done, Err(0x149), "{code:#x}");
        }
    }
}

/// The kernel translates only handles of objects in TPM2_FlushContext.
#[test]
fn a_session_of_another_managed_connection_can_be_flushed_as_behind_the_kernel() {
    let running = start(Settings::default());
    let (mut one, mut other) = (Client::to(running.manages_on()), Client::to(running.manages_on()));
    let mut session = Session::start(&mut one, 0xb, NULL);
    assert!(flush(&mut other, session.handle).is_ok());
    assert_eq!(session.nv_read(&mut one, REPORT, (4, 0), 1), Err(0x918));
    // The connection that lost it has its slot back.
    let mut sessions: Vec<_> = (0..3).map(|_| Session::start(&mut one, 0xb, NULL)).collect();
    assert!(sessions.iter_mut().all(|session| session.nv_read(&mut one, REPORT, (4, 0), 1).is_ok()));
}
