//! The command: its output, which is the environment of an AWS SDK, and its usage errors.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::client::OPEN;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_teeproof-twin"))
}

#[test]
fn the_output_is_the_environment_of_an_sdk() {
    let folder = std::env::temp_dir().join(format!("twin-kms-command-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("policy.json"), OPEN).unwrap();
    let mut child = program()
        .args(["kms", "--key-policy", "policy.json", "--region", "us-east-1"])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<_> = out.lines().map(Result::unwrap).take(6).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_dir_all(folder).unwrap();
    assert!(lines[0].starts_with("# A TWIN of AWS KMS"), "{lines:?}");
    let heads = [
        "export AWS_ENDPOINT_URL_KMS=http://127.0.0.1:",
        "export AWS_REGION=us-east-1",
        "export AWS_ACCESS_KEY_ID=AKIA",
        "export AWS_SECRET_ACCESS_KEY=",
        "export TEEPROOF_KMS_KEY=arn:aws:kms:us-east-1:123456789012:key/",
    ];
    for (line, head) in lines[1..].iter().zip(heads) {
        assert!(line.starts_with(head), "{line}");
    }
}

#[test]
fn files_of_another_content_are_named() {
    let folder = std::env::temp_dir().join(format!("twin-kms-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("bad.json"), r#"{"Statement":[{"Effect":"Maybe"}]}"#).unwrap();
    for (flags, expected) in [
        (["--key-policy", "bad.json"], "bad.json: key policy: Effect: expected Allow or Deny"),
        (["--key-policy", "none.json"], "none.json: "),
        (["--anchor", "bad.json"], "bad.json: expected a certificate in PEM or DER"),
    ] {
        let done = program().arg("kms").args(flags).current_dir(&folder).output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains(expected), "{said}");
    }
    fs::remove_dir_all(folder).unwrap();
}
