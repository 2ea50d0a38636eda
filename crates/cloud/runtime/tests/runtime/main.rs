//! The runtime over a cloud in memory whose every call can fail, before or after it is done, and over minted enclaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]
#![allow(clippy::disallowed_macros, reason = "tests say how much they looked at")]

mod cloud;
mod failure_points;
mod life;
mod many;
mod records;
mod sweeps;
