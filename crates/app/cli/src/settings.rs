//! The settings of a run: global flags, the configuration file, and the context that both make. Imports `input` and
//! `output`.

pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod globals;
