//! Intel TDX: a [`TdxMachine`] that makes a TD quote, the PCK chain below it, and its collateral.
//!
//! Everything is written from the published layouts and without our parsers, so that both check each other.

mod body;
mod collateral;
mod enclave;
mod intel;
mod machine;
mod minted;
mod quote;
mod tcb_info;

pub use body::{QuoteBody, TD_1_0_BYTES, TD_1_5_BYTES};
pub use collateral::{QeIdentity, SignedText};
pub use enclave::{ENCLAVE_REPORT_BYTES, EnclaveReport};
pub use intel::{SgxExtension, pck, pck_ca, root, sgx_oid, tcb_signing};
pub use machine::TdxMachine;
pub use minted::MintedQuote;
pub use quote::{Certification, QuoteHeader};
pub use tcb_info::{IsvLevel, ModuleIdentity, TcbInfo, TcbLevel};
