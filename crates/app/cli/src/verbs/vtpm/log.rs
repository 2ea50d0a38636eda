//! `teeproof vtpm log`.

use clap::Args;
use teeproof_vtpm::{NoLog, read_event_log};

use crate::input::azure::EventLogArgs;
use crate::output::fault::Fault;
use crate::output::product::Product;

/// Write the boot log
///
/// `teeproof inspect` shows what is in it.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    event_log: EventLogArgs,
}

/// Runs the verb.
pub(super) fn run(args: &LogArgs) -> Result<Product, Fault> {
    let none = |none: NoLog| Fault::device(format!("there is no boot log: {none}"), none.hint());
    read_event_log(&args.event_log.event_log).map(Product::file).map_err(none)
}
