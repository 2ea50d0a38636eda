#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod checks;
mod computed;
mod error;
mod fields;
pub mod nitrotpm;
mod policy;
mod verify;

pub use computed::{
    ComputedPcr, Contradiction, Digest384, ImageSigner, extend, pcr3_of_role, pcr4_of_instance,
    pcr8_of_signer,
};
pub use error::{CertificateIndex, Error};
pub use policy::{Appraisal, MaxAge, NitroPolicy, appraise};
pub use teeproof_wire::nitro::{Document, Limits};
pub use verify::{
    DEFAULT_SKEW_SECS, Moment, NitroOptions, NitroVerification, PINNED, ROOT_G1, VerifiedDocument, verify,
};
