//! The part of the twins of AWS that is the same in every service: credentials, signatures and their time.

mod credentials;
pub(crate) mod sigv4;
pub(crate) mod time;

pub use credentials::Credentials;
