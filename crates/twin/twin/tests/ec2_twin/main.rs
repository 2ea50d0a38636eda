//! The twin of EC2 over real sockets and before a real moto: enclave options, idempotent launches, eventual consistency,
//! every fault, signatures; its wire forms against botocore's model.
//!
//! Tests that need moto say so and pass where it is not installed (`cargo xtask setup` installs it).

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod client;
mod command;
mod control;
mod enclave_options;
mod faults;
mod hostile;
mod launches;
mod lists;
mod model;
mod moto;
mod signatures;
mod xml;
