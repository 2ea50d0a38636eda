#![doc = include_str!("../README.md")]

mod believe;
pub mod bundle;
mod parts;
pub mod text;
pub mod verify;
mod visitor;
pub mod wire;

pub use believe::{Work, work_asked};
pub use parts::{Part, join};
