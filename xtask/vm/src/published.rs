//! The published client of the Nitro security module over the twin's socket, on this machine. Over the device it is a
//! step of the guest.

use crate::build::Programs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use xtask_support::shell::{Outcome, run_within};

/// Starts a twin, and the client in front of it.
pub(crate) fn over_a_socket(programs: &Programs, folder: &Path) -> Outcome {
    let mut twin = Command::new(&programs.twin);
    twin.args(["nsm", "--listen", "tcp:127.0.0.1:0", "--chain", "chain"]).current_dir(folder);
    let child = twin.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut twin = Ended(child.map_err(|e| format!("cannot start the twin: {e}"))?);
    let address = address(&mut twin.0)?;
    let mut client = Command::new(&programs.client);
    run_within(client.arg(&address).stdin(Stdio::null()), LIMIT)
}

/// The address among the lines that a twin prints.
fn address(twin: &mut Child) -> Outcome<String> {
    let lines =
        twin.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok);
    let named = lines.take(8).find_map(|line| line.strip_prefix("export TEEPROOF_NSM=").map(str::to_owned));
    named.ok_or_else(|| "the twin of the security module named no address".into())
}

/// A process that ends with the task.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const LIMIT: Duration = Duration::from_secs(60);
