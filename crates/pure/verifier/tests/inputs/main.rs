//! Recognition of files in every format that other programs write, and of hostile ones.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod around;
mod bare_snp;
#[path = "../support/code.rs"]
mod code;
mod evidence;
mod hostile;
mod kinds;
mod members;
mod nitro;
mod raw;
mod requests;
mod shapes;
mod shared;
mod spellings;
mod support;
mod tdx_fields;
mod tpm_tools;
mod values;
mod yaml;
