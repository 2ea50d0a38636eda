#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What the calls use is compiled, linted and tested without the SDK too.
#![cfg_attr(not(feature = "aws"), allow(dead_code, reason = "the calls are behind the feature aws"))]

mod call;
mod config;
mod error;
mod facts;
mod firewall;
mod launch;
mod parent;
mod plan;
mod preflight;
#[cfg(feature = "aws")]
mod provider;
#[cfg(test)]
mod samples;
#[cfg(feature = "aws")]
mod sdk;
mod tags;
pub mod user_data;
mod variables;

pub use config::{Allocation, Ec2Config, InstanceProfile};
pub use error::{CODES, CodeRow, code_row};
pub use launch::{Parent, Ports, ROAD_PORT, STATUS_PORT, UserDataInput};
#[cfg(feature = "aws")]
pub use provider::{Ec2, Ec2Settings};
pub use tags::tag;
pub use variables::{VARIABLES, Variable};
