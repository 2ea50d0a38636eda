//! Secrets that only this machine can open, in the state that it is in: a key of the TPM that a
//! policy guards, encryption to it, and an envelope for data of any size.
//!
//! Whoever encrypts has to know the key from somewhere: [`SealingKey::certification`] is for a
//! verifier to check against the attestation key. Nothing of that is done here.

mod envelope;
mod error;
mod head;
mod key;
mod key_file;
mod rsa;
mod stream;

pub use envelope::{open_envelope, seal_envelope};
pub use error::SealError;
pub use head::{MAX_HEAD, head_bytes, read_head};
pub use key::{SealingKey, decrypt};
pub use key_file::KeyFile;
pub use rsa::encrypt;
pub use teeproof_wire::sealed::SealedHead;
