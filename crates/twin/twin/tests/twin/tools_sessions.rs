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
        // One session for each purpose: a command has at most one for authorization and one for auditing.
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

/// The limits documented in the README.
#[test]
fn sessions_that_are_not_played() {
    for flags in ["--tpmkey-context 0x81000001", "--key-context 0x81000001"] {
        let error = read(&format!("--hmac-session {flags}")).unwrap_err();
        assert!(error.contains("0x12F"), "{flags}: {error}");
    }
}

/// The bind entity may have any password, which is unknown to the twin: no HMAC is forwarded that the TPM would
/// count as a guess.
#[test]
fn a_session_bound_to_a_key_with_a_password() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.write("forged", b"HCLA");
    tools.ok("tpm2_createprimary -C o -p keypw -c key");
    tools.ok("tpm2_startauthsession -S s --hmac-session --bind-context key --bind-auth keypw");
    let refused = |line: &str| {
        let error = tools.run(&format!("{line} -P session:s")).unwrap_err();
        assert!(error.contains("0x12F"), "{line}: {error}");
        let variable = tools.ok("tpm2_getcap properties-variable");
        assert!(variable.contains("TPM2_PT_LOCKOUT_COUNTER: 0x0\n"), "{variable}");
    };
    for index in ["0x01400001", "0x01C101D0"] {
        refused(&format!("tpm2_nvread -C o {index} -s 16"));
        refused(&format!("tpm2_nvwrite -C o {index} -i forged"));
    }
    // Certifying needs the name of the index.
    refused("tpm2_nvcertify -C 0x81000003 -c o --size 16 -o signature --attestation attested 0x01400001");
    // For all other commands it works.
    tools.ok("tpm2_nvdefine 0x01400002 -C o -s 4 -a ownerread|ownerwrite -P session:s");
    tools.ok("tpm2_nvwrite 0x01400002 -C o -i forged -P session:s");
    // A password encrypted under it is unknown as well.
    tools.ok("tpm2_sessionconfig s --enable-decrypt");
    let _ = tools.run("tpm2_changeauth -c o -p session:s secret");
    let error = tools.run("tpm2_nvread -C o -P secret 0x01400001").unwrap_err();
    assert!(error.contains("0x12F"), "{error}");
}

/// No HMAC can be made under them, so that a response that needs a change is refused.
#[test]
fn random_bytes_by_48_under_sessions_that_are_not_known_here() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.ok("tpm2_startauthsession -S s --hmac-session --tpmkey-context 0x81000001");
    tools.ok("tpm2_startauthsession -S p --policy-session --tpmkey-context 0x81000001");
    for attribute in ["audit", "encrypt"] {
        tools.ok(&format!("tpm2_sessionconfig s --enable-{attribute}"));
        assert_eq!(tools.ok("tpm2_getrandom -f -S s --hex 48").trim().len(), 96);
        let error = tools.run("tpm2_getrandom -f -S s --hex 60").unwrap_err();
        assert!(error.contains("0x12F"), "{error}");
    }
    tools.ok("tpm2_sessionconfig p --enable-encrypt");
    assert_eq!(tools.ok("tpm2_getrandom -f -S p --hex 48").trim().len(), 96);
    let error = tools.run("tpm2_getrandom -f -S p --hex 60").unwrap_err();
    assert!(error.contains("0x12F"), "{error}");
}
