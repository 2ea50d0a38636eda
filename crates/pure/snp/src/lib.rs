#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod anchors;
mod attempt;
mod binding;
pub mod checks;
mod endorsement;
mod error;
mod fields;
mod kds;
mod policy;
mod unusual;
mod vek;
mod verify;

pub use anchors::{PINNED, PINNED_INTERMEDIATES};
pub use binding::{ChipPrefix, ReportTcb};
pub use endorsement::Endorsements;
pub use error::{Advice, Compared, Error, VekChainCertificate};
pub use kds::{MissingField, VcekUrl, VekSource};
pub use policy::{FloorsByProduct, ProductLine, SnpPolicy, TcbFloor, TcbLevels, Vmpl, appraise};
pub use teeproof_wire::snp::{GuestPolicy, Product, Report, Tcb};
pub use vek::{Component, VekKind};
pub use verify::{Chip, MAX_SIGNATURES, ReportData, SnpVerification, VerifiedReport, verify, verify_again};
