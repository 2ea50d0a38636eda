#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
pub mod paravisor;
mod ports;
mod say;
pub mod swtpm;

pub use error::Error;
use say::say;
