//! Images: vectors of independent programs, refusals, properties of any image, signatures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod hostile;
mod properties;
mod signature;
mod support;
mod vectors;
