//! Minted platforms: a genuine one is accepted, and whatever is wrong in one place is refused for exactly that.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    missing_docs
)]
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests say how much they looked at, and read the environment"
)]

mod caches;
mod support;

mod appraisal;
mod cache;
mod chain;
mod collateral;
mod forgeries;
mod levels;
mod log;
mod quote;
