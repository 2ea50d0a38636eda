#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod cbor;
pub mod certificate;
pub mod cose;
pub mod crl;
pub mod der;
mod describe;
mod envelope;
mod error;
pub mod eventlog;
mod fixed;
pub mod hcl;
pub mod nitro;
mod owned;
mod reader;
pub mod sealed;
pub mod snp;
pub mod tdx;
pub mod tpm;

pub use describe::{Describe, DescribedField, FieldData, FieldText, FieldValue, HexBytes, Visitor};
pub use error::{Error, ErrorKind};
pub use owned::{OwnedCertificate, OwnedRevocationList, StableBytes};
pub use reader::{At, Reader};
