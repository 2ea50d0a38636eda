//! Steps on this machine: each runs in a shell, with our programs first on the path.

use std::path::Path;
use std::process::{Command, Stdio};
use xtask_support::guest::record::Step;
use xtask_support::shell::Outcome;

/// Runs the steps in a folder; their record has the form of a guest's.
pub(crate) fn record(steps: &[Step], folder: &Path, programs: &Path) -> Outcome<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(paths).map_err(|e| format!("PATH: {e}"))?;
    let mut record = String::new();
    for (number, step) in steps.iter().enumerate() {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec 2>&1; {}", step.line));
        let output = shell.current_dir(folder).env("PATH", &path).stdin(Stdio::null()).output();
        let output = output.map_err(|e| format!("cannot start sh: {e}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        // A step that a signal ended has no code, and none is expected.
        let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
        record.push_str(&format!("STEP {number:02}\n{said}\nEXIT={code}\n"));
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_support::guest::record::faults;

    const STEPS: &[Step] = &[
        Step { name: "both streams", line: "echo one; echo two >&2", exit: 0, says: &["one\n", "two\n"] },
        Step { name: "a failure", line: "exit 7", exit: 7, says: &[] },
    ];

    #[test]
    fn steps_are_recorded_as_a_guest_s_are() {
        let record = record(STEPS, &std::env::temp_dir(), Path::new("programs"));
        assert_eq!(record.map(|record| faults(&record, STEPS)), Ok(Vec::new()));
    }
}
