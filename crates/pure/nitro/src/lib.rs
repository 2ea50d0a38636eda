#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod anchors;
mod appraise;
pub mod checks;
mod error;
mod fields;
mod pcr;
mod policy;
mod verify;

pub use anchors::{PINNED, ROOT_G1};
pub use appraise::{Appraisal, appraise};
pub use error::{CertificateIndex, Error};
pub use pcr::{Digest384, extend, pcr3_of_role, pcr4_of_instance, pcr8_of_signer};
pub use policy::{MaxAge, NitroPolicy};
pub use teeproof_wire::nitro::{Document, Limits};
pub use verify::{DEFAULT_SKEW_SECS, Moment, NitroVerification, VerifiedDocument, verify};
