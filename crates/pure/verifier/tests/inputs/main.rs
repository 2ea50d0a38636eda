//! What files are told to hold, in every shape that other programs write, and hostile ones.

#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod evidence;
mod hostile;
mod members;
mod shapes;
mod shared;
mod support;
mod told;
