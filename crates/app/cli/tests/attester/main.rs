//! The command inside of a machine: a twin plays the paravisor in front of a software TPM.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[cfg(target_os = "linux")]
#[path = "../command/clean.rs"]
mod clean;
mod collect;
mod doctor;
mod explained;
mod faults;
#[cfg(target_os = "linux")]
mod hostile;
mod input_index;
mod json_examples;
mod machine;
mod machines;
#[cfg(target_os = "linux")]
#[path = "../../../../guest/nsm/tests/security_module/module.rs"]
mod module;
mod no_device;
#[cfg(target_os = "linux")]
mod outputs;
mod readme;
mod seal;
mod seal_streams;
#[allow(dead_code)]
#[path = "../command/support.rs"]
mod support;
mod vtpm;
