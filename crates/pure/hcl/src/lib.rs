#![doc = include_str!("../README.md")]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

extern crate alloc;

mod ak;
mod appraise;
mod binding;
pub mod checks;
mod claims;
mod error;
mod evidence;
mod fields;
mod origin;
mod policy;
pub mod reference;
mod tdx;
mod user_data;
mod verify;
mod vm_id;

pub use ak::{AK_ROOTS, AkPath, MAX_AK_SIGNATURES};
pub use appraise::appraise_snp;
pub use claims::{Claims, HardwareSealingPolicy, Key, UnknownMember, VmConfiguration, VmgsProvisioner};
pub use error::{ClaimsProblem, Error, KeyProblem, TdReportHash};
pub use evidence::Evidence;
pub use origin::OriginGrounds;
pub use policy::{Ground, Origin, Policy};
pub use tdx::verify_tdx;
pub use teeproof_wire::hcl::{HashType, HclReport, ReportType};
pub use verify::{BoundKey, BoundKeyError, Verification, VerifiedVm, verify_snp, verify_snp_again};
pub use vm_id::{NotAGuid, VmId};
