//! AWS Nitro: an [`Enclave`] that makes an attestation document and its certificate chain.

mod boot;
mod chain;
mod cose;
mod document;
mod enclave;
mod identity;
mod signer;

pub use chain::{newly_issued, of_length, profile};
pub use cose::Cose;
pub use document::Document;
pub use enclave::{Attestation, Enclave};
pub use identity::Identity;
pub use signer::Signer;
