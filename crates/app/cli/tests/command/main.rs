//! The command as people and programs run it: arguments in, two streams and an exit code out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod azure;
mod azure_refused;
mod azure_tdx;
mod bundle;
mod bundle_redact;
mod cache;
mod cache_directory;
#[cfg(target_os = "linux")]
mod clean;
mod config;
mod each;
mod each_machines;
mod eif;
mod eif_match;
mod event_logs;
mod explain;
mod files;
mod freshness;
#[cfg(target_os = "linux")]
mod hints;
mod hostile;
mod hostile_tdx;
mod inspect;
mod inspect_azure;
mod json_page;
mod kds;
mod kms;
mod machine;
mod minted;
mod nitro;
mod nitro_tpm;
mod output;
mod policy;
mod policy_advice;
mod policy_azure;
mod policy_fleet;
mod policy_mixed;
mod policy_suggest;
mod policy_tdx;
mod policy_warnings;
mod real;
mod seal;
mod shared;
mod shared_files;
mod shell;
mod snp;
mod support;
mod tdx;
mod usage;
#[path = "../../../../pure/verifier/tests/inputs/yaml.rs"]
mod yaml;
