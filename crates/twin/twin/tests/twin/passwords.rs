//! Hierarchy passwords set by the guest: tracked by the twin, and used in HMACs over its indexes.

use teeproof_twin::paravisor::Settings;

use crate::raw::{
    AK_CERTIFICATE, Client, NULL, NV_READ, OWNER, READABLE, REPORT, Session, len16, password, start, wanted,
};
use crate::tools::Tools;

const LOCKOUT: u32 = 0x4000_000a;
const STAY: u8 = 1;
/// TPM_RC_BAD_AUTH about the first session.
const WRONG: u32 = 0x9a2;

/// TPM2_HierarchyChangeAuth.
fn change(client: &mut Client, old: &[u8], new: &[u8]) {
    let parameters = [&len16(new)[..], new].concat();
    client.run(0x129, &[OWNER], &password(old), &parameters).unwrap();
}

fn read(client: &mut Client, word: &[u8]) -> Result<Vec<u8>, u32> {
    client.run(NV_READ, &[OWNER, REPORT], &password(word), &wanted(4, 0))
}

#[test]
fn hmacs_are_made_with_the_owners_password() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let expected = client.nv_read(AK_CERTIFICATE, 0, 64).unwrap();
    let mut old = Session::start(&mut client, 0xb, OWNER);
    // Zeros at the end of a password do not count.
    change(&mut client, b"", b"owner\0\0");
    for bound in [NULL, OWNER, 0x8100_0001] {
        let of_bound = if bound == OWNER { &b"owner"[..] } else { b"" };
        let mut session = Session::start_with(&mut client, 0xb, bound, of_bound);
        for _ in 0..2 {
            let read = session.nv_read_as(&mut client, b"owner", AK_CERTIFICATE, (64, 0), STAY);
            assert_eq!(read.as_ref(), Ok(&expected), "bound to {bound:#x}");
        }
        assert_eq!(session.nv_read_as(&mut client, b"guess", AK_CERTIFICATE, (64, 0), STAY), Err(WRONG));
        client.run(0x165, &[], &[], &session.handle.to_be_bytes()).unwrap();
    }
    // A session that was bound before the password changed needs the new one.
    assert_eq!(old.nv_read_as(&mut client, b"", AK_CERTIFICATE, (64, 0), STAY), Err(WRONG));
    assert_eq!(old.nv_read_as(&mut client, b"owner", AK_CERTIFICATE, (64, 0), STAY), Ok(expected));
    assert_eq!(read(&mut client, b"").unwrap_err(), WRONG);
    assert!(read(&mut client, b"owner").is_ok());
}

#[test]
fn a_clear_takes_the_password_away() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    change(&mut client, b"", b"owner");
    change(&mut client, b"owner", b"second");
    let mut session = Session::start(&mut client, 0xb, NULL);
    assert_eq!(session.nv_read_as(&mut client, b"owner", REPORT, (4, 0), STAY), Err(WRONG));
    assert!(session.nv_read_as(&mut client, b"second", REPORT, (4, 0), STAY).is_ok());
    client.with_password(0x126, &[LOCKOUT], &[]).unwrap();
    assert!(session.nv_read(&mut client, REPORT, (4, 0), STAY).is_ok(), "an empty one");
}

/// The paravisor reads the guest's input as the owner without a password: with one, nothing is read.
#[test]
fn the_report_stays_as_it_is_while_the_owner_has_a_password() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    client.put_in(&[0xa1; 64], READABLE);
    let before = crate::machine::Report::of(&mut client);
    change(&mut client, b"", b"owner");
    let again = read_all(&mut client, b"owner");
    assert_eq!(again, before.bytes);
    change(&mut client, b"owner", b"");
    assert_ne!(crate::machine::Report::of(&mut client).bytes, before.bytes, "a new signature");
}

fn read_all(client: &mut Client, word: &[u8]) -> Vec<u8> {
    let chunk = |(offset, size): (u16, u16)| {
        let parameters = wanted(size, offset);
        let answer = client.run(NV_READ, &[OWNER, REPORT], &password(word), &parameters).unwrap();
        answer[6..6 + usize::from(size)].to_vec()
    };
    [(0, 1024), (1024, 1024), (2048, 552)].map(chunk).concat()
}

#[test]
fn tpm2_tools_with_the_owners_password() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.ok("tpm2_changeauth -c o owner");
    let read = |auth: &str| tools.run(&format!("tpm2_nvread -C o -P {auth} 0x01400001 -o report"));
    read("owner").unwrap();
    assert!(read("guess").unwrap_err().contains("0x9A2"));
    tools.ok("tpm2_startauthsession -S s --hmac-session");
    read("session:s+owner").unwrap();
    tools.ok("tpm2_flushcontext s");
    tools.ok("tpm2_startauthsession -S s --hmac-session --bind-context o --bind-auth owner");
    read("session:s+owner").unwrap();
    tools.ok("tpm2_sessionconfig s --enable-decrypt --enable-encrypt");
    read("session:s+owner").unwrap();
    // The new password is sent encrypted. The program fails afterwards, because its session is gone.
    let _ = tools.run("tpm2_changeauth -c o -p session:s+owner second");
    assert!(read("owner").unwrap_err().contains("0x9A2"));
    read("second").unwrap();
    tools.ok("tpm2_clear");
    tools.ok("tpm2_nvread -C o 0x01400001 -o report");
    // Keys of the owner and of the endorsement hierarchy are gone; this machine does not boot again.
    for key in ["0x81000001", "0x81000003"] {
        assert!(tools.run(&format!("tpm2_readpublic -c {key}")).is_err(), "{key}");
    }
}

/// A password encrypted under a salted session is unknown to the twin: HMACs with it are refused, the
/// password itself is checked by the TPM.
#[test]
fn a_password_that_was_set_under_a_salt() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.ok("tpm2_startauthsession -S s --hmac-session --tpmkey-context 0x81000001");
    tools.ok("tpm2_sessionconfig s --enable-decrypt");
    let _ = tools.run("tpm2_changeauth -c o -p session:s secret");
    let mut client = Client::of(&running);
    assert!(read(&mut client, b"secret").is_ok());
    let error = tools.run("tpm2_nvread -C o -P secret 0x01400001 -o report").unwrap_err();
    assert!(error.contains("0x12F"), "{error}");
    change(&mut client, b"secret", b"seen");
    tools.ok("tpm2_nvread -C o -P seen 0x01400001 -o report");
}
