//! The programs of the guest, without a shared library: it has none.

use crate::parts::TARGET;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask_support::shell::{self, Outcome, cargo, cargo_for_others, root, target_dir};

/// What is built for the guest.
pub(crate) struct Programs {
    pub(crate) teeproof: PathBuf,
    pub(crate) twin: PathBuf,
    /// The published client of the Nitro security module.
    pub(crate) client: PathBuf,
}

/// Builds them.
pub(crate) fn programs() -> Outcome<Programs> {
    let folder = target_dir().join("vm").join("build");
    let mut ours = cargo();
    ours.args([
        "build",
        "--locked",
        "-p",
        "teeproof-cli",
        "-p",
        "teeproof-twin",
        "--bins",
        "--target",
        TARGET,
    ]);
    // They run for a second: their speed is worth less than the compiler's time.
    for key in ["opt-level=0", "package.\"*\".opt-level=0", "debug=false", "strip=\"symbols\""] {
        ours.args(["--config", &format!("profile.dev.{key}")]);
    }
    shell::run(statically(&mut ours, &folder))?;
    let mut client = cargo_for_others();
    client.current_dir(root().join("peers").join("nsm")).args(["build", "--locked", "--target", TARGET]);
    shell::run(statically(&mut client, &folder))?;
    let built = |name: &str| folder.join(TARGET).join("debug").join(name);
    Ok(Programs { teeproof: built("teeproof"), twin: built("teeproof-twin"), client: built("nsm-client") })
}

/// With a target named, these flags are for the program and not for what helps to build it.
fn statically<'a>(build: &'a mut Command, folder: &Path) -> &'a mut Command {
    build.env("RUSTFLAGS", "-C target-feature=+crt-static").env_remove("CARGO_ENCODED_RUSTFLAGS");
    build.env("CARGO_TARGET_DIR", folder)
}
