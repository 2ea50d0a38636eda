#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

mod checks;
mod claims;
mod comparison;
mod evidence;
mod findings;
mod inspect;
mod many;
mod nonce_text;
mod policy;
mod request;
mod result;
#[cfg(feature = "serde")]
mod result_json;
mod value;
mod verify;

pub use checks::{
    BUNDLE_REDACTED, INPUT_IGNORED, POLICY_TECHNOLOGY, REVOCATION_UNUSED, all_checks, find_check,
};
pub use evidence::Evidence;
pub use findings::{Finding, Findings};
pub use inspect::{Inspected, ReplayHashes, inspect, inspect_replay};
pub use many::{verify_all_with_cache, verify_with_cache};
pub use policy::{AzureSnpPolicy, Policy, PolicyWarning};
#[cfg(feature = "policy-file")]
pub use policy::{
    MixedFact, NoProposal, PolicyError, PolicyKey, PolicyProblem, Proposal, ProposalChoices, Unsuitable,
};
pub use request::{NitroOptions, Request, RequestError, Technologies};
pub use result::{
    AttestationResult, Caution, Claim, Fresh, FreshnessDemand, OwnedAttestationResult, UnknownClaim, Verdict,
};
#[cfg(feature = "serde")]
pub use result_json::RESULT_SCHEMA;
pub use value::{ClaimValue, Expected};
pub use verify::{Verified, verify};

/// The crates that the front door stands on, for their types.
pub use {
    teeproof_core as core, teeproof_hcl as hcl, teeproof_nitro as nitro, teeproof_snp as snp,
    teeproof_tpm as tpm, teeproof_wire as wire, teeproof_x509 as x509,
};
