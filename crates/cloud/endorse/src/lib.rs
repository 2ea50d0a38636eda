#![doc = include_str!("../README.md")]

mod error;
mod get;
mod thim;

pub use error::Error;
pub use get::{Get, Http};
pub use thim::{AZURE_METADATA, VcekChain, azure_metadata_answers, vcek_chain};
