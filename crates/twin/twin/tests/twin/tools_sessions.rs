//! Sessions that tpm2-tools keeps over several programs: bound, salted, for encryption, for policies.

use teeproof_twin::paravisor::Settings;

use crate::machine::Report;
use crate::raw::{Client, NV_READ, OWNER, REPORT, password, start, wanted};
use crate::tools::Tools;

const READ: &str = "tpm2_nvread -C o 0x01400001 -o report -P session:s";

/// Starts a session with these flags, and reads the report under it twice.
fn read(flags: &str) -> Result<(), String> {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.ok(&format!("tpm2_startauthsession -S s {flags}"));
    for _ in 0..2 {
        tools.run(READ)?;
        assert!(Report::parse(tools.read("report")).is_bound());
    }
    tools.ok("tpm2_flushcontext s");
    Ok(())
}

#[test]
fn a_session_that_is_saved_and_loaded() {
    read("--hmac-session").unwrap();
}

#[test]
fn a_bound_session() {
    read("--hmac-session --bind-context 0x81000001").unwrap();
}

/// The limits that the README tells of.
#[test]
fn sessions_that_are_not_played() {
    for flags in ["--tpmkey-context 0x81000001", "--key-context 0x81000001"] {
        let error = read(&format!("--hmac-session {flags}")).unwrap_err();
        assert!(error.contains("0x12F"), "{flags}: {error}");
    }
}

/// The owner's password is known to the TPM alone, which checks it where it is given as it is.
#[test]
fn an_owners_password_is_not_known_here() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.ok("tpm2_changeauth -c o owner");
    let error = tools.run("tpm2_nvread -C o -P owner 0x01400001 -o report").unwrap_err();
    assert!(error.contains("0x9A2"), "{error}");
    let mut client = Client::of(&running);
    let read =
        |client: &mut Client, word| client.run(NV_READ, &[OWNER, REPORT], &password(word), &wanted(4, 0));
    assert_eq!(read(&mut client, b""), Err(0x9a2));
    assert_eq!(read(&mut client, b"owner").unwrap()[6..10], *b"HCLA");
}
