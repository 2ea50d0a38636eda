//! Envelopes: of AWS, of a writer of this suite, and what is wrong with altered ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod altered;
mod decryption;
mod peer;
mod shared;
mod writer;
