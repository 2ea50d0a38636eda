//! The twin of the Nitro security module over real sockets: every rule, every fault, and its documents before our verifier.

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
mod documents;
mod faults;
mod frames;
mod pcrs;
mod speed;
