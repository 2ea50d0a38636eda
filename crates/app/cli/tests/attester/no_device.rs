//! Without a TPM, or with one that may not be used: exit code 9, and what to do.

use super::support::teeproof;

const VERBS: [&[&str]; 4] = [
    &["collect", "azure", "--no-nonce"],
    &["vtpm", "nv", "list"],
    &["vtpm", "report", "--boot"],
    &["seal", "key", "--no-nonce"],
];

#[test]
fn a_missing_device_is_reported() {
    for verb in VERBS {
        teeproof(verb).env("TEEPROOF_TPM", "device:/dev/no-such-tpm").fails(9, &["/dev/no-such-tpm"]);
    }
    let ran = teeproof(["doctor", "--offline", "--tpm", "device:/dev/no-such-tpm"]).exits(9);
    ran.shows(&["✘ TPM ", "/dev/no-such-tpm", "hint: "]);
}

#[test]
fn a_socket_without_listener_is_reported() {
    for verb in VERBS {
        teeproof(verb).env("TEEPROOF_TPM", "swtpm:host=127.0.0.1,port=1").fails(9, &[]);
    }
}

#[test]
fn an_invalid_address_is_reported_with_the_name_of_the_variable() {
    for name in ["TPM2TOOLS_TCTI", "TCTI"] {
        let ran = teeproof(["vtpm", "nv", "list"]).env(name, "nonsense").fails(2, &[name, "nonsense"]);
        assert!(ran.stderr.contains("swtpm:host="), "{ran:#?}");
    }
    // What was said goes before what the stack's own variables say.
    teeproof(["vtpm", "nv", "list", "--tpm", "wrong"]).env("TCTI", "device").fails(2, &["wrong"]);
}
