//! Envelopes that OpenSSL's `cms` writes for our key: with `-stream` in the form of KMS, and without in DER.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "envelope/writer.rs"]
#[allow(dead_code, reason = "the suite `envelope` uses the rest")]
mod writer;

use std::path::{Path, PathBuf};
use std::process::Command;

use teeproof_kms::Envelope;

use crate::writer::RECIPIENT;

/// Runs `openssl` in a folder.
fn openssl(folder: &Path, words: &str) {
    let output = Command::new("openssl").args(words.split_whitespace()).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("openssl: {error}"));
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openssl-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn envelopes_of_openssl_are_decrypted() {
    let folder = folder();
    std::fs::write(folder.join("recipient.der"), RECIPIENT.public_key()).unwrap();
    let identifier: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(folder.join("extensions"), format!("subjectKeyIdentifier = {identifier}\n")).unwrap();
    // The certificate only carries the key and its identifier.
    openssl(&folder, "pkey -pubin -inform DER -in recipient.der -out recipient.pem");
    openssl(&folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out issuer.pem");
    openssl(
        &folder,
        "x509 -new -subj /CN=recipient -force_pubkey recipient.pem -key issuer.pem -extfile extensions -out recipient.crt",
    );
    for length in [0, 1, 16, 5_000] {
        let plaintext: Vec<u8> = (0..=250).cycle().take(length).collect();
        std::fs::write(folder.join("plain"), &plaintext).unwrap();
        for stream in ["-stream", ""] {
            openssl(
                &folder,
                &format!(
                    "cms -encrypt -binary {stream} -keyid -aes-256-cbc -in plain -outform DER -out envelope -recip recipient.crt \
                     -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256"
                ),
            );
            let bytes = std::fs::read(folder.join("envelope")).unwrap();
            // Indefinite lengths or definite ones.
            assert_eq!(bytes.starts_with(&[0x30, 0x80]), !stream.is_empty());
            let envelope =
                Envelope::parse(&bytes).unwrap_or_else(|error| panic!("{length} {stream}: {error}"));
            assert_eq!(envelope.key_identifier().to_vec(), (0..32).collect::<Vec<u8>>());
            assert_eq!(RECIPIENT.decrypt(&envelope).unwrap().as_bytes(), plaintext);
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
