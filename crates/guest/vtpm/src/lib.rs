#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
#[cfg(any(feature = "direct", feature = "tss"))]
mod character_device;
mod code;
mod collect;
#[cfg(feature = "direct")]
pub mod direct;
mod error;
mod event_log;
mod fresh;
pub mod handles;
mod index;
#[cfg(feature = "nitro-tpm")]
pub mod nitro_tpm;
mod open;
mod pcr;
mod quote;
mod report;
mod response_checks;
#[cfg(any(feature = "nitro-tpm", feature = "seal"))]
mod rsa_key;
#[cfg(feature = "seal")]
pub mod seal;
mod tpm;
#[cfg(feature = "tss")]
mod tss;

pub use address::Address;
pub use code::{KNOWN as KNOWN_CODES, KnownCode, ResponseCode};
pub use collect::{CollectError, CollectRequest, Collected, Missing, Step, collect};
pub use error::{Class, Error};
pub use event_log::{EVENT_LOG, NoLog, read_event_log};
pub use fresh::{FreshReport, Patience, check_input, fresh_report};
pub use handles::all_handles;
pub use index::{NvAttributes, NvPublic, ak_certificate, ek_certificate, read_index, write_index};
pub use open::open;
pub use pcr::{PcrValues, Registers, hash_bytes, hash_name};
pub use quote::{Quoted, quote, read_registers};
pub use report::{Report, USER_DATA_BYTES};
pub use teeproof_wire::hcl::ReportType;
pub use teeproof_wire::tpm::MAX_NONCE;
pub use tpm::{Authority, Created, Padding, PublicObject, Signed, Tpm};
