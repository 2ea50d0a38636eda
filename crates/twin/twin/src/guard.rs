//! Guard process that cleans up after a killed program.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The guard's script. Its standard input ends when the program that started it ends, in any way; a line in it
/// means that nothing is left to do.
const SCRIPT: &str = "trap '' INT TERM HUP; read -r line || { kill -9 \"$0\"; rm -rf \"$1\"; }";

/// A shell that ends a process and removes its folder once the program with this guard is gone. Without a
/// shell there is no guard.
#[derive(Debug, Default)]
pub(crate) struct Guard(Option<Child>);

impl Guard {
    pub(crate) fn over(process: u32, folder: &Path) -> Option<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, &process.to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        shell.ok().map(|shell| Self(Some(shell)))
    }

    /// Nothing is left to do.
    pub(crate) fn dismiss(&mut self) {
        if let Some(mut shell) = self.0.take() {
            if let Some(input) = &mut shell.stdin {
                let _ = input.write_all(b"done\n");
            }
            let _ = shell.wait();
        }
    }
}
