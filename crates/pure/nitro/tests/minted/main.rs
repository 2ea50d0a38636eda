//! Minted documents: what is genuine but unusual is accepted, and whatever is wrong in one place is
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
#![allow(clippy::disallowed_macros, reason = "tests say how much they looked at")]

mod support;

mod appraisal;
mod chain;
mod encoding;
mod fields;
mod frame;
mod nitrotpm;
mod revocation;
mod time;
