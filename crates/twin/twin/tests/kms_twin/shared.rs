//! The suite `shared`: envelopes of the twin next to four real ones of KMS, which are not in the repository.

use std::io::Write as _;

use serde_json::json;
use teeproof_twin::nsm;

use crate::client::{OPEN, base64, bytes, call, start};
use crate::enclave::Enclave;

/// A real envelope, or `None` after having said that the suite was not run.
fn real(number: u8) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("TEEPROOF_SHARED_DATA") else {
        // Not by a macro: those are kept back for tests that pass.
        let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
        std::io::stdout().write_all(said).unwrap();
        return None;
    };
    let path = std::path::Path::new(&folder).join(format!("nitro/kms_ciphertext_for_recipient_{number}.ber"));
    assert!(path.is_file(), "suite shared: {} is missing", path.display());
    Some(std::fs::read(path).unwrap())
}

/// An envelope without what is random in it: the key's identifier, the encrypted key, the vector, the content.
fn frame(envelope: &[u8]) -> Vec<u8> {
    let mut frame = envelope.to_vec();
    frame[33..65].fill(0);
    frame[131..387].fill(0);
    frame[415..431].fill(0);
    if frame[431] == 0x80 {
        let end = 433 + usize::from(frame[432]);
        frame[433..end].fill(0);
        return frame;
    }
    let mut at = 433;
    while frame[at] == 0x04 {
        let (head, len) = match frame[at + 1] {
            0x82 => (4, usize::from(frame[at + 2]) * 256 + usize::from(frame[at + 3])),
            len => (2, usize::from(len)),
        };
        frame[at + head..at + head + len].fill(0);
        at += head + len;
    }
    frame
}

#[test]
fn every_byte_that_is_not_random_is_that_of_a_real_envelope() {
    let enclave = Enclave::start(&nsm::Settings::default());
    let root = enclave.0.root_der().to_vec();
    let kms = start(OPEN, |settings| settings.anchors.push(root));
    // Real ones have 16, 48, 16 and 4112 bytes of content.
    for (number, plaintext) in [(1, 15), (2, 32), (3, 15), (4, 4096)] {
        let Some(real) = real(number) else { return };
        let encrypt = json!({ "KeyId": kms.key_arn(), "Plaintext": base64(&vec![1; plaintext]) });
        let blob = call(&kms, "Encrypt", &encrypt).unwrap()["CiphertextBlob"].clone();
        let decrypt = json!({ "CiphertextBlob": blob, "Recipient": enclave.recipient() });
        // Of one block, every other one is in the shape of the third.
        let ours: Vec<_> = (0..2)
            .map(|_| frame(&bytes(&call(&kms, "Decrypt", &decrypt).unwrap(), "CiphertextForRecipient")))
            .collect();
        assert!(ours.contains(&frame(&real)), "envelope {number}");
    }
}
