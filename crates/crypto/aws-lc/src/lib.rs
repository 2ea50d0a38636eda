#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod ecdsa;
mod hash;
mod prepared;
mod rsa;
mod table;

pub use hash::Sha384Stream;
pub use prepared::{PreparedP256, PreparedP384, PreparedRsa};
pub use table::{SHA1, TABLE};
