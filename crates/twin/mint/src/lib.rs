#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod azure;
mod cbor;
mod digest;
mod ecdsa;
mod error;
mod json;
mod key;
pub mod nitro;
pub mod snp;
pub mod tdx;
pub mod x509;

pub use cbor::Value;
pub use ecdsa::SignatureHalf;
pub use error::Error;
pub use key::{Key, Kind, Scheme};

/// Default time at which minted evidence is valid: 2026-01-15T12:00:00Z, in seconds
/// since 1970-01-01T00:00:00Z.
pub const DEFAULT_TIME: u64 = 1_768_478_400;
