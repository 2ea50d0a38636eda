//! A software TPM on this machine, in front of the state in a folder: for the tools that fill it, and
//! for the machine that is booted with it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use xtask_support::shell::Outcome;

/// A software TPM that runs, ended when it is dropped.
pub(crate) struct Swtpm(Child);

impl Swtpm {
    /// Starts it with the state in `tpm` of this folder, to which paths in `args` are relative: that
    /// of a socket may have no more than about a hundred bytes.
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Outcome<Self> {
        let mut swtpm = Command::new("swtpm");
        swtpm.args(["socket", "--tpm2", "--tpmstate", "dir=tpm"]).args(args);
        swtpm.args(["--pid", &format!("file={NUMBER}")]).current_dir(folder);
        swtpm.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut this = Self(swtpm.spawn().map_err(|e| format!("cannot start swtpm: {e}"))?);
        this.wait_until_up(&folder.join(NUMBER))?;
        Ok(this)
    }

    /// It writes its number last, when it has its sockets. An earlier one's may still be there.
    fn wait_until_up(&mut self, number: &Path) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        while fs::read_to_string(number).unwrap_or_default().trim() != self.0.id().to_string() {
            let ended = self.0.try_wait().map_err(|e| format!("cannot wait for swtpm: {e}"))?;
            if let Some(status) = ended {
                return Err(format!("swtpm ended at once: {status}"));
            }
            if Instant::now() > deadline {
                return Err("swtpm does not come up".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        // With that option it ends by itself after its client has disconnected; both fail then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const NUMBER: &str = "tpm.pid";
const PATIENCE: Duration = Duration::from_secs(30);
