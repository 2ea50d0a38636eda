//! One shell that runs commands one after the other, as somebody types them.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a block of commands may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A shell in a folder, with `teeproof` and `teeproof-twin` on its path. Dropping it ends everything that it started.
pub(crate) struct Session {
    shell: Child,
    stdin: ChildStdin,
    output: Receiver<Vec<u8>>,
    folder: PathBuf,
    blocks: usize,
}

/// What a block of commands gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code of the last command.
    pub(crate) exit: i32,
    /// Whether a command before it failed.
    pub(crate) failed_before: bool,
    /// Standard output and standard error.
    pub(crate) output: String,
}

impl Session {
    pub(crate) fn start(folder: &Path) -> Self {
        std::fs::create_dir(folder.join("blocks")).unwrap();
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc"]).current_dir(folder).env("PATH", path());
        // No setting of the user's, and no request for credentials of an instance.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["TEEPROOF_", "AWS_", "CARGO"].iter().any(|prefix| text.starts_with(prefix)) {
                bash.env_remove(&name);
            }
        }
        bash.env("AWS_EC2_METADATA_DISABLED", "true").env("NO_COLOR", "1");
        for name in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
            bash.env(name, folder);
        }
        // A group of its own, which includes everything in the background.
        bash.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut shell = bash.spawn().unwrap();
        let mut stdin = shell.stdin.take().unwrap();
        let mut stdout = shell.stdout.take().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut part) {
                if sender.send(part[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        stdin.write_all(b"exec 2>&1\n").unwrap();
        Self { shell, stdin, output, folder: folder.to_owned(), blocks: 0 }
    }

    /// Runs a block of commands.
    #[track_caller]
    pub(crate) fn run(&mut self, commands: &str) -> Ran {
        self.blocks += 1;
        let number = self.blocks;
        std::fs::write(self.folder.join(format!("blocks/{number}")), commands).unwrap();
        // Commands do not read what is typed next.
        let line = format!(
            "story_failures=0; trap 'story_failures=$((story_failures + 1))' ERR; . blocks/{number} </dev/null; \
             story_exit=$?; trap - ERR; echo \"<block {number}: $story_exit $story_failures>\"\n"
        );
        self.stdin.write_all(line.as_bytes()).unwrap();
        let (mark, end) = (format!("<block {number}: "), Instant::now() + PATIENCE);
        let mut received = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&received);
            if let Some((output, status)) = text.split_once(&mark)
                && let Some((status, _)) = status.split_once('>')
            {
                let numbers: Vec<i32> = status.split(' ').map(|number| number.parse().unwrap()).collect();
                let (exit, failures) = (numbers[0], numbers[1]);
                return Ran { exit, failed_before: exit == 0 && failures != 0, output: output.to_owned() };
            }
            let left = end.saturating_duration_since(Instant::now());
            let part = self.output.recv_timeout(left);
            received.extend(part.unwrap_or_else(|error| panic!("{commands}: {error}: {text}")));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let group = format!("-{}", self.shell.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.shell.wait();
    }
}

/// The search path with both programs before everything else.
fn path() -> OsString {
    let teeproof = PathBuf::from(env!("CARGO_BIN_EXE_teeproof"));
    let programs = [teeproof, build_twin()];
    let folders = programs.iter().map(|program| program.parent().unwrap().to_owned());
    let before = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(folders.chain(std::env::split_paths(&before))).unwrap()
}

/// Builds the program of the twins, which is another package's, where the rest of the test run was built, and of the same
/// crates: with this test in the selection their features are the same.
fn build_twin() -> PathBuf {
    let manifest = super::support::root().join("Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--locked", "--package", "teeproof-twin", "--bin", "teeproof-twin"]);
    cargo.args(["--package", "teeproof-cli", "--test", "story_nitro", "--features", "teeproof-cli/aws"]);
    cargo.arg("--message-format=json");
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    cargo.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(target);
    // Build scripts would take the variables of this test's package for theirs, and run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let program = message["executable"].as_str()?;
        (message["target"]["name"] == "teeproof-twin").then(|| PathBuf::from(program))
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    programs.next_back().unwrap_or_else(|| panic!("teeproof-twin was not built: {errors}"))
}
