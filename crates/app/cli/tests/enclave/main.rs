//! The command inside of a Nitro enclave and on its parent: a module behind a socket, and the server of its documents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod collect;
mod doctor;
mod enclave;
mod examples;
#[path = "../../../../guest/nsm/tests/security_module/module.rs"]
mod module;
mod road;
#[allow(dead_code)]
#[path = "../command/support.rs"]
mod support;
mod verbs;
