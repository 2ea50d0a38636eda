//! The command on an EC2 instance: the twin of a NitroTPM in front of a software TPM. No NitroTPM was there.

#![cfg(feature = "direct")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod collect;
#[allow(dead_code)]
#[path = "../command/support.rs"]
mod support;
