//! HMAC sessions: the paravisor answers for the TPM, and nobody notices.

use teeproof_twin::paravisor::Settings;

use crate::raw::{
    AK_CERTIFICATE, CALLER, Client, INPUT, NULL, NV_READ, OWNER, READABLE, REPORT, Session, command, len16,
    start, u32_at, wanted,
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
    // What the TPM refuses moves nothing.
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
fn the_names_are_those_that_clients_see() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let mut session = Session::start(&mut client, 0xb, NULL);
    // The name of another index of the same size, and none at all.
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
