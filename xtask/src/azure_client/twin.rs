//! The twin's program, started as a user would, with the address from its output.

use crate::shell::{self, Outcome, cargo, target_dir};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Builds the program.
pub(super) fn build() -> Outcome<PathBuf> {
    shell::run(cargo().args(["build", "--locked", "-p", "teeproof-twin"]))?;
    Ok(target_dir().join("debug").join("teeproof-twin"))
}

/// A running twin, ended when it is dropped.
pub(super) struct Twin {
    child: Child,
    socket: String,
}

impl Twin {
    /// Starts it as a machine of this line, in a folder where it leaves its trust anchor.
    pub(super) fn start(program: &Path, line: &str, folder: &Path) -> Outcome<Self> {
        // The folder is this step's own; a twin of an older version left an anchor that no twin replaces.
        let _ = std::fs::remove_file(folder.join("twin-root.der"));
        let mut twin = Command::new(program);
        twin.args(["paravisor", "--listen", "127.0.0.1:0", "--product", line])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child =
            twin.current_dir(folder).spawn().map_err(|e| format!("{}: {e}", program.display()))?;
        let out = child.stdout.take();
        // From here on the child ends with `this`, whatever happens.
        let mut this = Self { child, socket: String::new() };
        let mut lines = out.into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok);
        this.socket = lines.find_map(|line| socket(&line)).ok_or("the twin does not say where it listens")?;
        // The rest of its output is discarded, and it does not depend on a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(this)
    }

    /// `host=…,port=…`.
    pub(super) fn socket(&self) -> &str {
        &self.socket
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The socket of the TPM, if this is the line that says it for the TPM software stack.
fn socket(line: &str) -> Option<String> {
    line.strip_prefix("export TPM2TOOLS_TCTI=swtpm:").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read() {
        let expected = Some("host=127.0.0.1,port=2321".to_owned());
        assert_eq!(socket("export TPM2TOOLS_TCTI=swtpm:host=127.0.0.1,port=2321"), expected);
        assert_eq!(socket("export TEEPROOF_TPM=swtpm:host=127.0.0.1,port=2321"), None);
        assert_eq!(socket("listening"), None);
    }
}
