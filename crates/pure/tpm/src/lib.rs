#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod checks;
mod error;
mod evidence;
mod fields;
mod log;
mod name;
mod policy;
mod verify;

pub use error::{CertificationError, CertifiedKeyProblem, Error, SelectionProblem};
pub use evidence::{CertificationEvidence, PcrValues, Quote};
pub use log::{
    BootApplication, EventProblem, Explanation, FIRMWARE_PCRS, NoSecureBoot, RESETTABLE_PCRS, SecureBoot,
    Variable, VerifiedLog, replay,
};
pub use name::{ak_name, qualified_signer};
pub use policy::{Booted, EventLogRule, ExceptedPcr, SecureBootUnknown, TpmPolicy, appraise};
pub use teeproof_wire::eventlog::Event;
pub use teeproof_wire::tpm::{Attest, Certification, MAX_NONCE, ObjectAttributes, RsaPublic, Selection};
pub use verify::{
    CertifiedKey, TpmVerification, VerifiedPcrs, VerifiedQuote, verify, verify_certification, verify_pcrs,
};
