//! Envelopes of secrets: their heads, which are all of them that is read without the TPM, and the
//! public areas of keys to encrypt to.

use teeproof_vtpm::Padding;
use teeproof_vtpm::seal::{EnvelopeHeader, MAX_HEADER, SealError, encrypt};
use teeproof_wire::tpm::{REGISTERS, SHA256};

use crate::bounds;
use crate::cost::held;
use crate::quiet::says_something;
use crate::wire::taken;

/// The secret that is encrypted: the key of an envelope's content.
const SECRET: [u8; 32] = [7; 32];
/// What is encrypted to a key of 2048 bits.
const BLOCK: usize = 256;

/// `EnvelopeHeader::read`, which takes the head and leaves the rest; `EnvelopeHeader::parse`, which
/// takes the head alone; and `encrypt` to the key in it.
pub fn envelope(input: &[u8]) -> bool {
    let parsed = held(&bounds::ENVELOPE, input.len(), || taken(EnvelopeHeader::parse(input), 0, input));
    let mut rest = input;
    let read = held(&bounds::ENVELOPE, input.len(), || EnvelopeHeader::read(&mut rest));
    let most = input.len().min(MAX_HEADER);
    assert!(input.len() - rest.len() <= most, "{} bytes were read", input.len() - rest.len());
    let (header, head) = match read {
        Ok(read) => read,
        Err(error) => {
            assert!(parsed.is_none() && says_something(&error) && !error.hint().is_empty());
            assert!(matches!(error, SealError::Envelope(error) if error.offset <= most));
            return false;
        }
    };
    assert!(head.len() + rest.len() == input.len() && input.starts_with(&head));
    assert_eq!(EnvelopeHeader::parse(&head).as_ref(), Ok(&header));
    assert_eq!(parsed.is_some(), rest.is_empty());
    // Nothing of it is left out, and nothing is told otherwise than it stands there.
    assert_eq!(header.to_bytes(), head);
    assert!(header.registers.bank == SHA256 && header.registers.bitmap >> REGISTERS == 0);
    key(&header.public, header.padding);
    true
}

/// `encrypt`: to a key, or there is none.
fn key(public: &[u8], padding: Padding) {
    match held(&bounds::ENCRYPT, public.len(), || encrypt(public, padding, &SECRET)) {
        Ok(block) => assert!(block.len() == BLOCK && public.len() > BLOCK),
        Err(error) => {
            assert!(says_something(&error) && !error.hint().is_empty());
            // Which numbers are no modulus, the library of cryptography knows.
            assert!(matches!(error, SealError::Key(_) | SealError::Crypto));
        }
    }
}
