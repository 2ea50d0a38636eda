//! Minted VMs: genuine but unusual evidence is accepted, and each single fault is refused for its own reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    missing_docs
)]

mod support;

mod accepted;
mod again;
mod ak_chain;
mod appraisal;
mod bound_key;
mod claims;
mod complete;
mod envelope;
mod hardware;
mod keys;
mod origin;
mod peers;
mod quote;
mod revocation;
mod tdx;
mod tdx_altered;
mod tdx_appraisal;
mod user_data;
