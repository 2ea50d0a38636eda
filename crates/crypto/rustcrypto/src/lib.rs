#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod ecdsa;
mod hash;
mod rsa;
mod table;

pub use table::{SHA1, TABLE};
