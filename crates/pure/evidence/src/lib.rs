#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

pub mod bundle;
pub mod bytes;
mod collateral;
mod encoding;
mod error;
mod inputs;
mod json;
mod kind;
mod nitro;
mod part;
mod pcr_forms;
pub mod pcrs;
mod sniff;
mod snp_report;
mod tpm_quote;

pub use collateral::CollateralResponse;
pub use encoding::pem_chain;
pub use error::{InputError, InputWarning};
pub use inputs::{InputEndorsements, Inputs};
pub use json::{DocumentMember, DocumentMembers, JsonProblem, JsonShape, JsonValue, PcrProblem};
pub use kind::{Encoding, InputClass, InputKind};
pub use nitro::NitroForm;
pub use part::{Part, PartError, Structure, TdQuotePart, Unreadable};
pub use pcrs::Sha256Pcrs;
pub use sniff::{FileSummary, Sniffed, sniff};
