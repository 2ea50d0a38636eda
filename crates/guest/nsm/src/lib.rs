#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod cbor;
#[cfg(target_os = "linux")]
mod device;
mod document;
mod error;
mod frame;
mod nsm;
mod request;
mod response;
pub mod road;
mod socket;
#[cfg(target_os = "linux")]
mod sys;

pub use address::{DEVICE, NsmAddress};
pub use cbor::MessageError;
#[cfg(target_os = "linux")]
pub use device::Device;
pub use document::{DocumentError, check_document};
pub use error::{NsmError, NsmErrorClass};
pub use frame::{FrameError, FrameReader, HEAD_BYTES, frame};
pub use nsm::Nsm;
pub use request::{AttestationFields, MAX_REQUEST, Request};
pub use response::{ErrorCode, MAX_ANSWER, ModuleDescription, PcrState, Response};
