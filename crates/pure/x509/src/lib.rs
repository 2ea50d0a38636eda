#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod anchor;
mod build;
#[cfg(feature = "alloc")]
mod cache;
mod error;
mod issuer;
mod name_text;
mod path;
mod path_options;
mod revocation;
mod signature;
mod signature_checks;

pub use anchor::{Anchor, AnchorKind, Anchors, PinnedCertificate, PinnedCertificates};
pub use build::{Candidates, PathError, PathSearch, build_path};
#[cfg(feature = "alloc")]
pub use cache::{MAX_CACHED_BYTES, OwnedSignature, SignatureCache};
pub use error::{Error, ListProblem, Problem};
pub use name_text::NameText;
pub use path::{AnchoredPath, MAX_CHAIN, VerifiedPath, verify_path};
pub use path_options::PathOptions;
pub use revocation::{
    ListUse, Revocation, RevocationError, RevocationStatus, VerifiedRevocationList, check_revocation,
    is_list_of, verify_list,
};
pub use signature::{VerifiedSignature, verify_p256_statement, verify_signature, verify_statement};
pub use signature_checks::{CachedSignatures, PinnedPair, SignatureBudget, SignatureChecks};
