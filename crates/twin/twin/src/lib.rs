#![doc = include_str!("../README.md")]

mod error;
pub mod paravisor;
mod ports;
mod say;
pub mod swtpm;

pub use error::Error;
use say::say;
