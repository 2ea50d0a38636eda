//! The process of the tests, with an environment that has throwaway credentials and nothing of the user.

use std::path::Path;
use std::process::{Command, Output};

/// This program again, for tests that are ignored otherwise.
pub(crate) fn process(arguments: &[&str]) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    child.args(arguments).arg("--ignored").current_dir(folder);
    let of_sdk = std::env::vars_os().map(|(name, _)| name);
    of_sdk.filter(|name| name.to_string_lossy().starts_with("AWS_")).for_each(|name| {
        child.env_remove(name);
    });
    child
        .env("HOME", folder.join("no-home"))
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        .env("AWS_SESSION_TOKEN", "session-token")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    child
}

/// The tests of a process must pass; and there must be so many of them.
pub(crate) fn passed(output: &Output, count: usize) {
    let text = String::from_utf8_lossy(&output.stdout);
    let said = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(&format!("{count} passed")), "{said}");
    // Nothing of the credentials is ever printed.
    assert!(!said.contains("wJalr") && !said.contains("session-token"), "{said}");
}

#[test]
fn requests_with_credentials() {
    for (module, count) in [("released::", 4), ("refused::", 6), ("unanswered::", 6)] {
        passed(&process(&[module]).output().unwrap(), count);
    }
}

#[test]
fn without_credentials_nothing_is_sent() {
    let mut child = process(&["--exact", "unanswered::no_credentials"]);
    child.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env_remove("AWS_SESSION_TOKEN");
    passed(&child.env("TEEPROOF_TEST_NO_CREDENTIALS", "1").output().unwrap(), 1);
}
