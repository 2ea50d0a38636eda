//! Quotes, registers, logs and certified keys: real ones, those of a software TPM, and minted ones of
//! which each has one thing bent and is refused for exactly that.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::large_enum_variant,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    missing_docs
)]
#![allow(clippy::disallowed_macros, reason = "tests say how much they looked at")]
#![allow(
    clippy::disallowed_methods,
    reason = "recordings are files, and a suite is switched on by a variable"
)]

mod support;

mod appraisal;
mod boot_programs;
mod bounds;
mod certified;
mod certified_bits;
mod certified_policy;
mod certified_support;
mod certified_tpm;
mod exceptions;
mod log_form;
mod pcrs;
mod quote;
mod relabel;
mod replay;
mod secure_boot;
mod shared;
mod vectors;
