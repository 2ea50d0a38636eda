//! The suite `shared`: four envelopes of AWS, in the folder that `TEEPROOF_SHARED_DATA` names. Without the variable
//! nothing is tested; with it, every file must exist.

use std::io::Write as _;

use sha2::{Digest as _, Sha256};
use teeproof_kms::{DecryptionError, Envelope};

use crate::peer;
use crate::writer::RECIPIENT;

#[test]
fn the_envelopes_of_aws_are_parsed() {
    let Ok(folder) = std::env::var("TEEPROOF_SHARED_DATA") else {
        // Not by a macro: those are kept back for tests that pass.
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return;
    };
    // The bytes of each file, the number of bytes of its content, and its shape.
    for (number, bytes, content, shape) in [
        (1, 461, 16, &[0xa0, 0x80, 4, 16][..]),
        (2, 493, 48, &[0xa0, 0x80, 4, 48]),
        (3, 457, 16, &[0x80, 16]),
        (4, 4_573, 4_112, &[0xa0, 0x80, 4, 0x82, 0x03, 0xe8]),
    ] {
        let path = format!("{folder}/nitro/kms_ciphertext_for_recipient_{number}.ber");
        let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(file.len(), bytes, "{path}");
        let envelope = Envelope::parse(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(envelope.content().len(), content, "{path}");
        // EncryptedContentInfo ends with the content: its shape stands right behind the IV.
        let at = file.windows(16).position(|window| window == envelope.iv()).unwrap() + 16;
        assert!(file[at..].starts_with(shape), "{path}");
        assert_eq!(peer::compared(&file), [true, true]);
        // They are for keys of others.
        assert_eq!(RECIPIENT.decrypt(&envelope).map(drop), Err(DecryptionError));
        let digest: [u8; 32] = Sha256::digest(&file).into();
        let digest: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, ["d56e8de3", "755b9cdd", "93df87f1", "3d64be2b"][number - 1], "{path}");
        for end in 0..file.len() {
            assert!(Envelope::parse(&file[..end]).is_err(), "{path}: {end}");
        }
    }
}
