//! Minted machines: what is genuine but unusual is accepted, and whatever is wrong in one place is
//! refused for exactly that.

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
mod user_data;
