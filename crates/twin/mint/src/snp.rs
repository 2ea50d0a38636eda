//! AMD SEV-SNP: a [`Machine`] that makes an attestation report and the chain of its VCEK or VLEK.

pub mod amd;
mod evidence;
mod machine;
mod product;
mod report;
mod vek;

pub use evidence::Evidence;
pub use machine::Machine;
pub use product::{Product, Tcb};
pub use report::{REPORT_BYTES, Report, SIGNED_BYTES};
pub use vek::{Hwid, Vek};
