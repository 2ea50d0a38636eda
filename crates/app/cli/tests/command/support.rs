//! Running the command, and files to give it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

#[path = "validated.rs"]
pub(crate) mod validated;

pub(crate) const DEBUG: &str = "nitro/debug-us-east-1-2021-03.cose";
pub(crate) const PRODUCTION: &str = "nitro/production-us-east-2-2024-12.cose";
/// The nonce in [`PRODUCTION`].
pub(crate) const NONCE: &str = "hex:0123456789abcdef0123456789abcdef01234567";
pub(crate) const TAMPERED: &str = "nitro/tampered-us-east-1-2024-07.cose";
pub(crate) const REPORT: &str = "snp/milan-report.bin";
pub(crate) const VCEK: &str = "snp/milan-vcek.der";
pub(crate) const OTHER_VCEK: &str = "snp/turin-vcek.der";
pub(crate) const GENUINE: [&str; 2] = ["--policy", "builtin:genuine"];
pub(crate) const AT_DOCUMENT: [&str; 2] = ["--at", "document"];

/// Settings that are not the command's own: of terminals, and of the TPM software stack.
const HIDDEN: [&str; 4] = ["NO_COLOR", "CLICOLOR_FORCE", "TPM2TOOLS_TCTI", "TCTI"];

/// One run of the command, to be.
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
    /// What is standard input instead of these bytes.
    file: Option<File>,
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The command with these arguments, and an environment in which no setting is hidden.
pub(crate) fn teeproof<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teeproof"));
    command.args(arguments);
    let ours = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("TEEPROOF_") || HIDDEN.contains(&&*name)
    });
    for (name, _) in ours {
        command.env_remove(name);
    }
    // No test finds what the user has cached.
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-cache"));
    Run { command, stdin: Vec::new(), file: None }
}

/// `verify` with a file of the test data and more arguments.
pub(crate) fn verify(file: &str, more: &[&[&str]]) -> Run {
    let file = data(file);
    teeproof(["verify", file.to_str().unwrap()]).args(more.concat())
}

impl Run {
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, more: impl IntoIterator<Item = S>) -> Self {
        self.command.args(more);
        self
    }

    pub(crate) fn file(self, file: &str) -> Self {
        self.args([data(file)])
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    #[allow(dead_code)] // only with a twin
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// The same command, run by a shell after these words of it: a mask, a limit.
    #[cfg(unix)]
    #[allow(dead_code)] // only with a twin
    pub(crate) fn under(self, words: &str) -> Self {
        let Self { command: inner, stdin, file } = self;
        let mut command = Command::new("bash");
        command.args(["-c", &format!("{words}; exec \"$0\" \"$@\"")]).arg(inner.get_program());
        command.args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        inner.get_current_dir().map(|folder| command.current_dir(folder));
        Self { command, stdin, file }
    }

    pub(crate) fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = bytes.to_vec();
        self
    }

    /// The same command with this file as standard input.
    #[allow(dead_code)] // only with a twin
    pub(crate) fn reading(self, file: File) -> Self {
        Self { file: Some(file), ..self }
    }

    /// Starts it, and leaves it running; its output is discarded, for such runs are killed.
    #[allow(dead_code)] // only with a twin
    pub(crate) fn spawn(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Runs it with this standard output; gives its exit code and what it said.
    pub(crate) fn into_stdout(mut self, stdout: impl Into<Stdio>) -> (Option<i32>, String) {
        let command = self.command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        validated::check(&output, &validated::outputs(&self.command));
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// Runs it on a terminal, standard output and standard error both; gives its exit code and what the terminal got.
    #[cfg(target_os = "linux")]
    #[allow(dead_code)] // not with a twin
    pub(crate) fn on_terminal(self) -> (Option<i32>, Vec<u8>) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        use std::io::Read;
        use std::os::unix::ffi::OsStrExt;
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let path = Path::new(OsStr::from_bytes(name.as_bytes()));
        let side = || File::options().read(true).write(true).open(path).unwrap();
        let mut command = self.command;
        let mut child = command.stdin(Stdio::null()).stdout(side()).stderr(side()).spawn().unwrap();
        // The terminal ends when nobody has its other side open any more.
        drop(command);
        let mut received = Vec::new();
        // The end is an error on Linux.
        let _ = File::from(terminal).read_to_end(&mut received);
        let text = String::from_utf8_lossy(&received).replace("\r\n", "\n");
        validated::document(text.as_bytes());
        (child.wait().unwrap().code(), received)
    }

    fn output(mut self) -> Output {
        let stdin = self.file.map_or_else(Stdio::piped, Stdio::from);
        let mut child =
            self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input may be gone before all of it was written.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(&self.stdin));
        let output = child.wait_with_output().unwrap();
        validated::check(&output, &validated::outputs(&self.command));
        output
    }

    /// Runs it, expects exit code 0, and gives back a product that is not text.
    #[track_caller]
    pub(crate) fn bytes(self) -> Vec<u8> {
        let output = self.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    pub(crate) fn run(self) -> Ran {
        let output = self.output();
        Ran {
            exit: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it and expects an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ran {
        let ran = self.run();
        assert_eq!(ran.exit, code, "{ran:#?}");
        ran
    }

    /// Runs it, expects an exit code, and an error in two lines that say all of this.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, says: &[&str]) -> Ran {
        let ran = self.exits(code);
        assert_eq!(ran.stdout, "");
        let lines: Vec<_> = ran.stderr.lines().collect();
        let error = lines.iter().position(|line| line.starts_with("error: "));
        let error = error.unwrap_or_else(|| panic!("no error: {ran:#?}"));
        assert!(lines[error + 1].starts_with("hint: "), "{ran:#?}");
        for what in says {
            assert!(ran.stderr.contains(what), "{what}: {ran:#?}");
        }
        ran
    }
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    pub(crate) fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap()
    }

    #[track_caller]
    pub(crate) fn shows(self, what: &[&str]) -> Self {
        for what in what {
            assert!(self.stdout.contains(what), "{what}: {self:#?}");
        }
        self
    }
}

/// A file of the test data.
pub(crate) fn data(file: &str) -> PathBuf {
    root().join("testdata").join(file)
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The content of a file of the test data.
pub(crate) fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(data(file)).unwrap()
}

/// An empty folder for one test.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file with this content, in a folder of its own.
pub(crate) fn file(test: &str, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder(test).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Bytes as hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes as base64, in lines as `base64` writes them.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let text = <base64ct::Base64 as base64ct::Encoding>::encode_string(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect();
    lines.join("\n") + "\n"
}

/// DER as PEM.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", base64(der))
}

/// Where these bytes stand in those.
pub(crate) fn position(haystack: &[u8], needle: &[u8]) -> usize {
    let mut windows = haystack.windows(needle.len());
    windows.position(|window| window == needle).unwrap()
}

/// The fields of a structure that `inspect --format json` describes, by name: `PCR0` to its value.
pub(crate) fn structure_fields(
    json: &Value,
    structure: &str,
) -> Option<std::collections::BTreeMap<String, String>> {
    let found = json["structures"].as_array()?.iter().find(|one| one["name"] == structure)?;
    let text = |field: &Value, member: &str| Some(field[member].as_str()?.to_owned());
    let named = |field| Some((text(field, "name")?, text(field, "value")?));
    found["fields"].as_array()?.iter().map(named).collect()
}
