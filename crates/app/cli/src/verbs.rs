//! The verbs: a file or folder each. No verb imports another; what several need is in `verification`, `settings`,
//! `input` and `output`.

pub(crate) mod bundle;
pub(crate) mod cache;
pub(crate) mod collect;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod eif;
pub(crate) mod explain;
pub(crate) mod fetch;
pub(crate) mod inspect;
pub(crate) mod kms;
pub(crate) mod man;
pub(crate) mod nsm;
pub(crate) mod policy;
pub(crate) mod seal;
pub(crate) mod verify;
pub(crate) mod vtpm;
