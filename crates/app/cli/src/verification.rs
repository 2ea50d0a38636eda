//! From arguments to an attestation result, shared by the verbs that verify. Imports `settings`, `input` and `output`.

pub(crate) mod args;
pub(crate) mod request;
