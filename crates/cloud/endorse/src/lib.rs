#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod get;
mod thim;

pub use error::Error;
pub use get::{Get, Http};
pub use thim::{AZURE_METADATA, azure_metadata_answers, certification_url, vcek_chain};
