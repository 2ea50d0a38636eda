#![doc = include_str!("../README.md")]

mod believe;
mod parts;
pub mod text;
pub mod verify;
mod visitor;
pub mod wire;

pub use believe::signatures_asked;
pub use parts::{Part, join};
