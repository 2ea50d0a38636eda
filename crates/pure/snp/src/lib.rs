#![doc = include_str!("../README.md")]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod anchors;
mod binding;
mod chain;
pub mod checks;
mod endorsement;
mod error;
mod fields;
mod policy;
mod unusual;
mod vek;
mod verify;

pub use anchors::{KNOWN_INTERMEDIATES, PINNED};
pub use endorsement::Endorsements;
pub use error::{Error, Link};
pub use policy::{Policy, TcbLevels, appraise};
pub use teeproof_wire::snp::{GuestPolicy, Product, Report, Tcb};
pub use vek::{Component, VekKind};
pub use verify::{Chip, ReportData, Verification, VerifiedReport, verify, verify_again};
