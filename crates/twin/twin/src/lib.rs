#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aws;
pub mod ec2;
mod error;
mod guard;
mod http;
pub mod kms;
mod listen;
pub mod nitro_tpm;
pub mod nsm;
pub mod paravisor;
mod ports;
mod root;
mod say;
pub mod swtpm;

pub use error::Error;
pub use root::is_twin_root;
use say::say;
