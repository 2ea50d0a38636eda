//! The command against services on loopback: KDS and PCS, played with minted and recorded answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod bundle;
mod forgeries;
mod hostile;
mod issuers;
mod kds;
#[cfg(target_os = "linux")]
mod no_socket;
mod pcs;
mod senders;
#[allow(dead_code)]
#[path = "../../../../cloud/endorse/tests/fetch/server.rs"]
mod server;
mod services;
mod shared;
#[allow(dead_code)]
#[path = "../command/support.rs"]
mod support;
mod tdx;
mod verb;
mod verify;
