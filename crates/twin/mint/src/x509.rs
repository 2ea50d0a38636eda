//! Certificates, chains and revocation lists in which every field can be set, also to a wrong
//! value.

mod algorithm;
mod certificate;
mod chain;
mod crl;
pub mod der;
mod extension;
mod name;
mod oid;
mod pem;
mod sealed;
mod time;

pub use algorithm::Algorithm;
pub use certificate::Certificate;
pub use chain::{Link, mint_chain};
pub use crl::{Crl, Revoked};
pub(crate) use extension::{CERT_SIGN, CRL_SIGN, DIGITAL_SIGNATURE, NON_REPUDIATION};
pub use extension::{Content, Extension};
pub use name::{Attribute, Name};
pub use oid::Oid;
pub use pem::pem;
pub use sealed::Seal;
pub(crate) use time::date_text;
pub use time::{Time, Validity};
