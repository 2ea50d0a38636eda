//! Starting programs: where the workspace is, what is run is said, a failure is a sentence, and
//! nothing can hang without a time limit.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

/// How a task ends: quietly, or with a reason.
pub type Outcome<T = ()> = Result<T, String>;

/// The whole of a task's `main`: passes the command line's words on, and prints the reason of a failure.
pub fn main(body: fn(&[&str]) -> Outcome) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match body(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = here.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    here.ancestors().find(|folder| folder.join("deny.toml").is_file()).map(Path::to_path_buf).unwrap_or(here)
}

/// The folder that builds write to.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The folder for what a task downloads or installs; git ignores it.
pub fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

/// Where cargo keeps what it downloaded and unpacked.
pub fn cargo_home() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// The cargo that started us, in the root of the workspace.
pub fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// The same cargo for another workspace, without the environment of our own package: build scripts there would
/// take it for theirs, and run again.
pub fn cargo_for_others() -> Command {
    let mut command = cargo();
    for (name, _) in std::env::vars_os() {
        let is_inherited = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if is_inherited {
            command.env_remove(name);
        }
    }
    command
}

/// Says what is run, runs it, and fails unless it succeeds.
pub fn run(command: &mut Command) -> Outcome {
    eprintln!("$ {}", line(command));
    let status = command.status().map_err(|e| format!("cannot start {}: {e}", program(command)))?;
    success(command, status)
}

/// Runs quietly and gives back standard output.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|e| format!("cannot start {}: {e}", program(command)))?;
    if !output.status.success() {
        let said =
            [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).trim().to_owned());
        return Err(format!("`{}` failed: {}", line(command), said.join("\n").trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{}` printed no text", line(command)))
}

/// Whether a program can be started at all.
pub fn exists(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

/// Runs a command and ends it, with everything it started, once the time is over.
pub fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    let alone = own_group(command);
    let mut child = command.spawn().map_err(|e| format!("cannot start {}: {e}", program(command)))?;
    let deadline = Instant::now() + limit;
    loop {
        let ended = child.try_wait().map_err(|e| format!("cannot wait for {}: {e}", program(command)))?;
        if let Some(status) = ended {
            return success(command, status);
        }
        if Instant::now() >= deadline {
            end(&mut child, alone);
            return Err(format!("not done within {} s, ended", limit.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Without a terminal the child gets a process group of its own, so that its own children can be
/// ended with it. At a terminal it stays in ours, so that Ctrl-C reaches it.
#[cfg(unix)]
fn own_group(command: &mut Command) -> bool {
    use std::io::IsTerminal as _;
    use std::os::unix::process::CommandExt as _;
    if std::io::stdin().is_terminal() {
        return false;
    }
    command.process_group(0);
    true
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) -> bool {
    false
}

fn end(child: &mut Child, group: bool) {
    if group {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn success(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() { Ok(()) } else { Err(format!("`{}` failed: {status}", line(command))) }
}

fn program(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn line(command: &Command) -> String {
    let mut text = program(command);
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_ended() {
        let begin = Instant::now();
        let outcome = run_within(Command::new("sleep").arg("60"), Duration::from_millis(200));
        assert!(outcome.is_err_and(|reason| reason.contains("not done within")));
        assert!(begin.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_failure_is_told_from_a_success() {
        assert!(run_within(&mut Command::new("true"), Duration::from_secs(30)).is_ok());
        assert!(run_within(&mut Command::new("false"), Duration::from_secs(30)).is_err());
        assert!(capture(&mut Command::new("false")).is_err());
    }
}
