//! Secrets that one TPM opens, while its PCRs keep their values: a key under a PCR policy, encryption to it, and an
//! envelope for data of any size.
//!
//! Verify a key before you encrypt to it: [`SealingKey::certification`] is the attestation key's, and
//! `VerifiedVtpm::verify_key` of `teeproof-hcl` checks it. Nothing is verified here.

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
