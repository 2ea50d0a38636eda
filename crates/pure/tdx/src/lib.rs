#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

mod advice;
mod cache;
pub mod checks;
mod collateral;
mod error;
mod evidence;
mod fields;
mod json;
mod log;
mod pck;
mod policy;
mod qe_identity;
mod status;
mod tcb;
mod tcb_info;
mod urls;
mod verify;

pub use advice::Advice;
pub use cache::{CollateralCache, NewCollateral};
pub use collateral::{Collateral, CollateralKind, MAX_COLLATERAL_BYTES, SignedJson};
pub use error::{Chain, DocumentProblem, Error, ModuleProblem, QeField};
pub use evidence::{TdxEvidence, TdxEvidenceView};
pub use json::parse_date;
pub use log::{RtmrExplanation, RtmrLog, replay_rtmrs};
pub use pck::{PckCa, PckIdentity};
pub use policy::{AllowedAdvisories, DaysBehind, TcbDate, TcbException, TcbExceptions, TdxPolicy, appraise};
pub use status::TcbStatus;
pub use tcb::{MatchedLevel, TcbEvaluation};
pub use teeproof_wire::tdx::quote::{QeReport, TdBody, TdQuote};
pub use urls::CollateralUrls;
pub use verify::{
    INTEL_ROOT, MAX_DOCUMENTS, MAX_SIGNATURES, SignedQuote, TdReportData, TdxVerification, UnusedDocument,
    UnusedReason, VerifiedQuote, verify, verify_signatures,
};
