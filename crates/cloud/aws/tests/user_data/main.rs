//! User data of parents: its text for both systems, what cloud-init says of it, hostile values, and its scripts among
//! stand-ins for the programs and services of an instance.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends")]

mod golden;
mod hostile;
mod machine;
mod programs;
mod relay;
mod servers;
mod steps;
