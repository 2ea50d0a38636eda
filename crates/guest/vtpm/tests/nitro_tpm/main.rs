//! Requests through the twin of a NitroTPM, over real sockets in front of a real software TPM. No NitroTPM was there: the
//! vendor command, its message buffer and its sessions are the twin's, and swtpm has everything else.

#![cfg(all(feature = "nitro-tpm", any(feature = "direct", feature = "tss")))]
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[cfg(feature = "direct")]
mod documents;
#[cfg(feature = "direct")]
mod faults;
#[cfg(feature = "direct")]
mod hostile;
#[cfg(feature = "direct")]
mod instance;
#[cfg(feature = "direct")]
#[path = "../suite/support/simulator.rs"]
mod simulator;
#[cfg(feature = "tss")]
mod stack;
