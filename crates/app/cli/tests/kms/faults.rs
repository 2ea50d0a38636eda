//! Enclaves that the key is not for, and answers that are not of KMS: nothing is written.

use teeproof_twin::kms::Fault;

use super::enclave::{CONTEXT, DATA_KEY, Enclave};

#[test]
fn other_images_and_debug_enclaves_get_nothing() {
    let other = Enclave::with("kms-other-image", |nsm| nsm.pcrs = vec![(0, [7; 48])], |_| ());
    let debug = Enclave::with("kms-debug", |nsm| nsm.debug = true, |_| ());
    for enclave in [other, debug] {
        let ran = enclave
            .run(DATA_KEY)
            .fails(8, &["AccessDeniedException", "kms:RecipientAttestation:ImageSha384"]);
        assert!(ran.stderr.contains("teeproof kms lint-policy"), "{ran:#?}");
        assert!(enclave.files().is_empty());
    }
    // Documents under another root.
    let foreign = Enclave::with("kms-foreign", |_| (), |kms| kms.anchors.clear());
    foreign.run(DATA_KEY).fails(8, &["GenerateDataKey: "]);
    assert!(foreign.files().is_empty());
}

#[test]
fn answers_that_are_not_of_kms() {
    for (fault, exit, says) in [
        (Fault::Plaintext, 4, "the answer has Plaintext in the clear"),
        (Fault::Both, 4, "the answer has Plaintext in the clear"),
        (Fault::Missing, 8, "the answer has no CiphertextForRecipient"),
        (Fault::OtherKey, 5, "KeyId: expected arn:aws:kms:"),
    ] {
        let enclave = Enclave::with(&format!("kms-{fault:?}"), |_| (), |kms| kms.fault = Some(fault));
        enclave.run(DATA_KEY).fails(exit, &[says]);
        let json = enclave.run(DATA_KEY).args(["--format", "json"]).exits(exit);
        assert!(json.stdout.is_empty() && json.stderr.contains("\"exit_code\""), "{json:#?}");
        assert!(enclave.files().is_empty(), "{fault:?}");
    }
}

/// The parent can make an envelope of its own, because nothing in it is authenticated: the result says so, and
/// --require-authenticated has none of it.
#[test]
fn an_envelope_of_the_parents_is_not_authenticated() {
    let enclave = Enclave::with("kms-forged", |_| (), |kms| kms.fault = Some(Fault::Forged));
    let ran = enclave.run(DATA_KEY).exits(0);
    assert!(ran.stdout.contains("unauthenticated: plain HTTP"), "{ran:#?}");
    assert_eq!(enclave.file("key"), [0x66; 32]);
    std::fs::remove_file(enclave.folder.join("key")).unwrap();
    std::fs::remove_file(enclave.folder.join("wrapped")).unwrap();
    enclave.run(DATA_KEY).args(["--require-authenticated"]).fails(5, &["unauthenticated: plain HTTP"]);
    assert!(enclave.files().is_empty());
}

/// A ciphertext under a key of the parent's is not decrypted, because the key is named.
#[test]
fn a_substituted_ciphertext_is_of_another_key() {
    let enclave = Enclave::with("kms-substituted", |_| (), |kms| kms.fault = Some(Fault::Substituted));
    enclave.run(DATA_KEY).exits(0);
    // KMS finds the other key first; the answer of another key is refused by the command (exit code 5).
    enclave
        .run("kms decrypt wrapped --key KEY -o again")
        .args(CONTEXT)
        .fails(8, &["IncorrectKeyException", "the key that it was made with"]);
    assert_eq!(enclave.files(), ["key", "wrapped"]);
}

#[test]
fn a_storm_of_throttling_is_waited_out() {
    let throttled = |test: &str, count| {
        Enclave::with(
            test,
            |_| (),
            |kms| {
                kms.fault = Some(Fault::Throttling);
                kms.throttled = count;
            },
        )
    };
    let enclave = throttled("kms-throttled", 2);
    enclave.run("kms generate-random -o secret --retries 4").exits(0);
    assert_eq!(enclave.file("secret").len(), 32);
    let enclave = throttled("kms-storm", 20);
    enclave.run("kms generate-random -o secret --retries 1").fails(8, &["ThrottlingException", "--retries"]);
    assert!(enclave.files().is_empty());
}
