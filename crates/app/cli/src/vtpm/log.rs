//! `teeproof vtpm log`.

use std::path::PathBuf;

use clap::Args;
use teeproof_vtpm::{EVENT_LOG, NoLog, read_event_log};

use crate::fault::Fault;
use crate::product::Product;

/// Write the boot log
///
/// `teeproof inspect` shows what is in it.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// The boot log
    #[arg(long, value_name = "FILE", default_value = EVENT_LOG, env = "TEEPROOF_EVENT_LOG", hide_env_values = true)]
    event_log: PathBuf,
}

/// Runs the verb.
pub(super) fn run(args: &LogArgs) -> Result<Product, Fault> {
    let none = |none: NoLog| Fault::device(format!("there is no boot log: {none}"), none.hint());
    read_event_log(&args.event_log).map(Product::file).map_err(none)
}
