//! The paravisor's twin over real sockets in front of a real software TPM, with three clients: a client of raw
//! bytes, our own, and tpm2-tools.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod capabilities;
mod client;
mod command;
mod connections;
mod endurance;
mod faults;
mod hostile;
mod machine;
mod passwords;
mod raw;
mod roots;
mod sessions;
mod strict;
mod thim;
mod tools;
mod tools_sessions;
