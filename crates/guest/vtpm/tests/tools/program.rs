//! Other people's programs.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

/// A program that speaks to the TPM at this TCTI, with a folder for its files.
pub(crate) struct Programs<'a> {
    pub(crate) tcti: &'a str,
    pub(crate) folder: &'a Path,
}

impl Programs<'_> {
    /// Runs a program that has to succeed, and returns what it printed.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, name: &str, arguments: &[A]) -> String {
        let output = self.output(name, arguments);
        let (said, complaint) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{name}: {}: {said}{complaint}", output.status);
        said
    }

    /// Runs a program that has to fail, and returns what it complained.
    pub(crate) fn refuse<A: AsRef<OsStr>>(&self, name: &str, arguments: &[A]) -> String {
        let output = self.output(name, arguments);
        assert!(!output.status.success(), "{name} accepts: {}", text(&output.stdout));
        text(&output.stderr) + &text(&output.stdout)
    }

    fn output<A: AsRef<OsStr>>(&self, name: &str, arguments: &[A]) -> Output {
        let output = Command::new(name)
            .args(arguments)
            .env("TPM2TOOLS_TCTI", self.tcti)
            .current_dir(self.folder)
            .output();
        match output {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("{name} is not installed: apt-get install {}", package(name))
            }
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// The Debian package of a program.
fn package(program: &str) -> &str {
    if program.starts_with("tpm2_") { "tpm2-tools" } else { program }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
