#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

mod ak;
pub mod checks;
mod claims;
mod error;
mod fields;
mod origin;
mod policy;
pub mod reference;
mod user_data;
mod verify;
mod vm_id;

pub use ak::{AK_ROOTS, AkPath, MAX_AK_SIGNATURES};
pub use claims::{Claims, HardwareSealingPolicy, Key, UnknownMember, VmConfiguration, VmgsProvisioner};
pub use error::{AttestationKeyProblem, ClaimsProblem, Error, TdReportHash};
pub use origin::OriginGrounds;
pub use policy::{Ground, HclPolicy, Origin, appraise_snp, appraise_tdx};
pub use teeproof_wire::hcl::{HashType, HclReport, ReportType};
pub use verify::{
    BoundKey, BoundKeyError, HclEvidence, HclVerification, VerifiedTdVm, VerifiedVm, VerifiedVtpm,
    verify_snp, verify_snp_again, verify_tdx,
};
pub use vm_id::{InvalidVmId, VmId};
