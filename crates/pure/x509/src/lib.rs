#![doc = include_str!("../README.md")]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod anchor;
mod error;
mod revocation;
mod signature;
mod verify;

pub use anchor::{Anchor, Anchors};
pub use error::{Error, Problem};
pub use revocation::{Revocation, VerifiedRevocationList, verify_list};
pub use signature::verify_signature;
pub use verify::{MAX_CHAIN, SignedPath, VerifiedPath, verify_path};
