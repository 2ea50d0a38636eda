//! The programs of the guest, without a shared library: it has none.

use std::path::PathBuf;
use xtask_support::guest::program;
use xtask_support::shell::{self, Outcome, cargo_for_others, root};

/// What is built for the guest.
pub(crate) struct Programs {
    pub(crate) teeproof: PathBuf,
    pub(crate) twin: PathBuf,
    /// The published client of the Nitro security module.
    pub(crate) client: PathBuf,
}

/// Builds them.
pub(crate) fn programs() -> Outcome<Programs> {
    let program::Programs { teeproof, twin } = program::workspace()?;
    let mut client = cargo_for_others();
    client.current_dir(root().join("peers").join("nsm")).args(["build", "--locked"]);
    shell::run(program::statically(&mut client))?;
    Ok(Programs { teeproof, twin, client: program::built("nsm-client") })
}
