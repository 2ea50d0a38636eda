//! The module behind sockets, hostile answers, Amazon's own messages, and the road.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod amazon;
mod hostile;
mod module;
mod road;
mod road_limits;
mod sockets;
