//! Collateral of TDX platforms: responses of Intel's PCS, the JSON of others, bundles with it.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "tests read what is not committed")]

mod bundles;
mod quote_collateral;
mod quotes;
mod responses;
mod shared;
mod support;
