//! Endorsements that evidence needs and does not bring: which they are, and where they come from. Imports `settings`,
//! `input` and `output`.

mod bounds;
pub(crate) mod completion;
pub(crate) mod judgement;
pub(crate) mod questions;
