#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

#[cfg(feature = "sign")]
extern crate alloc;

mod ecdsa;
mod hash;
mod rsa;
#[cfg(feature = "sign")]
mod signing;
mod table;

pub use hash::Sha384Stream;
#[cfg(feature = "sign")]
pub use signing::{SigningCurve, SigningError, SigningKey};
pub use table::{SHA1, TABLE};
