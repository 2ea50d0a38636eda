//! Places of the secret, and command lines that release none.

use super::enclave::{DATA_KEY, Enclave};

#[test]
fn the_secret_has_one_place() {
    let enclave = Enclave::start("kms-places");
    for words in ["kms generate-random", "kms generate-random -o secret --stdout", "kms generate-random -o -"]
    {
        enclave.run(words).fails(2, &["one place for the secret", "--stdout"]);
    }
    assert!(enclave.files().is_empty());
    // Two outputs are two files.
    let same = DATA_KEY.replace("-o key", "-o wrapped");
    enclave.run(&same).fails(2, &["two outputs are one file"]);
    // A ciphertext that cannot be written: neither file appears.
    let nowhere = DATA_KEY.replace("--ciphertext wrapped", "--ciphertext missing/wrapped");
    enclave.run(&nowhere).exits(2);
    assert!(enclave.files().is_empty());
    // The file of an earlier secret is replaced as a whole, and is unchanged by a refusal.
    enclave.run(DATA_KEY).exits(0);
    let first = enclave.file("key");
    enclave
        .run("kms decrypt wrapped --key KEY --context purpose=other -o key")
        .fails(8, &["InvalidCiphertextException"]);
    assert_eq!(enclave.file("key"), first);
    enclave.run(DATA_KEY).exits(0);
    assert_ne!(enclave.file("key"), first);
}

#[test]
fn what_is_missing_is_named() {
    let enclave = Enclave::start("kms-usage");
    enclave.run(DATA_KEY).exits(0);
    enclave.run("kms decrypt wrapped --key KEY -o secret").exits(2);
    enclave.run("kms decrypt wrapped --context a=b -o secret").exits(2);
    for (words, says) in [
        ("kms decrypt wrapped --key KEY --context ab -o secret", "no = in ab"),
        ("kms decrypt wrapped --key KEY --context a=b --context a=c -o secret", "a is given twice"),
        (
            "kms decrypt wrapped --key KEY --algorithm SYMMETRIC_DEFAULT -o secret",
            "encryption context: expected one",
        ),
        ("kms decrypt wrapped --key a/b --context a=b -o secret", "not an identifier of a KMS key"),
        ("kms generate-random --proxy vsock -o secret", "not the address of a proxy"),
        ("kms generate-random --kms-url http://192.0.2.1 -o secret", "plain HTTP to another machine"),
        ("kms generate-random --bytes 0 -o secret", "expected 1 to 1024 bytes"),
        ("kms generate-random --offline -o secret", "--offline forbids it"),
        ("kms generate-random --nsm unix -o secret", "unix"),
    ] {
        enclave.run(words).fails(2, &[says]);
    }
    enclave.run("kms generate-random --nsm unix:no-such-socket -o secret").fails(9, &["no-such-socket"]);
    let nobody = enclave.run("kms generate-random --kms-url http://127.0.0.1:1 --retries 0 -o secret");
    nobody.fails(8, &["127.0.0.1:1 does not answer", "vsock-proxy"]);
    let no_region = enclave
        .run("kms generate-random -o secret")
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "");
    no_region.fails(2, &["settings of the AWS SDK", "AWS_ACCESS_KEY_ID"]);
    assert_eq!(enclave.files(), ["key", "wrapped"]);
}
