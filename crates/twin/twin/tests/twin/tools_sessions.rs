//! Sessions that tpm2-tools keeps over several programs: bound, salted, for encryption, for policies.

use teeproof_twin::paravisor::Settings;

use crate::machine::Report;
use crate::raw::start;
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

#[test]
fn sessions_that_encrypt_and_audit() {
    for bound in ["", "--bind-context 0x81000001", "--bind-context o"] {
        let running = start(Settings::default());
        let tools = Tools::of(&running);
        tools.ok(&format!("tpm2_startauthsession -S s --hmac-session {bound}"));
        tools.ok("tpm2_startauthsession -S a --hmac-session");
        // What the one is for, and the other: a command has one session at most for each.
        for (ours, other) in [
            ("--enable-encrypt", "--enable-audit"),
            ("--enable-decrypt", "--enable-audit"),
            ("--disable-decrypt --disable-encrypt --enable-audit", "--disable-audit --enable-encrypt"),
        ] {
            tools.ok(&format!("tpm2_sessionconfig s {ours}"));
            tools.ok(&format!("tpm2_sessionconfig a {other}"));
            for auth in ["-P session:s", "-S s", "-P session:a -S s", "-P session:s -S a"] {
                tools.ok(&format!("tpm2_nvread -C o 0x01400001 -o report {auth}"));
                assert!(Report::parse(tools.read("report")).is_bound(), "{ours} {auth}");
            }
            let public = tools.ok("tpm2_nvreadpublic -S s 0x01400001");
            assert!(public.contains("size: 2600"), "{public}");
        }
    }
}

/// Every kind of program, under sessions with and without a salt.
#[test]
fn programs_under_sessions_of_every_kind() {
    for flags in ["", "--bind-context o", "--tpmkey-context 0x81000001"] {
        let running = start(Settings::default());
        let tools = Tools::of(&running);
        tools.write("input", &[0xe5; 64]);
        tools.write("secret", b"a secret");
        tools.ok(&format!("tpm2_startauthsession -S s --hmac-session {flags}"));
        for line in [
            "tpm2_nvdefine 0x01400002 -C o -s 64 -a ownerread|ownerwrite -P session:s",
            "tpm2_nvwrite 0x01400002 -C o -i input -P session:s",
            "tpm2_nvread 0x01400002 -C o -o read -P session:s",
            "tpm2_createprimary -C o -c primary -P session:s",
            "tpm2_create -C primary -u sealed.pub -r sealed.priv -i secret -P session:s",
            "tpm2_flushcontext -t",
            "tpm2_load -C primary -u sealed.pub -r sealed.priv -c sealed -P session:s",
            "tpm2_unseal -c sealed -o unsealed -p session:s",
            "tpm2_flushcontext -t",
            "tpm2_quote -c 0x81000003 -l sha256:0,7 -q 7ee7 -p session:s",
            "tpm2_sessionconfig s --enable-audit",
            "tpm2_nvreadpublic -S s 0x01400002",
            "tpm2_getrandom -S s --hex 8",
            "tpm2_create -C primary -u another.pub -r another.priv -S s",
            "tpm2_flushcontext -t",
            "tpm2_sessionconfig s --disable-audit --enable-encrypt --enable-decrypt",
            "tpm2_unseal -c sealed -o unsealed -p session:s",
            "tpm2_nvread 0x01400002 -C o -o read -P session:s",
        ] {
            tools.ok(line);
        }
        assert_eq!((tools.read("read"), tools.read("unsealed")), (vec![0xe5; 64], b"a secret".to_vec()));
        tools.ok("tpm2_sessionconfig s --disable-encrypt --disable-decrypt");
        let is_salted = flags.contains("tpmkey");
        for index in ["0x01400001", "0x01C101D0"] {
            let read = tools.run(&format!("tpm2_nvread -C o {index} -o read -P session:s"));
            assert_eq!(read.is_err(), is_salted, "{flags}: {read:?}");
            assert!(read.err().is_none_or(|error| error.contains("0x12F")));
        }
        tools.ok("tpm2_nvread 0x01400002 -C o -o read -P session:s");
        assert!(tools.run("tpm2_pcrread sha256:0").is_ok());
    }
}

/// The limits that the README tells of.
#[test]
fn sessions_that_are_not_played() {
    for flags in ["--tpmkey-context 0x81000001", "--key-context 0x81000001"] {
        let error = read(&format!("--hmac-session {flags}")).unwrap_err();
        assert!(error.contains("0x12F"), "{flags}: {error}");
    }
}
