//! Secrets that are released to the enclave.

use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use super::enclave::{CONTEXT, DATA_KEY, Enclave};
use super::support::{base64, hex, root, validated};

#[test]
fn a_data_key_is_decrypted_again() {
    let enclave = Enclave::start("kms-data-key");
    let ran = enclave.run(DATA_KEY).exits(0);
    let key = enclave.file("key");
    assert_eq!(key.len(), 32);
    let mode = std::fs::metadata(enclave.folder.join("key")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(ran.stdout.starts_with("GenerateDataKey: 32 bytes\n"), "{ran:#?}");
    assert!(ran.stdout.contains(&format!("key: {}, as requested", enclave.kms.key_arn())), "{ran:#?}");
    // The twin speaks plain HTTP.
    assert!(ran.stdout.contains("unauthenticated: plain HTTP"), "{ran:#?}");
    let again = enclave.run("kms decrypt wrapped --key KEY -o again --format json").args(CONTEXT).exits(0);
    assert_eq!(enclave.file("again"), key);
    let json = again.json();
    assert_eq!(
        (&json["operation"], &json["secret_bytes"], &json["authenticated"], &json["key_compared"]),
        (&json!("Decrypt"), &json!(32), &json!(false), &json!("arn"))
    );
    // No part of the secret is anywhere else.
    for text in [&ran.stdout, &ran.stderr, &again.stdout, &again.stderr] {
        assert!(!text.contains(&hex(&key)) && !text.contains(base64(&key).trim()), "{text}");
    }
    assert_eq!(enclave.files(), ["again", "key", "wrapped"]);
    // The example of docs/json.md.
    let mut document = json.clone();
    document["key_arn"] =
        json!("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    document["request_id"] = json!("1234abcd-…");
    let example = json!({
        "command": "kms decrypt wrapped --key KEY --context purpose=tls-key -o secret",
        "stream": "",
        "json": document,
    });
    let path = root().join("crates/app/cli/tests/examples/kms-answer.json");
    let text = serde_json::to_string_pretty(&example).unwrap() + "\n";
    if std::env::var_os("TEEPROOF_WRITE_TABLES").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "run this test with TEEPROOF_WRITE_TABLES=1");
    assert!(validated::counts().contains_key("kms-answer"));
}

#[test]
fn every_kind_of_secret() {
    let enclave = Enclave::start("kms-kinds");
    enclave.run("kms generate-random --bytes 7 -o random").exits(0);
    assert_eq!(enclave.file("random").len(), 7);
    let pair = "kms generate-data-key-pair --kind ECC_NIST_P256 --key KEY --context a=b --ciphertext wrapped --public-key public -o private";
    let ran = enclave.run(pair).exits(0);
    assert!(ran.stdout.starts_with("GenerateDataKeyPair: "), "{ran:#?}");
    // PKCS #8 and SubjectPublicKeyInfo, and the same private key again.
    assert!(
        enclave.file("private").starts_with(&[0x30]) && enclave.file("public").starts_with(&[0x30, 0x59])
    );
    enclave.run("kms decrypt wrapped --key KEY --context a=b -o again").exits(0);
    assert_eq!(enclave.file("again"), enclave.file("private"));
    for (kind, bytes) in [("--kind aes-128", 16), ("--bytes 100", 100)] {
        let words =
            format!("kms generate-data-key --key KEY --context a=b {kind} --ciphertext wrapped -o key");
        enclave.run(&words).exits(0);
        assert_eq!(enclave.file("key").len(), bytes);
    }
    let waived = "kms generate-data-key --key KEY --ciphertext wrapped -o key --no-encryption-context";
    let ran = enclave.run(waived).args(["a throwaway key"]).exits(0);
    assert!(ran.stdout.contains("no encryption context: a throwaway key"), "{ran:#?}");
    // An id is compared with the end of the ARN.
    let id = enclave.kms.key_arn().rsplit('/').next().unwrap().to_owned();
    let ran = enclave.run("kms generate-data-key --context a=b --ciphertext wrapped -o key --format json");
    assert_eq!(ran.args(["--key", &id]).exits(0).json()["key_compared"], "id");
}

#[test]
fn a_secret_for_a_pipe() {
    let enclave = Enclave::start("kms-pipe");
    enclave.run(DATA_KEY).exits(0);
    let words = "kms decrypt wrapped --key KEY --context purpose=tls-key --stdout";
    assert_eq!(enclave.run(words).bytes(), enclave.file("key"));
    let piped = enclave.run("kms decrypt - --key KEY --context purpose=tls-key --stdout");
    assert_eq!(piped.stdin(&enclave.file("wrapped")).bytes(), enclave.file("key"));
}

/// All parts of an answer or none: the files are undone if the secret cannot be written.
#[test]
fn a_secret_that_cannot_be_written_leaves_no_file() {
    let enclave = Enclave::start("kms-full");
    let pair = "kms generate-data-key-pair --kind ECC_NIST_P256 --key KEY --context a=b --ciphertext wrapped --public-key public --stdout";
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (exit, said) = enclave.run(pair).into_stdout(full());
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("cannot write standard output"), "{said}");
    assert!(enclave.files().is_empty());
    // Older files are as they were.
    assert!(!enclave.run(pair).bytes().is_empty());
    let older = enclave.file("wrapped");
    assert_eq!(enclave.run(pair).into_stdout(full()).0, Some(1));
    assert_eq!((enclave.file("wrapped"), enclave.files()), (older, vec!["public".into(), "wrapped".into()]));
}
