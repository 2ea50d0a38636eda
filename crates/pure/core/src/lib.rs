#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod aws;
mod check;
mod class;
mod crypto;
mod datum;
mod escape;
mod expectation;
mod freshness;
mod list;
mod pcrs;
mod policy;
mod show;
mod technology;
mod time;

pub use aws::{InstanceId, InstanceIdError, RoleArn, RoleArnError};
pub use check::{Check, CheckResult, Outcome, Record};
pub use class::Class;
pub use crypto::{BadSignature, Crypto, Digest, RsaKey, StreamDigest, VerifyEcdsa, VerifyRsa};
pub use datum::{Comparand, Datum, Relation, TakeDatum, Worded};
pub use escape::{Escaped, is_shown_as_it_is, visible};
pub use expectation::{Absence, Bits, Expectation, PolicyValue, Remark, Rule};
pub use freshness::{Freshness, Nonce, NonceLengthError, equal};
pub use list::{List, Text};
pub use pcrs::{PcrRule, Pcrs, Waiver};
pub use policy::{FieldRule, GENUINE_WAIVES, PolicyField, TakeFieldRule};
pub use show::{Hex, OrNone, from_hex, guid_bytes};
pub use technology::Technology;
pub use time::{Time, Validity};
