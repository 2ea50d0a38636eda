#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

mod builder;
mod describe;
mod error;
mod header;
mod image;
mod measurements;
mod measurer;
mod metadata;
mod rules;
mod signature;
mod streams;

pub use builder::{BodyChecksum, ImageOutline, ImageSettings, NewImage, build};
pub use error::{EifError, Expected, LayoutError, LayoutProblem, Place};
pub use header::{
    Architecture, CURRENT_VERSION, HEADER_BYTES, Header, MAGIC, MAX_SECTIONS, SECTION_HEADER_BYTES,
    SectionKind, TableEntry,
};
pub use image::{Eif, Section};
pub use measurements::{Measurements, MeasurementsError};
pub use measurer::{KeptText, MAX_KEPT_BYTES, MeasuredImage, MeasuredSection, Measurer};
pub use metadata::{BuildMetadata, ImageMetadata, MetadataError, MetadataJson};
pub use signature::{
    CoseAlgorithm, MAX_SIGNATURE_BYTES, SignatureError, SignatureSection, VerifiedImageSignature,
    signature_section, to_be_signed,
};
