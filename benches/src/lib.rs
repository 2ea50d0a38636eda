//! The cases of the benches, and the floor of each: the same cryptographic operations on the same bytes, and
//! nothing else.

// What is measured has to verify: a bench that goes on after an error measures something else.
#![allow(clippy::expect_used)]

mod answers;
mod azure;
mod case;
mod cases;
mod clock;
mod floor;
mod log;
mod nitro;
mod nitrotpm;
mod record;
mod rounds;
mod snp;
mod tdx;
mod threads;
mod yardstick;

pub use answers::Answers;
pub use azure::Azure;
pub use case::Case;
pub use cases::{cases, find};
pub use floor::{Floor, Operation};
pub use log::Log;
pub use nitro::Nitro;
pub use nitrotpm::NitroTpm;
pub use record::Skipped;
pub use rounds::Rounds;
pub use snp::Snp;
pub use tdx::Tdx;
pub use threads::Threads;

use teeproof_core::Crypto;

/// How many signatures the caches have room for.
const ROOM: usize = 1024;

/// The tables that are compared.
#[must_use]
pub const fn tables() -> [&'static Crypto<'static>; 2] {
    [&teeproof_aws_lc::TABLE, &teeproof_rustcrypto::TABLE]
}
