//! Sealed secrets: their headers, the only part parsed without the TPM, and the public areas of encryption keys.

use teeproof_vtpm::Padding;
use teeproof_vtpm::seal::{MAX_HEAD, SealError, SealedHead, encrypt, head_bytes, read_head};
use teeproof_wire::tpm::{REGISTERS, SHA256};

use crate::bounds;
use crate::cost::bounded;
use crate::quiet::says_something;
use crate::wire::taken;

/// The secret that is encrypted: the key of an envelope's content.
const SECRET: [u8; 32] = [7; 32];
/// What is encrypted to a key of 2048 bits.
const BLOCK: usize = 256;

/// `read_head`, which takes the head off a stream and leaves the rest; `head_bytes`, which writes it again; and
/// `encrypt` to the key in it.
pub fn envelope(input: &[u8]) -> bool {
    let parsed = taken(SealedHead::parse(input), 0, input);
    let mut rest = input;
    let read = bounded(&bounds::ENVELOPE, input.len(), || read_head(&mut rest));
    let most = input.len().min(MAX_HEAD);
    assert!(input.len() - rest.len() <= most, "{} bytes were read", input.len() - rest.len());
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => {
            assert!(parsed.is_none() && says_something(&error) && !error.hint().is_empty());
            assert!(matches!(error, SealError::Envelope(error) if error.offset <= most));
            return false;
        }
    };
    assert!(bytes.len() + rest.len() == input.len() && input.starts_with(&bytes));
    let head = SealedHead::parse(&bytes);
    assert!(head.is_ok(), "a head that was read is parsed");
    let Ok(head) = head else { return false };
    assert_eq!(parsed, Some(SealedHead { content_bytes: rest.len(), ..head }));
    // Every field is described, with its own value.
    assert_eq!(bounded(&bounds::ENVELOPE, bytes.len(), || head_bytes(&head)), bytes);
    assert!(head.pcrs.bank == SHA256 && head.pcrs.bitmap >> REGISTERS == 0);
    key(head.public, Padding::of(head.oaep));
    true
}

/// `encrypt`: to a valid key, or an error.
fn key(public: &[u8], padding: Padding) {
    match bounded(&bounds::ENCRYPT, public.len(), || encrypt(public, padding, &SECRET)) {
        Ok(block) => assert!(block.len() == BLOCK && public.len() > BLOCK),
        Err(error) => {
            assert!(says_something(&error) && !error.hint().is_empty());
            // Which numbers are no modulus, the library of cryptography knows.
            assert!(matches!(error, SealError::Key(_) | SealError::Crypto));
        }
    }
}
