//! The operations of `kms` between the twins of a Nitro security module and of KMS: what is released, to whom, and what
//! is written of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod enclave;
mod faults;
mod places;
mod released;
#[allow(dead_code)]
#[path = "../command/support.rs"]
mod support;
