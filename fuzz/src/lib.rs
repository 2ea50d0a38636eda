#![doc = include_str!("../README.md")]

mod attest;
mod believe;
pub mod bounds;
pub mod bundle;
pub mod collateral;
mod cost;
pub mod envelope;
pub mod image;
pub mod kms;
pub mod minted;
pub mod nsm;
mod parts;
pub mod path;
mod quiet;
pub mod text;
pub mod verify;
pub mod wire;

pub use believe::Work;
pub use cost::{Cost, Nearest, measured, nearest, work_of};
pub use parts::{Part, join};
