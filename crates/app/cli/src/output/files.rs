//! Output files: replaced as a whole, or unchanged.

pub(crate) mod access;
pub(crate) mod file;
pub(crate) mod path;
pub(crate) mod signals;
pub(crate) mod target;
pub(crate) mod temporary;
pub(crate) mod transaction;
