//! What the benches measure, and the floor beneath it: the same cryptographic operations on the
//! same bytes, and nothing else.

mod floor;
mod nitro;
mod snp;

pub use floor::{Floor, Operation};
pub use nitro::Nitro;
pub use snp::Snp;

use teeproof_core::Crypto;

/// The tables that are compared.
#[must_use]
pub const fn tables() -> [&'static Crypto<'static>; 2] {
    [&teeproof_aws_lc::TABLE, &teeproof_rustcrypto::TABLE]
}
