//! Bundles: one form in CBOR, the same in JSON, and redaction that leaves nothing behind.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod broken;
mod complete;
mod decoding;
mod everywhere;
mod format;
mod identifiers;
mod names;
mod platform;
mod quotes;
mod redaction;
mod shared;
mod support;
