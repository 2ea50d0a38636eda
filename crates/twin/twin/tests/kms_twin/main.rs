//! The twin of KMS over real sockets: signatures, operations, recipients with documents of the twin of the security module,
//! every condition, every fault.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod client;
mod command;
mod conditions;
mod enclave;
mod faults;
mod operations;
mod recipients;
mod shared;
mod signatures;
