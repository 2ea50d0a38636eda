#![doc = include_str!("../README.md")]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod anchor;
#[cfg(feature = "alloc")]
mod cache;
mod error;
mod held;
mod known;
mod revocation;
mod signature;
mod verify;

pub use anchor::{Anchor, Anchors};
#[cfg(feature = "alloc")]
pub use cache::{ChainCache, Learned, MAX_REMEMBERED_BYTES};
pub use error::{Error, Problem};
pub use held::{Held, verify_statement};
pub use known::{Known, PinnedPair};
pub use revocation::{Revocation, VerifiedRevocationList, verify_list};
pub use signature::verify_signature;
pub use verify::{MAX_CHAIN, SignedPath, VerifiedPath, verify_path};
