#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

mod checks;
mod claims;
mod comparison;
mod endorsement_source;
mod evidence;
mod findings;
mod inspect;
mod many;
mod nonce_text;
mod policy;
mod remedy;
mod request;
mod result;
#[cfg(feature = "serde")]
mod result_json;
mod value;
mod verify;

pub use checks::{
    BUNDLE_REDACTED, COLLATERAL_UNUSED, INPUT_IGNORED, POLICY_TECHNOLOGY, REVOCATION_UNUSED, all_checks,
    find_check,
};
pub use endorsement_source::{EndorsementSource, FetchedFrom};
pub use evidence::Evidence;
pub use findings::{Finding, Findings};
pub use inspect::{Inspected, ReplayHashes, inspect, inspect_replay};
pub use many::{verify_all_with_cache, verify_with_cache};
pub use policy::{AzureSnpPolicy, AzureTdxPolicy, Policy, PolicyWarning};
#[cfg(feature = "policy-file")]
pub use policy::{
    EnclaveImage, ImageMeasurements, InstanceImage, MixedFact, NoProposal, NotMeasurements, PolicyError,
    PolicyKey, PolicyProblem, Proposal, ProposalChoices, Unsuitable,
};
pub use remedy::Remedy;
pub use request::{Request, RequestError, Technologies};
pub use result::{
    AttestationResult, Caution, Claim, Fresh, FreshnessDemand, OwnedAttestationResult, UnknownClaim, Verdict,
};
#[cfg(feature = "serde")]
pub use result_json::RESULT_SCHEMA;
pub use value::{ClaimValue, Expected};
pub use verify::{Verified, VerifiedTd, verify};

// What the signatures above mention, and what is needed to make it. Each item is documented in its own crate, which
// has more of its kind.
pub use teeproof_core::{
    Bits, Check, CheckResult, Class, Comparand, Crypto, Digest, Escaped, Expectation, FieldRule, Freshness,
    Hex, List, Nonce, NonceLengthError, Outcome, PcrRule, Pcrs, PolicyValue, Record, Rule, Technology, Text,
    Time, Waiver,
};
pub use teeproof_evidence::bundle::{Bundle, BundleError, Collection, Redacted};
pub use teeproof_evidence::{
    FileSummary, InputEndorsements, InputError, InputKind, InputWarning, Inputs, Part, Sniffed, sniff,
};
pub use teeproof_hcl::{
    Ground, HclEvidence, HclPolicy, Origin, OriginGrounds, VerifiedTdVm, VerifiedVm, VmId,
};
pub use teeproof_nitro::nitrotpm::{NitroTpmPolicy, VerifiedNitroTpm};
pub use teeproof_nitro::{
    ComputedPcr, ImageSigner, Limits, MaxAge, Moment, NitroOptions, NitroPolicy, VerifiedDocument,
};
pub use teeproof_snp::{
    Product, ProductLine, SnpPolicy, Tcb, TcbFloor, TcbLevels, VekKind, VerifiedReport, Vmpl,
};
pub use teeproof_tdx::{
    CollateralCache, CollateralKind, CollateralUrls, SignedJson, TcbEvaluation, TcbStatus, TdxEvidence,
    TdxEvidenceView, TdxPolicy,
};
pub use teeproof_tpm::{EventLogRule, PcrValues, Quote, TpmPolicy};
pub use teeproof_wire::certificate::Certificate;
pub use teeproof_wire::crl::RevocationList;
pub use teeproof_wire::{DescribedField, Error as WireError, Visitor};
pub use teeproof_x509::{
    AnchorKind, Anchors, CachedSignatures, Revocation, SignatureCache, VerifiedSignature,
};
