//! The cache and the services, opened for these verbs, and their numbers in words.

use teeproof_endorse::Cache;

use crate::output::fault::Fault;
use crate::settings::context::Context;
use crate::settings::network::{Network, Reach};

/// The cache, and the name of its directory.
pub(super) fn open(context: &Context) -> Result<(Cache, String), Fault> {
    let cache = context.network.cache()?.ok_or_else(no_cache)?;
    let directory = context.network.cache_directory().unwrap_or_default();
    Ok((cache, directory.display().to_string()))
}

/// The cache if there is one, and the name of its directory. Nothing is made.
pub(super) fn open_existing(context: &Context) -> Result<(Option<Cache>, String), Fault> {
    let directory = context.network.cache_directory().ok_or_else(no_cache)?;
    Ok((context.network.existing_cache()?, directory.display().to_string()))
}

/// That there is no cache in this directory.
pub(super) fn is_missing(directory: &str) -> String {
    format!("there is no cache in {directory}")
}

/// The cache and the services, which are not requested under --offline.
pub(super) fn open_network(context: &Context) -> Result<Network, Fault> {
    // Made first, because under --offline only one that exists is opened.
    open(context)?;
    let network = context.network.open(Reach::Fetch, &context.messages)?;
    if network.has_cache() { Ok(network) } else { Err(no_cache()) }
}

/// The fault of a user without a home directory.
pub(super) fn no_cache() -> Fault {
    Fault::usage(
        "there is no directory for a cache",
        "give one with --cache-dir DIR, or set XDG_CACHE_HOME or HOME",
    )
}

/// A number of endorsements.
pub(super) fn endorsements(count: usize) -> String {
    if count == 1 { "1 endorsement".to_owned() } else { format!("{count} endorsements") }
}

/// A number of bytes.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
